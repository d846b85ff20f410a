import {spawnSync} from 'node:child_process';
import {chmodSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import {shellQuote} from '../../ts/format/command-line.js';
import {main} from '../helpers/cli.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {TestSlurm, whyNoSlurm} from '../helpers/slurm.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const reason = whyNoSlurm();
const onSlurm = reason === undefined ? test.serial : test.serial.skip;
const named = (title: string): string => (reason === undefined ? title : `${title} (skipped: ${reason})`);

let slurm: TestSlurm;
const endings: Array<() => unknown> = [];
test.before(async () => {
	if (reason === undefined) {
		const port = 20_000 + 2 * (process.pid % 10_000);
		slurm = await TestSlurm.start({teardown: ending => endings.push(ending)}, port);
	}
});
test.after.always(async () => {
	for (const ending of endings) {
		await ending();
	}
});

const flags = [
	...['sweep', '--step', 'tiny', '--vary', 'schedule.learningRate=0.02,1e-9', '--holdout', '100', '--name', 'rates'],
	...['--seeds', '101,102'],
];
const on = ['--on', 'slurm', '--slurm', 'mem=300M', '--slurm', 'time=10', '--slurm', 'runsPerTask=2'];

/** A ladder whose runs take a few seconds: long enough to act on them. */
const slowLadder = (t: ExecutionContext): OwnLadder => tinyLadder(t, {train: 8000, epochs: 30});

/** Reads a sweep's record without its times and threads. */
const bits = (ladder: OwnLadder): unknown => {
	const {plan, runs} = JSON.parse(ladder.read('records/sweeps/rates/sweep.json'));
	const rows = ladder.read('records/sweeps/rates/epochs.csv').split('\n');
	return {
		plan,
		runs: runs.map(({trial, seed, diverged}: Record<string, unknown>) => [trial, seed, diverged]),
		epochs: rows.map(row => row.split(',').slice(0, 7)),
	};
};

/** The record of an unbroken sweep on this machine, trained once for all tests. */
let unbroken: {readonly stdout: string; readonly record: unknown} | undefined;
const unbrokenSweep = async (t: ExecutionContext): Promise<{readonly stdout: string; readonly record: unknown}> => {
	if (!unbroken) {
		const ladder = slowLadder(t);
		const {stdout, stderr, exitCode} = await ladder.run(flags);
		t.is(exitCode, 0, stderr);
		unbroken = {stdout, record: bits(ladder)};
	}

	return unbroken;
};

const isUnbroken = async (t: ExecutionContext, ladder: OwnLadder, stdout: string): Promise<void> => {
	const whole = await unbrokenSweep(t);
	t.is(stdout.trimEnd(), whole.stdout);
	t.deepEqual(bits(ladder), whole.record);
	t.false(readdirSync(path.join(ladder.folder, 'runs/sweeps')).includes('.slurm'), 'plans and outputs are removed');
};

onSlurm(
	named('a sweep whose front end is killed comes back to its tasks, to the record of an unbroken local one'),
	async t => {
		const ladder = slowLadder(t);
		const killed = await slurm.whileRunning(ladder, [...flags, ...on], /epoch 3\/30/, pid =>
			process.kill(pid, 'SIGKILL'),
		);
		t.is(killed.exitCode, null);
		const rest = await ladder.run([...flags, ...on], {env: slurm.env});
		t.is(rest.exitCode, 0, rest.stderr);
		t.regex(rest.stderr, /^Slurm: \d tasks? of an earlier command still in the queue$/m);
		t.notRegex(rest.stderr, /submitted/);
		await isUnbroken(t, ladder, rest.stdout);
	},
);

onSlurm(named('Ctrl-C leaves the tasks, and says how to come back to them and how to end them'), async t => {
	const ladder = slowLadder(t);
	const left = await slurm.whileRunning(ladder, [...flags, ...on], /epoch 2\/30/, pid => process.kill(pid, 'SIGINT'));
	t.is(left.exitCode, 130);
	t.regex(
		left.stderr,
		/interrupted; its tasks go on; to wait for them: run the same command again; to end them: `.*jobs.*cancel`/,
	);
	const rest = await ladder.run([...flags, ...on], {env: slurm.env});
	t.is(rest.exitCode, 0, rest.stderr);
	await isUnbroken(t, ladder, rest.stdout);
});

onSlurm(named('cancelled tasks keep what they have trained, and the same command resumes it'), async t => {
	const ladder = slowLadder(t);
	const cancelled = await slurm.whileRunning(ladder, [...flags, ...on], /epoch 3\/30/, async () =>
		ladder.run(['jobs', 'cancel'], {env: slurm.env}),
	);
	t.is(cancelled.exitCode, 1, cancelled.stderr);
	t.regex(cancelled.stderr, /stepladder: tasks were cancelled.* missing; run the same command again to submit them/);
	t.is(await slurm.program('squeue', ['-h']), '');
	const kept = readdirSync(path.join(ladder.folder, 'runs/sweeps'), {recursive: true, encoding: 'utf8'});
	t.true(
		kept.some(file => /(checkpoint\.safetensors|result\.json)$/.test(file)),
		'what was trained until then',
	);
	const rest = await ladder.run([...flags, ...on], {env: slurm.env});
	t.is(rest.exitCode, 0, rest.stderr);
	await isUnbroken(t, ladder, rest.stdout);
});

onSlurm(
	named('a task that is killed, and a run folder that is deleted while it is trained, are trained again'),
	async t => {
		const ladder = slowLadder(t);
		const {exitCode, stdout, stderr} = await slurm.whileRunning(ladder, [...flags, ...on], /epoch 3\/30/, async () => {
			const runs = path.join(ladder.folder, 'runs/sweeps');
			const [folder = ''] = readdirSync(runs).filter(name => /^[\da-f]{24}$/.test(name));
			renameSync(path.join(runs, folder), path.join(runs, 'gone')); // at once, while it is written to
			const [pid] = (await slurm.program('scontrol', ['listpids']))
				.split('\n')
				.slice(1)
				.map(line => line.trim().split(/\s+/)[0]);
			process.kill(Number(pid), 'SIGKILL');
		});
		t.is(exitCode, 0, stderr);
		t.regex(stderr, /Slurm: \d runs? left by tasks that ended: submitted again/);
		await isUnbroken(t, ladder, stdout);
	},
);

onSlurm(
	named('near its time limit a task saves its state and has itself queued again, and no other task of its array'),
	async t => {
		const ladder = slowLadder(t);
		const env = slurm.env;
		const interrupted = await slurm.whileRunning(ladder, [...flags, ...on], /epoch 2\/30/, async pid => {
			process.kill(pid, 'SIGKILL');
			const [running = ''] = (await slurm.program('squeue', ['-h', '-r', '-t', 'RUNNING', '-o', '%i'])).split('\n');
			await slurm.program('scancel', ['--signal=USR2', '--batch', running]);
		});
		t.is(interrupted.exitCode, null);
		const again = await slurm.whileRunning(
			ladder,
			[...flags, ...on],
			/done \(\d of 6\)(.|\n)*done \(\d of 6\)/,
			async () => {
				const queue = await slurm.program('squeue', ['-h', '-r', '-o', '%T %r']);
				t.regex(queue, /PENDING BeginTime|RUNNING|COMPLETING/);
				t.true(queue.split('\n').filter(line => line.startsWith('PENDING')).length <= 1, queue);
				const parent = path.join(ladder.folder, 'runs/sweeps/.slurm/rates');
				const requeued = readdirSync(parent, {recursive: true, encoding: 'utf8'}).filter(
					file => file.endsWith('.jsonl') && /"requeued"\}\n$/.test(readFileSync(path.join(parent, file), 'utf8')),
				);
				t.is(requeued.length, 1);
				// It would wait two minutes: cancelled, it is submitted again.
				await ladder.run(['jobs', 'cancel'], {env});
			},
		);
		t.regex(again.stderr, /still in the queue/);
		const rest = await ladder.run([...flags, ...on], {env});
		t.is(rest.exitCode, 0, rest.stderr);
		await isUnbroken(t, ladder, rest.stdout);
	},
);

