import os from 'node:os';
import process from 'node:process';
import test from 'ava';
import {cacheFolder} from '../../ts/cache/cache-folder.js';

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('without a home, as in containers, the cache is below /', t => {
	const {homedir} = os;
	t.teardown(() => {
		os.homedir = homedir;
	});
	os.homedir = () => {
		throw Object.assign(new Error('uv_os_homedir returned ENOENT'), {code: 'ERR_SYSTEM_ERROR'});
	};
	delete process.env['STEPLADDER_CACHE'];
	delete process.env['XDG_CACHE_HOME'];
	t.is(cacheFolder(), '/.cache/stepladder');
});
