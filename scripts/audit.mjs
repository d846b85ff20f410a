// Audits the dependencies that Stepladder ships or is built with, and the workflows: `npm run audit`.
// Prints a line per check: passed, failed or skipped, with the reason. A skipped check counts as a failure in CI, which
// has a network and every tool.
import path from 'node:path';
import process from 'node:process';
import {workflows} from './audit/actionlint.mjs';
import {crateAdvisories, crateRules} from './audit/cargo-deny.mjs';
import {developmentPackages, shippedPackages} from './audit/npm-audit.mjs';
import {failed, outputOf, passed} from './audit/outcome.mjs';
import {root, runMain} from './set-up/index.mjs';

const licenses = () => {
	const {status, stderr} = outputOf(process.execPath, [path.join(root, 'scripts', 'licenses.mjs'), '--check']);
	return status === 0 ? passed : failed(stderr);
};

/** @type {Array<[what: string, check: () => import('./audit/outcome.mjs').Outcome | Promise<import('./audit/outcome.mjs').Outcome>]>} */
const checks = [
	['crates: licences, duplicates, sources (cargo deny)', crateRules],
	['crates: known vulnerabilities (cargo deny)', crateAdvisories],
	['shipped npm packages: known vulnerabilities (npm audit)', shippedPackages],
	['npm packages for development: known vulnerabilities, high and critical (npm audit)', developmentPackages],
	['docs/SHIPPED.md: every licence allowed, no package missing', licenses],
	['.github/workflows (actionlint)', workflows],
];

const marks = {passed: '✓', failed: '✗', skipped: '-'};

await runMain(async () => {
	for (const [what, check] of checks) {
		const result = await check();
		const why = 'why' in result ? `: ${result.why}` : '';
		process.stdout.write(`${marks[result.outcome]} ${what}: ${result.outcome}${why}\n`);
		if (result.outcome === 'failed' || (result.outcome === 'skipped' && process.env['CI'])) {
			process.exitCode = 1;
		}
	}
});
