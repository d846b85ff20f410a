// Turns the pending changesets into a new version and its part of CHANGELOG.md, and updates every file that names the
// version. The release workflow runs it.
import process from 'node:process';
import {alignVersions} from './publish/versions.mjs';
import {root, runMain} from './set-up/index.mjs';
import {runTool} from './set-up/tool.mjs';

await runMain(async () => {
	await runTool(process.execPath, ['node_modules/@changesets/cli/bin.js', 'version'], {cwd: root});
	alignVersions();
});
