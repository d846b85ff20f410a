import path from 'node:path';
import process from 'node:process';
import {type Command, Option} from 'commander';
import {displayPath, shellQuote} from '../../format/command-line.js';
import {ConfigError, type Ladder, type Recorder, record, type StepEntry} from '../../index.js';
import {commandHint} from '../../platform/command-hint.js';
import {checkLadder} from '../../record/check.js';
import {checkCommits} from '../../record/check-commits.js';
import {unledgered} from '../../record/check-ledger.js';
import {LadderRecords} from '../../record/ladder-records.js';
import {lockOfRecording} from '../../record/make-record.js';
import {checkTimestamps} from '../../record/timestamp.js';
import {writeTexts} from '../../record/write-texts.js';
import {sweepNames} from '../../sweep/file.js';
import {checkSweeps, dataOfSweeps, writeSweepPages} from '../../sweep/page.js';
import {ConsoleLog} from '../console-log.js';
import {exitCodes} from '../exit-codes.js';
import type {Interruption} from '../interruption.js';
import {
	chosenLadder,
	chosenStep,
	type DataFlags,
	type LadderFlags,
	openLadderData,
	openOptions,
	withDataOption,
	withLadderOption,
} from '../ladder-options.js';
import {type LiveFlags, loadRunSource, whileLive, withLiveOption} from '../live-option.js';
import {ownRuns} from '../own-runs.js';
import {parseNumber, parseSeeds} from '../parse.js';
import {print, printError} from '../print.js';
import {retrain} from '../retrain.js';
import {orDetached, reportTask, type SlurmFlags, whenInterrupted, withSlurmOptions} from '../slurm-options.js';
import {startReporter} from '../start-notes.js';
import {whileWaiting} from '../while-waiting.js';

type Flags = LadderFlags &
	LiveFlags &
	DataFlags & {
		step?: string;
		seeds: number[];
		addSeeds?: number[];
		engine: 'auto' | 'aten' | 'fused';
		threads?: number;
		jobs?: number;
		out?: string;
		fresh: boolean;
		commit: boolean;
		timestamp?: string;
		strict: boolean;
		text: boolean;
		check: boolean;
		withoutImages: boolean;
		replay: boolean | string;
	} & SlurmFlags;

export const recordCommand = (command: Command, interruption: Interruption): Command =>
	withSlurmOptions(withLiveOption(withDataOption(withLadderOption(command))))
		.option('--step <name>', 'the step to record (with --check: to check; default: all)')
		.option('--seeds <list>', 'seeds to train with, such as 1-5 or 1,4,9', parseSeeds, [1, 2, 3, 4, 5])
		.option(
			'--add-seeds <list>',
			'train these seeds too, and add them to the record: noted before they are trained, stated in the text, and never dropped',
			parseSeeds,
		)
		.addOption(new Option('--engine <name>', 'what computes the gradients: auto, aten or fused').default('auto'))
		.option('--threads <n>', 'threads of a run (default: the number of cores, with several seeds 1)', parseNumber)
		.option('--jobs <n>', 'seeds to train at once (default: the number of cores over the threads)', parseNumber)
		.option(
			'--out <dir>',
			'where its runs are kept, and resumed after an interruption (default: runs/records of the ladder)',
		)
		.option('--fresh', 'preregister and train again, even if there is a record already', false)
		.option('--commit', 'commit the preregistration with git, and nothing else, before training', false)
		.option(
			'--timestamp <url>',
			'have an authority (RFC 3161) sign the hash of the preregistration, and the time, before training',
		)
		.option('--text', 'only rewrite the text blocks and the table, from the records', false)
		.option('--check', 'only check that blocks, records, steps and claims agree', false)
		.option(
			'--without-images',
			'with --check: read no images, which may be missing here, and check everything but what follows from them',
			false,
		)
		.option('--strict', 'with --check: fail unless each preregistration was committed before its record', false)
		.addOption(
			new Option(
				'--replay [seeds]',
				'with --check: train again, and compare with the record to the bit: a seed of each step and a run of each sweep, drawn at random, or `all`',
			)
				.choices(['all'])
				.default(false),
		)
		.addHelpText(
			'after',
			`
Examples:
  ${commandHint('record', '--step baseline')}
  ${commandHint('record', '--step baseline --seeds 1-3')}
  ${commandHint('record', '--step baseline --commit')}
  ${commandHint('record', '--step baseline --add-seeds 6-10')}
  ${commandHint('record', '--text')}
  ${commandHint('record', '--check --replay')}
  ${commandHint('record', '--check --replay all')}`,
		)
		.action(async (flags: Flags, command: Command) => {
			checkTogether(flags);
			if (flags.addSeeds && command.getOptionValueSource('seeds') === 'cli') {
				const sentence =
					'`--seeds` and `--add-seeds` can’t be used together: those of the record stay, and need not be named';
				throw new ConfigError('seeds', 'left out with `--add-seeds`', 'both', sentence);
			}

			const ladder = await chosenLadder(flags);
			if (flags.check) {
				interruption.whenUnread = exitCodes.failed;
				await check(ladder, flags, interruption.signal);
			} else if (flags.text) {
				const kept = [...writeTexts(ladder), ...(await writeSweepPages(ladder))];
				if (kept.length === 0) {
					print('The text blocks and tables are written from the records.\n');
				}

				tellKept(kept);
			} else {
				await orDetached(async () => train(ladder, flags, interruption));
			}
		});

