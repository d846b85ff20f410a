import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {markdownTable} from 'markdown-table';
import {root} from '../helpers/cli.js';
import type {Outcome, Part} from './part.js';
import {parts} from './parts.js';

const file = path.join(root, 'test', 'faults', 'results.json');

/** The page that shows the results. */
export const page = path.join(root, 'docs', 'RELIABILITY.md');

type Kept = Readonly<Record<string, {readonly tries: number; readonly failures: number; readonly note?: string}>>;

const read = (): Kept => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : {});

/** The command that repeats a part, or one try of it. */
export const repeating = ({name}: Part, one?: string): string =>
	`npm run test:faults -- --only ${name}${one === undefined ? '' : ` --try '${one}'`}`;

const table = (kept: Kept): string => {
	const rows = parts.flatMap(part => {
		const {tries, failures, note} = kept[part.name] ?? {};
		if (tries === undefined) {
			return [];
		}

		const promise = note === undefined ? part.promise : `${part.promise} (${note})`;
		return [[part.fault, tries.toLocaleString('en'), String(failures), promise, `\`--only ${part.name}\``]];
	});
	const head = ['fault', 'tries', 'failures', 'what is promised', 'repeated by `npm run test:faults --`'];
	return markdownTable([head, ...rows], {align: ['l', 'r', 'r', 'l', 'l'], alignDelimiters: false, padding: true});
};

const marks = /(<!-- faults -->\n)[\s\S]*?(<!-- \/faults -->)/;

/** The page with the table of what was kept. */
export const withTable = (text: string): string =>
	text.replace(marks, (_, begin: string, end: string) => `${begin}\n${table(read())}\n\n${end}`);

/** Keeps what came of a part, and shows it on the page. */
export const keep = ({name}: Part, {tries, failures, note}: Outcome): void => {
	const result = {tries, failures: failures.length, ...(note !== undefined && {note})};
	writeFileSync(file, `${JSON.stringify({...read(), [name]: result}, undefined, '\t')}\n`);
	writeFileSync(page, withTable(readFileSync(page, 'utf8')));
};
