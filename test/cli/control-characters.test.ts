import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import sharp from 'sharp';
import {sha256} from '../../ts/fs/hash.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

/** Ends a colour, rings, returns to the start of the line, reverses the text, is a line break in C1, and colours. */
const planted = '\u001B[0m\u0007\r\u202E\u0085\u001B[31m';

/** As it should be shown. */
const shown = String.raw`\u001b[0m\u0007\r\u202e\u0085\u001b[31m`;

const [light, dark, image] = [`light${planted}`, `dark${planted}`, `x${planted}1.png`];

const harmful = /(?![\n\t])[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/u;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are to be there
const ownColours = /\u001B\[(?:2|22|3[12]|39)m/g;

/** A ladder whose name, classes and files have control characters; its step has a target on a class, and claims it. */
const strangersLadder = async (t: Parameters<typeof tinyLadder>[0]) => {
	const own = tinyLadder(t);
	own.write(
		'ladder.ts',
		`import {defineLadder, imageFolder} from 'stepladder';
export default defineLadder({name: ${JSON.stringify(`Photos ${planted}`)}, data: imageFolder('images', {size: 28, channels: 1})});
`,
	);
	own.write(
		'steps/0-tiny.ts',
		own
			.read('steps/0-tiny.ts')
			.replace('testAccuracy: 0.5', `metric: {recall: ${JSON.stringify(light)}}, atLeast: 0.1`)
			.replace(
				/\}\);\n$/,
				`	analysis: [{say: ({self}) => ${JSON.stringify(`It has ${planted} `)} + self.seeds.length + ' seeds.', holds: ({self}) => self.test.mean > 0.2}],\n});\n`,
			),
	);
	own.write('README.md', '# Photos\n\n<!-- ladder: written by `record` -->\n\n-\n\n<!-- end of ladder -->\n');
	for (const [name, level] of [
		[light, 200],
		[dark, 40],
	] as const) {
		for (const set of ['train', 'test']) {
			for (let index = 0; index < 8; index += 1) {
				const grey = (index % 7 === 6 ? 240 - level : level) + index; // some are like the other class
				const background = {r: grey, g: grey, b: grey};
				const png = await sharp({create: {width: 28, height: 28, channels: 3, background}})
					.png()
					.toBuffer();
				own.write(`images/${set}/${name}/${index}${image}`, png);
			}
		}
	}

	own.write(`images/train/${light}/notes${planted}.txt`, 'no image');
	return own;
};

/** Changes the step of a finished run as a stranger can, who computes all hashes again. */
const rename = (folder: string, step: string): void => {
	const read = (name: string) => JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
	const {hash: _, ...before} = read('config.json');
	const config = {...before, step, trial: [{path: 'schedule.kind', value: planted}]};
	const text = JSON.stringify({...config, hash: sha256(JSON.stringify(config))});
	writeFileSync(path.join(folder, 'config.json'), text);
	const events = readFileSync(path.join(folder, 'events.jsonl'), 'utf8').replaceAll('"tiny"', JSON.stringify(step));
	writeFileSync(path.join(folder, 'events.jsonl'), events);
	const {hash: __, hashes, ...result} = read('result.json');
	const finished = {...result, hashes: {...hashes, 'config.json': sha256(text), 'events.jsonl': sha256(events)}};
	writeFileSync(
		path.join(folder, 'result.json'),
		JSON.stringify({...finished, hash: sha256(JSON.stringify(finished))}),
	);
};

(process.platform === 'win32' ? test.skip : test)('control characters are shown escaped in every output', async t => {
	const own = await strangersLadder(t);
	const vary = [
		'--vary',
		'schedule.learningRate=0.02',
		'--epochs',
		'1',
		'--seeds',
		'101',
		'--holdout',
		'4',
		'--name',
		'rates',
	];
	const seeds = ['--step', 'tiny', '--seeds', '1,2'];
	const outputs = new Map<string, string>();
	const run = async (...words: string[]): Promise<string> => {
		const {stdout, stderr} = await own.run(words);
		outputs.set(words.join(' '), `${stdout}\n${stderr}`);
		return stdout;
	};
	await run('train', ...seeds);
	const json = await run('train', ...seeds, '--json');
	await run('record', ...seeds);
	await run('record', '--check');
	await run('sweep', '--step', 'tiny', ...vary);
	await run('ladder');
	await run('ladder', '--format', 'markdown');
	await run('runs');
	const evaluated = await run('evaluate', 'runs/latest', '--json');
	await run('evaluate', 'runs/latest');
	await run('predict', 'runs/latest', 'images/test', '--all');
	const predicted = await run('predict', 'runs/latest', 'images/test', '--json');
	await run('predict', 'runs/latest', `nowhere/${image}`);
	await run('evaluate', 'runs/latest', `nowhere/${planted}`);
	await run('report');
	await run('doctor');
	await run('cache');
	await run('train', '--step', `tiny${planted}`);
	await run('train', '--step', 'tiny', '--set', `net.block.norm=${planted}`);
	await run('train', '--step', 'tiny', '--set', `net.block.${planted}=3`);
	await run('sweep', '--step', 'tiny', '--vary', `net.${planted}=3`, '--holdout', '4');
	await run('train', '--step', 'tiny', `--${planted}`);
	await run('compare', 'tiny', `nowhere${planted}`);
	const [first = ''] = readdirSync(path.join(own.folder, 'runs/tiny'));
	rename(path.join(own.folder, 'runs/tiny', first), `tiny${planted}`);
	await run('runs', 'runs/tiny');
	await run('compare', 'tiny', 'runs/tiny');
	await run('report', 'runs/tiny', '--out', 'of-runs');
	await run('train', '--resume', `runs/tiny/${first}`);
	own.write(`images/test/${dark}/9${image}`, 'no image');
	await run('train', ...seeds);
	await run('train', ...seeds, '--skip-damaged', '--epochs', '2');
	await run('record', '--check', '--skip-damaged');
	const coloured = await own.run(['runs', 'runs/tiny'], {
		env: {FORCE_COLOR: '1', TERM: 'xterm-256color', NO_COLOR: undefined},
	});
	t.regex(coloured.stdout, ownColours, coloured.stderr);
	t.true(coloured.stdout.includes(shown), 'a colour of somebody else’s is no colour of ours');
	t.notRegex(coloured.stdout.replaceAll(ownColours, ''), harmful);
	for (const [words, text] of outputs) {
		t.notRegex(text, harmful, JSON.stringify(words));
	}

	const all = [...outputs.values()].join('\n');
	t.true(all.split(shown).length > 100);
	const files = ['report/report.md', 'report/report.html', 'of-runs/runs.md', 'of-runs/runs.html', 'README.md'];
	for (const file of [...files, 'records/sweeps/rates/README.md', 'records/sweeps/rates/sweep.svg']) {
		t.notRegex(own.read(file), harmful, file);
	}

	const [block = ''] = own.read('steps/0-tiny.ts').split('*/');
	t.notRegex(block, harmful);
	t.true(block.includes(`recall of light${shown}`));
	t.true(own.read('report/report.html').includes(shown));

	t.deepEqual(Object.keys(JSON.parse(json.split('\n').at(-1) ?? '').target.metric), ['recall']);
	t.is(JSON.parse(json.split('\n').at(-1) ?? '').target.metric.recall, light, 'JSON stays JSON');
	t.deepEqual(JSON.parse(evaluated).classes.slice(0, 2), [dark, light]);
	t.deepEqual(JSON.parse(predicted.split('\n')[0] ?? '').classes.slice(0, 2), [dark, light]);
});
