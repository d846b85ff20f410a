import process from 'node:process';
import {createLogUpdate} from 'log-update';
import {type BatchEvent, type EpochEvent, percent, summarize, type TrainEvent} from '../index.js';
import {summaryTable} from '../report/summary-table.js';
import type {Trainable} from '../terms/define-step.js';
import {trialName} from '../terms/sweep.js';

/** A terminal is told at most so often, in milliseconds: more is flicker. */
const interval = 50;

/**
 * Shows a run to a person: on a terminal one moving line a batch and two lines an epoch, elsewhere a line an
 * epoch and no control codes. Progress goes to stderr, results to stdout.
 */
export class ConsoleLog {
	readonly #terminal = process.stderr.isTTY === true;
	readonly #line = createLogUpdate(process.stderr);
	#last: BatchEvent | undefined;
	#shownAt = 0;
	#epochBegan = performance.now();
	readonly #step: Trainable;
	readonly #parallel: boolean;
	#introduced = false;
	/** Epochs of each seed that an earlier process showed. */
	readonly #shownBefore = new Map<number, number>();

	/** `parallel`: whether several seeds train at once, so that each epoch needs a line of its own. */
	constructor(step: Trainable, parallel: boolean) {
		this.#step = step;
		this.#parallel = parallel;
	}

	tell(event: TrainEvent): void {
		if (!this.#introduced) {
			// with the first event, since by then settings and data have been judged
			process.stdout.write(
				`Step ${this.#step.name}${this.#step.trial ? `, a trial with ${trialName({settings: this.#step.trial})}` : ''}\n\n${summaryTable(summarize(this.#step.experiment.net))}\n\n`,
			);
			this.#introduced = true;
		}

		switch (event.type) {
			case 'start': {
				this.#shownBefore.set(event.seed, event.epochsDone);
				if (event.epochsDone > 0) {
					process.stderr.write(`Seed ${event.seed} goes on after epoch ${event.epochsDone}\n`);
				}

				break;
			}

			case 'batch': {
				if (this.#terminal) {
					this.#batch(event);
				}

				break;
			}

			case 'epoch': {
				if (event.epoch > (this.#shownBefore.get(event.seed) ?? 0)) {
					this.#epoch(event);
				}

				this.#epochBegan = performance.now();
				break;
			}

			case 'seed': {
				if (event.folder) {
					process.stdout.write(`Kept in ${event.folder}\n`);
				}
			}
		}
	}

	/** Leaves the terminal as it should be, after the last event or an error. */
	end(): void {
		if (this.#terminal) {
			this.#line.done();
		}
	}

	#batch(event: BatchEvent): void {
		const now = performance.now();
		this.#last = event;
		if (event.batch + 1 < event.batches && now - this.#shownAt < interval) {
			return;
		}

		this.#shownAt = now;
		this.#line(progressLine(event, (now - this.#epochBegan) / 1000));
	}

	#epoch(event: EpochEvent): void {
		const {testLoss, testCorrect, testTotal} = event;
		if (!this.#terminal || this.#parallel) {
			if (this.#terminal) {
				this.#line.clear();
			}

			process.stdout.write(`${epochLine(event)}\n`);
			return;
		}

		if (this.#last) {
			// the batches that came too quickly to be shown belong to a finished line all the same
			const batch = this.#last.batches - 1;
			const seconds = (this.#shownAt - this.#epochBegan) / 1000;
			const whole = {...this.#last, batch, correct: event.trainCorrect, seen: event.trainTotal};
			this.#line(progressLine(whole, seconds));
			this.#line.done();
		}

		const accuracy = `${testCorrect}/${testTotal} (${percent(testCorrect / testTotal)}%)`;
		process.stdout.write(
			`Test set: Average loss: ${testLoss.toFixed(4)}, Accuracy: ${accuracy}\n${holdoutLine(event)}\n`,
		);
	}
}

const holdoutLine = ({holdoutLoss = 0, holdoutCorrect = 0, holdoutTotal}: EpochEvent): string => {
	const accuracy = `${holdoutCorrect}/${holdoutTotal} (${percent(holdoutCorrect / (holdoutTotal ?? 1))}%)`;
	return holdoutTotal === undefined
		? ''
		: `Kept aside: Average loss: ${holdoutLoss.toFixed(4)}, Accuracy: ${accuracy}\n`;
};

/** An epoch in one line, for files and pipes. */
const epochLine = (event: EpochEvent): string => {
	const {seed, epoch, epochs, trainLoss, testLoss, holdoutCorrect = 0, holdoutTotal, learningRate, seconds} = event;
	return [
		`Seed ${seed}, epoch ${epoch}/${epochs}:`,
		`train ${percent(event.trainCorrect / event.trainTotal)}% (loss ${trainLoss.toFixed(4)}),`,
		...(holdoutTotal === undefined ? [] : [`kept aside ${percent(holdoutCorrect / holdoutTotal)}%,`]),
		`test ${event.testCorrect}/${event.testTotal} ${percent(event.testCorrect / event.testTotal)}% (loss ${testLoss.toFixed(4)}),`,
		`rate ${learningRate.toPrecision(3)}, ${seconds.toFixed(1)} s`,
	].join(' ');
};

const progressLine = (
	{loss, batch, batches, correct, seen, seed, epoch, epochs}: BatchEvent,
	seconds: number,
): string => {
	const done = batch + 1;
	const rate = done / Math.max(seconds, 1e-3);
	const blocks = Math.floor((10 * done) / batches);
	const bar = '█'.repeat(blocks).padEnd(10);
	const left = (batches - done) / rate;
	return (
		`Seed ${seed} Epoch ${epoch}/${epochs} ` +
		`Loss=${loss.toFixed(4)} Batch_id=${batch} Accuracy=${percent(correct / seen)}: ` +
		`${Math.floor((100 * done) / batches)}%|${bar}| ${done}/${batches} ` +
		`[${clock(seconds)}<${clock(left)}, ${rate.toFixed(1)}it/s]`
	);
};

const clock = (seconds: number): string => {
	const whole = Math.round(seconds);
	return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
};
