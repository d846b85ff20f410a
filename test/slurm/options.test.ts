import test from 'ava';
import {ConfigError} from '../../ts/index.js';
import {checkSlurm, settleSlurm, warningSeconds} from '../../ts/slurm/options.js';

const refuses = test.macro((t, options: unknown, message: RegExp) => {
	t.throws(() => checkSlurm(options), {instanceOf: ConfigError, message});
});
test(
	'a time limit is a number of minutes',
	refuses,
	{time: 0},
	/`slurm\.time` should be a whole number from 1 to 525600/,
);
test('memory has a unit that sbatch knows', refuses, {mem: '2 GB'}, /`slurm\.mem` should be a size such as `2G`/);
test('an unknown option is named', refuses, {partion: 'main'}, /`slurm\.partion`/);
for (const [option, by] of [
	['--mem-per-cpu=1G', '`mem`'],
	['-p', '`partition`'],
	['--array=1-3', '`arrayLimit` and `runsPerTask`'],
	['--no-requeue', 'Stepladder itself'],
	['--signal=B:TERM', 'Stepladder itself'],
	['--commen=x', 'Stepladder itself'],
	['--arr=1-3', '`arrayLimit` and `runsPerTask`'],
	['--', '`partition`'],
	['-Ha1-3', '`arrayLimit` and `runsPerTask`'],
	['--usage', 'Stepladder itself'],
	['-Mother', 'Stepladder itself'],
] as const) {
	test(`${option} would contradict the others`, refuses, {extra: [option]}, new RegExp(`that is not set by ${by}`));
}

test('other options of sbatch are passed on', t => {
	t.notThrows(() =>
		checkSlurm({
			extra: ['--qos=long', '--constraint=avx512', '--time-min=5', '--mem-bind=local', '--nodelist=a', '-H', '-wa'],
		}),
	);
});

test('a task is asked to save its state 2 minutes before its limit, or a quarter of a short one', t => {
	t.deepEqual(
		[1, 4, 8, 60].map(time => warningSeconds(settleSlurm({time}))),
		[15, 60, 120, 120],
	);
});
