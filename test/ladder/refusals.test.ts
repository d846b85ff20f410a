import test from 'ava';
import {OwnLadder} from '../helpers/own-ladder.js';

const definition = `import {arrays, defineLadder} from 'stepladder';
const set = {images: new Uint8Array(2 * 16), labels: [0, 1]};
export default defineLadder({name: 'tiny', data: arrays({size: 4, train: set, test: set})});
`;

/** A step of one layer. */
const stepOf = (name: string, more = ''): string => `import {defineStep} from 'stepladder';
${more}
export default defineStep({
	name: '${name}',
	experiment: {
		net: {
			channels: 1, size: 4, classes: 2,
			block: {order: ['conv', 'norm', 'relu', 'dropout'], bias: true, norm: 'none', dropout: 0},
			body: [], head: [{kind: 'conv', channels: 2, kernel: 4, padding: 0, bias: true}, {kind: 'flatten'}],
		},
		optimizer: {momentum: 0.9, nesterov: true, weightDecay: 0},
		schedule: {kind: 'constant', learningRate: 0.01},
		labelSmoothing: 0, batchSize: 2, epochs: 1,
	},
	target: {why: 'To begin.', testAccuracy: 0.5, heldFor: 1, maxParameters: 100, maxEpochs: 1},
});
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
	/there is no ladder\.ts in \S+ or above it: make a ladder by `npx stepladder init`/,
);
test(
	'a ladder that was named and is not there',
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
	/two ladders above each other, in \S+inner and in \S+: say which by `--ladder DIR`/,
	'inner',
);
test(
	'a ladder that is said twice',
	refuses,
	{'ladder.ts': definition, 'ladder.mjs': definition},
	['ladder'],
	/^stepladder: ladder\.ts and ladder\.mjs both say what the ladder is/,
);
test(
	'a ladder without data',
	refuses,
	{'ladder.js': "import {defineLadder} from 'stepladder';\n\nexport default defineLadder({name: 'x'});\n"},
	['ladder'],
	/^stepladder: ladder\.js, line 3: `data` should be a source of data, such as .*, got undefined$/,
);
test(
	'a ladder with a setting nobody knows',
	refuses,
	{'ladder.ts': definition.replace("'tiny',", "'tiny', target: {maxParams: 3},")},
	['ladder'],
	/^stepladder: ladder\.ts, line 3: `target\.maxParams` should be left out/,
);
test(
	'a syntax error in TypeScript',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': stepOf('a', 'const x: = 3;')},
	['ladder'],
	/^stepladder: steps\/0-a\.ts, line 2: SyntaxError/,
);
test(
	'a syntax error in JavaScript',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.mjs': stepOf('a', '\nconst x = {a: 1,,};')},
	['ladder'],
	/^stepladder: steps\/0-a\.mjs, line 3: SyntaxError: Unexpected token ','$/,
);
test(
	'a name that is not there',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': stepOf('a', '\n\nconst x = other.y;')},
	['ladder'],
	/^stepladder: steps\/0-a\.ts, line 4: ReferenceError: other is not defined$/,
);
test(
	'an error in a folder whose name has spaces, umlauts and parentheses',
	refuses,
	{
		'Große Schuhe (2)/ladder.ts': definition,
		'Große Schuhe (2)/steps/0-a.ts': stepOf('a', '\n\nconst x = other.y;'),
	},
	['ladder'],
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
			'steps/0-a.ts': stepOf('a', `import {x} from '../lib/x.${ending}';`),
			[`lib/x.${ending}`]: "import {y} from './y.mjs';\nexport const x = {;\n",
			'lib/y.mjs': 'export const y = 1;\n',
		},
		['ladder'],
		new RegExp(`^stepladder: lib/x\\.${ending}, ${where}: SyntaxError`),
	);
}

test(
	'an import that the library does not have',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': stepOf('a', "import {magic} from 'stepladder';")},
	['ladder'],
	/^stepladder: steps\/0-a\.ts.*does not provide an export named 'magic'/,
);
test(
	'an import of a file that is not there',
	refuses,
	{'ladder.ts': definition, 'steps/1-b.ts': stepOf('b', "import a from './0-a.ts';")},
	['ladder'],
	/^stepladder: .*Cannot find module \S+0-a\.ts/,
);
test(
	'a step under another name than its file',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': stepOf('b')},
	['ladder'],
	/^stepladder: steps\/0-a\.ts: its default export should be the step `a`, as the file is called; `b`$/,
);
test(
	'a step that was not made by defineStep',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': "export default {name: 'a'};\n"},
	['ladder'],
	/^stepladder: steps\/0-a\.ts: its default export should be the step `a`, as the file is called; \{"name":"a"\}, which is no step by `defineStep`$/,
);
test(
	'a step file that exports nothing',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': 'export {};\n'},
	['ladder'],
	/^stepladder: steps\/0-a\.ts: its default export should be the step `a`, as the file is called; it has none$/,
);
test(
	'two steps of one number',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': stepOf('a'), 'steps/0-b.ts': stepOf('b')},
	['ladder'],
	/^stepladder: steps\/0-a\.ts and steps\/0-b\.ts have the same number or name/,
);
test(
	'a step that has no such step to grow from',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': stepOf('a')},
	['new-step', 'b', '--from', 'c'],
	/there is no step "c" in tiny: its steps are a$/,
);
test(
	'a step of a name that is taken',
	refuses,
	{'ladder.ts': definition, 'steps/0-a.ts': stepOf('a')},
	['new-step', 'a', '--from', 'a'],
	/there is a step `a` already/,
);

test('a ladder is found from within, by --ladder, and by a package.json above', async t => {
	const own = new OwnLadder(t, {
		'package.json': '{"stepladder": {"ladder": "ladders/one"}}',
		'ladders/one/ladder.ts': definition,
		'ladders/one/steps/0-a.ts': stepOf('a'),
		'ladders/two/ladder.ts': definition,
		'ladders/two/steps/0-b.ts': stepOf('b'),
	});
	const stepIn = async (cwd: string, ...words: string[]): Promise<string | undefined> =>
		/^[ab] /m.exec((await own.run(['ladder', ...words], {cwd})).stdout)?.[0].trim();
	t.is(await stepIn('.'), 'a');
	t.is(await stepIn('ladders/two/steps'), 'b');
	t.is(await stepIn('.', '--ladder', 'ladders/two'), 'b');
});
