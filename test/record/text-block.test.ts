import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import {readBlock, strayTexts, writeBlock} from '../../ts/record/block-in-file.js';
import {textBlock} from '../../ts/record/text-block.js';
import {temporaryFolder} from '../helpers/folder.js';
import {Project} from '../helpers/project.js';

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

const example = (result: string): string =>
	textBlock({target: 'At least half.', why: 'To see.', preregistered: 'Then.', result: [result], analysis: ['So.']});

const code = 'import {defineStep} from "x";\n';

for (const [name, lead] of [
	['a byte order mark', '\uFEFF'],
	['`#!`', '#!/usr/bin/env node\n'],
	['a byte order mark and a licence', '\uFEFF/* Copyright 2026 A. Uthor */\n\n'],
	['a licence', '/*\n * Licensed under the Apache License, Version 2.0\n */\n\n'],
	['a licence in line comments', '// SPDX-License-Identifier: MIT\n// and more\n\n'],
	['`/*!`', '#!/usr/bin/env node\n/*! kept by bundlers */\n'],
	['a licence with Windows line ends', '\uFEFF// Copyright\r\n\r\n'],
] as const) {
	test(`${name} stays above the text block, which is there once`, t => {
		const file = path.join(temporaryFolder(t), 'step.ts');
		const ends = (text: string): string => (lead.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text);
		writeFileSync(file, ends(`${lead.replaceAll('\r', '')}${code}`));
		for (const result of ['Missed.', 'Held.']) {
			writeBlock(file, example(result));
			t.is(readFileSync(file, 'utf8'), ends(`${lead.replaceAll('\r', '')}${example(result)}\n${code}`));
			t.is(readBlock(file), example(result));
			t.deepEqual(strayTexts(file), []);
		}
	});
}

test('a comment that the user has moved above the text block stays there', t => {
	const file = path.join(temporaryFolder(t), 'step.ts');
	writeFileSync(file, `// mine\n${example('Missed.')}\n/* of the code */\n${code}`);
	writeBlock(file, example('Held.'));
	t.is(readFileSync(file, 'utf8'), `// mine\n${example('Held.')}\n/* of the code */\n${code}`);
});

test('a stray text is found behind any line end, and with characters without a width', t => {
	const file = path.join(temporaryFolder(t), '0-tiny.ts');
	writeFileSync(file, `${code}/*\rResult: 5\u2028Promised : 1\r*/\n// \u200bRESULT:5\n`);
	t.is(strayTexts(file).length, 3);
});

test('code that has the names of the parts is no stray text', t => {
	const file = path.join(temporaryFolder(t), '0-tiny.ts');
	const plain =
		"const parts = {Result: 5, Target: 1 / 2, Analysis: /'/};\nconst text = `\n// Target: 1`; // Results: none\n";
	writeFileSync(file, `${example('Missed.')}\n${plain}`);
	t.deepEqual(strayTexts(file), []);
});

for (const [name, forge, lines] of [
	['a second block below the true one', (block: string) => `${block}\n${example('Held by 5 of 5.')}${code}`, 4],
	['a second block below the code', (block: string) => `${block}\n${code}\n${example('Held by 5 of 5.')}`, 4],
	['a false block above the true one', (block: string) => `${example('Held by 5 of 5.')}\n${block}\n${code}`, 4],
	['a comment above the block', (block: string) => `/** Result: Held by 5 of 5 seeds. */\n${block}\n${code}`, 1],
	['a line comment', (block: string) => `${block}\n${code}// Result: Held by 5 of 5 seeds.\n`, 1],
	['a comment of several lines', (block: string) => `${block}\n${code}/**\n * Promised: In 2020.\n */\n`, 1],
	[
		'lists, headings and bold text',
		(block: string) => `${block}\n${code}// - Result: 5\n/*\n * ## Target: 99 %\n * **Result:** 5\n */\n`,
		3,
	],
	['a sentence in the middle of a comment', (block: string) => `${block}\n${code}/* As we know, Result: 99 % */\n`, 1],
	['a comment behind code', (block: string) => `${block}\n${code}const a = '//'; /* 1 */ // see **Result**: 5\n`, 1],
	['a comment behind another', (block: string) => `${block}\n${code}/* 1 */ /* Target: less */\n`, 1],
] as const) {
	test(`${name} is named`, t => {
		const file = path.join(temporaryFolder(t), 'step.ts');
		const source = forge(example('Missed.'));
		writeFileSync(file, source);
		const found = strayTexts(file);
		t.is(found.length, lines);
		for (const sentence of found) {
			const [, line, text] = /, line (\d+): (".*") stands outside of the step’s text block/.exec(sentence) ?? [];
			t.is(source.split('\n')[Number(line) - 1]?.trim(), JSON.parse(text ?? ''));
		}
	});
}

test('`record --check` and `record --text` name a second text block', async t => {
	const project = new Project(t);
	const step = project.read('steps/3-dropout.ts');
	const [block = ''] = /^\/\*.*?\*\/\n/s.exec(step) ?? [];
	project.write('steps/3-dropout.ts', `${step}\n${block.replace(/Missed: held by \d/, 'Held by 5')}`);
	for (const mode of ['--check', '--text']) {
		const {stdout, stderr, exitCode} = await project.start('record', mode);
		t.is(exitCode, 1);
		t.regex(
			`${stdout}${stderr}`,
			/^steps\/3-dropout\.ts, line \d+: "Result: .*" stands outside of the step’s text block/m,
		);
	}
});

test('a correction stands beside the promised reason, which stays, and can be added after the record', async t => {
	const project = new Project(t);
	const step = 'steps/6-lr-scheduler.ts';
	const [, why = ''] = /\n( {2}Why: .*?) {2}Promised: /s.exec(project.read(step)) ?? [];
	project.edit(
		step,
		'\t\ttestAccuracy: 0.994',
		// biome-ignore lint/suspicious/noTemplateCurlyInString: the source of a step
		'\t\tcorrection: ({self}) => `It was not quiet: ${percent(Math.min(...self.lowest.values))} %.`,\n\t\ttestAccuracy: 0.994',
	);
	const before = await project.start('record', '--check');
	t.regex(
		before.stdout,
		/^steps\/6-lr-scheduler\.ts, line 8: the text block says " {2}Promised: .*", the records say " {2}Correction: It was not quiet: 99\.38 %\."; try: .*\n1 problem found\.$/,
	);
	t.is((await project.start('record', '--text')).exitCode, 0);
	t.true(project.read(step).includes(`${why}  Correction: It was not quiet: 99.38 %.\n  Promised: `));
	const after = await project.start('record', '--check');
	t.is(after.exitCode, 0, after.stdout);
	for (const [wrong, message] of [
		['({self}) => self.seeds', /`target\.correction` should give a text, it gave \[1,2,3,4,5\]/],
		['() => { throw new Error("no"); }', /`target\.correction` threw: Error: no/],
		['7', /`target\.correction` should be a sentence that says what is wrong in `why`, got 7/],
		["' '", /`target\.correction` should be a sentence/],
	] as const) {
		project.edit(step, /correction: .*,\n/, `correction: ${wrong},\n`);
		const {stdout, stderr, exitCode} = await project.start('record', '--check', '--step', 'lr-scheduler');
		t.not(exitCode, 0);
		t.regex(`${stdout}${stderr}`, message);
	}
});
