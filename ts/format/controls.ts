/**
 * Characters that a terminal, an editor or a browser acts on instead of showing them: the control characters C0 and C1,
 * separators of lines and paragraphs, and marks that change the direction of the text around them.
 */
const controls = /[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu;

/**
 * Shows control characters of a text as `\u001b`, except line breaks and tabs. JSON stays the same JSON. For whole texts with
 * names of others in them, such as those of classes and files; for a name, {@link escapeName}.
 */
export const escapeControls = (text: string): string =>
	text.replace(controls, character => (character === '\n' || character === '\t' ? character : escaped(character)));

/** Shows all control characters of a name, which stays in its line: line breaks and tabs as `\n` and `\t`. */
export const escapeName = (text: string): string => text.replace(controls, escaped);

const short: Readonly<Record<string, string>> = {'\n': '\\n', '\r': '\\r', '\t': '\\t'};

const escaped = (character: string): string =>
	short[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
