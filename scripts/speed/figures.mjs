import {readFileSync} from 'node:fs';
import path from 'node:path';

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {number | null} imagesPerSecond
 * @property {number} [overEager]
 * @property {number} [overBest]
 * @property {number} [shareOfLimit]
 * @property {string} [error]
 */

/**
 * @typedef {object} Bench
 * @property {string} step
 * @property {number} images
 * @property {number} rounds
 * @property {Row[]} rows
 * @property {{cpu: string, cores: number, isa: string}} machine
 * @property {Record<string, string>} versions
 * @property {{one: number, tenThousand: number, onnxRuntime?: {one: number, tenThousand: number}}} predict
 */

/** The step whose figures the pages show. */
const shown = 'lr-scheduler';

/** Reads a record of the speed of the final net. @param {string} root @param {string} [suffix] of the file @returns {Bench} */
export const readBench = (root, suffix = '') =>
	JSON.parse(
		readFileSync(path.join(root, 'ladders', 'mnist', 'records', 'bench', `${shown}${suffix}.json`), 'utf8'),
	)[0];

/** Names of rows as people know them. @type {ReadonlyArray<readonly [RegExp, string]>} */
const names = [
	[/^fused/, 'Stepladder'],
	[/^aten/, 'libtorch’s autograd from Rust'],
	[/^PyTorch bf16/, 'PyTorch, bf16 autocast'],
	[/^PyTorch channels-last/, 'PyTorch, channels last'],
	[/^PyTorch compile/, 'PyTorch, `torch.compile`'],
	[/^(PyTorch|JAX|tinygrad|burn|candle|tfjs) /, '$1, '],
];

/** @param {string} name */
const nameOf = name => {
	const [pattern, known] = names.find(([pattern]) => pattern.test(name)) ?? [/^$/, ''];
	return name.replace(pattern, known);
};

const whole = (/** @type {number} */ value) => Math.round(value).toLocaleString('en');
const times = (/** @type {number | undefined} */ ratio) => (ratio === undefined ? '-' : `${ratio.toFixed(1)}x`);
const fastestFirst = (/** @type {Row} */ a, /** @type {Row} */ b) =>
	(b.imagesPerSecond ?? 0) - (a.imagesPerSecond ?? 0);

/** The blocks of figures by their names. @type {Readonly<Record<string, (bench: Bench) => string>>} */
const blocks = {
	table({rows}) {
		const timed = rows.filter(({error}) => !error).sort(fastestFirst);
		const lines = timed.map(
			({name, imagesPerSecond, overEager, overBest}) =>
				`| ${nameOf(name)} | ${whole(imagesPerSecond ?? 0)} | ${times(overEager)} | ${times(overBest)} |`,
		);
		return ['| | images/s | vs PyTorch eager | vs the best peer |', '| --- | ---: | ---: | ---: |', ...lines].join(
			'\n',
		);
	},
	conditions({images, rounds, rows, machine, versions}) {
		const {node, ...libraries} = versions;
		const named = Object.entries(libraries).map(([name, version]) => `${name} ${version.replace(/\+.*/, '')}`);
		const share = best(rows)?.shareOfLimit ?? Number.NaN;
		return (
			`Training passes over ${whole(images)} images with augmentation where a row does not say otherwise, medians of ${rounds} ` +
			`interleaved rounds without evaluation. ${machine.cpu}, ${machine.cores} cores, ${machine.isa}; Node ${node}, ` +
			`${named.join(', ')}. The convolutions’ multiplications alone would take ${(100 * share).toFixed(0)} % of Stepladder’s time ` +
			'at the limit of these cores.'
		);
	},
	predict({predict: {onnxRuntime, ...ours}}) {
		const latency = (/** @type {{one: number, tenThousand: number}} */ {one, tenThousand}) =>
			`${whole(1000 * one)} µs for one image and ${whole(tenThousand)} ms for 10,000`;
		const theirs = onnxRuntime ? `; ONNX Runtime ${latency(onnxRuntime)}` : '';
		return `Predicting from Node on one thread, Stepladder takes ${latency(ours)}${theirs}.`;
	},
	summary({rows, machine}) {
		const {imagesPerSecond, overEager, overBest} = best(rows) ?? {};
		return (
			`On ${machine.cores} cores (${machine.cpu}) it trains the final net on ${whole(imagesPerSecond ?? Number.NaN)} augmented images ` +
			`a second, ${overEager?.toFixed(1)} times as many as PyTorch in eager mode and ${overBest?.toFixed(1)} times as many as the ` +
			'fastest other library or mode.'
		);
	},
};

/** Returns the row of our engine on all cores. @param {readonly Row[]} rows */
const best = rows => rows.filter(({name}) => /^fused, \d+ threads?$/.test(name)).sort(fastestFirst)[0];

/**
 * Returns a page with its figures replaced. A block stands between `<!-- bench: NAME -->` and `<!-- /bench -->`.
 *
 * @param {string} page
 * @param {Bench} bench
 */
export const withFigures = (page, bench) =>
	page.replace(/(<!-- bench: ([\w-]+) -->\n)[\s\S]*?(<!-- \/bench -->)/g, (_, begin, name, end) => {
		const block = blocks[name];
		if (!block) {
			throw new Error(`no block of figures is called ${name}: ${Object.keys(blocks).join(', ')}`);
		}

		return `${begin}${block(bench)}\n${end}`;
	});
