import {failed, outputOf, passed, skipped} from './outcome.mjs';

/**
 * Checks npm packages for known vulnerabilities, by the registry.
 *
 * @param {string[]} options of `npm audit`
 */
const npmAudit = options => {
	const {status, stdout, stderr} = outputOf('npm', ['audit', '--json', ...options]);
	if (status === 0) {
		return passed;
	}

	/** @type {{vulnerabilities?: Record<string, {name: string, severity: string, range: string}>, message?: string}} */
	let answer = {};
	try {
		answer = JSON.parse(stdout);
	} catch {
		answer.message = stderr;
	}

	if (!answer.vulnerabilities) {
		return skipped(`the registry gave no answer: ${answer.message}`);
	}

	const found = Object.values(answer.vulnerabilities).map(one => `${one.name} ${one.range} (${one.severity})`);
	return failed(`${found.join('\n')}\n\`npm audit ${options.join(' ')}\` says more`);
};

/** Checks the dependencies of stepladder, at every level. */
export const shippedPackages = () => npmAudit(['--omit=dev']);

/** Checks the development dependencies, for high and critical ones. */
export const developmentPackages = () => npmAudit(['--audit-level=high']);
