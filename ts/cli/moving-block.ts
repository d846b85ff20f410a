import process from 'node:process';
import {escapeName} from '../format/controls.js';
import {fitting} from '../format/wrap.js';
import {print} from './print.js';
import {canMove} from './screen.js';

/** Milliseconds between two redraws: more often is flicker. */
const interval = 100;

/** Control sequences of a terminal. */
const codes = {
	/** The cursor's row and all below, in two steps: tmux takes an erased screen for one that is worth keeping. */
	erase: '\r\u001B[K\u001B[C\u001B[J\r',
	/** Whether a line that is too long wraps, or is cut off. */
	wrap: {on: '\u001B[?7h', off: '\u001B[?7l'},
	cursor: {on: '\u001B[?25h', off: '\u001B[?25l'},
	/** Synchronized output: the terminal draws only complete frames. Others ignore it. */
	atOnce: {begin: '\u001B[?2026h', end: '\u001B[?2026l'},
} as const;

/** A line that moves, the fullest form first: the first one that fits is shown. */
export type MovingLine = readonly string[];

/**
 * Lines at the foot of a terminal that are drawn again and again: progress. It shows nothing elsewhere.
 *
 * The cursor rests at the beginning of the first line. So however a terminal wraps the lines when it is resized, and
 * however late it reports that, everything to erase lies behind the cursor. Lines that it has moved out at the top, as tmux does
 * with a block at the top when it becomes narrower, can't be erased.
 */
export class MovingBlock {
	readonly #stream: NodeJS.WriteStream;
	readonly #moves: boolean;
	readonly #lines: (height: number) => readonly MovingLine[];
	readonly #draw = (): void => this.#show();
	readonly #end = (): void => this.end();
	#timer: NodeJS.Timeout | undefined;
	#isShown = false;
	#shownAt = Number.NEGATIVE_INFINITY;

	/**
	 * @param lines what to show now, in so many lines at the most
	 * @param stream of the terminal
	 */
	constructor(lines: (height: number) => readonly MovingLine[], stream: NodeJS.WriteStream = process.stderr) {
		this.#lines = lines;
		this.#stream = stream;
		this.#moves = canMove(stream);
	}

	/** Draws the current lines, unless they were drawn just before. */
	update(): void {
		if (!this.#moves) {
			return;
		}

		if (this.#timer === undefined) {
			this.#timer = setInterval(this.#draw, 1000).unref(); // clocks go on between two events
			this.#stream.on('resize', this.#draw);
			process.once('exit', this.#end);
			this.#stream.write(codes.cursor.off);
		}

		if (performance.now() - this.#shownAt >= interval) {
			this.#show();
		}
	}

	/** Writes whole lines above. */
	print(text: string, stream: NodeJS.WriteStream = process.stdout): void {
		const wasShown = this.#isShown;
		this.#clear();
		print(text, stream);
		if (wasShown) {
			this.#show();
		}
	}

	/** Erases the lines and restores the terminal. */
	end(): void {
		if (this.#timer === undefined) {
			return;
		}

		clearInterval(this.#timer);
		this.#timer = undefined;
		this.#stream.off('resize', this.#draw);
		process.off('exit', this.#end);
		this.#clear();
		this.#stream.write(codes.cursor.on);
	}

	#show(): void {
		const {columns, rows} = this.#stream; // 0 where a terminal does not know
		const lines = this.#lines(Math.max(1, (rows || 24) - 1)).map(line =>
			fitting(line.map(escapeName), (columns || 80) - 1),
		);
		const up = lines.length > 1 ? `\u001B[${lines.length - 1}A` : '';
		this.#shownAt = performance.now();
		this.#isShown = lines.length > 0;
		this.#stream.write(
			[
				...[codes.atOnce.begin, codes.erase, codes.wrap.off, lines.join('\r\n')],
				...[up, '\r', codes.wrap.on, codes.atOnce.end],
			].join(''),
		);
	}

	#clear(): void {
		if (this.#isShown) {
			this.#stream.write(codes.erase);
			this.#isShown = false;
		}
	}
}
