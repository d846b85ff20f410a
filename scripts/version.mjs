// Turns the changesets that are waiting into a new version and its part of CHANGELOG.md, and has every file that names
// the version say the new one. The release's workflow runs it; nobody need do so by hand.
import process from 'node:process';
import {alignVersions} from './publish/versions.mjs';
import {root, runMain} from './set-up/index.mjs';
import {runTool} from './set-up/tool.mjs';

await runMain(async () => {
	await runTool(process.execPath, ['node_modules/@changesets/cli/bin.js', 'version'], {cwd: root});
	alignVersions();
});
