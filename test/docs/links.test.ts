import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {execa} from 'execa';
import {root} from '../helpers/cli.js';

/** Where a text's links and the files that it names in backticks lead, without what is in code blocks. */
const namedIn = (text: string): string[] => {
	const prose = text.replace(/^```.*?^```/gms, '');
	const links = [...prose.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, link = '']) => link);
	const files = [...prose.matchAll(/`((?:crates|docs|examples|ladders|scripts|templates|test|ts)\/[\w./-]+)`/g)];
	return [...links.filter(link => !/^[a-z]+:/.test(link)), ...files.map(([, file = '']) => file)];
};

test('every file that a page of documentation links to or names is there', async t => {
	const {stdout} = await execa('git', ['ls-files', '*.md'], {cwd: root});
	const pages = stdout.split('\n').filter(page => !/snapshots/.test(page));
	t.true(pages.includes('README.md'));
	const lost = pages.flatMap(page => {
		const folders = [path.dirname(page), '.'];
		return namedIn(readFileSync(path.join(root, page), 'utf8'))
			.filter(name => !folders.some(folder => existsSync(path.join(root, folder, name))))
			.map(name => `${page} names ${name}`);
	});
	t.deepEqual(lost, []);
});
