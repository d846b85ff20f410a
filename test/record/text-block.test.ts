import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import {readBlock, textBlock, writeBlock} from '../../ts/record/text-block.js';
import {temporaryFolder} from '../helpers/folder.js';

const text = fc.record({
	target: fc.string(),
	why: fc.lorem({mode: 'sentences'}),
	preregistered: fc.string(),
	result: fc.array(fc.string()),
	analysis: fc.array(fc.oneof(fc.string(), fc.constant('it ends /* here */ and $& goes on'))),
});

test('a text block of any content is one comment at the head of its file, and can be replaced', t => {
	const file = path.join(temporaryFolder(t), 'step.ts');
	fc.assert(
		fc.property(text, text, (before, after) => {
			const code = 'import {defineStep} from "x";\n\n/* kept */\n';
			writeFileSync(file, code);
			for (const content of [before, after]) {
				const block = textBlock(content);
				t.is(block.indexOf('*/'), block.length - 3);
				writeBlock(file, block);
				t.is(readBlock(file), block);
				t.is(readFileSync(file, 'utf8'), `${block}\n${code}`);
			}
		}),
	);
});

test('lines are at most 116 characters long', t => {
	const sentence = 'a sentence of ordinary words that goes on for a while '.repeat(12);
	const block = textBlock({
		target: sentence,
		why: sentence,
		preregistered: sentence,
		result: [sentence, sentence],
		analysis: [sentence],
	});
	t.true(block.split('\n').every(line => line.length <= 116));
	t.regex(block, /^\/\*\nTarget: a sentence .*\n {2}\S/);
});
