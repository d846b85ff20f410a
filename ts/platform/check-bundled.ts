import {readFileSync} from 'node:fs';
import {LoadError} from '../errors/load-error.js';

// Imported before everything else: what is bundled into an app's own file finds neither its addon nor its other files, and its
// dependencies would fail first, with sentences that say nothing about it.

const isBundled = (): boolean => {
	try {
		const {name} = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
		return name !== 'stepladder';
	} catch {
		return true;
	}
};

if (isBundled()) {
	throw new LoadError(
		'stepladder was bundled into another file, where it can’t find its addon: mark `stepladder` as external ' +
			'(esbuild: `--external:stepladder`; webpack: `externals`; Vite: `ssr.external`; Next.js: `serverExternalPackages`), ' +
			'and install it where the app runs; docs/INSTALLING.md has the settings',
	);
}
