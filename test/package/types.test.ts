import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {execa} from 'execa';
import {root} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';

/** The library as it is published, packed into a temporary folder. */
const packed = async (folder: string): Promise<string> => {
	const pack = path.join(root, 'scripts', 'package', 'pack.mjs');
	const code = `import {packLibrary} from ${JSON.stringify(pack)}; await packLibrary(${JSON.stringify(folder)});`;
	await execa(process.execPath, ['--input-type=module', '--eval', code]);
	return path.join(folder, 'stepladder');
};

const bin = (name: string): string => path.join(root, 'node_modules', '.bin', name);

test('publint finds nothing in the package', async t => {
	const {stdout, exitCode} = await execa(bin('publint'), ['--strict', await packed(temporaryFolder(t))], {
		reject: false,
	});
	t.is(exitCode, 0, stdout);
});

test('types are found by each kind of import on a supported Node', async t => {
	// A required module is a module: every Node that is supported can require one.
	const options = ['--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm'];
	const {stdout, exitCode} = await execa(bin('attw'), ['--pack', await packed(temporaryFolder(t)), ...options], {
		reject: false,
	});
	t.is(exitCode, 0, stdout);
});

test('the package depends on exactly the packages that it imports', async t => {
	const folder = await packed(temporaryFolder(t));
	const {dependencies} = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
	const imported = readdirSync(path.join(folder, 'dist'), {recursive: true, encoding: 'utf8'})
		.filter(file => file.endsWith('.js'))
		.flatMap(file => [
			...readFileSync(path.join(folder, 'dist', file), 'utf8').matchAll(
				/(?:^(?:import|export) .*from |import\()'([^.'][^']*)'/gm,
			),
		])
		.map(([, name = '']) => name)
		.filter(name => !name.startsWith('node:'));
	t.deepEqual([...new Set(imported)].sort(), Object.keys(dependencies).sort());
});

test('the package contains its changelog and licences, and no test, source map or path of this machine', async t => {
	const folder = await packed(temporaryFolder(t));
	const {stdout} = await execa('npm', ['pack', '--dry-run', '--json', '--loglevel=silent'], {cwd: folder});
	const [{files}] = JSON.parse(stdout);
	const names: string[] = files.map(({path}: {path: string}) => path);
	for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE', 'THIRD-PARTY-LICENSES']) {
		t.true(names.includes(name), name);
	}

	t.deepEqual(
		names.filter(name => /\.map$|\.test\./.test(name)),
		[],
	);
	const here = names.filter(name => readFileSync(path.join(folder, name), 'utf8').includes(root));
	t.deepEqual(here, []);
});
