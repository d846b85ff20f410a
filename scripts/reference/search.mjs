// Compares recipes for the last steps on training images that are kept aside, never on test images:
// node scripts/reference/search.mjs [NAME,...] > records/search/results.jsonl
import process from 'node:process';
import {defineStep, findStep, train} from '../../dist/ts/index.js';

const base = findStep('lr-scheduler');
const mild = {rotation: 7, translation: 0.07, scaleMin: 0.9, scaleMax: 1.1, shear: 5};

/** Each changes one aspect of `lr-scheduler`. */
const recipes = {
	'as it is': undefined,
	'peak .05': {schedule: {maxLearningRate: 0.05}},
	'peak .2': {schedule: {maxLearningRate: 0.2}},
	'peak at 35 %': {schedule: {pctStart: 0.35}},
	'milder augmentation': {augmentation: mild},
	'averaging .998': {averaging: {decay: 0.998}},
	'averaging .9995': {averaging: {decay: 0.9995}},
};

const chosen = process.argv[2]?.split(',') ?? Object.keys(recipes);
for (const recipe of chosen) {
	const change = recipes[recipe];
	const target = {...base.target, why: 'A trial on images kept aside.'};
	const step = change ? defineStep({name: 'trial', from: base, change, target}) : base;
	// a single test image, since a run wants one: it chooses nothing
	const options = {seeds: [101, 102, 103], holdout: 10_000, limitTest: 1, engine: 'fused'};
	const {seeds} = await train(step, options).result;
	for (const {seed, lastHoldout = []} of seeds) {
		const mean = lastHoldout.reduce((sum, accuracy) => sum + accuracy, 0) / lastHoldout.length;
		const row = {recipe, seed, mean: Number(mean.toFixed(5)), lowest: Math.min(...lastHoldout)};
		process.stdout.write(`${JSON.stringify(row)}\n`);
	}
}
