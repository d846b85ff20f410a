/** A piece of HTML whose values are escaped. */
export class Html {
	constructor(readonly text: string) {}
}

type Value = Html | string | number | undefined | false | readonly Value[];

const entities: Readonly<Record<string, string>> = {
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
	'"': '&quot;',
	"'": '&#39;',
};

const rendered = (value: Value): string => {
	if (value instanceof Html) {
		return value.text;
	}

	if (Array.isArray(value)) {
		return value.map(part => rendered(part)).join('');
	}

	return value === undefined || value === false
		? ''
		: String(value).replace(/[&<>"']/g, character => entities[character] ?? '');
};

/** Builds HTML from a template, and escapes every value that is not {@link Html} itself. */
export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Html =>
	new Html(parts.map((part, index) => part + rendered(values[index])).join(''));
