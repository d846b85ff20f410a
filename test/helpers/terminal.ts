import {EventEmitter} from 'node:events';

type Row = {cells: string[]; isWrapped: boolean};

/** An emulated terminal: enough of one for lines that wrap, move, and are wrapped again on a resize. */
export class Terminal {
	#rows: Row[] = [{cells: [], isWrapped: false}];
	#row = 0;
	#column = 0;
	#wraps = true;
	#columns: number;

	constructor(columns: number) {
		this.#columns = columns;
	}

	/** Its rows, without blanks at their ends and empty rows below. */
	get text(): string {
		return this.#rows
			.map(({cells}) => cells.join('').trimEnd())
			.join('\n')
			.trimEnd();
	}

	/** Whether the cursor is hidden. */
	hidesCursor = false;

	write(text: string): void {
		// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal interprets these
		for (const [, parameters = '', code, character] of text.matchAll(/\u001b\[([?\d;]*)([A-Za-z])|(.)/gs)) {
			if (code) {
				this.#obey(`${parameters.startsWith('?') ? parameters : ''}${code}`, Number(parameters) || 1);
			} else if (character === '\n') {
				this.#column = 0;
				this.#down(false);
			} else if (character === '\r') {
				this.#column = 0;
			} else {
				this.#put(character ?? '');
			}
		}
	}

	/** Changes its width: wrapped lines are joined and wrapped again, and the cursor keeps its position in the text. */
	resize(columns: number): void {
		const lines: Array<{cells: string[]; cursor: number | undefined}> = [];
		let isContinued = false;
		for (const [index, {cells, isWrapped}] of this.#rows.entries()) {
			const line = isContinued ? lines.at(-1) : undefined;
			const cursor = index === this.#row ? (line?.cells.length ?? 0) + this.#column : undefined;
			if (line) {
				line.cells.push(...cells);
				line.cursor ??= cursor;
			} else {
				lines.push({cells: [...cells], cursor});
			}

			isContinued = isWrapped;
		}

		this.#columns = columns;
		this.#rows = [];
		for (const {cells, cursor} of lines) {
			if (cursor !== undefined) {
				this.#row = this.#rows.length + Math.floor(cursor / columns);
				this.#column = cursor % columns;
			}

			const count = Math.max(
				1,
				Math.ceil(cells.length / columns),
				cursor === undefined ? 1 : Math.floor(cursor / columns) + 1,
			);
			for (let part = 0; part < count; part += 1) {
				this.#rows.push({cells: cells.slice(part * columns, (part + 1) * columns), isWrapped: part + 1 < count});
			}
		}
	}

	#put(character: string): void {
		if (this.#column === this.#columns) {
			if (this.#wraps) {
				this.#column = 0;
				this.#down(true);
			} else {
				this.#column -= 1;
			}
		}

		const {cells} = this.#at();
		while (cells.length < this.#column) {
			cells.push(' ');
		}

		cells[this.#column] = character;
		this.#column += 1;
	}

	#down(isWrapped: boolean): void {
		this.#at().isWrapped = isWrapped;
		this.#row += 1;
		this.#at();
	}

	#at(): Row {
		const row = this.#rows[this.#row] ?? {cells: [], isWrapped: false};
		this.#rows[this.#row] = row;
		return row;
	}

	#obey(code: string, count: number): void {
		switch (code) {
			case 'A': {
				this.#row = Math.max(0, this.#row - count);
				break;
			}

			case 'C': {
				this.#column = Math.min(this.#columns - 1, this.#column + count);
				break;
			}

			case 'J':
			case 'K': {
				const row = this.#at();
				row.cells.length = Math.min(row.cells.length, this.#column);
				row.isWrapped = false;
				if (code === 'J') {
					this.#rows.length = this.#row + 1;
				}

				break;
			}

			case '?7h':
			case '?7l': {
				this.#wraps = code === '?7h';
				break;
			}

			case '?25h':
			case '?25l': {
				this.hidesCursor = code === '?25l';
				break;
			}

			case '?2026h':
			case '?2026l':
			case 'm': {
				break; // colours and synchronized output are ignored
			}

			default: {
				throw new Error(`the terminal does not know the code ${JSON.stringify(code)}`);
			}
		}
	}
}

/** The stream of a terminal, like Node's. */
export class TerminalStream extends EventEmitter {
	readonly isTTY = true;
	readonly rows = 24;
	columns: number;
	readonly terminal: Terminal;

	constructor(columns: number) {
		super();
		this.columns = columns;
		this.terminal = new Terminal(columns);
	}

	write(text: string): boolean {
		this.terminal.write(text);
		return true;
	}

	/** Resizes the terminal; the process is notified at once or, as under tmux, only after `late`. */
	resize(columns: number, late = (): void => {}): void {
		this.terminal.resize(columns);
		late();
		this.columns = columns;
		this.emit('resize');
	}
}
