// Brings npm packages, the addon and the compiled TypeScript up to date; with `--torch` also libtorch and the addon that is
// linked against it.
import process from 'node:process';
import {runMain, setUp} from './set-up/index.mjs';

await runMain(() => setUp(process.argv.includes('--torch') ? '`build --torch` asks for' : undefined));
