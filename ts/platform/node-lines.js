/**
 * Parses `engines.node` of package.json, the lowest version of each line: `^20.19` allows only 20, `>=24.12` all later ones.
 *
 * This file is plain JavaScript without newer syntax, because an old Node has to be able to read it.
 *
 * @param {string} engines such as `^20.19 || >=24.12`
 */
export const nodeLines = engines => {
	const lines = engines.split(' || ').map(line => {
		const [, sign, major, minor] = /^(\^|>=)(\d+)\.(\d+)$/.exec(line) || [];
		if (sign === undefined) {
			throw new Error(`\`engines\` in package.json should be like "^20.19 || >=24.12", got "${engines}"`);
		}

		return {onlyThisMajor: sign === '^', major: Number(major), minor: Number(minor)};
	});
	const names = lines.map(({major, minor}) => `${major}.${minor}+`);
	return {
		/** For people: `Node 20.19+, 22.20+ or 24.12+`. */
		needed: `Node ${[names.slice(0, -1).join(', '), ...names.slice(-1)].filter(Boolean).join(' or ')}`,
		/**
		 * Whether a version is one of them.
		 *
		 * @param {string} version such as `22.20.0`
		 */
		fits(version) {
			const [major = 0, minor = 0] = version.split('.').map(Number);
			return lines.some(line => {
				const later = !line.onlyThisMajor && major > line.major;
				return later || (major === line.major && minor >= line.minor);
			});
		},
	};
};
