import process from 'node:process';
import {createLogUpdate} from 'log-update';
import {megabytes} from '../text/megabytes.js';
import type {FetchEvent} from '../torch/fetch-event.js';

/** A terminal is told at most so often, in milliseconds: more is flicker. */
const interval = 100;

/** Shows a fetch to a person, on stderr: on a terminal one moving line, elsewhere a line each tenth. */
export class FetchLog {
	readonly #terminal = process.stderr.isTTY === true;
	readonly #line = createLogUpdate(process.stderr);
	#what = '';
	#begunAt = 0;
	#begunWith = 0;
	#shownAt = 0;
	#tenths = 0;
	/** How far what is being fetched has come, for a person; nothing where nothing is. */
	progress: string | undefined;

	/** To be handed over as it is. */
	readonly tell = (event: FetchEvent): void => {
		if (event.type === 'line') {
			this.end();
			this.progress = undefined;
			process.stderr.write(`${event.line}\n`);
			return;
		}

		const {what, done, total} = event;
		const now = performance.now();
		if (what !== this.#what) {
			this.end();
			this.#what = what;
			this.#begunAt = now;
			this.#begunWith = done;
			this.#tenths = total === undefined ? 0 : Math.floor((10 * done) / total);
			if (done > 0) {
				process.stderr.write(`${what} goes on after ${megabytes(done)} MB\n`);
			}
		}

		const whole = total === undefined ? '' : ` of ${megabytes(total)}`;
		this.progress = `${megabytes(done)}${whole} MB of ${what} are kept`;
		const seconds = (now - this.#begunAt) / 1000;
		if (this.#terminal && (now - this.#shownAt >= interval || done === total)) {
			this.#shownAt = now;
			this.#line(progressLine(event, (done - this.#begunWith) / Math.max(seconds, 1e-3)));
		} else if (!this.#terminal && total !== undefined) {
			const tenths = Math.floor((10 * done) / total);
			if (tenths > this.#tenths) {
				this.#tenths = tenths;
				process.stderr.write(`${what}: ${10 * tenths} % of ${megabytes(total)} MB\n`);
			}
		}
	};

	/** Leaves the terminal as it should be. */
	end(): void {
		if (this.#terminal) {
			this.#line.done();
		}
	}
}

const progressLine = ({what, done, total}: FetchEvent & {type: 'progress'}, bytesPerSecond: number): string => {
	const speed = `${(bytesPerSecond / 1e6).toFixed(1)} MB/s`;
	if (total === undefined) {
		return `${what}: ${megabytes(done)} MB [${speed}]`;
	}

	const bar = '█'.repeat(Math.floor((10 * done) / total)).padEnd(10);
	const left = bytesPerSecond > 0 ? `${Math.round((total - done) / bytesPerSecond)} s left, ` : '';
	return `${what}: ${Math.floor((100 * done) / total)}%|${bar}| ${megabytes(done)}/${megabytes(total)} MB [${left}${speed}]`;
};
