import {realpathSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {type Command, Option} from 'commander';
import {openData} from '../../data/open-data.js';
import {isExpectedError} from '../../errors/is-expected-error.js';
import {goalOf} from '../../experiment/goal.js';
import {settingsName, type TriedSetting, withSettings} from '../../experiment/settings.js';
import {displayPath, shellQuote} from '../../format/command-line.js';
import {formatSetting} from '../../format/value.js';
import {wrapWriteErrors} from '../../fs/wrap-write-errors.js';
import {writeUserFile} from '../../fs/write-user-file.js';
import {
	ConfigError,
	type DataSource,
	type Difference,
	differences,
	idx,
	type Ladder,
	resume,
	type Step,
	type TrainEvent,
	type Training,
	type TrainOptions,
	type TrainResult,
	train,
} from '../../index.js';
import {openLadder} from '../../ladder/open-ladder.js';
import {commandHint} from '../../platform/command-hint.js';
import {predictionsText, verdict} from '../../report/verdict.js';
import {cleanUpRun} from '../../runs/clean-up.js';
import {readConfig} from '../../runs/config.js';
import {latest} from '../../runs/latest.js';
import {type Sibling, siblingsOf} from '../../runs/siblings.js';
import type {SlurmOptions, Where} from '../../slurm/options.js';
import type {Trainable} from '../../step/define-step.js';
import {augmentedSheet} from '../../training/augmented-sheet.js';
import {checkFits, checkStep} from '../../training/check-training.js';
import {imageSelection, newDrawSeed} from '../../training/image-selection.js';
import {keptSentence} from '../../training/resume.js';
import {ConsoleLog} from '../console-log.js';
import {exitCodes} from '../exit-codes.js';
import type {Interruption} from '../interruption.js';
import {
	chosenLadder,
	chosenStep,
	type DataFlags,
	type LadderFlags,
	openOptions,
	withDataOption,
	withLadderOption,
} from '../ladder-options.js';
import {type LiveFlags, loadRunSource, whileLive, withLiveOption} from '../live-option.js';
import {type LogFlags, tensorboardHint, tensorboardOf, withLogOption} from '../log-option.js';
import {foundRuns, ownRuns} from '../own-runs.js';
import {parseNumber, parseSeeds, parseSetting} from '../parse.js';
import {print, printError} from '../print.js';
import {screen} from '../screen.js';
import {orDetached, reportTask, type SlurmFlags, whenInterrupted, withSlurmOptions} from '../slurm-options.js';
import {startReporter} from '../start-notes.js';

type Flags = Pick<
	TrainOptions,
	'epochs' | 'device' | 'engine' | 'threads' | 'jobs' | 'limitTrain' | 'limitTest' | 'holdout'
> &
	LadderFlags &
	LiveFlags &
	DataFlags &
	LogFlags & {
		dataDir?: string;
		step?: string;
		resume?: string;
		seeds: number[];
		set: TriedSetting[];
		out?: string;
		json: boolean;
		quiet: boolean;
		strict: boolean;
		fastDevRun: boolean;
		showAugmentation?: string;
	} & SlurmFlags;

export const trainCommand = (command: Command, interruption: Interruption): Command =>
	withSlurmOptions(withLiveOption(withLogOption(withDataOption(withLadderOption(command)))))
		.option('--step <name>', 'the step of the ladder to train')
		.option('--seeds <list>', 'seeds to train with, such as 1-5 or 1,4,9', parseSeeds, [1])
		.option(
			'--set <setting=value>',
			'try another setting, such as schedule.maxLearningRate=0.2, without a step of its own; may be given again',
			parseSetting,
			[],
		)
		.option('--epochs <n>', 'passes over the training set, in place of the step’s own', parseNumber)
		.addOption(new Option('--device <name>', 'where to train: auto, cpu or cuda').default('auto'))
		.addOption(new Option('--engine <name>', 'what computes the gradients: auto, aten or fused').default('auto'))
		.option('--threads <n>', 'threads of a run (default: the number of cores, with several seeds 1)', parseNumber)
		.option('--jobs <n>', 'seeds to train at once (default: the number of cores over the threads)', parseNumber)
		.option(
			'--data-dir <dir>',
			'a folder with four IDX files named as MNIST’s, plain or .gz, in place of the ladder’s data',
		)
		.option('--limit-train <n>', 'n training images only, drawn from each class in proportion', parseNumber)
		.option('--limit-test <n>', 'n test images only, drawn likewise', parseNumber)
		.option(
			'--holdout <n>',
			'hold out n training images, drawn likewise, as a validation set, and report both',
			parseNumber,
		)
		.option(
			'--resume <run>',
			'resume an interrupted run, given as its folder or `latest`, with all seeds of its command',
		)
		.option('--out <dir>', 'where each run gets a folder of its own (default: runs of the ladder)')
		.option('--json', 'print only events and the result, as JSON lines', false)
		.option('--quiet', 'print the verdict only', false)
		.option('--strict', `exit with ${exitCodes.targetMissed} unless every seed held the target`, false)
		.option('--fast-dev-run', 'one training and one test batch; nothing is saved', false)
		.option(
			'--show-augmentation <file>',
			'train nothing, but write 8 x 8 training images as the first epoch of the first seed shows them to the net: a PNG',
		)
		.addHelpText(
			'after',
			`
Examples:
  ${commandHint('train', '--step baseline')}
  ${commandHint('train', '--step baseline --seeds 1-5 --strict')}
  ${commandHint('train', '--step baseline --epochs 1 --limit-train 6000')}
  ${commandHint('train', '--step baseline --holdout 10000')}
  ${commandHint('train', '--step baseline --set net.body.0.channels=12')}
  ${commandHint('train', '--step baseline --seeds 1-5 --log tensorboard')}
  ${commandHint('train', '--resume latest')}
  ${commandHint('train', '--step baseline --seeds 1-5 --live')}
  ${commandHint('train', '--step baseline --show-augmentation augmented.png')}
  ${commandHint('train', '--step baseline --json > events.jsonl', {quiet: true})}`,
		)
		.action(async (flags: Flags, command: Command) => {
			if (flags.showAugmentation !== undefined && flags.resume === undefined) {
				await showAugmentation(flags, flags.showAugmentation, interruption.signal);
				return;
			}

			if (flags.strict) {
				interruption.whenUnread = exitCodes.targetMissed;
			}

			await orDetached(async () => {
				const result = await run(flags, command, interruption);
				if (flags.strict && result.held.count < result.held.of) {
					process.exitCode = exitCodes.targetMissed;
				}
			});
		});

/** Writes the sheet of `--show-augmentation`. */
const showAugmentation = async (flags: Flags, file: string, signal: AbortSignal): Promise<void> => {
	if (path.extname(file).toLowerCase() !== '.png') {
		throw new ConfigError('showAugmentation', 'a file whose name ends in `.png`', formatSetting(file));
	}

	const {seeds, epochs} = flags;
	const ladder = await chosenLadder(flags);
	const step = trialOf(chosenStep(ladder, flags.step).step, flags.set);
	const source = sourceOf(flags, ladder);
	const {experiment} = checkStep(step, {data: source, seeds, ...(epochs !== undefined && {epochs})});
	if (experiment.augmentation === undefined) {
		const problem = `step \`${step.name}\` has no augmentation to show: choose a step that has, or add \`--set augmentation=[...]\``;
		throw new ConfigError('augmentation', 'transforms to show', 'none', problem);
	}

	const data = await openData(source, process.cwd(), {signal});
	checkFits(step, experiment, data);
	const [seed = 1] = seeds;
	const png = await augmentedSheet(experiment, data, seed, imageSelection(flags, newDrawSeed));
	wrapWriteErrors('the images', file, () => writeUserFile(file, png));
	print(flags.quiet ? '' : `Written: ${file}, 64 training images as seed ${seed} shows them in its first epoch\n`);
};

const run = async (flags: Flags, command: Command, interruption: Interruption): Promise<TrainResult> => {
	const {live, fastDevRun} = flags;
	if (live !== undefined && fastDevRun) {
		const sentence = '`--live` shows saved runs, and `--fast-dev-run` saves none: leave one of them out';
		throw new ConfigError('live', 'left out with `--fast-dev-run`', 'both', sentence);
	}

	const folders = new Set<string>();
	const title = `Training of ${flags.step ?? flags.resume ?? 'a step'}`;
	return whileLive(live, loadRunSource(title, folders), async () =>
		follow(await begin(flags, command, interruption), flags, interruption, folders),
	);
};

/**
 * Prints the events of a training, and its result.
 *
 * @param folders gets those of the runs
 */
const follow = async (
	{step, training, seeds, tensorboard, note}: Begun,
	flags: Flags,
	interruption: Interruption,
	folders: Set<string>,
): Promise<TrainResult> => {
	const {json, quiet} = flags;
	const isDrawn = [flags.limitTrain, flags.limitTest, flags.holdout].some(count => count !== undefined);
	const reportStart = flags.fastDevRun ? () => {} : startReporter({isDrawn});
	let unprinted = note;
	const noteEvent = (event: TrainEvent): void => {
		if ('folder' in event && event.folder !== undefined) {
			folders.add(event.folder);
		}

		interruption.kept ??= goingOn(event, flags);
		printError(unprinted);
		unprinted = '';
		reportStart(event);
	};
	if (json) {
		const folders = new Map<number, string | undefined>();
		for await (const event of training) {
			noteEvent(event);
			if (event.type === 'epoch') {
				print(`${JSON.stringify(event)}\n`);
			} else if (event.type === 'seed') {
				folders.set(event.seed, event.folder);
			}
		}

		const result = await training.result;
		interruption.kept = undefined;
		const seeds = result.seeds.map(seed => ({...seed, folder: folders.get(seed.seed)}));
		print(`${JSON.stringify({...result, seeds})}\n`);
		return result;
	}

	const log = new ConsoleLog(step, seeds);
	try {
		for await (const event of training) {
			noteEvent(event);
			if (!quiet) {
				log.tell(event);
			}
		}
	} finally {
		log.end();
	}

	const result = await training.result;
	interruption.kept = undefined;
	print(quiet ? '' : predictionsText(result, screen()));
	print(`${verdict(result, screen())}\n${step.trial ? trialNote(step.trial) : ''}`);
	print(quiet || tensorboard === undefined ? '' : tensorboardHint(tensorboard));
	return result;
};

/** Returns the command that resumes the saved runs; `undefined` if none is saved. */
const goingOn = (event: TrainEvent, {on}: Flags): string | undefined => {
	if (event.type !== 'start' || event.folder === undefined) {
		return undefined;
	}

	const where = on === 'local' ? '' : ` --on ${on}`;
	return whenInterrupted(on, commandHint('train', `--resume ${shellQuote(displayPath(event.folder))}${where}`));
};

const trialNote = (settings: readonly TriedSetting[]): string =>
	`This was a trial with ${settingsName({settings})}. \`record\` ignores --set, and trains the step as it is in its file.\n`;

type Begun = {
	readonly step: Trainable;
	readonly training: Training;
	readonly seeds: number;
	/** The folder for TensorBoard, if events are written. */
	readonly tensorboard: string | undefined;
	/** For stderr, once the training has begun. */
	readonly note: string;
};

const begin = async (flags: Flags, command: Command, interruption: Interruption): Promise<Begun> => {
	const {signal} = interruption;
	const {
		step: name,
		resume: given,
		json: _,
		quiet: __,
		strict: ___,
		fastDevRun,
		out,
		live: ____,
		log,
		...others
	} = flags;
	if (given !== undefined) {
		const named = command.options.map(option => option.attributeName());
		const other = named.find(name => !combinable.has(name) && command.getOptionValueSource(name) === 'cli');
		if (other) {
			const flag = command.options.find(option => option.attributeName() === other)?.long ?? other;
			const sentence = keptSentence(`\`${flag}\``, other);
			throw new ConfigError(other, 'left out with `--resume`', 'a value', sentence);
		}

		const folder = given === latest ? realpathOf(path.join(foundRuns(flags), latest)) : given;
		const {step, experiment, options} = readConfig(folder);
		const siblings = siblingsOf(folder);
		for (const {folder: place, state} of siblings) {
			if (place !== undefined && state === 'finished') {
				await cleanUpRun(place, signal);
			}
		}

		const asked = tensorboardOf(flags, path.resolve(realpathOf(folder), '..', '..'));
		const tensorboard = asked ?? options.tensorboard;
		const ofLadder = flags.on === 'local' || step.ladder === undefined ? {} : (await openLadder(step.ladder)).slurm;
		const where = {...whereOf(flags, ofLadder, interruption), ...(tensorboard !== undefined && {tensorboard})};
		const training = resume(folder, {signal, data: dataAgain(flags), ...where});
		const changes = flags.quiet ? [] : await changesOfStep({...step, experiment}, options.epochs, flags);
		if (siblings.length > 1 && !flags.json && !flags.quiet) {
			printError(`Resuming all seeds of the command: ${stateOf(siblings)}\n`);
		}

		const note = changes.length > 0 ? changedSentence(step.name, changes) : '';
		const seeds = siblings.filter(({state}) => state !== 'finished').length;
		return {step, training, seeds, tensorboard, note};
	}

	const {ladder: _____, dataDir: ______, skipDamaged: _______, showAugmentation: ________, set, ...options} = others;
	const ladder = await chosenLadder(flags);
	const step = trialOf(chosenStep(ladder, name).step, set);
	const data = sourceOf(flags, ladder);
	const batch = step.experiment.batchSize;
	if (fastDevRun && log !== undefined) {
		throw new ConfigError('log', 'left out with `--fast-dev-run`, which saves nothing', 'a value');
	}

	const runs = out ?? ownRuns(ladder);
	const tensorboard = tensorboardOf(flags, runs);
	const kept = fastDevRun
		? {epochs: 1, limitTrain: batch, limitTest: batch}
		: {out: runs, ...(tensorboard !== undefined && {tensorboard})};
	const where = whereOf(flags, ladder.slurm, interruption);
	const training = train(step, {...options, ...kept, ...where, data, signal});
	return {step, training, seeds: flags.seeds.length, tensorboard, note: ''};
};

/** Returns where the seeds are trained. */
const whereOf = (
	{on, slurm, detach, resume: given = latest}: Flags,
	ofLadder: SlurmOptions,
	interruption: Interruption,
): Required<Where> => ({
	...{on, detach, slurm: {...ofLadder, ...slurm}},
	report(sentence) {
		interruption.kept ??= whenInterrupted(on, commandHint('train', `--resume ${shellQuote(given)} --on ${on}`));
		reportTask(sentence);
	},
});

/** Returns the data that a run is resumed with where the files that it began with are gone. */
const dataAgain = (flags: Flags): DataSource => ({
	async open(base, options) {
		if (!flags.quiet) {
			printError('The images that the run began with are gone or have changed: opening its data again\n');
		}

		return sourceOf(flags).open(base, options);
	},
});

/** Returns the data of `--data-dir`, or else of a ladder, which is opened when the data are. */
const sourceOf = (flags: Flags, ladder?: Ladder): DataSource => ({
	async open(base, {signal} = {}) {
		const {dataDir, skipDamaged = false} = flags;
		const source = dataDir === undefined ? (ladder ?? (await chosenLadder(flags))).data : idx(dataDir);
		return source.open(base, {...openOptions({skipDamaged}), signal});
	},
});

/** Returns the settings of a run that its step has otherwise by now; none if the step is not found, which resuming does not need. */
const changesOfStep = async (
	run: Trainable,
	epochs: number | undefined,
	flags: Flags,
): Promise<readonly Difference[]> => {
	try {
		const {experiment, target} = trialOf((await chosenLadder(flags)).step(run.name), run.trial ?? []);
		const now = {...experiment, ...(epochs !== undefined && {epochs})};
		return [...differences(run.experiment, now), ...differences(goalOf(run.target), goalOf(target), 'target')];
	} catch (error) {
		if (isExpectedError(error)) {
			return [];
		}

		throw error;
	}
};

const changedSentence = (step: string, [first, ...others]: readonly Difference[]): string => {
	const more = others.length === 0 ? '' : `, and ${others.length} more`;
	const before = formatSetting(first?.before ?? undefined);
	const after = formatSetting(first?.after ?? undefined);
	return `Step \`${step}\` has changed since this run began (\`${first?.path}\` was ${before}, and is ${after}${more}): the run keeps its settings\n`;
};

/** Formats the states of seeds: `1, 2 finished; 3 interrupted; 4, 5 not started`. */
const stateOf = (siblings: readonly Sibling[]): string =>
	(['finished', 'unfinished', 'not begun'] as const)
		.flatMap(state => {
			const seeds = siblings.filter(sibling => sibling.state === state).map(({seed}) => seed);
			const words = {finished: 'finished', unfinished: 'interrupted', 'not begun': 'not started'}[state];
			return seeds.length > 0 ? [`${seeds.join(', ')} ${words}`] : [];
		})
		.join('; ');

/** Returns a step with other settings, without its reason and claims, which are about another experiment. */
const trialOf = (step: Step, settings: readonly TriedSetting[]): Trainable => {
	if (settings.length === 0) {
		return step;
	}

	const {name, from, target, folder, ladder} = step;
	const experiment = withSettings(step.experiment, settings);
	if (differences(step.experiment, experiment).length === 0) {
		throw new ConfigError('set', 'a value that the step does not have already', settingsName({settings}));
	}

	return {name, from, target, experiment, folder, ladder, trial: settings};
};

/** Resolves a link: a run that begins meanwhile does not change it. */
const realpathOf = (link: string): string => {
	try {
		return realpathSync(link);
	} catch {
		throw new ConfigError(
			'resume',
			'a run',
			link,
			`there is no ${link}: no run was saved in ${path.dirname(link)} yet`,
		);
	}
};

/** Options that may be combined with `--resume`: they change the output, or say where the run's data or its events are. */
const combinable = new Set([
	'on',
	'slurm',
	'detach',
	'resume',
	'json',
	'quiet',
	'strict',
	'live',
	'log',
	'ladder',
	'dataDir',
	'skipDamaged',
]);
