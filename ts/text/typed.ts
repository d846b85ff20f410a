import process from 'node:process';

/**
 * A command line as the person who started this process would type it: `npm run record -- --check` where npm's own
 * script of that kind is running, `npx stepladder record --check` elsewhere.
 */
export const typed = (command: string, rest = '', {quiet = false} = {}): string => {
	const started = process.argv[2];
	const byScript = process.env['npm_lifecycle_event'] === started && /^run\b/.test(process.env['npm_command'] ?? '');
	if (!byScript) {
		return `npx stepladder ${command}${rest && ` ${rest}`}`;
	}

	return `npm run ${quiet ? '-s ' : ''}${command}${rest && ` -- ${rest}`}`;
};
