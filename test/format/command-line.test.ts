import {execFileSync} from 'node:child_process';
import process from 'node:process';
import test from 'ava';
import {shellQuote} from '../../ts/format/command-line.js';

(process.platform === 'win32' ? test.skip : test)('a quoted path reaches a program unchanged', t => {
	for (const file of ['runs/a', 'my runs', '$(id)', '`id`', 'a"b', "it's", "it's $HOME", '*', 'a;b', 'größe', 'a!b']) {
		t.is(execFileSync('sh', ['-c', `printf %s ${shellQuote(file)}`], {encoding: 'utf8'}), file);
	}

	t.is(shellQuote('my runs'), '"my runs"');
});
