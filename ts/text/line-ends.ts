/** A text with the line ends that another has: an editor, or git on Windows, may have made them `\r\n`. */
export const withLineEnds = (text: string, like: string): string =>
	like.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text;
