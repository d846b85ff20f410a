// Runs the kernels' tests under Miri, on the portable path: `node scripts/miri.mjs`. Needs a nightly Rust with
// `rustup toolchain install nightly --component miri,rust-src`.
import {spawnSync} from 'node:child_process';
import process from 'node:process';

const {status, error} = spawnSync('cargo', ['+nightly', 'miri', 'test', '--package', 'stepladder-kernels', '--tests'], {
	cwd: new URL('..', import.meta.url),
	stdio: 'inherit',
	env: {...process.env, MIRIFLAGS: '-Zmiri-disable-isolation'}, // proptest reads the working folder
});
if (error) {
	throw error;
}

process.exitCode = status ?? 1;
