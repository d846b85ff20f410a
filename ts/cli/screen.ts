import process from 'node:process';
import tty from 'node:tty';
import {styleText} from 'node:util';
import type {Ink, Screen} from '../format/text-table.js';

/** What a stream shows: a terminal's width and colours, or a file. */
export const screenOf = (stream: NodeJS.WriteStream): Screen => {
	const colours = hasColours(stream);
	const ink =
		(style: 'green' | 'red' | 'dim'): Ink =>
		text =>
			// whether to colour is decided here: not every Node that runs this lets styleText ask another stream than stdout
			colours && text !== '' ? styleText(style, text, {validateStream: false}) : text;
	return {
		width: stream.isTTY ? stream.columns || undefined : undefined, // 0 where a terminal does not know
		held: ink('green'),
		missed: ink('red'),
		secondary: ink('dim'),
	};
};

/** What stdout shows. */
export const screen = (): Screen => screenOf(process.stdout);

/** As Node judges NO_COLOR, FORCE_COLOR and TERM; a file has colours where they are forced. */
const hasColours = (stream: NodeJS.WriteStream): boolean =>
	(stream.isTTY || process.env['FORCE_COLOR'] !== undefined) && tty.WriteStream.prototype.hasColors();

/** Whether lines can move on a stream. */
export const canMove = (stream: NodeJS.WriteStream): boolean => stream.isTTY === true && process.env['TERM'] !== 'dumb';
