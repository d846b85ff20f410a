import process from 'node:process';
import {clock, megabytes} from '../format/figures.js';
import type {FetchEvent} from '../libtorch/fetch-event.js';
import {MovingBlock, type MovingLine} from './moving-block.js';
import {canMove} from './screen.js';

type Progress = FetchEvent & {readonly type: 'progress'};

/** Shows a fetch to a person, on stderr: a line when all is there, before it on a terminal one that moves, elsewhere a line each tenth. */
export class FetchLog {
	readonly #block = new MovingBlock(() => (this.#event ? [fetchLine(this.#event, this.#bytesPerSecond())] : []));
	#event: Progress | undefined;
	#begunAt = 0;
	#begunWith = 0;
	#tenths = 0;
	/** How far what is being fetched has come, for a person; nothing where nothing is. */
	progress: string | undefined;

	/** To be handed over as it is. */
	readonly tell = (event: FetchEvent): void => {
		if (event.type === 'line') {
			this.#event = undefined;
			this.progress = undefined;
			this.#print(event.line);
			return;
		}

		const {what, done, total} = event;
		if (what !== this.#event?.what) {
			this.#begunAt = performance.now();
			this.#begunWith = done;
			this.#tenths = total === undefined ? 0 : Math.floor((10 * done) / total);
			if (done > 0) {
				this.#print(`${what} continues after ${megabytes(done)} MB`);
			}
		}

		this.#event = event;
		const whole = total === undefined ? '' : ` of ${megabytes(total)}`;
		this.progress = `${megabytes(done)}${whole} MB of ${what} are kept`;
		const tenths = total === undefined ? 0 : Math.floor((10 * done) / total);
		if (total !== undefined && tenths > this.#tenths && (tenths === 10 || !canMove(process.stderr))) {
			this.#print(`${what}: ${10 * tenths} % of ${megabytes(total)} MB`);
		}

		this.#tenths = tenths;
		this.#block.update();
	};

	/** Leaves the terminal as it should be. */
	end(): void {
		this.#block.end();
	}

	#print(line: string): void {
		this.#block.print(`${line}\n`, process.stderr);
	}

	#bytesPerSecond(): number {
		const seconds = (performance.now() - this.#begunAt) / 1000;
		return ((this.#event?.done ?? 0) - this.#begunWith) / Math.max(seconds, 1e-3);
	}
}

const fetchLine = ({what, done, total}: Progress, bytesPerSecond: number): MovingLine => {
	const speed = `${(bytesPerSecond / 1e6).toFixed(1)} MB/s`;
	if (total === undefined) {
		return [`${what}: ${megabytes(done)} MB [${speed}]`, `${megabytes(done)} MB of ${what}`];
	}

	const share = `${Math.floor((100 * done) / total)}%`;
	const bar = `|${'█'.repeat(Math.floor((10 * done) / total)).padEnd(10)}|`;
	const left = bytesPerSecond > 0 ? `${clock((total - done) / bytesPerSecond)} left, ` : '';
	const counted = `${megabytes(done)}/${megabytes(total)} MB`;
	return [
		`${what}: ${share}${bar} ${counted} [${left}${speed}]`,
		`${share}${bar} ${counted} of ${what}`,
		`${share} of ${counted}, ${what}`,
	];
};
