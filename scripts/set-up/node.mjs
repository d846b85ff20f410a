import {readFileSync} from 'node:fs';
import process from 'node:process';

/** The one place that says which Node is needed. */
const {engines} = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** The lowest version of each line of `engines`: `^20.19` allows 20 alone, `>=24.12` all that comes later. */
const lines = /** @type {string} */ (engines.node).split(' || ').map(line => {
	const [, sign, major, minor] = /^(\^|>=)(\d+)\.(\d+)$/.exec(line) ?? [];
	if (sign === undefined) {
		throw new Error(`\`engines\` in package.json should be like "^20.19 || >=24.12", got "${engines.node}"`);
	}

	return {onlyThisMajor: sign === '^', major: Number(major), minor: Number(minor)};
});

/** Which Node is needed, for people: `Node 20.19+, 22.20+ or 24.12+`. */
export const neededNode = `Node ${new Intl.ListFormat('en-GB', {type: 'disjunction'}).format(
	lines.map(({major, minor}) => `${major}.${minor}+`),
)}`;

/**
 * Whether a version of Node is one that `engines` allows.
 *
 * @param {string} version such as `22.20.0`
 */
export const nodeFits = (version = process.versions.node) => {
	const [major = 0, minor = 0] = version.split('.').map(Number);
	return lines.some(line => {
		const later = !line.onlyThisMajor && major > line.major;
		return later || (major === line.major && minor >= line.minor);
	});
};
