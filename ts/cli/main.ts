#!/usr/bin/env node
// Imports only what an old Node can parse, so that it prints a sentence and no stack.
import {readFileSync} from 'node:fs';
import process from 'node:process';
import {nodeLines} from '../platform/node-lines.js';

const {engines} = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
const {needed, fits} = nodeLines(engines.node);

if (fits(process.versions.node)) {
	try {
		const {Interruption} = await import('./interruption.js');
		const interruption = new Interruption(); // before what takes time to load
		const {runProgram} = await import('./program.js');
		await runProgram(interruption);
	} catch (error) {
		const {code, message} = error as NodeJS.ErrnoException;
		if (code !== 'EMFILE' && code !== 'ENFILE') {
			throw error;
		}

		process.stderr.write(
			`stepladder: too few files may be open here (${message}): allow more, as by \`ulimit -n 1024\`\n`,
		);
		process.exitCode = 1;
	}
} else {
	process.stderr.write(`stepladder needs ${needed}; this is ${process.version}\n`);
	process.exitCode = 1;
}
