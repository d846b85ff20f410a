import process from 'node:process';
import type {Command} from 'commander';
import {AbortError} from '../../index.js';
import {checkLibtorchSources, ensureLibtorch} from '../../libtorch/ensure-libtorch.js';
import {ensureTorchAddon, torchCommand} from '../../libtorch/torch-addon.js';
import {hasTorch, nativeFor} from '../../native/load.js';
import {unwrap} from '../../native/unwrap.js';
import {commandHint} from '../../platform/command-hint.js';
import {isClone} from '../../platform/package-root.js';
import {FetchLog} from '../fetch-log.js';
import type {Interruption} from '../interruption.js';

const examples = `
Examples:
  ${commandHint('setup', 'torch')}
  ${commandHint('setup', 'torch --index https://HOST/simple')}
  ${commandHint('setup', 'torch --wheel torch-2.13.0-cp313-cp313-manylinux_2_28_x86_64.whl')}`;

export const setupCommand = (command: Command, interruption: Interruption): Command => {
	addTorch(command.addHelpText('after', examples).command('torch'), interruption);
	return command;
};

const addTorch = (command: Command, interruption: Interruption): Command =>
	command
		.description('Fetch libtorch, which `--engine aten` and `--device cuda` compute with, into the cache.')
		.option('--index <url>', 'a Python package index to fetch from without pip; an interrupted download is continued')
		.option('--wheel <file...>', 'wheels that are here already, in place of fetching them')
		.addHelpText(
			'after',
			`
Wheels come through pip, with its mirrors, proxies and certificates; without pip from --index, or PIP_INDEX_URL. Each
is held against a pinned hash. LIBTORCH=DIR names a libtorch of your own. The cache is kept where STEPLADDER_CACHE says.
${examples}`,
		)
		.action(async ({index, wheel}: {index?: string; wheel?: string[]}) => {
			const log = new FetchLog();
			const {signal} = interruption;
			try {
				await checkLibtorchSources({index, wheels: wheel});
				// The addon first: it is small, and without it libtorch is of no use here.
				const addon = isClone ? undefined : await ensureTorchAddon({signal, tell: log.tell});
				const folder = await ensureLibtorch({index, wheels: wheel, signal, tell: log.tell});
				log.end();
				process.stdout.write(`libtorch is in ${folder}\n`);
				if (addon !== undefined) {
					process.stdout.write(`Its addon is ${addon}\n`);
				} else if (!hasTorch()) {
					process.stdout.write(`Next: \`${torchCommand}\` builds the addon that is linked against it\n`);
					return;
				}

				const {libtorch, cuda} = unwrap(nativeFor({engine: 'aten'}).runtimeInfo());
				process.stdout.write(
					`libtorch ${libtorch} runs here, ${cuda ? 'with a CUDA device' : 'without a CUDA device'}\n`,
				);
			} catch (error) {
				log.end();
				if (error instanceof AbortError && log.progress !== undefined) {
					process.stderr.write(`${log.progress}; run the same command again to continue\n`);
				}

				throw error;
			}
		});
