// Runs the packages in build/npm on every platform that this machine can run, and compares the bits of their models:
// `npm run package:run`, or `npm run package:run -- linux-arm64-gnu win32-x64` for some platforms beside linux-x64-gnu.
// Everything that it fetches is kept in the cache; it installs nothing on this machine, and leaves no process running.
import {existsSync, statSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {markdownTable} from 'markdown-table';
import {root, runMain} from '../set-up/index.mjs';
import {MissingNeed} from '../set-up/need.mjs';
import {say, ToolFailed} from '../set-up/tool.mjs';
import {makeApp, packages, predictImage, trainAndPredict} from './app.mjs';
import {places} from './places.mjs';
import {chosenTargets, targets} from './targets.mjs';

const instructionSets = {x64: ['avx512', 'avx2', 'portable'], arm64: ['portable']};
const reference = 'linux-x64-gnu';

/**
 * @typedef {object} Outcome
 * @property {string} by
 * @property {Record<string, import('./app.mjs').Bits>} bits by instruction set
 * @property {string[]} lacking instruction sets
 * @property {string | undefined} image
 */

/**
 * @param {import('./targets.mjs').Target} target
 * @returns {Promise<Outcome>}
 */
const run = async target => {
	const place = await places[target.platform]();
	say(`Installing for ${target.platform} ...`);
	await makeApp(target, place);
	const bits = /** @type {Outcome['bits']} */ ({});
	const lacking = [];
	for (const set of instructionSets[target.cpu[0]]) {
		say(`Training and predicting on ${target.platform} by ${set} ...`);
		try {
			bits[set] = trainAndPredict(place, set);
		} catch (error) {
			if (!(error instanceof ToolFailed && error.message.includes('STEPLADDER_ISA'))) {
				throw error;
			}

			lacking.push(set); // this CPU has no such instructions
		}
	}

	return {by: place.by, bits, lacking, image: predictImage(place)};
};

/**
 * Returns the differences from the first instruction set of the reference.
 *
 * @param {Outcome} outcome
 * @param {Outcome} reference
 */
const differences = ({bits}, reference) => {
	const [expected = {}] = Object.values(reference.bits);
	return Object.entries(bits).flatMap(([set, found]) =>
		Object.keys(expected)
			.filter(name => found[name] !== expected[name])
			.map(name => `${name} by ${set}`),
	);
};

/**
 * @param {string} platform
 * @param {Outcome} outcome
 * @param {Outcome} expected
 */
const row = (platform, outcome, expected) => {
	const different = differences(outcome, expected);
	const image = outcome.image === undefined ? 'does not run' : outcome.image === expected.image ? 'yes' : 'differs';
	if (different.length > 0 || image === 'differs') {
		process.exitCode = 1;
	}

	return [
		...[platform, size(platform), outcome.by],
		[...Object.keys(outcome.bits), ...outcome.lacking.map(set => `(no ${set} here)`)].join(', '),
		different.length === 0 ? 'yes' : `no: ${different.join('; ')}`,
		image,
	];
};

/** @param {string} platform */
const size = platform =>
	`${(statSync(path.join(packages, platform, 'stepladder.node')).size / 2 ** 20).toFixed(1)} MiB`;

await runMain(async () => {
	if (process.platform !== 'linux' || process.arch !== 'x64') {
		throw new MissingNeed('Other platforms are run on Linux x64 only, and compared with it.');
	}

	const chosen = chosenTargets(process.argv.slice(2));
	const unsupported = process.argv.slice(2).find(platform => !(platform in places));
	if (unsupported !== undefined) {
		const system = unsupported.startsWith('darwin') ? 'macOS' : unsupported;
		throw new MissingNeed(
			`${system} can’t run here: ${Object.keys(places).join(', ')} can. ${unsupported} is built here, and read by \`npm run package\`.`,
		);
	}

	const wanted = targets.filter(target => target.platform === reference || chosen.includes(target));
	const missing = wanted.find(({platform}) => !existsSync(path.join(packages, platform)));
	if (missing) {
		throw new MissingNeed(
			`${path.relative(root, path.join(packages, missing.platform))} is missing: build it with \`npm run package\`.`,
		);
	}

	/** @type {Outcome | undefined} */
	let expected;
	const rows = [['platform', 'size', 'run by', 'instruction sets', `bits of ${reference}`, 'PNG by sharp']];
	for (const target of wanted) {
		if (!(target.platform in places)) {
			rows.push([target.platform, size(target.platform), 'not run: not supported here', '', '', '']);
			continue;
		}

		try {
			const outcome = await run(target);
			expected ??= outcome;
			rows.push(row(target.platform, outcome, expected));
		} catch (error) {
			if (!(error instanceof ToolFailed || error instanceof MissingNeed) || !expected) {
				throw error;
			}

			process.exitCode = 1;
			rows.push([target.platform, size(target.platform), `failed: ${error.message}`, '', '', '']);
		}
	}

	process.stdout.write(`${markdownTable(rows)}\n`);
});
