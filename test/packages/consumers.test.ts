import {chmodSync, readdirSync, symlinkSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {root} from '../helpers/cli.js';
import {Installed} from '../helpers/installed.js';
import {nodeOf} from '../helpers/node-versions.js';

/** Trains on eight images of 4 x 4 pixels and prints the result of the last epoch. */
const body = `
const set = {images: Uint8Array.from({length: 8 * 16}, (_, pixel) => (pixel >> 4) % 2 * 200), labels: [0, 1, 0, 1, 0, 1, 0, 1]};
const data = arrays({name: 'two', size: 4, channels: 1, classes: ['dark', 'light'], train: set, test: set});
const step = defineStep({
	name: 'tiny',
	experiment: {
		net: {
			size: 4, channels: 1, classes: 2,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
			body: [{kind: 'block', channels: 2, kernel: 3, padding: 0}],
			head: [{kind: 'average-pool', kernel: 2}, {kind: 'conv', channels: 2, kernel: 1, padding: 0, bias: true}, {kind: 'flatten'}],
		},
		optimizer: {momentum: 0.9, nesterov: false, weightDecay: 0},
		schedule: {kind: 'constant', learningRate: 0.05},
		labelSmoothing: 0, batchSize: 2, epochs: 3,
	},
	target: {why: 'It should run.', testAccuracy: 0.5, heldFor: 1, maxParameters: 100, maxEpochs: 3},
});
const run = async () => {
	const training = train(step, {data, seeds: [1], out: 'runs'});
	let epochs = 0;
	for await (const event of training) {
		if (event.type === 'epoch') epochs += 1;
	}
	const {seeds: [seed], parameters} = await training.result;
	return \`\${epochs} epochs, \${parameters} parameters, last \${seed?.lastEpochs.length}\`;
};
`;
const printed = '3 epochs, 26 parameters, last 1';

const scripts: Readonly<Record<string, string>> = {
	'esm.mjs': `import {arrays, defineStep, train} from 'stepladder';${body}console.log(await run());`,
	'commonjs.cjs': `const {arrays, defineStep, train} = require('stepladder');${body}run().then(line => console.log(line));`,
	'worker.mjs': `import {isMainThread, parentPort, Worker} from 'node:worker_threads';
		import {arrays, defineStep, train} from 'stepladder';${body}
		if (isMainThread) new Worker(new URL(import.meta.url)).once('message', line => console.log(line));
		else parentPort.postMessage(await run());`,
};

test('it runs from modules, from CommonJS and in a worker, on Node 20, 22 and 24', async t => {
	const app = await Installed.library(t);
	for (const major of [20, 22, 24]) {
		const node = await nodeOf(major);
		for (const [file, text] of Object.entries(scripts)) {
			app.write(file, text);
			const {stdout, stderr, exitCode} = await app.run(file, [], {node});
			t.deepEqual({exitCode, stdout, stderr}, {exitCode: 0, stdout: printed, stderr: ''}, `${file} on Node ${major}`);
		}
	}
});

const typed = `${body.replace('const run = async () =>', 'export const run = async (): Promise<string> =>')}
const event: TrainEvent = {} as TrainEvent;
if (event.type === 'epoch') {
	const loss: number = event.testLoss;
	// @ts-expect-error a loss is a number
	const wrong: string = event.testLoss;
	console.log(loss, wrong);
}
// @ts-expect-error epochs is a number
const epochs: string = step.experiment.epochs;
// @ts-expect-error there is no such engine
train(step, {data, engine: 'quantum'});
console.log(epochs);
`;

const sources: Readonly<Record<string, string>> = {
	'esm.mts': `import {arrays, defineStep, train, type TrainEvent} from 'stepladder';${typed}`,
	'commonjs.cts': `import stepladder = require('stepladder');
		const {arrays, defineStep, train} = stepladder;
		type TrainEvent = import('stepladder', {with: {'resolution-mode': 'import'}}).TrainEvent;${typed}`,
};

test('its types pass strict TypeScript with `skipLibCheck: false`, without other types', async t => {
	const app = await Installed.library(t);
	for (const [file, text] of Object.entries(sources)) {
		app.write(file, text);
	}

	const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
	const options = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2023', '--module', 'nodenext'];
	const {stdout, exitCode} = await app.run(compiler, [...options, ...Object.keys(sources)]);
	t.is(stdout, '');
	t.is(exitCode, 0);
});

test('a read-only installation works', async t => {
	const app = await Installed.library(t);
	const nobody = process.getuid?.() === 0 ? 65_534 : undefined; // whom permissions bind, as they do not bind root
	for (const entry of readdirSync(app.at('node_modules'), {recursive: true, withFileTypes: true})) {
		if (entry.isDirectory()) {
			chmodSync(path.join(entry.parentPath, entry.name), 0o555);
		}
	}

	chmodSync(app.at('node_modules'), 0o555);
	const work = new Installed(t);
	for (const folder of [path.dirname(app.folder), path.dirname(work.folder)]) {
		chmodSync(folder, 0o755);
	}

	symlinkSync(app.at('node_modules'), work.at('node_modules'));
	chmodSync(work.folder, 0o777);
	chmodSync(work.home, 0o777);
	const options = {...(nobody !== undefined && {user: nobody})};
	t.is((await work.stepladder(['init', 'shapes'], options)).exitCode, 0);
	const {exitCode, stderr} = await work.stepladder(['train', '--step', 'baseline', '--epochs', '1'], {
		cwd: 'shapes',
		...options,
	});
	t.is(exitCode, 0, stderr);
});
