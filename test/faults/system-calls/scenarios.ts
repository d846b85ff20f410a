import {existsSync, readdirSync} from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {root} from '../../helpers/cli.js';
import {fakePin, fakeWheels} from '../../helpers/fake-wheels.js';
import type {Ending} from '../../helpers/folder.js';
import {OwnLadder} from '../../helpers/own-ladder.js';
import {tinyLadder} from '../../helpers/tiny-ladder.js';
import type {Fault} from './shim.js';

/** A command whose every call is to fail once. */
export type Scenario = {
	readonly name: string;
	readonly command: readonly string[];
	/** The program. @default the command line */
	readonly program?: string;
	/** Makes the ladder, before the first try. */
	readonly make: (scope: Ending) => OwnLadder | Promise<OwnLadder>;
	/** Commands that were run before. */
	readonly before?: readonly (readonly string[])[];
	/** A fault that ends the last of these. */
	readonly cut?: Fault;
	/** Files that the command appends to: they may be between their old and their new state. */
	readonly open?: RegExp;
	/** Whether its runs can be resumed by `train --resume`, too. */
	readonly resumes?: boolean;
	/** Whether it is refused the second time. */
	readonly once?: boolean;
};

const tiny = (scope: Ending): OwnLadder => tinyLadder(scope, {train: 96, test: 20, epochs: 2});

const trainTiny = ['train', '--step', 'tiny', '--threads', '1'];

/** Makes a ladder on a folder of two classes of eight images, which are decoded into the cache. */
const images = async (scope: Ending): Promise<OwnLadder> => {
	const ladder = new OwnLadder(scope, {
		'ladder.ts': `import {defineLadder, imageFolder} from 'stepladder';
export default defineLadder({name: 'Shades', data: imageFolder('images', {size: 28, channels: 1})});
`,
	});
	ladder.write('steps/0-tiny.ts', tiny(scope).read('steps/0-tiny.ts'));
	for (const set of ['train', 'test']) {
		for (const [name, level] of [
			['dark', 40],
			['light', 200],
		] as const) {
			for (let image = 0; image < 4; image += 1) {
				const background = {r: level + image, g: level, b: level};
				const png = await sharp({create: {width: 28, height: 28, channels: 3, background}})
					.png()
					.toBuffer();
				ladder.write(`images/${set}/${name}/${image}.png`, png);
			}
		}
	}

	return ladder;
};

/** Makes a folder with the wheels of a small libtorch and their pin. */
const wheels = (scope: Ending): OwnLadder => {
	const ladder = new OwnLadder(scope, {'pin.json': JSON.stringify(fakePin())});
	for (const [name, {bytes}] of Object.entries(fakeWheels)) {
		ladder.write(`${name}.whl`, bytes);
	}

	return ladder;
};

const recordTiny = ['record', '--step', 'tiny', '--seeds', '1,2', '--jobs', '1'];

export const scenarios: readonly Scenario[] = [
	{name: 'train', make: tiny, command: trainTiny, resumes: true},
	{
		name: 'resume',
		make: tiny,
		before: [trainTiny],
		cut: {kind: 'rename', at: 2, what: 'kill', file: '/checkpoint.safetensors'},
		command: ['train', '--resume', 'latest'],
		open: /^runs\/tiny\//,
		resumes: true,
	},
	{name: 'images', make: images, command: trainTiny, resumes: true},
	{name: 'record', make: tiny, command: recordTiny},
	{
		name: 'sweep',
		make: tiny,
		command: [
			...['sweep', '--step', 'tiny', '--vary', 'schedule.learningRate=0.01,0.02', '--holdout', '32'],
			...['--seeds', '101', '--jobs', '1', '--threads', '1'],
		],
	},
	{name: 'report', make: tiny, before: [recordTiny], command: ['report']},
	{name: 'ladder', make: tiny, before: [recordTiny], command: ['ladder']},
	{name: 'check', make: tiny, before: [recordTiny], command: ['record', '--check', '--step', 'tiny']},
	{
		name: 'predict',
		make: tiny,
		before: [trainTiny],
		command: ['predict', 'runs/latest', 'data/t10k-images-idx3-ubyte'],
	},
	{
		name: 'setup',
		make: wheels,
		program: path.join(root, 'dist', 'test', 'faults', 'system-calls', 'set-up.js'),
		command: Object.keys(fakeWheels).map(name => `${name}.whl`),
	},
	{name: 'init', make: scope => new OwnLadder(scope), command: ['init', 'mine'], once: true},
];

/** Returns the folders of unfinished runs. */
export const unfinishedIn = (ladder: string): readonly string[] => {
	const runs = path.join(ladder, 'runs', 'tiny');
	return existsSync(runs)
		? readdirSync(runs)
				.map(run => path.join(runs, run))
				.filter(run => !existsSync(path.join(run, 'result.json')))
		: [];
};
