import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {markdownTable} from 'markdown-table';
import {root} from '../helpers/cli.js';
import type {Outcome, Part, Wanted} from './part.js';
import {parts} from './parts.js';

const file = path.join(root, 'test', 'faults', 'results.json');

/** The page that shows the results. */
export const page = path.join(root, 'docs', 'RELIABILITY.md');

type Result = {
	readonly tries: number;
	/** The seed of drawn tries; `undefined` if all were tried. */
	readonly seed?: number;
	readonly failures: number;
	readonly note?: string;
};

type Kept = Readonly<Record<string, Result>>;

const read = (): Kept => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : {});

/** Returns the command that repeats a part, or one try of it. */
export const repeating = ({name}: Part, one?: string): string =>
	`npm run test:faults -- --only ${name}${one === undefined ? '' : ` --try '${one}'`}`;

const table = (kept: Kept): string => {
	const rows = parts.flatMap(part => {
		const result = kept[part.name];
		if (result === undefined) {
			return [];
		}

		const {tries, seed, failures, note} = result;
		const drawn = seed === undefined ? '' : ` --tries ${tries} --seed ${seed}`;
		const promise = note === undefined ? part.promise : `${part.promise} (${note})`;
		return [[part.fault, tries.toLocaleString('en'), String(failures), promise, `\`--only ${part.name}${drawn}\``]];
	});
	const head = ['fault', 'tries', 'failures', 'guarantee', 'repeated by `npm run test:faults --`'];
	return markdownTable([head, ...rows], {align: ['l', 'r', 'r', 'l', 'l'], alignDelimiters: false, padding: true});
};

const marks = /(<!-- faults -->\n)[\s\S]*?(<!-- \/faults -->)/;

/** Returns the page with the table of the kept results. */
export const withTable = (text: string): string =>
	text.replace(marks, (_, begin: string, end: string) => `${begin}\n${table(read())}\n\n${end}`);

/** Keeps the result of a part, and shows it on the page. */
export const keep = ({name}: Part, {tries, failures, note}: Outcome, wanted: Wanted): void => {
	const isDrawn = tries === wanted.tries;
	const result: Result = {
		...{tries, ...(isDrawn && {seed: wanted.seed})},
		...{failures: failures.length, ...(note !== undefined && {note})},
	};
	writeFileSync(file, `${JSON.stringify({...read(), [name]: result}, undefined, '\t')}\n`);
	writeFileSync(page, withTable(readFileSync(page, 'utf8')));
};
