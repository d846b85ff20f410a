import process from 'node:process';
import test from 'ava';
import {execa} from 'execa';
import {main, root} from '../helpers/cli.js';
import {projectLadders} from '../helpers/project-ladders.js';

/** Checks a ladder in its place, where git has the commits that its preregistrations name: a check writes nothing. */
const check = async (name: string, ...words: string[]) =>
	execa(process.execPath, [main, 'record', '--check', '--ladder', `ladders/${name}`, ...words], {
		...{reject: false, cwd: root, timeout: 240_000},
	});

test('the ladder that `package.json` names is one of the project', t => {
	t.true(projectLadders.some(({name}) => name === 'mnist'));
});

for (const {name, hasImages} of projectLadders) {
	const withImages = `the records, sweeps, text blocks, claims, table and predictions of ladders/${name} agree`;
	if (hasImages) {
		test(withImages, async t => {
			const {stdout, exitCode} = await check(name);
			t.is(exitCode, 0, stdout);
			t.regex(stdout, /^The records, text blocks and claims of \d+ steps?(?: and \d+ sweeps?)? agree\.$/m);
		});
	} else {
		test.skip(`${withImages} (its images are missing here)`, () => {});

		test(`the records, sweeps, text blocks, claims and table of ladders/${name} agree, apart from its images`, async t => {
			const {stdout, exitCode} = await check(name, '--without-images');
			t.is(exitCode, 0, stdout);
			t.regex(stdout, /^The records, text blocks and claims of \d+ steps?(?: and \d+ sweeps?)? agree\.$/m);
		});
	}
}
