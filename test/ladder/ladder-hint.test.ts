import path from 'node:path';
import test from 'ava';
import {ladderHint} from '../../ts/ladder/ladder-hint.js';
import {root} from '../helpers/cli.js';
import {temporaryFolder} from '../helpers/folder.js';

test('a hint about a ladder names it, unless the command finds it by itself', t => {
	const own = path.join(root, 'ladders/mnist');
	t.notRegex(ladderHint(own, 'record', '--text'), /--ladder/, 'package.json names it');
	const other = path.join(root, 'ladders/mnist-1k');
	const wanted = /record .*--text --ladder ladders\/mnist-1k$/;
	t.regex(ladderHint(other, 'record', '--text'), wanted);
	t.regex(ladderHint(path.join(other, 'records/0-baseline'), 'record', '--text'), wanted);
	t.regex(ladderHint(path.join(other, 'steps/0-baseline.ts'), 'record', '--text'), wanted);
	const empty = temporaryFolder(t);
	t.true(ladderHint(empty, 'record', '--text').includes(`--ladder ${empty}`));
});
