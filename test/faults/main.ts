// The whole campaign: `npm run test:faults`, or a part of it by `--only PART`.
import process from 'node:process';
import {Command, InvalidArgumentError} from 'commander';
import type {Outcome, Part} from './part.js';
import {parts} from './parts.js';
import {keep, repeating} from './results.js';

const whole = (text: string): number => {
	const number = Number(text);
	if (!Number.isSafeInteger(number) || number < 0) {
		throw new InvalidArgumentError('It should be a whole number.');
	}

	return number;
};

type Flags = {only?: string; try?: string; tries?: number; seed: number; keep: boolean; list: boolean};

const named = (given: string | undefined): readonly Part[] => {
	if (given === undefined) {
		return parts;
	}

	const found = given.split(',').flatMap(name => {
		const exact = parts.filter(part => part.name === name);
		return exact.length > 0 ? exact : parts.filter(part => part.name.startsWith(`${name}-`));
	});
	if (found.length === 0) {
		throw new InvalidArgumentError(`There is no part ${given}; there are ${parts.map(({name}) => name).join(', ')}.`);
	}

	return found;
};

const say = (line: string): void => {
	process.stdout.write(`${line}\n`);
};

const tell = (part: Part, {tries, failures, note}: Outcome, seconds: number): void => {
	say(
		`| ${part.name} | ${part.fault} | ${tries} | ${failures.length} | ${Math.round(seconds)} s |${note ? ` ${note}` : ''}`,
	);
	for (const {name, what} of failures) {
		say(`  ✘ ${repeating(part, name)}\n    ${what.replaceAll('\n', '\n    ')}`);
	}
};

const {
	only,
	try: one,
	tries,
	seed,
	keep: kept,
	list,
} = new Command('test:faults')
	.description('Makes things fail, and holds Stepladder to what it promises where they do.')
	.option('--only <parts>', 'these parts alone, by name or by the beginning of one, with commas between')
	.option('--try <name>', 'one try of a part, as a failure names it')
	.option('--tries <n>', 'at most so many tries of each part, drawn by the seed', whole)
	.option('--seed <n>', 'what is drawn', whole, 1)
	.option('--keep', 'write what came of it into test/faults/results.json and the table of docs/RELIABILITY.md', false)
	.option('--list', 'name the parts and end', false)
	.parse()
	.opts<Flags>();

say('| part | fault | tries | failures | time |');
say('| --- | --- | ---: | ---: | ---: |');
for (const part of named(only)) {
	if (list) {
		say(`| ${part.name} | ${part.fault} | | | |`);
		continue;
	}

	const skipped = part.skipped?.();
	if (skipped !== undefined) {
		say(`| ${part.name} | ${part.fault} | - | skipped: ${skipped} | |`);
		continue;
	}

	const begun = performance.now();
	const wanted = {tries, seed, only: one};
	const outcome = await part.run(wanted);
	tell(part, outcome, (performance.now() - begun) / 1000);
	process.exitCode = outcome.failures.length > 0 ? 1 : process.exitCode;
	if (kept && one === undefined) {
		keep(part, outcome, wanted);
	}
}
