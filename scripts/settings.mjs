// Writes docs/SETTINGS.md, the page of all settings; `npm test` checks that it is up to date.
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {root, runMain} from './set-up/index.mjs';
import {ToolFailed} from './set-up/tool.mjs';
import {settingsPage} from './settings/page.mjs';
import {readSettings} from './settings/read-types.mjs';

await runMain(async () => {
	const {page, problems} = settingsPage(readSettings(root));
	if (problems.length > 0) {
		throw new ToolFailed(`settings that docs/SETTINGS.md can't describe:\n${problems.join('\n')}`);
	}

	writeFileSync(path.join(root, 'docs', 'SETTINGS.md'), page);
});