/** @throws {ConfigError} for flags of which one would be ignored */
const checkTogether = ({
	check,
	text,
	addSeeds,
	fresh,
	commit,
	timestamp,
	strict,
	replay,
	withoutImages,
	skipDamaged,
}: Flags): void => {
	const given = (flags: object): string[] => Object.entries(flags).flatMap(([name, value]) => (value ? [name] : []));
	const ofTraining = given({fresh, commit, timestamp, 'add-seeds': addSeeds});
	const modes = [...given({check, text}), ...ofTraining.slice(0, 1)];
	const [first, second] = modes;
	if (second !== undefined) {
		const sentence = `\`--${first}\` and \`--${second}\` can’t be used together: run one after the other`;
		throw new ConfigError(second, `left out with \`--${first}\``, 'both', sentence);
	}

	if (replay !== false && !check) {
		throw new ConfigError('replay', 'given with `--check`', '`--replay` alone');
	}

	if (withoutImages && !check) {
		throw new ConfigError('without-images', 'given with `--check`', '`--without-images` alone');
	}

	const [ofImages] = given({replay, 'skip-damaged': skipDamaged});
	if (withoutImages && ofImages !== undefined) {
		const sentence = `\`--without-images\` and \`--${ofImages}\` can’t be used together: that needs the images`;
		throw new ConfigError(ofImages, 'left out with `--without-images`', 'both', sentence);
	}

	if (strict && !check) {
		throw new ConfigError('strict', 'given with `--check`', '`--strict` alone');
	}
};

const train = async (ladder: Ladder, flags: Flags, interruption: Interruption): Promise<void> => {
	const {signal} = interruption;
	const {seeds, addSeeds, engine, threads, jobs, fresh, commit, timestamp, on, slurm, detach} = flags;
	const again = on === 'local' ? goingOn(flags) : `run the same command again${fresh ? ', without `--fresh`' : ''}`;
	const kept = whenInterrupted(on, again);
	const {step, record: folder} = chosenStep(ladder, flags.step);
	const given = {
		...(timestamp !== undefined && {timestamp}),
		...(threads !== undefined && {threads}),
		...(jobs !== undefined && {jobs}),
		...(slurm !== undefined && {slurm}),
	};
	const folders = new Set<string>();
	const recorder = await whileLive(flags.live, loadRunSource(`Recording of ${step.name}`, folders), async () => {
		const recorder = await record(ladder, step.name, {
			seeds: addSeeds ?? seeds,
			add: addSeeds !== undefined,
			out: flags.out ?? path.join(ownRuns(ladder), 'records'),
			engine,
			fresh,
			commit,
			on,
			detach,
			report(sentence) {
				interruption.kept = kept;
				reportTask(sentence);
			},
			signal,
			...given,
			...openOptions(flags),
		});
		for (const seed of recorder.finished) {
			printError(`Seed ${seed} was finished before\n`);
		}

		await follow(recorder, step, kept, interruption, folders);
		return recorder;
	});
	interruption.kept = undefined;
	const {unwritten} = recorder.write();
	print(`Recorded in ${displayPath(folder)}\n`);
	tellKept(unwritten);
};

/**
 * Prints the events of a recording's training.
 *
 * @param kept completes the sentence about an interruption
 * @param folders gets those of the runs
 */
