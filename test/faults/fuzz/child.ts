// Tries inputs in turn, in a process that one of them may end. Before each it writes down its index for the parent
// process; it exits with 0 after all.
import {mkdirSync, openSync, readFileSync, writeFileSync, writeSync} from 'node:fs';
import process from 'node:process';
import {StepladderError} from '../../../ts/errors/index.js';
import {Random} from './random.js';
import {targets} from './targets.js';

export type Work = {
	readonly target: string;
	readonly stage: string;
	readonly scratch: string;
	readonly progress: string;
	readonly seed: number;
	readonly from: number;
	readonly to: number;
	/** Inputs of a corpus, instead of drawn ones. */
	readonly files?: readonly string[];
	/** A file to write the first input to, without trying it. */
	readonly write?: string;
};

/** The most memory of a process, in KiB as `maxRSS`. */
const most = 1 << 20;

const stack = /^ {4}at /m;

const {
	target: name,
	stage,
	scratch,
	progress,
	seed,
	from,
	to,
	files,
	write,
} = JSON.parse(process.argv[2] ?? '') as Work;
process.chdir(stage);
mkdirSync(scratch, {recursive: true});
const open = targets[name];
if (!open) {
	throw new Error(`there is no target ${name}`);
}

const target = await open({stage, scratch});
const original = await target.original();
const crafted = target.crafted?.() ?? [];
const record = openSync(progress, 'a');

/** Returns the input of a try: from the corpus, crafted or drawn. */
const input = (index: number): Buffer => {
	if (files) {
		return readFileSync(files[index] ?? '');
	}

	return crafted[index] ?? target.mutate(Buffer.from(original), new Random(`${name} ${seed} ${index}`));
};

if (write !== undefined) {
	writeFileSync(write, input(from));
	process.exit(0);
}

const judged = async (bytes: Buffer): Promise<string | undefined> => {
	try {
		return await target.read(bytes);
	} catch (error) {
		if (!(error instanceof StepladderError)) {
			return `it threw ${error instanceof Error ? error.stack : String(error)}`;
		}

		return error.code === 'internal' || error.message === '' || stack.test(error.message)
			? `${error.code}: ${error.message}`
			: undefined;
	}
};

for (let index = from; index < to; index += 1) {
	writeSync(record, `${index}\n`);
	const bytes = input(index);
	const what = await judged(bytes);
	if (what !== undefined) {
		writeSync(record, `${index} ${JSON.stringify(what)}\n`);
	}

	if (process.resourceUsage().maxRSS > most) {
		writeSync(record, `${index} ${JSON.stringify(`it took ${process.resourceUsage().maxRSS >> 10} MiB`)}\n`);
		process.exit(3); // later inputs would be blamed for it
	}
}

process.exit(0);
