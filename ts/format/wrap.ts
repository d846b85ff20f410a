/**
 * Breaks a text between words into lines of at most `width` characters; lines after the first get the indent. A word
 * longer than a line, such as a path, stays whole, so that it can be copied.
 */
export const wrap = (text: string, width: number | undefined, indent = ''): string =>
	width === undefined
		? text
		: text
				.split('\n')
				.map(line => wrapLine(line, width, indent))
				.join('\n');

const wrapLine = (text: string, width: number, indent: string): string => {
	const lines: string[] = [];
	let line = '';
	for (const word of text.split(/(?<=\S) /)) {
		if (line !== '' && line.length + 1 + word.length > width) {
			lines.push(line);
			line = `${indent}${word}`;
		} else {
			line += line === '' ? word : ` ${word}`;
		}
	}

	return [...lines, line].join('\n');
};

/** Returns the first of several texts, the longest first, that fits into a line; else the last, cut off with `…`. */
export const fitting = (texts: readonly string[], width: number): string => {
	const last = texts.at(-1) ?? '';
	return texts.find(text => text.length <= width) ?? `${last.slice(0, Math.max(0, width - 1))}…`;
};
