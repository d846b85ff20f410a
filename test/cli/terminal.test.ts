import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import {cli, main, root} from '../helpers/cli.js';
import {Terminal} from '../helpers/terminal.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

// `script` of Linux gives a program a terminal, and hands on what it writes there
const onLinux = process.platform === 'linux' ? test : test.skip;

type Started = {readonly cwd?: string; readonly env?: Record<string, string>};

/** What the command line writes to a terminal of so many columns. */
const onTerminal = async (columns: number, words: readonly string[], {cwd = root, env = {}}: Started = {}) => {
	const command = `stty cols ${columns} rows 30; exec "${process.execPath}" "${main}" ${words.join(' ')}`;
	const {stdout, exitCode} = await execa('script', ['-qec', command, '/dev/null'], {
		...{cwd, stdin: 'ignore', reject: false, stripFinalNewline: false},
		env: {TERM: 'xterm-256color', CI: undefined, NO_COLOR: undefined, FORCE_COLOR: undefined, ...env}, // in CI Node has no colours
	});
	const terminal = new Terminal(columns);
	terminal.write(stdout);
	return {written: stdout, terminal, exitCode};
};

const colour = '\u001B[32m';

const checkWidth = (t: ExecutionContext, written: string, columns: number): void => {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: colours take no room
	const lines = written.replace(/\u001b\[\d+m/g, '').split('\r\n');
	t.deepEqual(
		lines.filter(line => line.length > columns),
		[],
	);
};

for (const columns of [40, 80, 120]) {
	for (const words of [['ladder'], ['summary', '--step', 'lr-scheduler'], ['compare', 'dropout', 'batch-norm']]) {
		onLinux(`${words[0]} fits into ${columns} columns`, async t => {
			const {written, exitCode} = await onTerminal(columns, words);
			t.is(exitCode, 0);
			checkWidth(t, written, columns);
		});
	}

	onLinux(
		`seeds that train at once leave nothing behind on a terminal of ${columns} columns but what a pipe gets`,
		async t => {
			const ladder = tinyLadder(t);
			const words = ['train', '--step', 'tiny', '--seeds', '1-3', '--jobs', '2', '--out', 'runs'];
			const {written, terminal, exitCode} = await onTerminal(columns, words, {
				cwd: ladder.folder,
				env: {STEPLADDER_CACHE: path.join(ladder.folder, '.cache')},
			});
			t.is(exitCode, 0);
			t.regex(written, /Seed [123] (?:Epoch )?\d\/4 .*\d%/, 'lines move');
			t.regex(written, /\d+\/12 epochs|\d+ of 12 epochs/, 'and one for all of them');
			t.false(terminal.hidesCursor);
			const said = terminal.text.replaceAll(/\n +/g, ' ');
			t.is(terminal.text.match(/^Seed \d, (?:epoch )?\d\/4: .*[\d.]+%.*$/gm)?.length, 12, 'an epoch takes one line');
			t.regex(
				said,
				/Verdict: \d of 3 seeds held >= 50\.00 % in each of the last 2 epochs\. Always answering \d gets 10\.00 %\.$/,
			);
			t.notRegex(said, /Seed \d Epoch|epochs, \d\d:\d\d/);
			const piped = await ladder.run(words);
			const epochs =
				/^Seed \d, epoch \d\/4: train [\d.]+% \(loss [\d.]+\), rate 0\.0100, [\d.]+ s\. Test set: Average loss: [\d.]+, Accuracy: \d+\/60 \([\d.]+%\)$/gm;
			t.is(piped.stdout.match(epochs)?.length, 12);
		},
	);

	onLinux(`a sweep leaves its lines and its table on a terminal of ${columns} columns`, async t => {
		const ladder = tinyLadder(t);
		const words = ['sweep', '--step', 'tiny', '--vary', 'batchSize=16,64', '--holdout', '100', '--seeds', '101,102'];
		const {written, terminal, exitCode} = await onTerminal(columns, words, {
			cwd: ladder.folder,
			env: {STEPLADDER_CACHE: path.join(ladder.folder, '.cache')},
		});
		t.is(exitCode, 0);
		t.regex(written, /\d+\/24 epochs|\d+ of 24 epochs/);
		t.false(terminal.hidesCursor);
		t.is(terminal.text.replaceAll(/\n +/g, ' ').match(/^.*, seed 10[12]: done \(\d of 6\)$/gm)?.length, 6);
		t.notRegex(terminal.text, /epochs, \d\d:\d\d/);
		checkWidth(t, terminal.text.replaceAll('\n', '\r\n'), columns);
	});
}

onLinux('what was held is green on a terminal, unless NO_COLOR says otherwise', async t => {
	t.true((await onTerminal(120, ['ladder'])).written.includes(`${colour}5/5`));
	const {written} = await onTerminal(120, ['ladder'], {env: {NO_COLOR: '1'}});
	t.false(written.includes('\u001B'));
	t.true(written.includes('5/5'));
});

onLinux('a terminal that can’t move its cursor gets the lines of a pipe', async t => {
	const ladder = tinyLadder(t);
	const env = {TERM: 'dumb', STEPLADDER_CACHE: path.join(ladder.folder, '.cache')};
	const {written} = await onTerminal(80, ['train', '--step', 'tiny', '--out', 'runs'], {cwd: ladder.folder, env});
	t.false(written.includes('\u001B'));
	t.regex(written, /epoch 4\/4/);
});

test('a pipe gets all columns and no colours, unless FORCE_COLOR says otherwise', async t => {
	const {stdout} = await cli('ladder');
	t.false(stdout.includes('\u001B'));
	t.regex(stdout, /^Step .* Augmentation .* Held$/m);
	const forced = await execa(process.execPath, [main, 'ladder'], {cwd: root, env: {FORCE_COLOR: '1'}});
	t.true(forced.stdout.includes(`${colour}5/5`));
	const off = await execa(process.execPath, [main, 'ladder'], {cwd: root, env: {FORCE_COLOR: '0'}});
	t.is(off.stdout, stdout);
});
