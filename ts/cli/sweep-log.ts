import process from 'node:process';
import {escapeControls} from '../format/controls.js';
import {percent} from '../format/figures.js';
import {wrap} from '../format/wrap.js';
import type {SweepEvent} from '../sweep/sweep-event.js';
import {MovingBlock, type MovingLine} from './moving-block.js';
import {printError} from './print.js';
import {screenOf} from './screen.js';
import {totalLine} from './total.js';

/** Shows a sweep to a person, on stderr: a line an epoch, and on a terminal a moving line for each run in training. */
export class SweepLog {
	readonly #block = new MovingBlock(height => this.#lines(height));
	readonly #running = new Map<string, SweepEvent>();
	readonly #begun = performance.now();
	/** The last event, and when it was. */
	#last: {readonly event: SweepEvent; readonly at: number} | undefined;

	/** Prints an event; a function, so that it can be passed as it is. */
	readonly tell = (event: SweepEvent): void => {
		const {type, trial, seed, done, of} = event;
		if (this.#last === undefined && done > 0) {
			printError(`Finished before: ${done} of ${of}\n`);
		}

		this.#last = {event, at: performance.now()};
		const run = `${trial}, seed ${seed}`;
		if (type === 'finished') {
			this.#running.delete(run);
		} else {
			this.#running.set(run, event);
		}

		if (type !== 'begun') {
			this.#block.print(`${wrap(eventText(event), screenOf(process.stderr).width, '  ')}\n`, process.stderr);
		}

		this.#block.update();
	};

	/** Prints a sentence about tasks of Slurm. */
	readonly report = (sentence: string): void => {
		this.#block.print(`Slurm: ${escapeControls(sentence)}\n`, process.stderr);
	};

	/** Restores the terminal after the last event or an error. */
	end(): void {
		this.#block.end();
	}

	#lines(height: number): MovingLine[] {
		return [...[...this.#running.values()].slice(0, height - 1).map(runLine), this.#totalLine(performance.now())];
	}

	#totalLine(now: number): MovingLine {
		if (this.#last === undefined) {
			return [''];
		}

		const {event, at} = this.#last;
		const {done, of, epochsDone, epochsOf, secondsLeft} = event;
		return totalLine({
			...{finished: done, of, what: 'runs', epochs: epochsDone, epochsOf},
			secondsSoFar: (now - this.#begun) / 1000,
			secondsLeft: secondsLeft && Math.max(0, secondsLeft - (now - at) / 1000),
		});
	}
}

const eventText = ({type, trial, seed, epoch, epochs, holdoutAccuracy, diverged, done, of}: SweepEvent): string => {
	const accuracy = holdoutAccuracy === undefined ? '' : `, validation ${percent(holdoutAccuracy)}%`;
	return type === 'epoch'
		? `${trial}, seed ${seed}, epoch ${epoch}/${epochs}${accuracy}`
		: `${trial}, seed ${seed}: ${diverged ? `diverged after epoch ${epoch}` : 'done'} (${done} of ${of})`;
};

const runLine = ({trial, seed, epoch, epochs, holdoutAccuracy}: SweepEvent): MovingLine => {
	const bar = `|${'█'.repeat(Math.floor((10 * epoch) / epochs)).padEnd(10)}|`;
	const accuracy = holdoutAccuracy === undefined ? '' : ` validation ${percent(holdoutAccuracy)}%`;
	return [
		`${trial}, seed ${seed}: ${bar} epoch ${epoch}/${epochs}${accuracy}`,
		`${trial}, seed ${seed}: epoch ${epoch}/${epochs}${accuracy}`,
		`${trial}, seed ${seed}: ${epoch}/${epochs}`,
		`${epoch}/${epochs}, seed ${seed}, ${trial}`, // the trial's name is cut off
	];
};
