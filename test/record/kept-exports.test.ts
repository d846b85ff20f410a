import test from 'ava';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const page = `# Bars

<!-- ladder: written by \`record\` -->

none

<!-- end of ladder -->

<!-- exports: written by \`record\` -->

none

<!-- end of exports -->
`;

test('the README of a ladder has a table of the exports whose evidence it keeps, which a check compares with them and the records', async t => {
	const ladder = tinyLadder(t);
	ladder.write('README.md', page);
	const run = async (...words: string[]) => {
		const {exitCode, stdout, stderr} = await ladder.run(words);
		t.is(exitCode, 0, stdout + stderr);
	};
	await run('record', '--step', 'tiny', '--seeds', '1,2');
	t.regex(ladder.read('README.md'), /\nNo export is kept\.\n/);
	await run('export', 'tiny:1', '--format', 'js', '--out', 'out/js');
	await run('export', 'tiny:2', '--format', 'onnx', '--fold', '--out', 'out/onnx');
	const js = JSON.parse(ladder.read('out/js/export.json'));
	const onnx = JSON.parse(ladder.read('out/onnx/export.json'));
	const rows = ladder.read('records/0-tiny/epochs.csv').trim().split('\n');
	const column = rows[0]?.split(',').indexOf('testCorrect') ?? -1;
	const right = (seed: number): number =>
		Number(rows.findLast(row => row.startsWith(`${seed},4,`))?.split(',')[column]);
	// an export for a microcontroller, as a machine with its compiler would write it: one answer less is right
	const accuracy = {model: right(1), export: right(1) - 1, onlyModel: 1, onlyExport: 0, pValue: 1};
	const figures = {flash: 9298, ram: 10_156, stack: 280, instructions: 6_578_689};
	const [answer] = js.answers;
	const c = {
		...{...js, kind: 'c', options: {...js.options, int8: true}},
		answers: [
			{...answer, runtime: 'cc', differ: 1, largestDifference: 0.5, accuracy},
			{...answer, runtime: 'Cortex-M4', images: 20, differ: 0, figures},
		],
	};
	const keep = (name: string, evidence: unknown): void =>
		ladder.write(`records/exports/${name}/export.json`, JSON.stringify(evidence));
	keep('tiny-1-js', js);
	keep('tiny-1-c-int8', c);
	keep('tiny-2-onnx-folded', onnx);
	await run('record', '--text');
	const table =
		ladder
			.read('README.md')
			.split('exports: written')[1]
			?.split('\n')
			.filter(line => line.startsWith('| tiny')) ?? [];
	const bytes = ({files}: {files: ReadonlyArray<{bytes: number}>}): string =>
		files.reduce((sum, {bytes}) => sum + bytes, 0).toLocaleString('en');
	const percent = (count: number): string => (Math.floor((10_000 * count) / 60 + 1e-9) / 100).toFixed(2);
	const adds = js.model.multiplyAdds.toLocaleString('en');
	t.deepEqual(table.toSorted(), [
		`| tiny | 1 | c, int8 | ${bytes(js)} | 9,298 | 10,156 | ${adds} | ${percent(right(1) - 1)} | 1 |`,
		`| tiny | 1 | js | ${bytes(js)} | - | - | ${adds} | ${percent(right(1))} | 0 |`,
		`| tiny | 2 | onnx, folded | ${bytes(onnx)} | - | - | ${adds} | ${percent(right(2))} | 0 |`,
	]);
	await run('record', '--check');

	const problem = async (pattern: RegExp): Promise<void> => {
		const {exitCode, stdout} = await ladder.run(['record', '--check']);
		t.is(exitCode, 1, stdout);
		t.regex(stdout, pattern);
	};
	const written = ladder.read('README.md');
	ladder.write('README.md', written.replace('9,298', '8,298'));
	await problem(/README\.md, line \d+: the records say ".*9,298/);
	ladder.write('README.md', written.replace('<!-- end of exports -->', ''));
	await problem(/README\.md: the marks of the exports’ table should be there once/);
	ladder.write('README.md', written);
	keep('tiny-1-c-int8', {...c, answers: [{...c.answers[0], accuracy: {...accuracy, model: right(1) + 1}}]});
	await problem(
		/export\.json: the model that was exported gets \d+ test images right, and seed 1 of `tiny` was recorded with \d+/,
	);
	keep('tiny-1-c-int8', {...c, model: {...c.model, parameters: 7}});
	await problem(/the model that was exported has 7 parameters, and `tiny` has 1054/);
	keep('tiny-1-c-int8', {...c, answers: [c.answers[1]]});
	await problem(/a runtime should have answered all 60 test images/);
	keep('tiny-1-c-int8', {});
	await problem(/export\.json: expected the evidence of an export/);
	keep('tiny-1-c-int8', c);
	keep('tiny-9-js', js);
	await problem(/there is no record of a seed 9 of `tiny`/);
});
