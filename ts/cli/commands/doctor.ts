import process from 'node:process';
import {Command} from 'commander';
import {mnistFolder} from '../../data/mnist.js';
import {hasTorch, native, nativeFor} from '../../native/load.js';
import {unwrap} from '../../native/unwrap.js';
import {exitCodes} from '../exit-codes.js';

type Finding = {readonly what: string; readonly found?: string; readonly missing?: string};

export const doctorCommand = (): Command =>
	new Command('doctor')
		.description('Say what is installed, what is found, and how to get what is missing.')
		.action(() => {
			const findings = [
				find('Addon', () => {
					const {version, isa} = unwrap(native().runtimeInfo());
					return `version ${version}, computing with ${isa}`;
				}),
				find('Cores', () => String(unwrap(native().runtimeInfo()).cores)),
				find('libtorch', () => {
					if (!hasTorch()) {
						return 'not built in, which only `--engine aten` and `--device cuda` need: `npm run build -- --torch`';
					}

					const {libtorch, cuda} = unwrap(nativeFor({engine: 'aten'}).runtimeInfo());
					return `${libtorch}, ${cuda ? 'with a CUDA device' : 'without a CUDA device'}`;
				}),
				find('MNIST', () => {
					const folder = mnistFolder();
					unwrap(native().checkMnist(folder));
					return `${folder}, all four files as they should be`;
				}),
			];
			for (const {what, found, missing} of findings) {
				process.stdout.write(`${missing ? '✗' : '✓'} ${what}: ${missing ?? found}\n`);
			}

			if (findings.some(({missing}) => missing)) {
				process.exitCode = exitCodes.failed;
			}
		});

const find = (what: string, look: () => string): Finding => {
	try {
		return {what, found: look()};
	} catch (error) {
		return {what, missing: error instanceof Error ? error.message : String(error)};
	}
};
