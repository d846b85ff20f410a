// Measures what a run of a sweep takes beside its training, over many runs of a tiny net: on this machine, and on a Slurm of one node that
// it starts, which needs root and the packages that start-slurm.sh names. On a machine that does nothing else, by hand:
// node scripts/sweep/overhead.mjs [local|slurm] [RUNS]
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {tinyLadder} from '../../dist/test/helpers/tiny-ladder.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = path.join(root, 'dist/ts/cli/main.js');
const startScript = path.join(root, 'scripts/slurm/start-slurm.sh');
const cores = 2;
const seeds = 10;

/** @param {string} text of `times`: the CPU time of a shell's children, in its second line */
const cpuSeconds = text =>
	[...(text.trimEnd().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)].reduce(
		(sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest),
		0,
	);

/**
 * @param {string} where
 * @param {number} runs
 * @param {readonly string[]} words
 * @param {NodeJS.ProcessEnv} env
 */
const measure = (where, runs, words, env) => {
	const ladder = tinyLadder({teardown() {}}, {epochs: 2});
	try {
		const command = [
			...[process.execPath, main, 'sweep', '--step', 'tiny', '--holdout', '100', '--name', 'many'],
			...['--vary', 'schedule.learningRate=0.001..0.1:log', '--sample', String(runs / seeds - 1)],
			...['--seeds', `101-${100 + seeds}`, '--threads', '1', '--jobs', String(cores), ...words],
		];
		const begun = performance.now();
		const {status, stderr} = spawnSync('sh', ['-c', '"$@"; s=$?; times >&2; exit $s', 'sh', ...command], {
			...{cwd: ladder.folder, encoding: 'utf8', maxBuffer: 2 ** 28},
			env: {...process.env, ...env, STEPLADDER_CACHE: path.join(ladder.folder, '.cache')},
		});
		const seconds = (performance.now() - begun) / 1000;
		if (status !== 0) {
			throw new Error(`the sweep ended with ${status}: ${stderr.slice(-2000)}`);
		}

		/** @type {{runs: ReadonlyArray<{seconds: number}>}} */
		const record = JSON.parse(ladder.read('records/sweeps/many/sweep.json'));
		const count = record.runs.length;
		const training = record.runs.reduce((sum, run) => sum + run.seconds, 0);
		const perRun = (/** @type {number} */ total) => `${((1000 * total) / count).toFixed(1)} ms`;
		process.stdout.write(
			`${where}, ${count} runs in ${seconds.toFixed(1)} s on ${cores} cores: beside training ${perRun(cores * seconds - training)} a run of one core, ` +
				`training ${perRun(training)}, CPU of the command ${perRun(cpuSeconds(stderr))}\n`,
		);
	} finally {
		rmSync(ladder.folder, {recursive: true, force: true});
	}
};

const [where, count = '1000'] = process.argv.slice(2);
if (where !== 'slurm') {
	measure('local', Number(count), [], {});
}

if (where !== 'local') {
	const slurm = mkdtempSync(path.join(os.tmpdir(), 'slurm-'));
	/** @param {string[]} words */
	const slurmScript = (...words) => {
		const {status, stderr} = spawnSync(startScript, [slurm, ...words], {
			env: {...process.env, ...(words.length === 0 && {PORT: '18819', CPUS: String(cores)})},
			encoding: 'utf8',
		});
		if (status !== 0) {
			throw new Error(`start-slurm.sh failed: ${stderr}`);
		}
	};
	try {
		slurmScript();
		const words = ['--on', 'slurm', '--slurm', 'mem=300M', '--slurm', 'time=60', '--slurm', `cpus=${cores}`];
		measure('slurm', Number(count), [...words, '--slurm', 'runsPerTask=50'], {
			SLURM_CONF: path.join(slurm, 'slurm.conf'),
		});
	} finally {
		slurmScript('stop');
		rmSync(slurm, {recursive: true, force: true});
	}
}
