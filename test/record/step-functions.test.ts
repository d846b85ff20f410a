// Errors in the functions of a step's file are reported by a sentence that names the file.
import test from 'ava';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const wrongs: Readonly<Record<string, readonly [claim: string, reported: RegExp]>> = {
	'a `say` that gives a number': [
		'{say: () => 7, holds: () => true}',
		/`say` of claim 1 should give a text, it gave 7/,
	],
	'a `say` that gives a promise': [
		"{say: async () => 'x', holds: () => true}",
		/`say` of claim 1 should give a text, it gave/,
	],
	'a `say` that throws': [
		"{say: () => { throw new Error('no') }, holds: () => true}",
		/`say` of claim 1 threw: Error: no/,
	],
	'a `say` that throws null': ['{say: () => { throw null }, holds: () => true}', /`say` of claim 1 threw: null/],
	'a `holds` that gives a promise': [
		"{say: () => 'x', holds: async () => false}",
		/claim 1 can’t be evaluated: `holds` should give true or false, it gave/,
	],
	'a `holds` that gives a string': [
		"{say: () => 'x', holds: () => 'yes'}",
		/claim 1 can’t be evaluated: `holds` should give true or false, it gave "yes"/,
	],
	'a `holds` that changes the record': [
		"{say: () => 'x', holds: ({self}) => { self.test.mean = 1; return true }}",
		/claim 1 can’t be evaluated: Cannot assign to read only property/,
	],
};

for (const [name, [claim, reported]] of Object.entries(wrongs)) {
	test(`${name} is reported, and the text block stays as it was`, async t => {
		const own = tinyLadder(t);
		t.is((await own.run(['record', '--step', 'tiny', '--seeds', '1'])).exitCode, 0);
		const source = own.read('steps/0-tiny.ts').replace(/\n\}\);\s*$/, `\n\tanalysis: [${claim}],\n});\n`);
		own.write('steps/0-tiny.ts', source);
		for (const words of [
			['record', '--text'],
			['record', '--check'],
		]) {
			const {exitCode, stdout, stderr} = await own.run(words);
			t.is(exitCode, 1, stdout + stderr);
			t.regex(stdout + stderr, reported);
			t.regex(stdout + stderr, /steps\/0-tiny\.ts/);
			t.notRegex(stderr, /^ {4}at /m);
		}

		t.is(own.read('steps/0-tiny.ts'), source);
	});
}

test('a reason that throws is reported before anything is written', async t => {
	const own = tinyLadder(t);
	own.write(
		'steps/0-tiny.ts',
		own.read('steps/0-tiny.ts').replace("why: 'Bars are easy to tell.'", 'why: () => { throw undefined }'),
	);
	const {exitCode, stderr} = await own.run(['record', '--step', 'tiny', '--seeds', '1']);
	t.is(exitCode, 2);
	t.regex(stderr, /^stepladder: steps\/0-tiny\.ts: `target\.why` threw: undefined$/);
});

for (const thrown of ['undefined', 'new Error("no")']) {
	test(`data whose \`open\` throws ${thrown} end the command with a sentence`, async t => {
		const own = tinyLadder(t);
		own.write(
			'ladder.ts',
			`import {defineLadder} from 'stepladder';
export default defineLadder({name: 'Bars', data: {async open() { throw ${thrown} }}});
`,
		);
		const {exitCode, stderr} = await own.run(['train', '--step', 'tiny']);
		t.is(exitCode, 2);
		t.regex(stderr, /^stepladder: the data could not be opened: its `open` threw: (undefined|Error: no)$/);
	});
}
