import {execFileSync} from 'node:child_process';
import {mkdirSync, rmSync, symlinkSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {LadderError, openLadder} from '../../ts/index.js';
import {oneLayerStep} from '../helpers/one-layer-step.js';
import {OwnLadder} from '../helpers/own-ladder.js';

const definition = `import {arrays, defineLadder} from 'stepladder';
const set = first => ({images: Uint8Array.from({length: 2 * 16}, (_, index) => first + index), labels: [0, 1]});
export default defineLadder({name: 'tiny', data: arrays({size: 4, train: set(0), test: set(100)})});
`;

const refuses = test.macro(
	async (t, files: Record<string, string>, words: string[], expected: RegExp, cwd: string = '.') => {
		const own = new OwnLadder(t, files);
		const {stdout, stderr, exitCode} = await own.run(words, {cwd});
		t.is(exitCode, 2, stdout);
		t.regex(stderr, expected);
		t.is(stderr.split('\n').length, 1, stderr); // a sentence, and no stack
	},
);

test(
	'a folder without a ladder',
	refuses,
	{},
	['ladder'],
	/there is no ladder\.ts in \S+ or above it: make one with `npm run --prefix \S+ init`/,
);
test(
	'a named ladder that does not exist',
	refuses,
	{},
	['ladder', '--ladder', 'nowhere'],
	/nowhere: expected the folder of a ladder/,
);
test(
	'two ladders above each other',
	refuses,
	{'ladder.ts': definition, 'inner/ladder.ts': definition},
	['ladder'],
	/a ladder in \S+inner and another around it in \S+: choose one with `--ladder DIR`/,
	'inner',
);
test(
	'a ladder that is defined twice',
	refuses,
	{'ladder.ts': definition, 'ladder.mjs': definition},
	['ladder'],
	/^stepladder: ladder\.ts and ladder\.mjs both define the ladder/,
);
test(
	'a ladder without data',
	refuses,
	{'ladder.js': "import {defineLadder} from 'stepladder';\n\nexport default defineLadder({name: 'x'});\n"},
	['ladder'],
	/^stepladder: ladder\.js, line 3: `data` should be a source of data, such as .*, got undefined$/,
);
test(
	'a ladder with an unknown setting',
	refuses,
	{'ladder.ts': definition.replace("'tiny',", "'tiny', target: {maxParams: 3},")},
	['ladder'],
	/^stepladder: ladder\.ts, line 3: unknown name `target\.maxParams` \(did you mean `target\.maxParameters`\?\)/,
);
test(
	'a ladder that throws an object without text',
	refuses,
	{'ladder.js': 'throw Object.create(null);\n'},
	['ladder'],
	/^stepladder: ladder\.js: \{\} was thrown$/,
);
test(
	'a ladder that is a rejected promise',
	refuses,
	{'ladder.js': "\nexport default Promise.reject(new Error('no images today'));\n"},
	['ladder'],
	/^stepladder: ladder\.js, line 2: Error: no images today$/,
);
test(
	'a ladder that is a promise rejected with an object without text',
	refuses,
	{'ladder.js': 'export default Promise.reject(Object.create(null));\n'},
	['ladder'],
	/^stepladder: ladder\.js: \{\} was thrown$/,
);
test(
	'an error whose stack is not a string',
	refuses,
	{'ladder.js': "throw Object.assign(new Error('no'), {stack: 5});\n"},
	['ladder'],
	/^stepladder: ladder\.js: Error: no$/,
);
test(
	'a ladder that exports nothing',
	refuses,
	{'ladder.js': 'export {};\n'},
	['ladder'],
	/^stepladder: ladder\.js: its default export should be a ladder made with `defineLadder`: `ladder` should be an object with `name` and `data`, got undefined$/,
);
test(
	'a ladder whose data have no classes',
	refuses,
	{
		'ladder.ts': `import {defineLadder} from 'stepladder';
export default defineLadder({name: 'tiny', data: {open: async () => ({name: 'x', channels: 1, size: 4})}});
`,
		'steps/0-a.ts': oneLayerStep('a'),
	},
	['train', '--step', 'a'],
	/^stepladder: missing `data\.open\(\)\.classes` \(a list of names\), .* and `data\.open\(\)\.testImage` \(a function\)$/,
);
test(
	'a syntax error in TypeScript',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': oneLayerStep('a', 'const x: = 3;')},
	['train', '--step', 'a'],
	/^stepladder: steps\/0-a\.ts, line 2: SyntaxError/,
);
test(
	'a syntax error in JavaScript',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.mjs': oneLayerStep('a', '\nconst x = {a: 1,,};')},
	['train', '--step', 'a'],
	/^stepladder: steps\/0-a\.mjs, line 3: SyntaxError: Unexpected token ','$/,
);
test(
	'an undefined name',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': oneLayerStep('a', '\n\nconst x = other.y;')},
	['train', '--step', 'a'],
	/^stepladder: steps\/0-a\.ts, line 4: ReferenceError: other is not defined$/,
);
test(
	'an error in a folder whose name has spaces, umlauts and parentheses',
	refuses,
	{
		'Große Schuhe (2)/ladder.ts': definition,
		'Große Schuhe (2)/steps/0-a.ts': oneLayerStep('a', '\n\nconst x = other.y;'),
	},
	['train', '--step', 'a'],
	/^stepladder: steps\/0-a\.ts, line 4: ReferenceError: other is not defined$/,
	'Große Schuhe (2)',
);
for (const [ending, where] of [
	['ts', 'line \\d'],
	['mjs', 'line 2'],
] as const) {
	test(
		`a syntax error in a .${ending} file that a step imports from another folder`,
		refuses,
		{
			'ladder.ts': definition,
			'steps/0-a.ts': oneLayerStep('a', `import {x} from '../lib/x.${ending}';`),
			[`lib/x.${ending}`]: "import {y} from './y.mjs';\nexport const x = {;\n",
			'lib/y.mjs': 'export const y = 1;\n',
		},
		['train', '--step', 'a'],
		new RegExp(`^stepladder: lib/x\\.${ending}, ${where}: SyntaxError`),
	);
}

test(
	'an import that the library does not have',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': oneLayerStep('a', "import {magic} from 'stepladder';")},
	['train', '--step', 'a'],
	/^stepladder: steps\/0-a\.ts.*does not provide an export named 'magic'/,
);
test(
	'an import of a missing file',
	refuses,
	{'ladder.ts': definition, 'steps/1-b.ts': oneLayerStep('b', "import a from './0-a.ts';")},
	['train', '--step', 'b'],
	/^stepladder: .*Cannot find module \S+0-a\.ts/,
);
test(
	'a step under another name than its file',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': oneLayerStep('b')},
	['train', '--step', 'a'],
	/^stepladder: steps\/0-a\.ts: its default export should be the step `a`, as the file is called; `b`$/,
);
test(
	'a step that was not made by defineStep',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': "export default {name: 'a'};\n"},
	['train', '--step', 'a'],
	/^stepladder: steps\/0-a\.ts: its default export should be the step `a`, as the file is called; \{"name":"a"\}, which `defineStep` did not make$/,
);
test(
	'a step file that exports nothing',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': 'export {};\n'},
	['train', '--step', 'a'],
	/^stepladder: steps\/0-a\.ts: its default export should be the step `a`, as the file is called; it has none$/,
);
test(
	'two steps with the same number',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': oneLayerStep('a'), 'steps/0-b.ts': oneLayerStep('b')},
	['train', '--step', 'a'],
	/^stepladder: steps\/0-a\.ts and steps\/0-b\.ts have the same number or name/,
);
test(
	'a step that grows from a missing step',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': oneLayerStep('a')},
	['new-step', 'b', '--from', 'c'],
	/there is no step "c" in tiny: its steps are a$/,
);
test(
	'a step with a name that is taken',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': oneLayerStep('a')},
	['new-step', 'a', '--from', 'a'],
	/there is a step `a` already/,
);

/** Returns a step that grows from `a`. */
const grownOf = (name: string, change: string, target: string): string => `import {defineStep} from 'stepladder';
import a from './0-a.ts';
export default defineStep({
	name: '${name}', from: a, change: ${change},
	target: {why: 'To see.', testAccuracy: 0.5, heldFor: 1, maxParameters: 100, maxEpochs: 9, ${target}},
});
`;

for (const [fault, change, target, sentence] of [
	['changes two aspects', '{batchSize: 1, labelSmoothing: 0.1}', '', /step `b`: `change` should be about one aspect/],
	['changes nothing', '{}', '', /step `b`: `change` should be a change against `a`, got the same experiment$/],
	[
		'asks for 99.4',
		'{batchSize: 1}',
		'testAccuracy: 99.4',
		/`target\.testAccuracy` should be a fraction .*, got 99\.4$/,
	],
	[
		'is to be held for longer than it trains',
		'{epochs: 3}',
		'heldFor: 5',
		/should be at most 3, the epochs .*, got 5$/,
	],
	['has no reason', '{batchSize: 1}', 'why: 3', /`target\.why` should be a sentence/],
] as const) {
	test(`a step that ${fault} is refused, and the others can be used`, async t => {
		const own = new OwnLadder(t, {
			'ladder.ts': definition,
			'steps/0-a.ts': oneLayerStep('a'),
			'steps/1-b.ts': grownOf('b', change, target),
			'steps/2-c.ts': "import b from './1-b.ts';\nexport default b;\n",
		});
		const refused = await own.run(['train', '--step', 'b']);
		t.is(refused.exitCode, 2);
		t.regex(refused.stderr, /^stepladder: steps\/1-b\.ts, line 3: [^\n]*$/);
		t.regex(refused.stderr, sentence);

		t.is((await own.run(['train', '--step', 'a'])).exitCode, 0);
		const {stdout, stderr, exitCode} = await own.run(['ladder']);
		t.is(exitCode, 0, stderr);
		t.regex(stdout, /^a /m);
		t.notRegex(stdout, /^[bc] /m);
		t.regex(
			stderr,
			/^Step `b` is not in the table: steps\/1-b\.ts, line 3: .*\nStep `c` is not in the table: steps\/1-b\.ts, line 3: .*$/,
		);

		const check = await own.run(['record', '--check']);
		t.is(check.exitCode, 2);
		t.regex(check.stderr, sentence);
		t.regex((await own.run(['new-step', 'd', '--from', 'a'])).stdout, /^Written: steps\/3-d\.ts$/m);
		t.is((await own.run(['new-step', 'b', '--from', 'a'])).exitCode, 2);
	});
}

test('a ladder with a refused step opens, and the step’s error is thrown when it is requested', async t => {
	const own = new OwnLadder(t, {
		'ladder.mjs': definition,
		'steps/0-a.mjs': oneLayerStep('a'),
		'steps/1-b.mjs': 'export default nothing;\n',
	});
	const ladder = await openLadder(own.folder);
	t.deepEqual(
		ladder.steps.map(({name}) => name),
		['a'],
	);
	const error = t.throws(() => ladder.step('b'), {
		instanceOf: LadderError,
		message: /1-b\.mjs, line 1: ReferenceError/,
	});
	t.deepEqual(
		ladder.refused.map(({name, error}) => ({name, error})),
		[{name: 'b', error}],
	);
	t.throws(() => ladder.step('c'), {message: /its steps are a, b$/});
});

test('a recorded step that is refused keeps its row on the ladder’s page', async t => {
	const own = new OwnLadder(t, {
		'ladder.ts': definition,
		'README.md': '<!-- ladder: written by `record` -->\n\nold\n\n<!-- end of ladder -->\n',
		'steps/0-a.ts': oneLayerStep('a'),
		'steps/1-b.ts': grownOf('b', '{batchSize: 1}', ''),
	});
	t.is((await own.run(['record', '--step', 'a', '--seeds', '1'])).exitCode, 0);
	t.is((await own.run(['record', '--step', 'b', '--seeds', '1'])).exitCode, 0);
	const page = own.read('README.md');
	t.regex(page, /^\| b /m);
	own.write('steps/1-b.ts', grownOf('b', '{}', ''));
	const {stderr, exitCode} = await own.run(['record', '--text']);
	t.is(exitCode, 1);
	t.regex(stderr, /^README\.md keeps its table: steps\/1-b\.ts, line 3: /m);
	t.is(own.read('README.md'), page);
});

const typedWrong: ReadonlyArray<readonly [string[], RegExp]> = [
	[
		['train', '--step', 'a', '--epochs', '-1'],
		/^stepladder: `epochs` should be a whole number from 1 to 10000, got -1$/,
	],
	[['train', '--step', 'a', '--epochs', '0'], /^stepladder: `epochs` should be a whole number from 1 to 10000, got 0$/],
	[['train', '--step', 'a', '--epochs', '0.5'], /`epochs` should be a whole number from 1 to 10000, got 0\.5$/],
	[['train', '--step', 'a', '--threads', '0'], /`threads` should be a whole number from 1 to 1024, got 0$/],
	[['train', '--step', 'a', '--jobs', '0'], /`jobs` should be a whole number from 1 to 1024, got 0$/],
	[
		['train', '--step', 'a', '--limit-train', '-1'],
		/`limitTrain` should be a whole number from 1 to 4294967295, got -1$/,
	],
	[
		['record', '--check', '--text'],
		/^stepladder: `--check` and `--text` can’t be used together: run one after the other$/,
	],
	[['record', '--text', '--fresh'], /^stepladder: `--text` and `--fresh` can’t be used together/],
	[['record', '--step', 'a', '--replay'], /^stepladder: `replay` should be given with `--check`/],
	[['bench', '--rounds', '0'], /^stepladder: `rounds` should be a whole number from 1, got 0$/],
	[
		['bench', '--images', '0'],
		/^stepladder: `images` should be a whole number from 1 to 2, the training images there are, got 0$/,
	],
	[
		['bench', '--python', '/nope'],
		/`python` should be a Python that has PyTorch, got `\/nope`, which can’t be started \(.*ENOENT\)$/,
	],
];
for (const [words, sentence] of typedWrong) {
	test(
		`\`${words.join(' ')}\``,
		refuses,
		{'ladder.ts': definition, 'steps/0-a.ts': oneLayerStep('a')},
		words,
		sentence,
	);
}

test('a ladder is found from a subfolder, by --ladder, and by a package.json above', async t => {
	const own = new OwnLadder(t, {
		'package.json': '{"stepladder": {"ladder": "ladders/one"}}',
		'ladders/one/ladder.ts': definition,
		'ladders/one/steps/0-a.ts': oneLayerStep('a'),
		'ladders/two/ladder.ts': definition,
		'ladders/two/steps/0-b.ts': oneLayerStep('b'),
	});
	const stepIn = async (cwd: string, ...words: string[]): Promise<string | undefined> =>
		/^[ab] /m.exec((await own.run(['ladder', ...words], {cwd})).stdout)?.[0].trim();
	t.is(await stepIn('.'), 'a');
	t.is(await stepIn('ladders/two/steps'), 'b');
	t.is(await stepIn('.', '--ladder', 'ladders/two'), 'b');
});

test('a pipe, device, folder or broken link instead of a file is named, and never waited for', async t => {
	const own = new OwnLadder(t, {'ladder.ts': definition, 'steps/0-first.ts': oneLayerStep('first')});
	const at = (file: string): string => path.join(own.folder, file);
	symlinkSync(at('nowhere.ts'), at('steps/1-lost.ts'));
	mkdirSync(at('steps/2-folder.ts'));
	own.write('steps/5-last.ts', oneLayerStep('last', "import './helper.ts';"));
	const expected = new Map([
		['lost', /^steps.1-lost\.ts: expected a file, found a link to nowhere$/],
		['folder', /^steps.2-folder\.ts: expected a file, found a folder$/],
	]);
	if (process.platform === 'win32') {
		own.write('steps/helper.ts', '');
	} else {
		execFileSync('mkfifo', [at('steps/3-pipe.ts'), at('steps/helper.ts')]);
		symlinkSync('/dev/zero', at('steps/4-device.ts'));
		expected.set('pipe', /^steps.3-pipe\.ts: expected a file, found a pipe$/);
		expected.set('device', /^steps.4-device\.ts: expected a file, found a device$/);
		expected.set('last', /5-last\.ts: .*it imports \S+helper\.ts, which should be a file and is a pipe$/);
	}

	const {stderr, exitCode} = await own.run(['ladder']);
	t.is(exitCode, 0);
	const problems = new Map(
		stderr.split('\n').map(line => /^Step `(.*?)` is not in the table: (.*)$/.exec(line)?.slice(1) as [string, string]),
	);
	t.deepEqual([...problems.keys()], [...expected.keys()]);
	for (const [name, sentence] of expected) {
		t.regex(problems.get(name) ?? '', sentence);
	}

	rmSync(at('steps'), {recursive: true});
	symlinkSync(at('ladder.ts'), at('steps'));
	t.regex((await own.run(['ladder'])).stderr, /^stepladder: steps: expected a folder of steps, found a file$/);
	rmSync(at('ladder.ts'));
	symlinkSync(at('nowhere.ts'), at('ladder.ts'));
	t.regex((await own.run(['ladder'])).stderr, /^stepladder: ladder\.ts: expected a file, found a link to nowhere$/);
});

test('commands say that a ladder has no steps, or no records', async t => {
	const own = new OwnLadder(t, {'ladder.mjs': definition});
	const bench = await own.run(['bench']);
	t.is(bench.exitCode, 2);
	t.regex(bench.stderr, /^stepladder: choose a step of .* with `--step <name>`: it has no steps yet$/);

	const fresh = new OwnLadder(t);
	await fresh.run(['init', '.']);
	const check = await fresh.run(['record', '--check']);
	t.is(check.exitCode, 1);
	const [problem = '', count = '', ...more] = check.stdout.split('\n');
	t.regex(problem, /`baseline` has not been recorded; try: npm run --prefix \S+ record -- --step baseline$/);
	t.regex(count, /^1 /);
	t.deepEqual(more, []);
});