const follow = async (
	{training, seeds, finished}: Recorder,
	step: StepEntry['step'],
	kept: string,
	interruption: Interruption,
	folders: Set<string>,
): Promise<void> => {
	if (!training) {
		return;
	}

	const log = new ConsoleLog(step, seeds.length - finished.length);
	const reportStart = startReporter({isDrawn: false});
	try {
		for await (const event of training) {
			if (event.type === 'start' && event.folder !== undefined) {
				folders.add(event.folder);
			}

			interruption.kept ??= kept;
			reportStart(event);
			log.tell(event);
		}
	} finally {
		log.end();
	}
};

/** Returns the same command without `--fresh`, which would preregister again. */
const goingOn = ({step, seeds, addSeeds, engine, out, ladder, skipDamaged}: Flags): string =>
	commandHint(
		'record',
		[
			...[`--step ${step}`, addSeeds ? `--add-seeds ${addSeeds.join(',')}` : `--seeds ${seeds.join(',')}`],
			...(engine === 'auto' ? [] : [`--engine ${engine}`]),
			...(out === undefined ? [] : [`--out ${shellQuote(out)}`]),
			...(ladder === undefined ? [] : [`--ladder ${shellQuote(ladder)}`]),
			...(skipDamaged ? ['--skip-damaged'] : []),
		].join(' '),
	);

/** Prints which texts were not written, and fails if there are any: a step's text does not match its record. */
const tellKept = (kept: readonly string[]): void => {
	for (const sentence of kept) {
		printError(`${sentence}\n`);
	}

	if (kept.length > 0) {
		process.exitCode = exitCodes.failed;
	}
};

const check = async (ladder: Ladder, flags: Flags, signal: AbortSignal): Promise<void> => {
	const {step, replay: again} = flags;
	const [refused] = ladder.refused;
	if (refused) {
		throw refused.error; // a step that can't be opened can't be checked
	}

	const records = new LadderRecords(ladder);
	const data = flags.withoutImages ? undefined : await openLadderData(ladder, flags, signal);
	const checked = step === undefined ? ladder.entries : [ladder.entry(step)];
	tellRecording(checked);
	const sweeps = step === undefined ? sweepNames(ladder.folder).length : 0;
	const commits = checkCommits(records, checked, flags.strict);
	const problems = await whileWaiting('Checking the records', async () => [
		...checkLadder(records, data, checked, sweeps > 0 ? dataOfSweeps(ladder) : []),
		...commits.problems,
		...(sweeps > 0 ? await checkSweeps(ladder) : []),
		...(await checkTimestamps(records, checked)),
	]);
	if (problems.length > 0) {
		tellRecording(checked); // a recording that began meanwhile
	}

	const notes = [
		...(data ? [] : ['The images were not read: neither they nor the predictions were compared with the records.']),
		...unledgered(records, checked),
		...(commits.unchecked === undefined ? [] : [commits.unchecked]),
	];

	if (again !== false && data && problems.length === 0) {
		const sweeps = step === undefined ? sweepNames(ladder.folder) : [];
		const which = {steps: checked, sweeps, all: again === 'all', wholly: step !== undefined};
		const retrained = await retrain(records, data, {...which, jobs: flags.jobs, signal});
		problems.push(...retrained.problems);
		notes.push(...retrained.notes);
	}

	for (const sentence of problems.length > 0 ? problems : notes) {
		print(`${sentence}\n`);
	}

	const steps = [
		`${checked.length} ${checked.length === 1 ? 'step' : 'steps'}`,
		...(sweeps > 0 ? [`${sweeps} ${sweeps === 1 ? 'sweep' : 'sweeps'}`] : []),
	].join(' and ');
	print(
		problems.length === 0
			? `The records, text blocks and claims of ${steps} agree${again === false ? '' : ', and everything retrained repeats to the bit'}.\n`
			: `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} found.\n`,
	);
	process.exitCode = problems.length === 0 ? exitCodes.done : exitCodes.failed;
};

/** @throws {LockError} for a step that is being recorded: what is read meanwhile is of the old record and of the new */
const tellRecording = (entries: readonly StepEntry[]): void => {
	const held = entries.map(entry => lockOfRecording(entry)).find(error => error !== undefined);
	if (held) {
		throw held;
	}
};
