/** Returns a float32 as a constant of C, by the fewest digits that give it. */
export const floatText = (value: number): string => {
	const digits = [6, 7, 8, 9].find(count => Math.fround(Number(value.toPrecision(count))) === value) ?? 9;
	const text = String(Number(value.toPrecision(digits)));
	return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
};

/** Returns a text as a constant of C: bytes that are no plain ASCII as octal escapes, and `?`, which begins trigraphs. */
export const stringText = (text: string): string => {
	const bytes = [...Buffer.from(text)].map(byte => {
		const letter = String.fromCharCode(byte);
		return byte < 32 || byte > 126 || '"\\?'.includes(letter) ? `\\${byte.toString(8).padStart(3, '0')}` : letter;
	});
	return `"${bytes.join('')}"`;
};

/** Returns a text as it may stand in a comment of C. */
export const commentText = (text: string): string => text.replaceAll(/[^ -~]/g, ' ').replaceAll('*/', '* /');

/** Returns a table of numbers, in lines of at most 120 letters. */
export const tableText = (type: string, name: string, values: readonly string[]): string => {
	const lines: string[] = [];
	let line = '\t';
	for (const value of values) {
		if (line.length + value.length > 116) {
			lines.push(line.trimEnd());
			line = '\t';
		}

		line += `${value}, `;
	}

	return `static const ${type} ${name}[${values.length}] = {\n${[...lines, line.trimEnd()].join('\n')}\n};\n`;
};
