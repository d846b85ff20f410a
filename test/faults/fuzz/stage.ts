import path from 'node:path';
import type {Ending} from '../../helpers/folder.js';
import type {OwnLadder} from '../../helpers/own-ladder.js';
import {tinyLadder} from '../../helpers/tiny-ladder.js';
import {readState, shimEnvironment} from '../system-calls/shim.js';

/** Makes a ladder with one of each that Stepladder reads: a finished and an interrupted run, a record, a sweep. */
export const makeStage = async (scope: Ending): Promise<string> => {
	const ladder = tinyLadder(scope, {train: 48, test: 20, epochs: 3});
	const run = async (command: readonly string[], env = {}): Promise<void> => {
		const {exitCode, stderr} = await ladder.run(command, {env});
		if (exitCode !== 0 && exitCode !== undefined) {
			throw new Error(`${command.join(' ')} ended with ${exitCode}: ${stderr}`);
		}
	};

	await run(['train', '--step', 'tiny', '--out', 'finished']);
	await run(['record', '--step', 'tiny', '--seeds', '1,2']);
	const vary = ['--vary', 'schedule.learningRate=0.01,0.02', '--seeds', '101', '--holdout', '16'];
	await run(['sweep', '--step', 'tiny', ...vary, '--name', 'rates']);
	await interrupt(ladder, run);
	return ladder.folder;
};

/** Interrupts a run after its first epoch, in `unfinished`. */
const interrupt = async (
	ladder: OwnLadder,
	run: (command: readonly string[], env: NodeJS.ProcessEnv) => Promise<void>,
): Promise<void> => {
	const state = path.join(ladder.folder, 'calls');
	const fault = {kind: 'rename', at: 2, what: 'kill', file: '/checkpoint.safetensors'};
	await run(['train', '--step', 'tiny', '--out', 'unfinished'], shimEnvironment(ladder.folder, state, fault));
	if (readState(state).struck === undefined) {
		throw new Error('the run was not cut off');
	}
};
