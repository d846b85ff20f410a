import test from 'ava';
import {Command} from 'commander';
import {execa} from 'execa';
import {forgottenDashes} from '../../ts/cli/forgotten-dashes.js';
import {root} from '../helpers/cli.js';

const command = new Command('train')
	.option('--step <name>')
	.option('--limit-train <n>')
	.option('--strict')
	.option('--json');

const means = test.macro((t, words: string[], environment: NodeJS.ProcessEnv, line: string | undefined) => {
	t.is(forgottenDashes(command, words, environment), line);
});

test(
	'npm that takes the option and its value',
	means,
	[],
	{npm_config_step: 'dropout'},
	'npm run train -- --step dropout',
);
test(
	'npm that takes the option and hands on its value',
	means,
	['dropout'],
	{npm_config_step: 'true'},
	'npm run train -- --step dropout',
);
test(
	'what came after the dashes is kept',
	means,
	['dropout', '--seeds', '1-5'],
	{npm_config_step: 'true', npm_config_strict: 'true'},
	'npm run train -- --step dropout --strict --seeds 1-5',
);
test(
	'with several values nobody knows which is whose',
	means,
	['dropout', '100'],
	{npm_config_step: 'true', npm_config_limit_train: 'true'},
	'npm run train -- --step <name> --limit-train <n>',
);
test('an option of npm’s own says nothing', means, [], {npm_config_json: 'true'}, undefined);
test('nothing is taken where dashes were typed', means, ['--step', 'dropout'], {}, undefined);

test('a script that is started without dashes prints the line to type', async t => {
	const {exitCode, stderr, stdout} = await execa('npm', ['run', '-s', 'summary', '--step', 'dropout'], {
		...{cwd: root, stdin: 'ignore', reject: false, env: {npm_config_loglevel: 'error'}},
	});
	t.is(exitCode, 2);
	t.is(stdout, '');
	t.regex(stderr, /type `npm run summary -- --step dropout`$/);
});
