// Plays a sweep of 200 short runs in 20 tasks on a Slurm of one node, which it starts: the command that waits is killed twice,
// slurmd is killed once and slurmctld restarted once, and tasks reach their time limit. Then the sweep is trained on this machine,
// without any of that, and the table and every epoch have to be the same. Needs root and the packages that start-slurm.sh names;
// takes 10 minutes and more, as a task that is queued again waits for two of them. Run it by hand: node scripts/slurm/story.mjs
import {spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {tinyLadder} from '../../dist/test/helpers/tiny-ladder.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = path.join(root, 'dist/ts/cli/main.js');
const startScript = path.join(root, 'scripts/slurm/start-slurm.sh');
const slurm = mkdtempSync(path.join(os.tmpdir(), 'slurm-'));
const env = {...process.env, SLURM_CONF: path.join(slurm, 'slurm.conf')};
const begun = performance.now();

/** @param {string} sentence */
const say = sentence =>
	void process.stdout.write(`${((performance.now() - begun) / 1000).toFixed(0).padStart(5)} s  ${sentence}\n`);

/** @param {string[]} words */
const slurmScript = (...words) => {
	const {status, stderr} = spawnSync(startScript, [slurm, ...words], {
		env: {...process.env, ...(words.length === 0 && {PORT: '18817', CPUS: '4'})},
		encoding: 'utf8',
	});
	if (status !== 0) {
		throw new Error(`start-slurm.sh failed: ${stderr}`);
	}
};

/** @param {string} daemon */
const pidOf = daemon => Number(readFileSync(path.join(slurm, `${daemon}.pid`), 'utf8'));

const makeLadder = () => {
	const ladder = tinyLadder({teardown() {}}, {train: 4000, epochs: 2});
	const file = 'steps/0-tiny.ts';
	ladder.write(file, ladder.read(file).replace('maxEpochs: 40', 'maxEpochs: 400'));
	return ladder;
};

const flags = [
	...['sweep', '--step', 'tiny', '--vary', 'epochs=150,140,3,4,5,6,7,8,9', '--holdout', '100', '--name', 'story'],
	...['--seeds', '101-120'],
];
const onSlurm = ['--on', 'slurm', '--slurm', 'time=1', '--slurm', 'mem=300M', '--slurm', 'runsPerTask=10'];

/**
 * Runs the sweep on Slurm, and `act` when so many runs have finished.
 *
 * @param {import('../../dist/test/helpers/own-ladder.js').OwnLadder} ladder
 * @param {ReadonlyArray<{done: number, act: (pid: number) => void}>} acts
 * @returns {Promise<{exitCode: number | null, stdout: string}>}
 */
const sweepOnSlurm = (ladder, acts) =>
	new Promise(resolve => {
		const child = spawn(process.execPath, [main, ...flags, ...onSlurm], {
			cwd: ladder.folder,
			env: {...env, STEPLADDER_CACHE: path.join(ladder.folder, '.cache')},
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		const waiting = [...acts];
		let stdout = '';
		child.stdout.setEncoding('utf8').on('data', text => {
			stdout += text;
		});
		child.stderr.setEncoding('utf8').on('data', text => {
			for (const line of text.split('\n')) {
				if (/^(Slurm|stepladder|Finished)/.test(line)) {
					say(line);
				}

				const done = Number(/ \((\d+) of 200\)$/.exec(line)?.[1] ?? 0);
				while (waiting[0] && done >= waiting[0].done) {
					waiting.shift()?.act(Number(child.pid));
				}
			}
		});
		child.on('close', exitCode => resolve({exitCode, stdout}));
	});

/** @param {import('../../dist/test/helpers/own-ladder.js').OwnLadder} ladder */
const bits = ladder =>
	ladder
		.read('records/sweeps/story/epochs.csv')
		.split('\n')
		.map(row => row.split(',').slice(0, 7).join(','))
		.join('\n');

let broken = '';
const cluster = makeLadder();
try {
	slurmScript();
	say(`Slurm runs in ${slurm}`);
	/** @param {number} pid */
	const kill = pid => {
		process.kill(pid, 'SIGKILL');
		say('killed the command that waits');
	};
	for (const done of [20, 60]) {
		const {exitCode} = await sweepOnSlurm(cluster, [{done, act: kill}]);
		if (exitCode !== null) {
			throw new Error(`it should have been killed, and ended with ${exitCode}`);
		}
	}

	const {exitCode, stdout} = await sweepOnSlurm(cluster, [
		{
			done: 80,
			act() {
				process.kill(pidOf('slurmd'), 'SIGKILL');
				say('killed slurmd');
				setTimeout(() => {
					slurmScript();
					say('brought slurmd back');
				}, 10_000);
			},
		},
		{
			done: 120,
			act() {
				process.kill(pidOf('slurmctld'), 'SIGTERM');
				say('stopped slurmctld');
				setTimeout(() => {
					slurmScript();
					say('started slurmctld again');
				}, 5000);
			},
		},
	]);
	if (exitCode !== 0) {
		throw new Error(`the sweep on Slurm ended with ${exitCode}`);
	}

	broken = stdout;
	const log = readFileSync(path.join(slurm, 'jobcomp.log'), 'utf8');
	say(`finished; ${log.match(/JobState=(PENDING|REQUEUED)/g)?.length ?? 0} tasks were queued again`);
} finally {
	slurmScript('stop');
	writeFileSync(path.join(cluster.folder, 'slurmctld.log'), readFileSync(path.join(slurm, 'slurmctld.log')));
	rmSync(slurm, {recursive: true, force: true});
}

const local = makeLadder();
const whole = await local.run([...flags], {});
say(`the same sweep on this machine ended with ${whole.exitCode}`);
const isEqual = whole.exitCode === 0 && broken.trimEnd() === whole.stdout && bits(cluster) === bits(local);
say(isEqual ? 'table and every epoch are the same, to the bit' : 'table or epochs DIFFER');
process.stdout.write(`${broken.split('\n').slice(0, 16).join('\n')}\n`);
for (const {folder} of isEqual ? [cluster, local] : []) {
	rmSync(folder, {recursive: true, force: true});
}

process.exitCode = isEqual ? 0 : 1;
