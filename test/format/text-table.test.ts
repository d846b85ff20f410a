import test from 'ava';
import fc from 'fast-check';
import {plain, type Screen, textTable} from '../../ts/format/text-table.js';
import {wrap} from '../../ts/format/wrap.js';

const head = ['Step', 'Parameters', 'Dropout', 'Test %', 'Held'];
const rows = [
	['base-skeleton', '13,160', 'no', '98.60 ± 0.11', '5/5'],
	['weight-averaging', '6,720', '0.03', '99.51 ± 0.02', '4/5'],
];

const screenOf = (width: number | undefined): Screen => ({...plain, width});

test('a file gets every column, with lines of any length', t => {
	t.is(
		textTable(head, rows, {spare: ['Dropout']}),
		[
			'Step              Parameters  Dropout        Test %  Held',
			'---------------------------------------------------------',
			'base-skeleton         13,160       no  98.60 ± 0.11   5/5',
			'weight-averaging       6,720     0.03  99.51 ± 0.02   4/5',
		].join('\n'),
	);
});

test('a narrow screen leaves out as few spare columns as possible, and lists them', t => {
	t.is(
		textTable(head, rows, {screen: screenOf(50), spare: ['Dropout', 'Parameters']}),
		[
			'Step              Parameters        Test %  Held',
			'------------------------------------------------',
			'base-skeleton         13,160  98.60 ± 0.11   5/5',
			'weight-averaging       6,720  99.51 ± 0.02   4/5',
			'No room for: Dropout',
		].join('\n'),
	);
});

test('a narrow screen leaves out columns with one value before those that vary, and names the value', t => {
	const same = rows.map(([step = '', ...cells]) => [step, ...cells, '99.40 x 5']);
	t.is(
		textTable([...head, 'Target'], same, {screen: screenOf(60), spare: ['Dropout', 'Averaging', 'Target']}),
		[
			'Step              Parameters  Dropout        Test %  Held',
			'---------------------------------------------------------',
			'base-skeleton         13,160       no  98.60 ± 0.11   5/5',
			'weight-averaging       6,720     0.03  99.51 ± 0.02   4/5',
			'In every row: Target 99.40 x 5',
		].join('\n'),
	);
	t.true(
		textTable([...head, 'Target'], same, {screen: screenOf(50), spare: ['Dropout', 'Averaging', 'Target']}).endsWith(
			'\nIn every row: Target 99.40 x 5\nNo room for: Dropout',
		),
	);
});

test('a screen too narrow for the other columns gets a paragraph per row, with all cells', t => {
	t.is(
		textTable(head, rows, {screen: screenOf(30), spare: ['Dropout']}),
		[
			'base-skeleton',
			'  Parameters 13,160,',
			'  Dropout no,',
			'  Test % 98.60 ± 0.11,',
			'  Held 5/5',
			'weight-averaging',
			'  Parameters 6,720,',
			'  Dropout 0.03,',
			'  Test % 99.51 ± 0.02,',
			'  Held 4/5',
		].join('\n'),
	);
});

test('colours don’t change the layout', t => {
	const colour = (text: string, column: string): string => (column === 'Held' ? `\u001B[32m${text}\u001B[39m` : text);
	const coloured = textTable(head, rows, {colour});
	t.is(coloured.split('\u001B').length, 5);
	t.is(coloured.replaceAll('\u001B[32m', '').replaceAll('\u001B[39m', ''), textTable(head, rows));
});

test('for any table and screen, no line is too wide, and no figure is lost or broken', t => {
	const cell = fc.stringMatching(/^[a-z\d.,]{1,12}$/);
	const table = fc.integer({min: 1, max: 12}).chain(columns => {
		const line = fc.array(cell, {minLength: columns, maxLength: columns});
		return fc.record({
			head: fc.uniqueArray(cell, {minLength: columns, maxLength: columns}),
			rows: fc.array(line, {minLength: 1, maxLength: 5}),
		});
	});
	fc.assert(
		fc.property(table, fc.integer({min: 40, max: 140}), fc.nat(11), ({head, rows}, width, spared) => {
			const spare = head.slice(1).slice(0, spared);
			const text = textTable(head, rows, {screen: screenOf(width), spare});
			t.true(
				text.split('\n').every(line => line.length <= width),
				text,
			);
			const shown = [...head.keys()].filter(
				column => !text.includes('No room for') || !spare.includes(head[column] ?? ''),
			);
			const words = new Set(text.split(/[\s]+/).flatMap(word => [word, word.replace(/,$/, '')]));
			for (const column of shown) {
				t.true(
					rows.every(row => words.has(row[column] ?? '')),
					text,
				);
			}
		}),
	);
});

test('a text wraps between words, and a path stays whole', t => {
	t.is(
		wrap('Kept in runs/weight-averaging/2026-s1 for good', 20, '  '),
		'Kept in\n  runs/weight-averaging/2026-s1\n  for good',
	);
	t.is(wrap('One. Two.\nThree.', 5), 'One.\nTwo.\nThree.');
	t.is(wrap('One. Two.', undefined), 'One. Two.');
});
