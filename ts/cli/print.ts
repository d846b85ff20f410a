import {randomUUID} from 'node:crypto';
import process from 'node:process';
import {escapeControls} from '../format/controls.js';

/** Stands for ESC in texts with colours of our own until they are printed: nobody else can know it. */
const mark = randomUUID();

/** Marks the control sequences of a text as our own. */
export const ownSequences = (text: string): string => text.replaceAll('\u001B', mark);

/** Prints to stdout, or another stream. Control characters are escaped, apart from line breaks, tabs and {@link ownSequences}. */
export const print = (text: string, stream: NodeJS.WritableStream = process.stdout): void => {
	stream.write(escapeControls(text).replaceAll(mark, '\u001B'));
};

/** Prints to stderr, as {@link print} does. */
export const printError = (text: string): void => print(text, process.stderr);
