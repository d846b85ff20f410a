import {readFileSync} from 'node:fs';
import process from 'node:process';
import {Command, Option} from 'commander';
import {sync as writeFileAtomicSync} from 'write-file-atomic';
import {ConfigError, RecordError} from '../../errors/index.js';
import {ConsoleLog} from '../../log/console.js';
import {checkPage, checkStep} from '../../record/check.js';
import {LadderRecords} from '../../record/ladder-records.js';
import {makeRecord} from '../../record/make-record.js';
import {readme, recordFolder, shown, sourceFile} from '../../record/project.js';
import {replay} from '../../record/replay.js';
import {stepText, textBlock, writeBlock} from '../../record/text-block.js';
import {withLadder} from '../../report/ladder.js';
import {findPlace, places} from '../../steps/index.js';
import {exitCodes} from '../exit-codes.js';
import type {Interruption} from '../interruption.js';
import {parseNumber, parseSeeds} from '../parse.js';

type Flags = {
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
	new Command('record')
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
  npm run record -- --step lr-scheduler
  npm run record -- --step basic-setup --seeds 1 --engine fused
  npm run record -- --text
  npm run record -- --check --replay`,
		)
		.action(async (flags: Flags) => {
			if (flags.check) {
				await check(flags, interruption.signal);
			} else if (flags.text) {
				writeTexts(new LadderRecords());
			} else {
				await record(flags, interruption.signal);
			}
		});

const record = async (flags: Flags, signal: AbortSignal): Promise<void> => {
	if (flags.step === undefined) {
		throw new ConfigError('step', 'given as `--step <name>`', 'nothing');
	}

	const {seeds, engine, threads, jobs, out, fresh} = flags;
	const place = findPlace(flags.step);
	const given = {...(threads !== undefined && {threads}), ...(jobs !== undefined && {jobs})};
	const recording = makeRecord(place, {seeds, out, engine, fresh, signal, ...given});
	for (const seed of recording.finished) {
		process.stderr.write(`Seed ${seed} was finished before\n`);
	}

	if (recording.training) {
		const log = new ConsoleLog(place.step, seeds.length > 1);
		try {
			for await (const event of recording.training) {
				log.tell(event);
			}
		} finally {
			log.end();
		}
	}

	recording.write();
	process.stdout.write(`Recorded in ${shown(recordFolder(place))}\n`);
	writeTexts(new LadderRecords());
};

/** Writes all blocks, since other steps may speak of a record, and the table. */
const writeTexts = (records: LadderRecords): void => {
	for (const place of places.filter(({step}) => records.has(step))) {
		const file = sourceFile(place);
		try {
			writeBlock(file, textBlock(stepText(place.step, records.evidence(place))));
		} catch (error) {
			if (!(error instanceof RecordError)) {
				throw error;
			}

			process.stderr.write(`${shown(file)} keeps its text block: ${error.message}\n`);
		}
	}

	const page = readFileSync(readme, 'utf8');
	writeFileAtomicSync(readme, withLadder(page, records));
};

const check = async ({step, replay: again}: Flags, signal: AbortSignal): Promise<void> => {
	const records = new LadderRecords();
	const checked = step === undefined ? places : [findPlace(step)];
	const problems = checked.flatMap(place => checkStep(place, records));
	problems.push(...checkPage(readme, page => withLadder(page, records)));
	if (again && problems.length === 0) {
		for (const place of checked) {
			const {record, seeds} = records.of(place);
			process.stderr.write(`Training the first epoch of ${place.step.name} again ...\n`);
			problems.push(...(await replay(place, record, seeds[0] ?? 1, signal)));
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
