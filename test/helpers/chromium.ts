import {existsSync} from 'node:fs';
import process from 'node:process';

const usual = [
	...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
	'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Where Chromium or Chrome is installed; `CHROMIUM` names another place. */
export const chromium = (): string => {
	const found = process.env['CHROMIUM'] ?? usual.find(file => existsSync(file));
	if (found === undefined) {
		throw new Error('the report is tested in Chromium: install it, or name it by CHROMIUM=/path/to/chrome');
	}

	return found;
};
