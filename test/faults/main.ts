// The whole campaign: `npm run test:faults`, or a part of it with `--only PART`.
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

const report = (part: Part, {tries, failures, note}: Outcome, seconds: number): void => {
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
	.description('Injects faults, and checks what Stepladder guarantees for them.')
	.option('--only <parts>', 'only these parts, by names or their beginnings, separated by commas')
	.option('--try <name>', 'only one try of a part, by the name from a failure')
	.option('--tries <n>', 'the most tries of each part, drawn by the seed', whole)
	.option('--seed <n>', 'the seed of drawn tries and inputs', whole, 1)
	.option('--keep', 'write the results into test/faults/results.json and the table of docs/RELIABILITY.md', false)
	.option('--list', 'list the parts', false)
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
	report(part, outcome, (performance.now() - begun) / 1000);
	process.exitCode = outcome.failures.length > 0 ? 1 : process.exitCode;
	if (kept && one === undefined) {
		keep(part, outcome, wanted);
	}
}
