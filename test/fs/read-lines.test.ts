import {appendFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {readLines} from '../../ts/fs/read-lines.js';
import {temporaryFolder} from '../helpers/folder.js';

test('a file is read line by line as it grows, without the end that is partly written', t => {
	const file = path.join(temporaryFolder(t), 'lines');
	writeFileSync(file, 'a\n\nbé');
	t.deepEqual(readLines(file), {lines: ['a', ''], next: 3});
	t.deepEqual(readLines(file, 3), {lines: [], next: 3});
	appendFileSync(file, '\nc\n');
	t.deepEqual(readLines(file, 3), {lines: ['bé', 'c'], next: 9});
	t.deepEqual(readLines(file, 90), {lines: [], next: 90}, 'a file that has become shorter');
	t.throws(() => readLines(`${file}-missing`), {code: 'ENOENT'});
});

test('lines of a file that is longer than what is read at once stay whole', t => {
	const file = path.join(temporaryFolder(t), 'lines');
	const lines = Array.from({length: 300_000}, (_, index) => `${index} ${'é'.repeat(30)}`);
	const text = `${lines.join('\n')}\n`;
	writeFileSync(file, text);
	const read = readLines(file);
	t.is(read.next, Buffer.byteLength(text));
	t.true(read.next > 17_000_000);
	t.deepEqual(read.lines, lines);
});
