import {readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type {z} from 'zod';
import {lineShapes} from '../../ts/ledger/events.js';
import {packageRoot} from '../../ts/platform/package-root.js';
import {recordShapes} from '../../ts/record/file.js';
import {preregistrationShape} from '../../ts/record/preregistration-file.js';
import {sweepShapes} from '../../ts/sweep/file.js';

/** The parts of zod's definitions that lead to other shapes. */
type Definition = {
	readonly type: string;
	readonly shape?: Readonly<Record<string, z.ZodType>>;
	readonly innerType?: z.ZodType;
	readonly element?: z.ZodType;
	readonly options?: readonly z.ZodType[];
};

/** Lists the fields of a shape by their paths, those within lists and alternatives among them. */
const fieldsOf = (shape: z.ZodType, at = ''): string[] => {
	const {shape: parts, innerType, element, options} = shape.def as unknown as Definition;
	if (parts) {
		return Object.entries(parts).flatMap(([name, part]) => fieldsOf(part, at === '' ? name : `${at}.${name}`));
	}

	const inner = [innerType, element, ...(options ?? [])].filter(part => part !== undefined);
	return inner.length > 0 ? inner.flatMap(part => fieldsOf(part, at)) : [at];
};

/** Names fields of a line of the ledger by its event, except for those that all lines have. */
const fieldsOfLedger = Object.entries(lineShapes).flatMap(([event, shape]) =>
	fieldsOf(shape).map(field => (['time', 'event', 'previous'].includes(field) ? field : `${event}.${field}`)),
);

const files = {
	'`promise.json`': fieldsOf(preregistrationShape),
	'`record.json`': fieldsOf(recordShapes.main),
	'`epochs.csv`': fieldsOf(recordShapes.epoch),
	'`predictions.jsonl`': fieldsOf(recordShapes.answers),
	'`classes.jsonl`': fieldsOf(recordShapes.classCounts),
	'`sweep.json`': fieldsOf(sweepShapes.main),
	"a sweep's `epochs.csv`": fieldsOf(sweepShapes.epoch),
	'`ledger.jsonl`': fieldsOfLedger,
};

/** Reads the table of docs/EVIDENCE.md: the fields of each file, and what they rest on. */
const readTable = (): Array<{file: string; field: string; basis: string}> => {
	const text = readFileSync(path.join(packageRoot, 'docs/EVIDENCE.md'), 'utf8');
	const [, table = ''] = /^\| file \| field \| rests on \|\n.*\n((?:\|.*\n)+)/m.exec(text) ?? [];
	let file = '';
	return table
		.trimEnd()
		.split('\n')
		.flatMap(row => {
			const [, name = '', fields = '', basis = ''] = row.split('|').map(cell => cell.trim());
			file = name === '' ? file : name;
			return [...fields.matchAll(/`([^`]+)`/g)].map(([, field = '']) => ({file, field, basis}));
		});
};

test('the table of what fields rest on has each field of each file once, and no others', t => {
	const rows = readTable();
	t.true(rows.every(({basis}) => ['checked', 'git', 'replayed', 'asserted'].includes(basis)));
	for (const [file, fields] of Object.entries(files)) {
		const listed = rows.filter(row => row.file === file).map(({field}) => field);
		t.deepEqual(listed.toSorted(), [...new Set(fields)].toSorted(), file);
	}

	t.deepEqual([...new Set(rows.map(({file}) => file))], Object.keys(files));
});
