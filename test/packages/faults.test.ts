import {existsSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {thisPlatform} from '../../ts/platform/platform.js';
import {Installed} from '../helpers/installed.js';

const platform = thisPlatform();
const own = path.join('node_modules', '@stepladder', platform);

/** Damages the addon of an installed library, and checks the error of a command. */
const reports = test.macro(async (t, harm: (app: Installed) => void, expected: RegExp) => {
	const app = await Installed.library(t);
	t.is((await app.stepladder(['init', 'shapes'])).exitCode, 0);
	harm(app);
	const {stderr, exitCode} = await app.stepladder(['train', '--step', 'baseline'], {cwd: 'shapes'});
	t.regex(stderr, expected);
	t.notRegex(stderr, /\n {4}at /, 'a stack');
	t.is(exitCode, 1);
	const doctor = await app.stepladder(['doctor']);
	t.is(doctor.exitCode, 1);
	t.regex(doctor.stdout, new RegExp(`✗ Addon: .*${expected.source.replace(/^\^stepladder: /, '')}`));
	t.false(existsSync(app.at('shapes', 'runs')), 'no run was started');
});

test(
	'an addon of another platform is named, and not loaded',
	reports,
	app => renameSync(app.at(own), app.at('node_modules', '@stepladder', 'win32-arm64')),
	/^stepladder: @stepladder\/\S+ is not installed, but the addon for win32-arm64 is: node_modules comes from another machine/,
);

test(
	'an addon that was truncated is reported, and does not end Node',
	reports,
	app => truncateSync(app.at(own, 'stepladder.node'), 100_000),
	/^stepladder: @stepladder\/\S+ is damaged: \S+stepladder\.node is not the file that was published\. Remove node_modules/,
);

test(
	'an addon with a changed byte is reported',
	reports,
	app => {
		const bytes = readFileSync(app.at(own, 'stepladder.node'));
		const middle = bytes.length >> 1;
		bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
		app.write(path.join(own, 'stepladder.node'), bytes);
	},
	/^stepladder: @stepladder\/\S+ is damaged: /,
);

test(
	'an addon without its file is reported',
	reports,
	app => rmSync(app.at(own, 'stepladder.node')),
	/^stepladder: @stepladder\/\S+ is damaged: a file of it is missing\. Remove node_modules/,
);

test(
	'leftovers of an interrupted npm are not taken for an addon of another platform',
	reports,
	app => renameSync(app.at(own), app.at('node_modules', '@stepladder', `.${platform}-a1B2c3D4`)),
	/^stepladder: @stepladder\/\S+ is not installed: optional dependencies were left out/,
);

test('missing optional dependencies are named, with what to do', async t => {
	const app = new Installed(t);
	t.is((await app.npm(['install', '--omit=optional', 'stepladder'])).exitCode, 0);
	t.is((await app.stepladder(['init', 'shapes'])).exitCode, 0);
	const {stderr, exitCode} = await app.stepladder(['train', '--step', 'baseline'], {cwd: 'shapes'});
	t.is(exitCode, 1);
	t.regex(stderr, /^stepladder: @stepladder\/\S+ is not installed: optional dependencies were left out/);
});

test('an incomplete sharp is reported as such, and no image as damaged', async t => {
	const app = await Installed.library(t);
	t.is((await app.stepladder(['init', 'shapes'])).exitCode, 0);
	const cwd = 'shapes';
	const learned = await app.stepladder(['train', '--step', 'baseline', '--epochs', '1', '--out', '.'], {cwd});
	t.is(learned.exitCode, 0, learned.stderr);
	const [run = ''] = readdirSync(app.at(cwd, 'baseline'));
	for (const name of readdirSync(app.at('node_modules', '@img')).filter(name => name.startsWith('sharp-'))) {
		rmSync(app.at('node_modules', '@img', name), {recursive: true});
	}

	for (const file of [
		'train/circle',
		'train/square',
		'train/triangle',
		'test/circle',
		'test/square',
		'test/triangle',
	]) {
		app.write(`shapes/images/${file}/0.png`, 'any');
		app.write(`shapes/images/${file}/1.png`, 'any');
	}

	app.write(
		'shapes/ladder.ts',
		`import {defineLadder, imageFolder} from 'stepladder';
		export default defineLadder({
			name: 'Images',
			data: imageFolder('images', {size: 16, channels: 3}),
			target: {testAccuracy: 0.5, heldFor: 1, maxParameters: 8000, maxEpochs: 15},
		});`,
	);
	for (const words of [
		['predict', `baseline/${run}/model.safetensors`, 'images/test/circle/0.png'],
		['train', '--step', 'baseline', '--skip-damaged'],
	]) {
		const {stderr, exitCode} = await app.stepladder(words, {cwd});
		t.regex(stderr, /^stepladder: sharp, which reads .* could not be loaded .* without `--omit=optional`$/);
		t.is(exitCode, 1);
	}
});

test('a processor without AVX trains on the portable path, with the same bits', async t => {
	const app = await Installed.library(t);
	t.is((await app.stepladder(['init', 'shapes'])).exitCode, 0);
	const epochs = async (env: NodeJS.ProcessEnv): Promise<string> => {
		const {stdout, stderr, exitCode} = await app.stepladder(
			['train', '--step', 'baseline', '--epochs', '2', '--json'],
			{
				...{cwd: 'shapes', env},
			},
		);
		t.is(exitCode, 0, stderr);
		return stdout.replace(/"seconds":[\d.e-]+/g, '').replace(/"folder":"[^"]*"/g, '');
	};

	t.is(await epochs({STEPLADDER_ISA: 'portable'}), await epochs({}));
});
