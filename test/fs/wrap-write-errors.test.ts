import {symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import test from 'ava';
import {wrapWriteErrors} from '../../ts/fs/wrap-write-errors.js';
import {writeFileAtomic} from '../../ts/fs/write-file-atomic.js';
import {WriteError} from '../../ts/index.js';
import {temporaryFolder} from '../helpers/folder.js';

test('only errors of the system, and something in the way, are reported as a failure to write', t => {
	const folder = temporaryFolder(t);
	const file = path.join(folder, 'none', 'a.txt');
	const write = (work: () => void) => () => wrapWriteErrors('the file', file, work, '; try another');
	t.throws(
		write(() => writeFileSync(file, '')),
		{
			instanceOf: WriteError,
			message: /^could not write the file \(ENOENT: no such file or directory, .*\); try another$/,
		},
	);
	symlinkSync('elsewhere', path.join(folder, 'link'));
	t.throws(
		write(() => writeFileAtomic(path.join(folder, 'link'), '')),
		{
			instanceOf: WriteError,
			message: 'could not write the file (there is a link in its place; remove that); try another',
		},
	);

	// as under Jest, where Node's own errors come from outside the realm of a test
	const foreign = vm.runInNewContext("Object.assign(new Error('EIO: i/o error'), {syscall: 'write', code: 'EIO'})");
	t.false(foreign instanceof Error);
	const throwForeign = write(() => {
		throw foreign;
	});
	t.throws(throwForeign, {instanceOf: WriteError, message: 'could not write the file (EIO: i/o error); try another'});

	const bug = new TypeError('timer.unref is not a function');
	const throwBug = write(() => {
		throw bug;
	});
	t.is(t.throws(throwBug, {instanceOf: TypeError}), bug);
});
