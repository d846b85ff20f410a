import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** A ladder with runs of two seeds; the first has two exports, the second one in another folder. */
const exported = async (t: ExecutionContext): Promise<{own: OwnLadder; runs: string[]}> => {
	const own = tinyLadder(t);
	await own.run(['train', '--step', 'tiny', '--seeds', '1,2', '--quiet']);
	const runs = readdirSync(path.join(own.folder, 'runs/tiny'))
		.toSorted()
		.map(name => path.join('runs/tiny', name));
	const [first = '', second = ''] = runs;
	for (const flags of [
		[first, '--format', 'js'],
		[first, '--format', 'onnx', '--fold'],
		[second, '--format', 'js', '--out', 'web/digits'],
	]) {
		const {exitCode, stderr} = await own.run(['export', ...flags]);
		t.is(exitCode, 0, stderr);
	}

	return {own, runs};
};

/** Returns the cells of the rows of the table below a heading of a Markdown file. */
const tableBelow = (markdown: string, heading: string): string[][] => {
	const [, below = ''] = markdown.split(`## ${heading}\n\n`);
	const [table = ''] = below.split('\n\n');
	return table.split('\n').map(line =>
		line
			.split('|')
			.slice(1, -1)
			.map(cell => cell.trim()),
	);
};

const evidenceOf = (own: OwnLadder, folder: string) => JSON.parse(own.read(path.join(folder, 'export.json')));

test('the reports of a ladder and of runs have a row for each runtime of each export of their models', async t => {
	const {own, runs} = await exported(t);
	const js = evidenceOf(own, 'exports/tiny-js');
	const onnx = evidenceOf(own, 'exports/tiny-onnx');
	const count = ({files}: {files: ReadonlyArray<{bytes: number}>}): string =>
		files.reduce((sum, {bytes}) => sum + bytes, 0).toLocaleString('en');
	const [answer] = js.answers;
	const apart = answer.largestDifference === 0 ? '0' : answer.largestDifference.toExponential(1);
	t.is((await own.run(['record', '--step', 'tiny', '--seeds', '1,2'])).exitCode, 0);
	await own.run(['report']);
	await own.run(['report', ...runs, 'runs/records']);
	for (const [file, page] of [
		['report/report.md', 'report/report.html'],
		['report/runs.md', 'report/runs.html'],
	] as const) {
		const [head, , ...rows] = tableBelow(own.read(file), 'Exports');
		t.deepEqual(head?.slice(0, 6), ['Step', 'Seed', 'Format', 'Bytes', 'Computed by', 'Other answers']);
		t.deepEqual(rows[0], [
			...['tiny', '1', 'js', count(js), answer.runtime, '0', apart, '-', '60 (data, test)', 'exports/tiny-js'],
		]);
		t.is(rows.length, js.answers.length + onnx.answers.length);
		t.deepEqual(
			rows.slice(js.answers.length).map(([, , format, bytes, , differ]) => [format, bytes, differ]),
			onnx.answers.map(({differ}: {differ: number}) => ['onnx, opset 17, folded', count(onnx), String(differ)]),
		);
		t.regex(own.read(page), /<h2>Exports<\/h2>\s*<div[^>]*><table>.*exports\/tiny-js/s);
	}
});

test('exports of other models are counted, damaged ones named, and another folder is listed by its option', async t => {
	const {own, runs} = await exported(t);
	const [first = '', second = ''] = runs;
	await own.run(['report', second, '--exports', 'web']);
	const [, , ...rows] = tableBelow(own.read('report/runs.md'), 'Exports');
	t.deepEqual(
		rows.map(([step, seed, , , , , , , , folder]) => [step, seed, folder]),
		[['tiny', '2', 'web/digits']],
	);

	await own.run(['report', second]);
	t.notRegex(own.read('report/runs.md'), /Exports/);
	own.copy('web/digits', 'exports/other');
	await own.run(['report', first]);
	t.regex(own.read('report/runs.md'), /\nExports of other models there, not shown: 1\.\n/);
	writeFileSync(path.join(own.folder, 'exports/other/export.json'), '{}');
	await own.run(['report', first]);
	t.regex(own.read('report/runs.md'), /exports\/other\/export\.json: expected the evidence of an export/);
	const missing = await own.run(['report', '--exports', 'nowhere']);
	t.is(missing.exitCode, 2);
	t.regex(missing.stderr, /there is no folder nowhere/);
	t.is(readFileSync(path.join(own.folder, 'report/runs.md'), 'utf8').split('## Exports').length, 2);
});