onSlurm(named('a detached sweep is listed by `jobs`, and collected by the same command'), async t => {
	const ladder = slowLadder(t);
	const detached = await ladder.run([...flags, ...on, '--detach', '--slurm', 'extra=--hold'], {env: slurm.env});
	t.is(detached.exitCode, 0, detached.stderr);
	t.regex(detached.stdout, /^Submitted\. /);
	const listed = await ladder.run(['jobs'], {env: slurm.env});
	t.regex(listed.stdout, /sweep rates +0 of 6 +0 +3 /);
	t.regex(listed.stdout, /wait for something that does not pass by itself: JobHeldUser/);

	// Tasks of another version refuse to train.
	const parent = path.join(ladder.folder, 'runs/sweeps/.slurm/rates');
	const [token = ''] = readdirSync(parent);
	const file = path.join(parent, token, 'plan.json');
	const plan = readFileSync(file, 'utf8');
	writeFileSync(file, plan.replace(/"version":"[^"]+"/, '"version":"0.0.9"'));
	const refused = await slurm.whileRunning(ladder, [...flags, ...on], /3 tasks of an earlier command/, async () => {
		const [array = ''] = (await slurm.program('squeue', ['-h', '-o', '%F'])).split('\n');
		await slurm.program('scontrol', ['release', array]);
	});
	t.is(refused.exitCode, 2, refused.stderr);
	t.regex(refused.stderr, /the runs were planned by Stepladder 0\.0\.9 .*, and .* has \d.*: install the same there/);

	const collected = await ladder.run([...flags, ...on], {env: slurm.env});
	t.is(collected.exitCode, 0, collected.stderr);
	await isUnbroken(t, ladder, collected.stdout);
	t.regex((await ladder.run(['jobs'], {env: slurm.env})).stdout, /^No jobs$/m);
});

onSlurm(named('a search that ends trials early trains the same rounds on Slurm as here'), async t => {
	const words = ['sweep', '--step', 'tiny', '--holdout', '100', '--seeds', '101', '--name', 'rates', '--halving', '2'];
	const vary = ['--vary', 'schedule.learningRate=0.02,0.03,1e-9', '--finalists', '1', '--final-seeds', '201,202'];
	const here = tinyLadder(t);
	const local = await here.run([...words, ...vary]);
	t.is(local.exitCode, 0, local.stderr);
	const ladder = tinyLadder(t);
	const env = slurm.env;
	const others = [
		'sweep',
		'--step',
		'tiny',
		'--holdout',
		'100',
		'--seeds',
		'109',
		'--name',
		'rates',
		'--vary',
		'batchSize=16',
	];
	const held = await ladder.run([...others, ...on, '--detach', '--slurm', 'extra=--hold'], {env});
	t.is(held.exitCode, 0, held.stderr);
	const {exitCode, stdout, stderr} = await ladder.run([...words, ...vary, ...on], {env});
	t.is(exitCode, 0, stderr);
	t.is(stdout, local.stdout);
	t.deepEqual(bits(ladder), bits(here));

	// Tasks of other runs under the same name keep their plan, and are never out of sight.
	t.regex(stderr, /^Slurm: left in the queue: 1 task of other runs; `.*jobs` lists them$/m);
	t.regex((await ladder.run(['jobs'], {env})).stdout, /sweep rates +0 of 2 +0 +1 /);
	rmSync(path.join(ladder.folder, 'runs/sweeps/.slurm'), {recursive: true});
	t.regex((await ladder.run(['jobs'], {env})).stdout, /^stepladder-sweep-\w+ +its plan is missing +0 +1 *$/m);
	t.regex((await ladder.run(['jobs', 'cancel'], {env})).stdout, /^Ended 1 task of stepladder-sweep-\w+$/m);
	t.is(await slurm.program('squeue', ['-h']), '');
});

onSlurm(named('two front ends of one sweep are refused, and tasks that are in the queue twice are ended'), async t => {
	const ladder = slowLadder(t);
	const first = await slurm.whileRunning(ladder, [...flags, ...on], /epoch 2\/30/, async () => {
		const [began = ''] = (await slurm.program('squeue', ['-h', '-o', '%j %k'])).split('\n');
		const [name, token] = began.split(' ');
		// as after a controller was killed, or if the answer to a submission was lost: the same tasks once more
		const twice = ['--hold', '--array=0-2', `--job-name=${name}`, `--comment=${token}`, '--mem=10M', '--wrap=true'];
		await slurm.program('sbatch', twice);
		const second = await ladder.run([...flags, ...on], {env: slurm.env});
		t.is(second.exitCode, 1);
		t.regex(second.stderr, /the sweep `rates` is in use by process \d+/);
	});
	t.is(first.exitCode, 0, first.stderr);
	await isUnbroken(t, ladder, first.stdout);
	t.is(await slurm.program('squeue', ['-h', '-t', 'PENDING']), '', 'tasks that were begun again are ended');
});

onSlurm(
	named('what the cluster refuses is refused before anything is submitted, with the option that is wrong'),
	async t => {
		const ladder = tinyLadder(t);
		const refused = async (option: string, exitCode: number, sentence: RegExp): Promise<void> => {
			const result = await ladder.run([...flags, ...on, '--slurm', option], {env: slurm.env});
			t.is(result.exitCode, exitCode, result.stderr);
			t.regex(result.stderr, sentence);
		};
		await refused(
			'partition=nope',
			2,
			/`slurm\.partition` should be a partition of the cluster.*: main; got nope, and sbatch says: .*[Ii]nvalid partition/,
		);
		await refused('cpus=900', 1, /Slurm can’t run such a task \(.*cpus 900.*\): /);
		await refused('mem=900G', 1, /Slurm can’t run such a task \(.*mem 900G.*\): /);
		await refused(
			'extra=--nope',
			2,
			/`slurm\.extra` should be options of sbatch that the cluster accepts.*unrecognized option/,
		);
		await refused('time=soon', 2, /`slurm\.time` should be a whole number from 1 to 525600/);
		await refused(
			'extra=--array=1-9',
			2,
			/`slurm\.extra\.0` should be an option of sbatch that is not set by `arrayLimit` and `runsPerTask`/,
		);
		await refused('tim=5', 2, /`time=120`.*did you mean `time`/);

		// Accepted by sbatch, which then lets the tasks wait for ever.
		await slurm.program('scontrol', ['update', 'partition=main', 'MaxTime=5']);
		try {
			const sentence =
				/`slurm\.time` should be a time limit that the partition allows; got 10 min, and the tasks, which were ended now, waited for ever: PartitionTimeLimit/;
			await refused('time=10', 2, sentence);
		} finally {
			await slurm.program('scontrol', ['update', 'partition=main', 'MaxTime=UNLIMITED']);
		}

		t.is(await slurm.program('squeue', ['-h']), '');
	},
);

const canHide = reason === undefined && spawnSync('unshare', ['--mount', 'true']).status === 0;
(canHide ? test.serial : test.serial.skip)(
	named(`runs in a folder that the nodes can’t see end with a sentence${canHide ? '' : ' (needs to unshare mounts)'}`),
	async t => {
		const ladder = tinyLadder(t);
		ladder.write('hidden/.keep', '');
		const words = [process.execPath, main, ...flags, ...on, '--out', 'hidden/runs'].map(shellQuote).join(' ');
		const {exitCode, stderr} = await execa(
			'unshare',
			['--mount', 'sh', '-c', `mount -t tmpfs none hidden && ${words}`],
			{reject: false, cwd: ladder.folder, env: {...slurm.env, STEPLADDER_CACHE: path.join(ladder.folder, '.cache')}},
		);
		t.is(exitCode, 1, stderr);
		t.regex(stderr, /stepladder: tasks end without any output: .* or the compute nodes can’t see .*hidden\/runs/);
	},
);

/** The files of a step's runs by seed: models, and epochs without their times. */
const runsOf = (ladder: OwnLadder, out: string): Record<string, unknown> =>
	Object.fromEntries(
		readdirSync(path.join(ladder.folder, out, 'tiny')).map(name => {
			const at = path.join(ladder.folder, out, 'tiny', name);
			const rows = readFileSync(path.join(at, 'metrics.csv'), 'utf8').split('\n');
			const model = readFileSync(path.join(at, 'model.safetensors')).toString('base64');
			return [name.slice(name.indexOf('-s')), [model, rows.map(row => row.split(',').slice(0, 11).join(','))]];
		}),
	);

onSlurm(
	named('seeds whose front end is killed are collected by `train --resume`, to the bits of a local training'),
	async t => {
		const ladder = slowLadder(t);
		const words = ['train', '--step', 'tiny', '--seeds', '1-3'];
		const here = await ladder.run([...words, '--out', 'here']);
		t.is(here.exitCode, 0, here.stderr);
		const killed = await slurm.whileRunning(
			ladder,
			[...words, '--on', 'slurm', '--slurm', 'mem=300M'],
			/epoch 3\/30/,
			pid => process.kill(pid, 'SIGKILL'),
		);
		t.is(killed.exitCode, null);
		const rest = await ladder.run(['train', '--resume', 'latest', '--on', 'slurm', '--slurm', 'mem=300M'], {
			env: slurm.env,
		});
		t.is(rest.exitCode, 0, rest.stderr);
		t.regex(rest.stdout, /^Verdict: 3 of 3 seeds held/m);
		const runs = runsOf(ladder, 'runs');
		t.deepEqual(Object.keys(runs).toSorted(), ['-s1', '-s2', '-s3']);
		t.deepEqual(runs, runsOf(ladder, 'here'));
	},
);

onSlurm(
	named('a record is made on Slurm as it is here, and a detached one is collected by the same command'),
	async t => {
		const ladder = slowLadder(t);
		const words = ['record', '--step', 'tiny', '--seeds', '1-3', '--on', 'slurm', '--slurm', 'mem=300M'];
		const detached = await ladder.run([...words, '--detach'], {env: slurm.env});
		t.is(detached.exitCode, 0, detached.stderr);
		t.regex(detached.stdout, /^Submitted\. /m);
		const collected = await ladder.run(words, {env: slurm.env});
		t.is(collected.exitCode, 0, collected.stderr);
		const checked = await ladder.run(['record', '--check', '--replay', 'all']);
		t.is(checked.exitCode, 0, checked.stdout);
		t.regex(checked.stdout, /everything retrained repeats to the bit/);
		const [first, ...others] = ladder
			.read('records/ledger.jsonl')
			.trimEnd()
			.split('\n')
			.map(line => JSON.parse(line).event);
		t.is(first, 'opened');
		t.deepEqual(others, ['promised', 'begun', 'begun', 'recorded']);
	},
);

onSlurm(named('`doctor --slurm` looks at the cluster, and at a node of it'), async t => {
	const ladder = tinyLadder(t);
	const found = await ladder.run(['doctor', '--slurm'], {env: {...slurm.env, LIBTORCH: ''}});
	t.regex(found.stdout, /^✓ Cluster: slurm-wlm \d\S+, partitions main; arrays of up to \d+ tasks$/m);
	t.regex(found.stdout, /^✓ Compute node: \S+, Node \d\S+, the addon of this version, 1 core for a task$/m);
	const none = await ladder.run(['doctor', '--slurm'], {env: {SLURM_CONF: '/nowhere', LIBTORCH: ''}});
	t.is(none.exitCode, 1);
	t.regex(none.stdout, /^✗ Cluster: SLURM_CONF names \/nowhere, which is missing$/m);
	ladder.write('slurm.conf', 'garbage');
	const damaged = await ladder.run(['doctor', '--slurm'], {
		env: {SLURM_CONF: path.join(ladder.folder, 'slurm.conf'), LIBTORCH: ''},
	});
	t.regex(damaged.stdout, /^✗ Cluster: Slurm does not answer: Unable to process configuration file$/m);
});

/** Writes programs of Slurm in which `sbatch` lasts until its caller is interrupted, and returns the environment that finds them. */
const slowSbatch = (ladder: OwnLadder): Record<string, string> => {
	const lasts = 'case "$*" in *--test-only*) exit 0;; esac\nkill -INT "$PPID"\nwhile kill -0 "$PPID" 2>&-; do :; done';
	for (const [name, text] of Object.entries({sbatch: lasts, squeue: ':', scontrol: ':', sinfo: ':'})) {
		ladder.write(`bin/${name}`, `#!/bin/sh\n${text}\n`);
		chmodSync(path.join(ladder.folder, 'bin', name), 0o755);
	}

	return {PATH: `${path.join(ladder.folder, 'bin')}:${process.env['PATH']}`, SLURM_CONF: ''};
};

(process.platform === 'win32' ? test.skip : test)(
	'Ctrl-C while tasks are submitted says that they may be there',
	async t => {
		await Promise.all(
			[flags, ...['record', 'train'].map(command => [command, '--step', 'tiny', '--seeds', '1,2'])].map(async words => {
				const ladder = tinyLadder(t);
				const {exitCode, stderr} = await ladder.run([...words, '--on', 'slurm'], {env: slowSbatch(ladder)});
				t.is(exitCode, 130, stderr);
				t.regex(stderr, /^Slurm: interrupted while tasks were submitted, which may be in the queue$/m);
				t.regex(stderr, /interrupted; .*its tasks go on; to wait for them: .*; to end them: `.*jobs.*cancel`/);
			}),
		);
	},
);

test('without Slurm, a sentence says what is missing', async t => {
	const ladder = tinyLadder(t);
	const {exitCode, stderr} = await ladder.run([...flags, '--on', 'slurm'], {env: {PATH: '/nowhere'}});
	t.is(exitCode, 1);
	t.regex(
		stderr,
		/stepladder: `sbatch` is missing: `--on slurm` needs a machine from which jobs can be submitted to Slurm/,
	);
	const here = await ladder.run([...flags, '--detach']);
	t.is(here.exitCode, 2);
	t.regex(here.stderr, /`detach` should be given with `on` as `slurm` \(`--on slurm`\), got `local`/);
});
