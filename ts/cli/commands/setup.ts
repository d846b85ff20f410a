import type {Command} from 'commander';
import {checkLibtorchSources, ensureLibtorch} from '../../libtorch/ensure-libtorch.js';
import {ensureTorchAddon, torchCommand} from '../../libtorch/torch-addon.js';
import {hasTorch, nativeFor} from '../../native/load.js';
import {unwrap} from '../../native/unwrap.js';
import {commandHint} from '../../platform/command-hint.js';
import {isClone} from '../../platform/package-root.js';
import type {Interruption} from '../interruption.js';
import {print, printError} from '../print.js';

const examples = `
Examples:
  ${commandHint('setup', 'torch')}
  ${commandHint('setup', 'torch --wheel torch-2.13.0-cp313-cp313-manylinux_2_28_x86_64.whl')}`;

export const setupCommand = (command: Command, interruption: Interruption): Command => {
	addTorch(command.addHelpText('after', examples).command('torch'), interruption);
	return command;
};

const addTorch = (command: Command, interruption: Interruption): Command =>
	command
		.description('Fetch libtorch, which `--engine aten` and `--device cuda` compute with, into the cache.')
		.option('--wheel <file...>', 'files of wheels, instead of fetching them')
		.addHelpText(
			'after',
			`
Wheels come through pip, with its mirrors, proxies and certificates, and are checked by pinned hashes. LIBTORCH=DIR names a
libtorch of your own. The cache is kept where STEPLADDER_CACHE says.
${examples}`,
		)
		.action(async ({wheel}: {wheel?: string[]}) => {
			const {signal} = interruption;
			const report = (line: string): void => void printError(`${line}\n`);
			await checkLibtorchSources({wheels: wheel});
			// The addon first: it is small, and without it libtorch is of no use here.
			const addon = isClone ? undefined : await ensureTorchAddon({signal, report});
			const folder = await ensureLibtorch({wheels: wheel, signal, report});
			print(`libtorch is in ${folder}\n`);
			if (addon !== undefined) {
				print(`Its addon is ${addon}\n`);
			} else if (!hasTorch()) {
				print(`Next: \`${torchCommand}\` builds the addon that is linked against it\n`);
				return;
			}

			const {libtorch, cuda} = unwrap(nativeFor({engine: 'aten'}).runtimeInfo());
			print(`libtorch ${libtorch} runs here, ${cuda ? 'with a CUDA device' : 'without a CUDA device'}\n`);
		});
