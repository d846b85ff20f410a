import {readdirSync, readFileSync, statSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {Installed} from '../helpers/installed.js';

/** Bytes of all files below a folder. */
const bytesOf = (folder: string): number =>
	readdirSync(folder, {withFileTypes: true, recursive: true})
		.filter(entry => entry.isFile())
		.reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);

test('with only Node on the machine, the package makes a ladder, trains, reports and predicts', async t => {
	const app = new Installed(t);
	const began = performance.now();
	const {exitCode, stderr} = await app.npm(['install', 'stepladder']);
	t.is(exitCode, 0, stderr);
	const seconds = (performance.now() - began) / 1000;
	t.log(`installed in ${seconds.toFixed(1)} s, ${(bytesOf(app.at('node_modules')) / 1e6).toFixed(1)} MB on disk`);

	const steps = [
		{words: ['init', 'shapes'], cwd: '.', says: /Next: cd shapes && npx stepladder train --step baseline/},
		{words: ['train', '--step', 'baseline', '--epochs', '4'], cwd: 'shapes', says: /Verdict: /},
		{words: ['record', '--step', 'baseline', '--seeds', '1-2'], cwd: 'shapes', says: /baseline/},
		{words: ['report'], cwd: 'shapes', says: /report\.html/},
		{words: ['doctor'], cwd: 'shapes', says: /Addon: version \d/},
	];
	for (const {words, cwd, says} of steps) {
		const {stdout, stderr, exitCode} = await app.npm(['exec', '--', 'stepladder', ...words], {cwd});
		t.is(exitCode, 0, `${words.join(' ')}: ${stderr}`);
		t.regex(stdout + stderr, says);
	}

	t.regex(readFileSync(app.at('shapes', 'report', 'report.html'), 'utf8'), /<h2[^>]*>0\. baseline/);
	const [run = ''] = readdirSync(app.at('shapes', 'runs', 'baseline'));
	app.write('shapes/red.png', Buffer.from(redDot, 'base64'));
	const predicted = await app.npm(
		['exec', '--', 'stepladder', 'predict', `runs/baseline/${run}/model.safetensors`, 'red.png'],
		{
			cwd: 'shapes',
		},
	);
	t.is(predicted.exitCode, 0, predicted.stderr);
	t.regex(predicted.stdout, /red\.png.*(circle|square|triangle)/);
});

/** A PNG of one red pixel. */
const redDot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC';

test('installing runs and compiles nothing', async t => {
	const app = new Installed(t);
	const {exitCode, stderr} = await app.npm(['install', '--ignore-scripts', 'stepladder']);
	t.is(exitCode, 0, stderr);
	t.is((await app.stepladder(['doctor'])).exitCode, 0);
	const scripts = readdirSync(app.at('node_modules'), {recursive: true, encoding: 'utf8'})
		.filter(file => file.endsWith(`${path.sep}package.json`))
		.map(file => JSON.parse(readFileSync(app.at('node_modules', file), 'utf8')))
		.filter(({scripts = {}}) => scripts.preinstall ?? scripts.install ?? scripts.postinstall)
		.map(({name}) => name);
	t.deepEqual(scripts, []);
});

test('a folder may have spaces and umlauts', async t => {
	const app = new Installed(t, {name: 'Ein Übungs ordner'});
	t.is((await app.npm(['install', 'stepladder'])).exitCode, 0);
	t.is((await app.stepladder(['init', 'meine Leiter'])).exitCode, 0);
	const {exitCode, stderr} = await app.stepladder(['train', '--step', 'baseline', '--epochs', '1'], {
		cwd: 'meine Leiter',
	});
	t.is(exitCode, 0, stderr);
});
