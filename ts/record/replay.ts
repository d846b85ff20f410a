import {randomInt} from 'node:crypto';
import path from 'node:path';
import type {RecordedAnswers, RecordedEpoch, RecordedSeed, StepRecord} from '../claims/step-record.js';
import {readLabels} from '../claims/step-record.js';
import {type Data, sourceOf} from '../data/data.js';
import {displayPath} from '../format/command-line.js';
import {inFolder} from '../fs/in-folder.js';
import type {StepEntry} from '../ladder/open-ladder.js';
import {addonHashes, native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {runWorkers} from '../platform/run-workers.js';
import {runCreator} from '../runs/create-run.js';
import type {EpochEvent} from '../runs/events.js';
import {findRuns} from '../runs/find-runs.js';
import {readFinishedRun} from '../runs/finished-run.js';
import {isFinished} from '../runs/is-finished.js';
import {reopenRun} from '../runs/reopen-run.js';
import type {ClassCounts} from '../statistics/classification.js';
import {type Folders, trainInFolders} from '../training/train.js';
import type {Training} from '../training/training.js';
import {answersOf} from './make-record.js';
import {preregistrationHash} from './preregistration-file.js';

/** Options of {@link replay}. */
export type ReplayOptions = {
	readonly seeds: readonly number[];
	/**
	 * How many epochs to train, from the first. Predictions are compared where it is all of them.
	 *
	 * @default all
	 */
	readonly epochs?: number | undefined;
	/** Folder of the runs, from which an interrupted replay of all epochs resumes. By default a temporary one. */
	readonly out?: string | undefined;
	/**
	 * Seeds at once.
	 *
	 * @default the number of cores
	 */
	readonly jobs?: number | undefined;
	readonly signal: AbortSignal;
	/** Called with a sentence for each epoch that equals the recorded one. */
	readonly report: (sentence: string) => void;
};

/** Draws one of a record's seeds by the system's randomness, so that a forger can't predict it. */
export const drawSeed = ({seeds}: StepRecord): number => seeds[randomInt(seeds.length)]?.seed ?? 0;

/**
 * Trains recorded seeds again, and compares every epoch and every prediction with the record, bit by bit. Stops a seed at
 * the first epoch that differs, since all later ones differ too.
 *
 * @returns a sentence for each value that differs
 */
export const replay = async (
	entry: StepEntry,
	record: StepRecord,
	data: Data,
	{out, jobs, ...options}: ReplayOptions,
): Promise<string[]> => {
	const {experiment} = record;
	const runs = record.seeds.filter(({seed}) => options.seeds.includes(seed));
	const {cores} = unwrap(native().runtimeInfo());
	const hasAten = runs.some(({engine}) => engine === 'aten'); // whose results depend on the threads of the process
	const atOnce = hasAten ? 1 : Math.min(jobs ?? cores, runs.length);
	const threads = Math.max(1, Math.floor(cores / atOnce));
	const problems: string[] = [];
	await inFolder(out, 'stepladder-replay-', async folder =>
		runWorkers(runs, atOnce, options.signal, async (run, signal) => {
			const seed = new SeedReplay(entry, record, data, run, {
				...{...options, signal, out: folder, threads: run.engine === 'aten' ? run.threads : threads},
			});
			const {epochs = experiment.epochs} = options;
			problems.push(...(await (epochs < experiment.epochs ? seed.first(epochs) : seed.whole())));
		}),
	);
	return problems;
};

type SeedOptions = Pick<ReplayOptions, 'signal' | 'report'> & {readonly out: string; readonly threads: number};

/** Columns of an epoch that must be equal to the bit. */
const compared = [
	...(['learningRate', 'trainLoss', 'trainCorrect', 'trainTotal'] as const),
	...(['testLoss', 'testCorrect', 'testTotal'] as const),
];

/** A seed that is trained again. */
class SeedReplay {
	readonly #rows: readonly RecordedEpoch[];

	constructor(
		readonly entry: StepEntry,
		readonly record: StepRecord,
		readonly data: Data,
		readonly run: RecordedSeed,
		readonly options: SeedOptions,
	) {
		this.#rows = record.epochs.filter(row => row.seed === run.seed);
	}

	/** Trains the first epochs alone. */
	async first(epochs: number): Promise<string[]> {
		const enough = new AbortController();
		const training = this.#train(enough.signal, async () => undefined);
		for await (const event of training) {
			if (event.type !== 'epoch') {
				continue;
			}

			const found = this.#differing(event);
			if (found.length === 0) {
				this.#reportEqual(event);
			}

			if (found.length > 0 || event.epoch === epochs) {
				enough.abort();
				await training.result.catch(() => {}); // its threads are free for the next seed
				return found;
			}
		}

		throw new Error('a run of fewer epochs than were asked for'); // impossible, since it has more
	}

	async whole(): Promise<string[]> {
		const {entry, data, run, options} = this;
		const {seed, engine} = run;
		const purpose = `replay of ${preregistrationHash(this.record.preregistration)} by ${addonHashes({engine}).file}`;
		const wanted = {step: entry.step, data, seeds: [seed], engine, purpose};
		let folder = findRuns(path.join(options.out, entry.step.name), wanted).get(seed);
		if (folder === undefined || !isFinished(folder)) {
			const different = new AbortController();
			const training = this.#train(different.signal, async (started, stop) => {
				const opened = await (folder === undefined
					? runCreator(options.out)({...started, purpose})
					: reopenRun(folder, stop));
				folder = opened.path;
				return opened;
			});
			for await (const event of training) {
				if (event.type !== 'epoch') {
					continue;
				}

				const found = this.#differing(event);
				if (found.length > 0) {
					different.abort();
					await training.result.catch(() => {}); // the lock of its folder is released
					return found;
				}

				this.#reportEqual(event);
			}
		}

		return this.#differingAtEnd(folder ?? '');
	}

	#train(signal: AbortSignal, open: Folders['open']): Training {
		const {engine, seed} = this.run;
		const {threads} = this.options;
		return trainInFolders(
			this.entry.step,
			{
				...{data: sourceOf(this.data), seeds: [seed], engine, threads},
				signal: AbortSignal.any([this.options.signal, signal]),
			},
			{open},
			undefined,
		);
	}

	#reportEqual({step, seed, epoch, epochs}: EpochEvent): void {
		this.options.report(`${step}, seed ${seed}: epoch ${epoch} of ${epochs} equals the record`);
	}

	#differing(again: EpochEvent): string[] {
		const {seed, epoch} = again;
		const recorded = this.#rows[epoch - 1];
		const found = compared.filter(column => again[column] !== recorded?.[column]);
		const byClass = recorded?.testByClass;
		if (
			byClass &&
			(['predicted', 'correct'] as const).some(list => String(byClass[list]) !== String(again.testByClass?.[list]))
		) {
			const format = (counts: ClassCounts | undefined): string => `${counts?.correct} of ${counts?.predicted}`;
			return [
				this.#sentence(`\`testByClass\` of seed ${seed}, epoch ${epoch}`, format(byClass), format(again.testByClass)),
			];
		}

		return found.map(column =>
			this.#sentence(
				`\`${column}\` of seed ${seed}, epoch ${epoch}`,
				String(recorded?.[column]),
				String(again[column]),
			),
		);
	}

	#differingAtEnd(folder: string): string[] {
		const again = readFinishedRun(folder);
		const rows = again.epochs.flatMap(row => this.#differing(row));
		if (rows.length > 0) {
			return rows; // the run is of an earlier replay, which was interrupted before this check
		}

		const {seed, trainCleanCorrect} = this.run;
		const recorded = this.record.answers.find(answers => answers.seed === seed);
		return [
			...(again.trainCleanCorrect === trainCleanCorrect
				? []
				: [
						this.#sentence(
							`\`trainCleanCorrect\` of seed ${seed}`,
							String(trainCleanCorrect),
							String(again.trainCleanCorrect),
						),
					]),
			...(recorded ? this.#differingAnswer(recorded, answersOf(seed, again.answers, this.data)) : []),
		];
	}

	/** Returns a sentence for the first image whose prediction differs. */
	#differingAnswer(recorded: RecordedAnswers, again: RecordedAnswers): string[] {
		const classes = this.data.classes.length;
		const [before, after] = [readLabels(recorded.labels, classes), readLabels(again.labels, classes)];
		const image = after.findIndex(
			(label, index) => label !== before[index] || recorded.mistakes[index] !== again.mistakes[index],
		);
		const format = (labels: readonly number[], {mistakes}: RecordedAnswers): string =>
			`${labels[image]}${mistakes[image] === undefined ? '' : ` with a probability of ${mistakes[image]}`}`;
		if (image === -1) {
			return this.#differingEvaluation(recorded, again);
		}

		return [
			this.#sentence(
				`the prediction for image ${image} of seed ${recorded.seed}`,
				format(before, recorded),
				format(after, again),
			),
		];
	}

	/** Returns a sentence if classes, ranks or calibration differ; records of older versions do not have them. */
	#differingEvaluation({seed, evaluation}: RecordedAnswers, again: RecordedAnswers): string[] {
		const parts = ['expected', 'ranks', 'calibration'] as const;
		const part = parts.find(part => JSON.stringify(evaluation?.[part]) !== JSON.stringify(again.evaluation?.[part]));
		return evaluation === undefined || part === undefined
			? []
			: [
					this.#sentence(
						`\`evaluation.${part}\` of seed ${seed}`,
						JSON.stringify(evaluation[part]),
						JSON.stringify(again.evaluation?.[part]),
					),
				];
	}

	#sentence(name: string, recorded: string, again: string): string {
		return `${displayPath(this.entry.record)}: ${name} is ${recorded} in the record, ${again} when retrained on \`${this.run.engine}\``;
	}
}
