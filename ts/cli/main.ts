#!/usr/bin/env node
import process from 'node:process';
import {Command, CommanderError} from 'commander';
import {AbortError, StepladderError} from '../index.js';
import {typed} from '../text/typed.js';
import {benchCommand} from './commands/bench.js';
import {compareCommand} from './commands/compare.js';
import {doctorCommand} from './commands/doctor.js';
import {initCommand} from './commands/init.js';
import {ladderCommand} from './commands/ladder.js';
import {newStepCommand} from './commands/new-step.js';
import {predictCommand} from './commands/predict.js';
import {recordCommand} from './commands/record.js';
import {reportCommand} from './commands/report.js';
import {runsCommand} from './commands/runs.js';
import {setupCommand} from './commands/setup.js';
import {summaryCommand} from './commands/summary.js';
import {sweepCommand} from './commands/sweep.js';
import {trainCommand} from './commands/train.js';
import {exitCodeOf, exitCodes} from './exit-codes.js';
import {Interruption} from './interruption.js';

const interruption = new Interruption();

const program = new Command('stepladder')
	.description('Trains small convolutional nets one justified step at a time.')
	.addHelpText(
		'after',
		`\nExamples:\n  ${typed('init', 'my-ladder')}\n  ${typed('train', '--step baseline')}\n  ${typed('record', '--step baseline')}\n  ${typed('report')}`,
	);
const commands = [
	initCommand(),
	newStepCommand(),
	trainCommand(interruption),
	summaryCommand(),
	ladderCommand(),
	runsCommand(),
	predictCommand(interruption),
	recordCommand(interruption),
	sweepCommand(interruption),
	compareCommand(),
	reportCommand(),
	benchCommand(),
	setupCommand(interruption),
	doctorCommand(),
];
for (const command of commands) {
	program.addCommand(command.copyInheritedSettings(program).exitOverride());
	for (const inner of command.commands) {
		inner.copyInheritedSettings(program).exitOverride();
	}
}

try {
	await program.exitOverride().parseAsync();
} catch (error) {
	process.exitCode = report(error);
}

if (interruption.exitCode !== undefined) {
	process.exitCode = interruption.exitCode;
}

function report(error: unknown): number {
	if (error instanceof CommanderError) {
		return error.exitCode === 0 ? exitCodes.done : exitCodes.usage; // commander has said what is wrong
	}

	if (error instanceof AbortError && interruption.exitCode !== undefined) {
		if (interruption.exitCode !== exitCodes.done) {
			process.stderr.write('stepladder: interrupted; what was written so far is kept\n');
		}

		return interruption.exitCode;
	}

	// A mistake of the user's needs a sentence, a bug of ours its stack.
	const text = error instanceof StepladderError ? error.message : error instanceof Error ? error.stack : String(error);
	process.stderr.write(`stepladder: ${text}\n`);
	return exitCodeOf(error);
}
