// The words that CONTRIBUTING's glossary replaced, so that they stay gone.
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';

/** Patterns, each with what to write in its place. */
const replaced = /** @type {const} */ ([
	[/\banew\b/i, 'again, retrain, rewrite'],
	[/\b(?:came|comes?|coming) to (?:its|their|an) end\b/i, 'ended, finished'],
	[/\b(?:what|which) (?:\w+ )*?(?:came|comes) to\b/i, 'outcome, result'],
	[/\bkept aside\b|\bkeeps? aside\b/i, 'held-out, validation'],
	[/\b(?:is|are|was|were|be|been|not) told\b|\btold (?:apart|from|of|that)\b/i, 'significant; reported, printed'],
	[/\b(?:gone|goes|go|going|went) on with\b/i, 'resume, continue'],
	[/\bnothing (?:where|for|until|before|while)\b/i, '`undefined` if, none if'],
	[/\b(?:hold|holds|held|holding) \S+(?: \S+){0,4} against\b/i, 'check, verify, compare'],
	[/\bsigns? of life\b/i, 'heartbeat'],
	[/\btells? of\b|\btelling of\b/i, 'reports, emits'],
]);

/** Texts whose words are evidence, or somebody else's. */
const exempt = [
	...['ladders/mnist/steps/', 'test/samples/', 'test/faults/corpus/', 'test/snapshots/', 'findings/', 'CHANGELOG.md'],
	...['scripts/lint/words.mjs', 'CONTRIBUTING.md', 'LICENSE', 'docs/SHIPPED.md', 'test/faults/results.json'],
];

/**
 * Finds replaced words in the project's own texts.
 *
 * @param {string} root of the project
 * @returns {string[]} a sentence for each
 */
export const replacedWords = root => {
	const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {cwd: root, encoding: 'utf8'});
	const files = listed.split('\n').filter(name => /\.(?:[jt]s|mjs|rs|md|py|sh|toml|yml|html|css)$/.test(name));
	const own = files.filter(
		name =>
			!exempt.some(place => name.startsWith(place)) &&
			!/^ladders\/[^/]+\/records\//.test(name) &&
			existsSync(path.join(root, name)),
	);
	return own.flatMap(name =>
		readFileSync(path.join(root, name), 'utf8')
			.split('\n')
			.flatMap((line, index) =>
				replaced.flatMap(([pattern, better]) => {
					const [found] = pattern.exec(line) ?? [];
					return found === undefined ? [] : [`${name}:${index + 1}: “${found}”: write ${better}`];
				}),
			),
	);
};
