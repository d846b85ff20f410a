// Trains twenty variants of a small net for a few epochs, several at once, and prints a table: `node sweep.mjs`.
import os from 'node:os';
import process from 'node:process';
import progress from 'cli-progress';
import {AbortError, defineStep, percent, train} from 'stepladder';
import {squares} from './squares.mjs';

const rates = [0.003, 0.01, 0.03, 0.1, 0.3];
const dropouts = [0, 0.05, 0.1, 0.2];
const seeds = [101, 102];
const epochs = 5;
const keptAside = 200;

const variant = (learningRate, dropout) =>
	defineStep({
		name: 'variant',
		experiment: {
			net: {
				...{channels: 1, size: 12, classes: 4},
				block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: false, norm: 'batch', dropout},
				body: [
					{kind: 'block', channels: 8, kernel: 3, padding: 0},
					{kind: 'max-pool', kernel: 2},
					{kind: 'block', channels: 8, kernel: 3, padding: 0},
				],
				head: [{kind: 'conv', channels: 4, kernel: 3, padding: 0, bias: true}, {kind: 'flatten'}],
			},
			optimizer: {momentum: 0.9, nesterov: true, weightDecay: 0},
			schedule: {kind: 'constant', learningRate},
			...{labelSmoothing: 0, batchSize: 32, epochs},
		},
		target: {why: 'To find a rate.', testAccuracy: 0.5, heldFor: 1, maxParameters: 2000, maxEpochs: epochs},
	});

const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());

const variants = rates.flatMap(rate => dropouts.map(dropout => ({rate, dropout})));
const bar = new progress.SingleBar({format: '{bar} {value} of {total} epochs, {eta} s left', noTTYOutput: true});
bar.start(variants.length * seeds.length * epochs, 0);

/** The mean accuracy of a variant on held-out images, after its last epoch. */
const judge = async ({rate, dropout}) => {
	const training = train(variant(rate, dropout), {
		...{data: squares, seeds, holdout: keptAside, threads: 1, jobs: 1, signal: interruption.signal},
	});
	const last = new Map();
	for await (const event of training) {
		if (event.type === 'epoch') {
			bar.increment();
			last.set(event.seed, event.holdoutCorrect / event.holdoutTotal);
		}
	}

	return [...last.values()].reduce((sum, accuracy) => sum + accuracy, 0) / seeds.length;
};

const rows = [];
const waiting = [...variants];
const work = async () => {
	for (let next = waiting.shift(); next && !interruption.signal.aborted; next = waiting.shift()) {
		try {
			rows.push({...next, accuracy: await judge(next)});
		} catch (error) {
			if (!(error instanceof AbortError)) {
				throw error;
			}
		}
	}
};

await Promise.all(Array.from({length: os.availableParallelism()}, work));
bar.stop();
rows.sort((a, b) => b.accuracy - a.accuracy);
console.table(rows.map(({rate, dropout, accuracy}) => ({rate, dropout, 'held out': `${percent(accuracy)} %`})));
if (interruption.signal.aborted) {
	console.log(`Interrupted: ${rows.length} of ${variants.length} variants were finished.`);
	process.exitCode = 130;
}
