/**
 * @typedef {{
 *   text: string, range?: string | undefined, unit?: string | undefined, default?: string | undefined,
 *   follows?: string | undefined,
 * }} Comment
 */

/**
 * Reads a docstring with the tags that settings have.
 *
 * @param {string} comment with its `/**`
 * @returns {Comment}
 */
export const readComment = comment => {
	const lines = comment
		.replace(/^\/\*\*/, '')
		.replace(/\*\/$/, '')
		.split('\n')
		.map(line => line.replace(/^\s*\*? ?/, '').trimEnd());
	const [text = '', ...tags] = lines.join('\n').split(/^@/m);
	const joined = (/** @type {string} */ words) =>
		words
			.trim()
			.replaceAll(/\{@link (?:[^}| ]+[| ])?([^}]+)\}/g, '`$1`')
			.replaceAll(/\s*\n\s*/g, ' ');
	const tag = (/** @type {string} */ name) => {
		const found = tags.find(tag => tag.startsWith(`${name} `));
		return found && joined(found.slice(name.length));
	};
	return {text: joined(text), range: tag('range'), unit: tag('unit'), default: tag('default'), follows: tag('follows')};
};
