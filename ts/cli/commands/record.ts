import process from 'node:process';
import {Command, Option} from 'commander';
import {ConfigError} from '../../errors/index.js';
import type {Ladder} from '../../ladder/open-ladder.js';
import {checkPage, checkStep} from '../../record/check.js';
import {LadderRecords} from '../../record/ladder-records.js';
import {withLadder} from '../../record/ladder-table.js';
import {record} from '../../record/record.js';
import {replay} from '../../record/replay.js';
import {writeTexts} from '../../record/write-texts.js';
import {shown} from '../../text/shown.js';
import {typed} from '../../text/typed.js';
import {ConsoleLog} from '../console-log.js';
import {exitCodes} from '../exit-codes.js';
import type {Interruption} from '../interruption.js';
import {
	chosenLadder,
	type DataFlags,
	type LadderFlags,
	openData,
	openOptions,
	withDataOption,
	withLadderOption,
} from '../ladder-options.js';
import {parseNumber, parseSeeds} from '../parse.js';

type Flags = LadderFlags &
	DataFlags & {
		step?: string;
		seeds: number[];
		engine: 'auto' | 'aten' | 'fused';
		threads?: number;
		jobs?: number;
		out: string;
		fresh: boolean;
		text: boolean;
		check: boolean;
		replay: boolean;
	};

export const recordCommand = (interruption: Interruption): Command =>
	withDataOption(withLadderOption(new Command('record')))
		.description('Train a step over seeds and keep what was measured, or check what was kept.')
		.option('--step <name>', 'the step to record (with --check: to check; default: all)')
		.option('--seeds <list>', 'seeds to train with, such as 1-5 or 1,4,9', parseSeeds, [1, 2, 3, 4, 5])
		.addOption(new Option('--engine <name>', 'what computes the gradients: auto, aten or fused').default('auto'))
		.option('--threads <n>', 'threads of a run (default: the number of cores, with several seeds 1)', parseNumber)
		.option('--jobs <n>', 'seeds to train at once (default: the number of cores over the threads)', parseNumber)
		.option('--out <dir>', 'where its runs are kept, and gone on with after an interruption', 'runs/records')
		.option('--fresh', 'train anew what is there already', false)
		.option('--text', 'only write the text blocks and the table anew, from the records', false)
		.option('--check', 'only check that blocks, records, steps and claims agree', false)
		.option('--replay', 'with --check: train each first epoch again, and compare it bit by bit', false)
		.addHelpText(
			'after',
			`
Examples:
  ${typed('record', '--step baseline')}
  ${typed('record', '--step baseline --seeds 1-3')}
  ${typed('record', '--text')}
  ${typed('record', '--check --replay')}`,
		)
		.action(async (flags: Flags) => {
			const ladder = await chosenLadder(flags);
			if (flags.check) {
				await check(ladder, flags, interruption.signal);
			} else if (flags.text) {
				tellKept(writeTexts(new LadderRecords(ladder)));
			} else {
				await train(ladder, flags, interruption.signal);
			}
		});

const train = async (ladder: Ladder, flags: Flags, signal: AbortSignal): Promise<void> => {
	const {step: name, seeds, engine, threads, jobs, out, fresh} = flags;
	if (name === undefined) {
		throw new ConfigError('step', 'given as `--step <name>`', 'nothing');
	}

	const given = {...(threads !== undefined && {threads}), ...(jobs !== undefined && {jobs})};
	const recorder = await record(ladder, name, {seeds, out, engine, fresh, signal, ...given, ...openOptions(flags)});
	for (const seed of recorder.finished) {
		process.stderr.write(`Seed ${seed} was finished before\n`);
	}

	if (recorder.training) {
		const log = new ConsoleLog(ladder.step(name), seeds.length > 1);
		try {
			for await (const event of recorder.training) {
				log.tell(event);
			}
		} finally {
			log.end();
		}
	}

	const {kept} = recorder.write();
	process.stdout.write(`Recorded in ${shown(ladder.place(name).record)}\n`);
	tellKept(kept);
};

const tellKept = (kept: readonly string[]): void => {
	for (const sentence of kept) {
		process.stderr.write(`${sentence}\n`);
	}
};

const check = async (ladder: Ladder, flags: Flags, signal: AbortSignal): Promise<void> => {
	const {step, replay: again} = flags;
	const records = new LadderRecords(ladder);
	const data = await openData(ladder, flags);
	const checked = step === undefined ? ladder.places : [ladder.place(step)];
	const problems = checked.flatMap(place => checkStep(place, records, data));
	problems.push(...checkPage(ladder.page, page => withLadder(page, records)));
	if (again && problems.length === 0) {
		for (const place of checked) {
			const {record, seeds} = records.of(place);
			process.stderr.write(`Training the first epoch of ${place.step.name} again ...\n`);
			problems.push(...(await replay(place, record, ladder.data, seeds[0] ?? 1, signal)));
		}
	}

	for (const problem of problems) {
		process.stdout.write(`${problem}\n`);
	}

	const steps = `${checked.length} ${checked.length === 1 ? 'step' : 'steps'}`;
	process.stdout.write(
		problems.length === 0
			? `The records, text blocks and claims of ${steps} agree${again ? ', and first epochs repeat to the bit' : ''}.\n`
			: `${problems.length} ${problems.length === 1 ? 'thing is' : 'things are'} not true.\n`,
	);
	process.exitCode = problems.length === 0 ? exitCodes.done : exitCodes.failed;
};
