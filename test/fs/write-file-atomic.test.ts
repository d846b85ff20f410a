import {execFileSync} from 'node:child_process';
import {lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {writeFileAtomic} from '../../ts/fs/write-file-atomic.js';
import {temporaryFolder} from '../helpers/folder.js';

test('a file is written and overwritten', t => {
	const file = path.join(temporaryFolder(t), 'file');
	for (const text of ['one', 'two']) {
		writeFileAtomic(file, text);
		t.is(readFileSync(file, 'utf8'), text);
	}
});

test('anything but a file is not replaced, nor is the target of a link', t => {
	const folder = temporaryFolder(t);
	const precious = path.join(folder, 'precious');
	writeFileSync(precious, 'mine');
	const makes: Readonly<Record<string, (place: string) => void>> = {
		link: place => symlinkSync(precious, place),
		nowhere: place => symlinkSync(path.join(folder, 'nowhere'), place),
		folder: place => mkdirSync(place),
		...(process.platform === 'win32' ? {} : {pipe: place => execFileSync('mkfifo', [place])}),
	};
	for (const [name, make] of Object.entries(makes)) {
		const place = path.join(folder, name);
		make(place);
		const before = lstatSync(place);
		t.throws(() => writeFileAtomic(place, 'text'), {
			message: /^there is (a link|something that is no file) in its place/,
		});
		const after = lstatSync(place);
		t.deepEqual([after.ino, after.mode], [before.ino, before.mode], name);
	}

	t.is(readFileSync(precious, 'utf8'), 'mine');
});
