// Writes docs/SHIPPED.md, the list of shipped packages and crates with their licences; with `--check`, checks that it is
// up to date.
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {linkedCrates} from './licenses/crates.mjs';
import {npmPackages, unwelcome} from './licenses/npm.mjs';
import {bundle} from './package/bundle.mjs';
import {rustTarget, targets} from './package/targets.mjs';
import {root, runMain} from './set-up/index.mjs';
import {ToolFailed} from './set-up/tool.mjs';

const file = path.join(root, 'docs', 'SHIPPED.md');

/** @param {import('./licenses/crates.mjs').Shipped[]} shipped */
const table = shipped =>
	[
		'| name | version | licence |\n| --- | --- | --- |',
		...shipped.map(({name, version, license}) => `| ${name} | ${version} | ${license} |`),
	].join('\n');

const list = async () => {
	const npm = npmPackages();
	const {packages: bundled} = await bundle();
	const strange = unwelcome([...npm, ...bundled]);
	if (strange.length > 0) {
		throw new ToolFailed(
			`not an allowed licence: ${strange.map(({name, license}) => `${name} (${license})`).join(', ')}: see scripts/licenses/npm.mjs`,
		);
	}

	const crates = linkedCrates([...new Set(targets.map(rustTarget))], ['torch']);
	return `# What is shipped

Written by \`npm run licenses\` from the lock files; \`npm test\` fails if it is out of date.

Stepladder itself is under the MIT licence. Each package contains the licences of its third-party code, as
THIRD-PARTY-LICENSES.

## npm packages

Installed with \`stepladder\`, each from its own package; of those named after a platform, only that platform's.

${table(npm)}

## npm packages in \`stepladder\` itself

Bundled into one file, which draws the report's charts.

${table(bundled)}

## Crates

Linked into the addons, with Rust's standard library; some only on some platforms, or only with libtorch. JPEGs are decoded by
MozJPEG and libjpeg-turbo: this software is based in part on the work of the Independent JPEG Group.

${table(crates)}

## Not shipped: libtorch

\`setup torch\` fetches it from the user's Python package index, under PyTorch's licence (BSD-3-Clause, and those of what
is in it) and, on Linux, with NVIDIA's CUDA runtime and CUPTI under the CUDA toolkit's licence agreement. The texts are kept
with it, in its folder \`licenses\`. The addon that is linked against it, \`@stepladder/torch-...\`, contains none of it.
`;
};

await runMain(async () => {
	const [option] = process.argv.slice(2);
	if (option !== undefined && option !== '--check') {
		throw new ToolFailed(`expected \`--check\` or no argument, got ${option}`);
	}

	const written = await list();
	if (option === undefined) {
		writeFileSync(file, written);
	} else if (readFileSync(file, 'utf8').replaceAll('\r\n', '\n') !== written) {
		throw new ToolFailed('docs/SHIPPED.md is out of date: write it with `npm run licenses`');
	}
});
