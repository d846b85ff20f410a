// Looks at everything that others made and Stepladder ships or is built with, and at the workflows: `npm run audit`.
// A line each: what was checked, and whether it passed, failed or was skipped, with the reason. What is skipped counts
// as a failure in CI, where there is a network and every tool.
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
	['crates: known faults (cargo deny)', crateAdvisories],
	['npm packages that are shipped: known faults (npm audit)', shippedPackages],
	['npm packages for development: known faults, high and critical (npm audit)', developmentPackages],
	['docs/SHIPPED.md: every licence agreed to, nothing missing', licenses],
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
