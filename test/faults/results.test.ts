import {readFileSync} from 'node:fs';
import test from 'ava';
import {page, withTable} from './results.js';

test('docs/RELIABILITY.md shows the kept results', t => {
	const text = readFileSync(page, 'utf8');
	t.is(withTable(text), text);
});
