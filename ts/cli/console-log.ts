import process from 'node:process';
import {settingsName} from '../experiment/settings.js';
import {type EpochEvent, summarize, type TrainEvent} from '../index.js';
import {summaryTable} from '../report/summary-table.js';
import type {Trainable} from '../step/define-step.js';
import {batchLine} from './batch-line.js';
import {epochText} from './epoch-text.js';
import {MovingBlock, type MovingLine} from './moving-block.js';
import {print} from './print.js';
import {screen} from './screen.js';
import {Total} from './total.js';

/** A seed in training. */
type Seed = {readonly shownBefore: number; epochBegan: number; line: MovingLine | undefined};

/**
 * Shows a run to a person: a line an epoch, and on a terminal, below, a moving line for each seed in training and one for all
 * of them. Results go to stdout, progress to stderr.
 */
export class ConsoleLog {
	readonly #block = new MovingBlock(height => this.#lines(height));
	readonly #step: Trainable;
	readonly #total: Total;
	readonly #seeds = new Map<number, Seed>();
	#introduced = false;

	/** `seeds`: how many will be trained. */
	constructor(step: Trainable, seeds: number) {
		this.#step = step;
		this.#total = new Total(seeds, 'seeds', performance.now());
	}

	tell(event: TrainEvent): void {
		if (!this.#introduced) {
			// with the first event: settings and data are valid by then
			const {name, trial, experiment} = this.#step;
			const said = trial ? `, a trial with ${settingsName({settings: trial})}` : '';
			print(`Step ${name}${said}\n\n${summaryTable(summarize(experiment.net), screen())}\n\n`);
			this.#introduced = true;
		}

		const now = performance.now();
		switch (event.type) {
			case 'start': {
				const {seed, epochsDone} = event;
				this.#seeds.set(seed, {shownBefore: epochsDone, epochBegan: now, line: undefined});
				this.#total.begin(String(seed), epochsDone);
				if (epochsDone > 0) {
					this.#block.print(`Seed ${seed} resumes after epoch ${epochsDone}\n`, process.stderr);
				}

				break;
			}

			case 'batch': {
				const {seed, epoch, epochs, batch, batches} = event;
				this.#total.progress(String(seed), epoch - 1, epochs, (batch + 1) / batches);
				const known = this.#seeds.get(seed);
				if (known) {
					known.line = batchLine(event, (now - known.epochBegan) / 1000);
				}

				this.#block.update();
				break;
			}

			case 'epoch': {
				this.#epoch(event, now);
				break;
			}

			case 'seed': {
				if (this.#seeds.delete(event.seed)) {
					this.#total.finish(String(event.seed)); // if it was trained by this process
				}

				if (event.folder) {
					this.#block.print(`Saved in ${event.folder}\n`);
				}
			}
		}
	}

	/** Restores the terminal after the last event or an error. */
	end(): void {
		this.#block.end();
	}

	#epoch(event: EpochEvent, now: number): void {
		const {seed, epoch, epochs} = event;
		this.#total.progress(String(seed), epoch, epochs);
		const known = this.#seeds.get(seed);
		if (known) {
			known.epochBegan = now;
		}

		if (epoch > (known?.shownBefore ?? 0)) {
			this.#block.print(`${epochText(event, screen())}\n`);
		}
	}

	/** The line for all seeds comes last, and is dropped last if there is no room. */
	#lines(height: number): MovingLine[] {
		const lines = [...this.#seeds.values()].flatMap(({line}) => (line ? [line] : []));
		return [...lines.slice(0, height - 1), this.#total.line(performance.now())];
	}
}
