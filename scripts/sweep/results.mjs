// Measures what the results of large sweeps cost, apart from training them: made-up runs in their folders are assembled to a record with
// its table and page, checked, listed, and shown live, each in a process of its own. By hand: node scripts/sweep/results.mjs [RUNS...]
import {spawnSync} from 'node:child_process';
import {cpSync, mkdirSync, readdirSync, rmSync, statSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {madeUpPlan, madeUpResult, madeUpVary} from '../../dist/test/helpers/made-up-sweep.js';
import {tinyLadder} from '../../dist/test/helpers/tiny-ladder.js';
import {describe} from '../../dist/ts/data/data.js';
import {openData} from '../../dist/ts/data/open-data.js';
import {openLadder, sweep, train} from '../../dist/ts/index.js';
import {runSource} from '../../dist/ts/live/run-source.js';
import {currentCondition} from '../../dist/ts/native/condition.js';
import {listRuns, runFolders} from '../../dist/ts/runs/list-runs.js';
import {checkSweeps} from '../../dist/ts/sweep/page.js';
import {followSearch} from '../../dist/ts/sweep/search.js';
import {sweepText} from '../../dist/ts/sweep/table.js';
import {TrialFolder} from '../../dist/ts/sweep/trial-folder.js';

const seeds = Array.from({length: 10}, (_, index) => 101 + index);

/** @param {number} runs */
const optionsFor = runs => ({
	...{vary: madeUpVary, sample: runs / seeds.length - 1, maxParameters: 2000, epochs: 9, seeds, holdout: 1000},
	...{name: 'made-up', out: 'runs/sweeps'},
});

/** @param {number} runs */
const makeUp = async runs => {
	const {folder} = tinyLadder({teardown() {}}, {train: 4000, epochs: 2});
	process.chdir(folder);
	const ladder = await openLadder(folder);
	const {experiment} = ladder.step('tiny');
	const {sample, maxParameters} = optionsFor(runs);
	const plan = madeUpPlan(experiment, {
		...{data: describe(await openData(ladder.data, folder)), sample: {count: sample, draw: 1}, maxParameters, seeds},
	});
	const condition = currentCondition({engine: 'fused'});
	for (const run of followSearch(plan, madeUpResult).runs) {
		const trial = new TrialFolder('runs/sweeps', plan, run.trial.experiment, run.seed, condition);
		mkdirSync(trial.path, {recursive: true});
		const {epochs, diverged} = madeUpResult(run);
		const outcome = {epochs, engine: /** @type {const} */ ('fused'), device: 'cpu', threads: 1, diverged, seconds: 9};
		trial.finish({outcome, begun: trial.begin(), condition});
	}

	// Runs of `train`, one of which is trained and the others are copies of.
	await train(ladder.step('tiny'), {data: ladder.data, seeds: [1], epochs: 2, out: 'runs/train'}).result;
	const [first = ''] = runFolders('runs/train');
	for (let run = 1; run < runs; run += 1) {
		cpSync(first, `runs/train/copy-${run}`, {recursive: true});
	}

	return folder;
};

/** @type {Record<string, (runs: number) => Promise<unknown>>} */
const phases = {
	'record, table, page': async runs => sweepText(await sweep(await openLadder('.'), 'tiny', optionsFor(runs))),
	'record --check': async () => {
		const problems = await checkSweeps(await openLadder('.'));
		if (problems.length > 0) {
			throw new Error(problems.join('\n'));
		}
	},
	runs: async () => listRuns('runs'),
	'live, first page': async () => {
		const source = runSource('Runs', () => runFolders('runs/train'));
		source.version();
		await source.draw(new AbortController().signal);
	},
	'live, next look': async () => {
		const folders = runFolders('runs/train');
		const source = runSource('Runs', () => folders);
		source.version();
		const begun = performance.now();
		source.version();
		return (performance.now() - begun) / 1000;
	},
};

/** @param {string} folder */
const filesIn = folder =>
	readdirSync(folder, {withFileTypes: true, recursive: true}).filter(entry => entry.isFile()).length;

const [phase, count] = process.argv.slice(2);
const work = phases[phase ?? ''];
if (work) {
	const begun = performance.now();
	const found = await work(Number(count));
	const seconds = typeof found === 'number' ? found : (performance.now() - begun) / 1000;
	process.stdout.write(JSON.stringify({seconds, megabytes: process.resourceUsage().maxRSS / 1024}));
} else {
	const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [100, 1000, 10_000];
	const script = fileURLToPath(import.meta.url);
	for (const runs of counts) {
		const folder = await makeUp(runs);
		try {
			for (const name of Object.keys(phases)) {
				const {stdout, stderr, status} = spawnSync(
					process.execPath,
					[...process.execArgv, script, name, String(runs)],
					{
						...{cwd: folder, encoding: 'utf8'},
					},
				);
				if (status !== 0) {
					throw new Error(`${name} of ${runs} runs: ${stderr}`);
				}

				const {seconds, megabytes} = JSON.parse(stdout);
				process.stdout.write(
					`${runs} runs, ${name}: ${seconds.toFixed(3)} s, ${((1e3 * seconds) / runs).toFixed(2)} ms a run, ${megabytes.toFixed(0)} MB\n`,
				);
			}

			const record = path.join('records', 'sweeps', 'made-up');
			const sizes = readdirSync(record).map(
				name => `${name} ${(statSync(path.join(record, name)).size / 1e6).toFixed(2)} MB`,
			);
			process.stdout.write(`${runs} runs, files: ${filesIn('runs/sweeps')} of runs; record: ${sizes.join(', ')}\n`);
		} finally {
			process.chdir('/');
			rmSync(folder, {recursive: true, force: true});
		}
	}
}
