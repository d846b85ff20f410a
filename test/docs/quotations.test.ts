// Sentences that the docs quote are printed by the code.
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {root} from '../helpers/cli.js';

/** The code as one text: without comments, all strings between `'`, joined where lines split them, with `…` for values. */
const source = ['ts', 'scripts']
	.flatMap(folder =>
		(readdirSync(path.join(root, folder), {recursive: true}) as string[]).map(name => `${folder}/${name}`),
	)
	.filter(name => /\.(?:[jt]s|mjs)$/.test(name))
	.map(name => readFileSync(path.join(root, name), 'utf8'))
	.join('\n')
	.replaceAll(/^\s*(?:\/\/|\/\*\*|\*).*$/gm, '')
	.replaceAll(/'[^'\n]*'/g, string => string.replaceAll('`', ''))
	.replaceAll(/['`] \+\s*['`]/g, '')
	.replaceAll(/\$\{[^{}]*\}/g, '…')
	.replaceAll('\\`', '')
	.replaceAll('`', "'");

/** What a quotation says in every case: the parts between `...`, colons, numbers with the word before, and names of files. */
const fixedParts = (quotation: string): string[] =>
	quotation
		.replaceAll('`', '')
		.split(/(?:\w+ )?\S*[\d/]\S*|\S+\.so|\.\.\.|: |\b(?:DIR|FILE|URL)\b/)
		.map(part => part.replaceAll(/^\W+|\W+$/g, ''))
		.filter(part => part.includes(' '));

/** The words of a part that no strings of the code make up; where one sentence contains another, both are whole. */
const unknownWords = (part: string): string => {
	let words = part.split(' ');
	let before: readonly string[] = [''];
	for (;;) {
		const isIn = (text: string): boolean => before.some(start => source.includes(start + text));
		if (isIn(words.join(' '))) {
			return '';
		}

		const known = words.findLastIndex((_, end) =>
			[" '", "'", ' …'].some(stop => isIn(words.slice(0, end).join(' ') + stop)),
		);
		if (known < 1) {
			return words.join(' ');
		}

		words = words.slice(known);
		before = ["'", '… '];
	}
};

const installing = readFileSync(path.join(root, 'docs', 'INSTALLING.md'), 'utf8');
const rows = [...installing.matchAll(/^\| (?<wrong>[^|]+) \| (?<said>[^|]+) \| /gm)].slice(2);
const quotations = rows.flatMap(({groups: {wrong = '', said = ''} = {}}) =>
	[...said.matchAll(/(``|`)(.+?)\1(?!`)/g)].map(([, , quotation = '']) => ({wrong, quotation})),
);

test('INSTALLING quotes sentences', t => {
	t.true(quotations.length > 15);
});

for (const {wrong, quotation} of quotations) {
	test(`what INSTALLING quotes for “${wrong}” is printed: ${quotation}`, t => {
		t.deepEqual(fixedParts(quotation).map(unknownWords).filter(Boolean), []);
	});
}
