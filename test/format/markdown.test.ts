import test from 'ava';
import fc from 'fast-check';
import {parse} from 'marked';
import {markdownProse, markdownTable, markdownText} from '../../ts/format/markdown.js';

/** Texts full of Markdown and HTML syntax. */
const nasty = fc
	.array(
		fc.oneof(
			fc.constantFrom(
				...['<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '<!-- ', '</td>', '&lt;', '&#60;', '&', '<'],
				...['*', '**', '_', '__', '`', '``', '~~', '[x](javascript:y)', '![x](y)', '[x]: y', '|', '\\', '\\|', '$'],
				...[
					'# ',
					'- ',
					'+ ',
					'> ',
					'1. ',
					'1) ',
					'---',
					'===',
					'\n',
					'\n\n',
					'    ',
					'\t',
					'ch_in',
					'2 * 3',
					'p < 0.001',
				],
			),
			fc.string({maxLength: 4}),
		),
	)
	.map(parts => parts.join(''));

const entities: Readonly<Record<string, string>> = {lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'"};
const textOf = (html: string): string =>
	html.replaceAll(/<\/?code>/g, '`').replaceAll(/&(lt|gt|amp|quot|#39);/g, (_, name) => entities[name] ?? '');
const plain = (text: string): string => text.trim().replaceAll(/\s+/g, ' ');
const unspaced = (text: string): string => text.replaceAll(/\s/g, '');
/** Renders Markdown. An address becomes a link to itself, which is allowed. */
const html = (markdown: string): string =>
	(parse(markdown) as string).trim().replaceAll(/<a href="(?:mailto:|https?:|ftp:)[^"]*">([^<]*)<\/a>/g, '$1');

/** Renders a line, which must become a single element, and returns its text. */
const within = (tag: string, source: string): string =>
	textOf(new RegExp(`^<${tag}>([^<>]*)</${tag}>$`).exec(html(source))?.[1] ?? `more than a <${tag}>: ${html(source)}`);

test('any name is shown unchanged in a heading, in a sentence and in a table', t => {
	fc.assert(
		fc.property(nasty, name => {
			t.is(within('h1', `# x ${markdownText(name)}`), plain(`x ${name}`));
			t.is(within('p', `Of ${markdownText(`x${name}`)} .`), plain(`Of ${plain(`x${name}`)} .`));
			const table = html(markdownTable(['a', 'b'], [['x', `x ${name}`]]));
			const cells = [...table.matchAll(/<td[^>]*>(.*?)<\/td>/gs)].map(([, cell = '']) => cell);
			t.is(cells.length, 2);
			t.false(
				cells.some(cell => cell.includes('<')),
				table,
			);
			t.is(textOf(cells[1] ?? ''), plain(`x ${name}`));
		}),
		{numRuns: 2000},
	);
});

test('any sentences are shown unchanged, with text between backticks as code', t => {
	fc.assert(
		fc.property(nasty, sentences => {
			const shown = html(`- ${markdownProse(`${sentences} .`)}`).replaceAll(/\n/g, '');
			const inner = /^<ul><li>(.*)<\/li><\/ul>$/.exec(shown)?.[1] ?? `more than an item: ${shown}`;
			t.notRegex(inner.replaceAll(/<code>[^<>]*<\/code>/g, ''), /[<>]/, shown);
			t.is(unspaced(textOf(inner)), unspaced(`${sentences} .`), shown); // code loses leading and trailing spaces
		}),
		{numRuns: 2000},
	);
	t.is(markdownProse('Seeds of `fc-layer` are <b>good</b>'), 'Seeds of `fc-layer` are &lt;b>good&lt;/b>');
});

test('characters that are no markup in their place are not escaped', t => {
	for (const text of [
		'ch_in',
		'act_size',
		'2 * 3',
		'p < 0.001',
		'99.40 % ± 0.02',
		'0 & 1',
		'-2.00 to 1.00',
		'28x28x1',
	]) {
		t.is(markdownText(text), text);
	}
});
