// Prints the path of the test program that cargo built: `cargo test --no-run --message-format=json | node test-program.mjs`.
import {readFileSync} from 'node:fs';
import process from 'node:process';

const lines = readFileSync(0, 'utf8').split('\n').filter(Boolean);
const programs = lines.map(line => JSON.parse(line).executable).filter(Boolean);
process.stdout.write(`${programs.at(-1) ?? ''}\n`);
process.exitCode = programs.length > 0 ? 0 : 1;
