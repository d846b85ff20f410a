import {
	chmodSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {overwriteUserFile} from '../../ts/fs/write-user-file.js';
import {temporaryFolder} from '../helpers/folder.js';

test('the next write removes what a killed process left beside a file, and nothing else', t => {
	const folder = temporaryFolder(t);
	const file = path.join(folder, 'page.md');
	for (const name of ['page.md', 'page.md.1764240000', 'page.md.old']) {
		writeFileSync(path.join(folder, name), 'mine');
	}

	for (const name of ['.stepladder-unfinished-killed', '.stepladder-unfinished-living']) {
		mkdirSync(path.join(folder, name));
		writeFileSync(path.join(folder, name, 'page.md'), 'ha');
	}

	const longAgo = new Date(Date.now() - 2 * 3_600_000);
	for (const name of readdirSync(folder).filter(name => name !== '.stepladder-unfinished-living')) {
		utimesSync(path.join(folder, name), longAgo, longAgo);
	}

	overwriteUserFile(file, 'new');
	t.is(readFileSync(file, 'utf8'), 'new');
	t.deepEqual(readdirSync(folder).sort(), [
		...['.stepladder-unfinished-living', 'page.md', 'page.md.1764240000', 'page.md.old'],
	]);
});

(process.platform === 'win32' ? test.skip : test)('a file keeps its mode and its links', t => {
	const folder = temporaryFolder(t);
	const [file, link] = [path.join(folder, 'page.md'), path.join(folder, 'link.md')];
	writeFileSync(file, 'mine');
	chmodSync(file, 0o640);
	symlinkSync('page.md', link);
	overwriteUserFile(link, 'new');
	t.is(readFileSync(file, 'utf8'), 'new');
	t.is(statSync(file).mode & 0o777, 0o640);
	t.deepEqual(readdirSync(folder).sort(), ['link.md', 'page.md']);
});
