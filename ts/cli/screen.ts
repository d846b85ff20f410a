import process from 'node:process';
import tty from 'node:tty';
import {styleText} from 'node:util';
import type {Ink, Screen} from '../format/text-table.js';
import {ownSequences} from './print.js';

/** Returns the width and colours of a stream: of a terminal, or of a file. */
export const screenOf = (stream: NodeJS.WriteStream): Screen => {
	const colours = hasColours(stream);
	const ink =
		(style: 'green' | 'red' | 'dim'): Ink =>
		text =>
			// decided here: `styleText` of some supported versions of Node checks stdout alone
			colours && text !== '' ? ownSequences(styleText(style, text, {validateStream: false})) : text;
	return {
		width: stream.isTTY ? stream.columns || undefined : undefined, // 0 where a terminal does not know
		held: ink('green'),
		missed: ink('red'),
		secondary: ink('dim'),
	};
};

/** The screen of stdout. */
export const screen = (): Screen => screenOf(process.stdout);

/** Whether a stream has colours by NO_COLOR, FORCE_COLOR and TERM, as Node decides; a file has them if they are forced. */
const hasColours = (stream: NodeJS.WriteStream): boolean =>
	(stream.isTTY || process.env['FORCE_COLOR'] !== undefined) && tty.WriteStream.prototype.hasColors();

/** Whether lines can move on a stream. */
export const canMove = (stream: NodeJS.WriteStream): boolean => stream.isTTY === true && process.env['TERM'] !== 'dumb';
