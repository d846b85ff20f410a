import process from 'node:process';
import {Command} from 'commander';
import {mnistFolder} from '../../data/mnist.js';
import {native} from '../../native/load.js';
import {unwrap} from '../../native/unwrap.js';
import {exitCodes} from '../exit-codes.js';

type Finding = {readonly what: string; readonly found?: string; readonly missing?: string};

export const doctorCommand = (): Command =>
	new Command('doctor')
		.description('Say what is installed, what is found, and how to get what is missing.')
		.action(() => {
			const findings = [
				find('Addon', () => `version ${native().runtimeInfo().version}, loaded with libtorch`),
				find('Cores', () => String(native().runtimeInfo().cores)),
				find('CUDA', () =>
					native().runtimeInfo().cuda ? 'available' : 'not available: training runs on the CPU (`--device cpu`)',
				),
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
