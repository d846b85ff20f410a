import {readFileSync} from 'node:fs';
import test from 'ava';
import {page, withTable} from './results.js';

test('docs/RELIABILITY.md shows the results that were kept', t => {
	const text = readFileSync(page, 'utf8');
	t.is(withTable(text), text);
});
