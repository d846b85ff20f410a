/// <reference lib="dom" />
import {pathToFileURL} from 'node:url';
import axe from 'axe-core';
import type {Browser, Page} from 'puppeteer-core';
import {startBrowser} from './chromium.js';

/** Does work with a browser, which is closed afterwards. */
export const inBrowser = async (work: (browser: Browser) => Promise<void>): Promise<void> => {
	const browser = await startBrowser();
	try {
		await work(browser);
	} finally {
		await browser.close();
	}
};

/** Opens a page, and collects its requests and errors. */
export const open = async (page: Page, file: string): Promise<{requests: string[]; complaints: string[]}> => {
	const [requests, complaints]: [string[], string[]] = [[], []];
	page.on('request', request => requests.push(request.url()));
	page.on('console', message => complaints.push(message.text()));
	page.on('pageerror', error => complaints.push(String(error)));
	await page.goto(pathToFileURL(file).href, {waitUntil: 'load'});
	return {requests: requests.filter(url => !url.startsWith('data:')), complaints};
};

/** Returns the number of charts, their texts that are too small or overlap, and elements wider than the page. */
export const legibility = async (page: Page) =>
	page.evaluate(() => {
		const charts = [...document.querySelectorAll('svg.marks')].filter(svg => svg.getClientRects().length > 0);
		const small: string[] = [];
		const overlapping: string[] = [];
		for (const svg of charts) {
			const scale = svg.getBoundingClientRect().width / Number(svg.getAttribute('viewBox')?.split(' ')[2]);
			const texts = [...svg.querySelectorAll('text')].filter(({textContent}) => textContent?.trim());
			const boxes = texts.map(text => ({name: text.textContent, box: text.getBoundingClientRect()}));
			small.push(
				...texts
					.filter(text => Number.parseFloat(getComputedStyle(text).fontSize) * scale < 11)
					.map(text => text.textContent ?? ''),
			);
			for (const [index, {name, box}] of boxes.entries()) {
				for (const other of boxes.slice(index + 1)) {
					const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
					const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
					if (across > 0 && down > 0) {
						overlapping.push(`${name} and ${other.name}`);
					}
				}
			}
		}

		const boxed = '.wide *'; // scrolls by itself
		const wide = [...document.querySelectorAll('body *')]
			.filter(element => !element.matches(boxed) && element.getBoundingClientRect().right > window.innerWidth + 0.5)
			.map(({tagName, className}) => `${tagName} ${className}`);
		return {charts: charts.length, small, overlapping, wide};
	});

/** Returns axe's findings on a page, and the number of pictures without a label. */
export const accessibility = async (page: Page): Promise<{violations: string[]; unlabelled: number}> => {
	await page.evaluate(axe.source);
	const violations = await page.evaluate(async () => {
		const {axe} = window as unknown as {axe: typeof import('axe-core')};
		const found = await axe.run();
		return found.violations.map(({id, nodes}) => `${id}: ${nodes[0]?.html} (${nodes.length})`);
	});
	const unlabelled = await page.$$eval('svg', all =>
		all.filter(svg => svg.getAttribute('role') !== 'img' || !svg.getAttribute('aria-label')),
	);
	return {violations, unlabelled: unlabelled.length};
};
