import process from 'node:process';
import test from 'ava';
import {execa} from 'execa';
import {main} from '../helpers/cli.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** Starts a command, and waits until it has printed the address of its page. */
const started = async (ladder: OwnLadder, words: readonly string[]) => {
	const child = execa(process.execPath, [main, ...words], {
		...{cwd: ladder.folder, reject: false, stdin: 'ignore'},
		env: {STEPLADDER_CACHE: `${ladder.folder}/.cache`},
	});
	const address = await new Promise<string>((resolve, reject) => {
		let text = '';
		const read = (part: Buffer): void => {
			text += String(part);
			const [, found] = /Live page: (\S+)\n/.exec(text) ?? [];
			if (found !== undefined) {
				resolve(found);
			}
		};
		child.stderr.on('data', read);
		child.stdout.on('data', read);
		child.once('exit', () => reject(new Error(text)));
	});
	return {child, address};
};

/** Reads a page's events until its content matches, and returns it. */
const contentOf = async (address: string, wanted: RegExp): Promise<string> => {
	const {body} = await fetch(`${address}events`);
	const decoder = new TextDecoder();
	let text = '';
	for await (const part of body ?? []) {
		text += decoder.decode(part as Uint8Array, {stream: true});
		const events = text.split('\n\n').slice(0, -1);
		const found = events.findLast(event => event.startsWith('data: ') && wanted.test(event));
		if (found !== undefined) {
			return JSON.parse(found.slice('data: '.length)) as string;
		}
	}

	throw new Error(`the page ended without it: ${text.slice(0, 300)}`);
};

for (const [command, title, content] of [
	[['train', '--step', 'tiny', '--seeds', '1,2'], 'Training of tiny', /of 2 runs finished/],
	[['record', '--step', 'tiny', '--seeds', '1,2'], 'Recording of tiny', /of 2 runs finished/],
	[
		['sweep', '--step', 'tiny', '--vary', 'batchSize=16', '--holdout', '50', '--seeds', '101,102'],
		'Sweep of tiny',
		/of 4 runs finished/,
	],
] as const) {
	test(`\`${command[0]} --live\` serves a page while it runs, which ends with it`, async t => {
		const ladder = tinyLadder(t, {epochs: 40});
		const {child, address} = await started(ladder, [...command, '--live']);
		// at once: whoever watches gets the last state, however short the training
		const [text, page] = await Promise.all([
			contentOf(address, content),
			fetch(address).then(async answer => answer.text()),
		]);
		t.regex(text, /<h2>Curves<\/h2>/);
		t.true(page.includes(`<title>${title}</title>`));
		const {exitCode, stderr} = await child;
		t.is(exitCode, 0, stderr);
		await t.throwsAsync(fetch(address), undefined, 'nothing is served any more');
	});
}

test('`live` shows runs of another process from their folders, until it is interrupted', async t => {
	const ladder = tinyLadder(t);
	await ladder.run(['train', '--step', 'tiny', '--seeds', '1,2', '--quiet']);
	const {child, address} = await started(ladder, ['live', 'runs']);
	t.regex(await contentOf(address, /<h2>Curves/), /2 of 2 runs finished, 8 of 8 epochs/);
	await ladder.run(['train', '--step', 'tiny', '--seeds', '3', '--quiet']);
	t.regex(await contentOf(address, /3 of 3/), /3 of 3 runs finished, 12 of 12 epochs/);
	child.kill('SIGINT');
	const {exitCode} = await child;
	t.is(exitCode, 130);
});

test('`live` without runs shows those that begin from now on, and none that ended before', async t => {
	const ladder = tinyLadder(t);
	await ladder.run(['train', '--step', 'tiny', '--seeds', '1', '--quiet']);
	const {child, address} = await started(ladder, ['live', '--ladder', '.']);
	t.regex(await contentOf(address, /No run/), /No run has begun yet/);
	await ladder.run(['train', '--step', 'tiny', '--seeds', '2', '--quiet']);
	t.regex(await contentOf(address, /<h2>Curves/), /of 1 run finished/);
	child.kill('SIGINT');
	await child;
});

test('`live` shows a sweep of another process, from now on or by the folder of its runs', async t => {
	const ladder = tinyLadder(t);
	const sweep = ['sweep', '--step', 'tiny', '--vary', 'batchSize=16', '--holdout', '50', '--seeds', '101'];
	const before = await ladder.run([...sweep, '--name', 'before']);
	t.is(before.exitCode, 0, before.stderr);
	const {child, address} = await started(ladder, ['live']);
	t.regex(await contentOf(address, /No run/), /No run has begun yet/);
	await ladder.run([...sweep.slice(0, -1), '102', '--name', 'later']);
	const content = await contentOf(address, /Sweep later of tiny: finished/);
	t.regex(content, /2 of 2 runs finished, 8 of 8 epochs/);
	t.notRegex(content, /Sweep before/);
	const all = await started(ladder, ['live', 'runs/sweeps']);
	t.regex(await contentOf(all.address, /Sweep later/), /Sweep before of tiny: finished/);
	child.kill('SIGINT');
	all.child.kill('SIGINT');
	await Promise.all([child, all.child]);
});

test('wrong ports and what can’t be shown are refused before anything is trained', async t => {
	const ladder = tinyLadder(t);
	const refused = async (...words: string[]) => {
		const {exitCode, stderr} = await ladder.run(words);
		return [exitCode, stderr.split('\n')[0]];
	};
	t.deepEqual(await refused('train', '--step', 'tiny', '--live', '0'), [
		2,
		"error: option '--live [port]' argument '0' is invalid. It should be a port, from 1 to 65535.",
	]);
	t.deepEqual(await refused('train', '--step', 'tiny', '--live', '--fast-dev-run'), [
		2,
		'stepladder: `--live` shows saved runs, and `--fast-dev-run` saves none: leave one of them out',
	]);
	t.deepEqual(await refused('live', 'none'), [2, 'stepladder: there is no folder none']);
	const {child, address} = await started(ladder, ['live', '.']);
	const {port} = new URL(address);
	const [exitCode, sentence] = await refused('train', '--step', 'tiny', '--live', port, '--out', 'new');
	t.is(exitCode, 2);
	t.is(
		sentence,
		`stepladder: the live page can’t be served on port ${port}: another program uses it; choose another, or leave it out for any free one`,
	);
	t.throws(() => ladder.read('new/latest/config.json'));
	child.kill('SIGINT');
	await child;
});
