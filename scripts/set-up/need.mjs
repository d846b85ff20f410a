import {spawnSync} from 'node:child_process';
import process from 'node:process';
import {neededNode, nodeFits} from './node.mjs';

/**
 * @typedef {object} Need
 * @property {string} what
 * @property {boolean} [forTorch] whether it is needed only for libtorch
 * @property {() => {name: string, version: string} | undefined} find
 * @property {string | Record<string, string>} get
 */

/** A missing tool. The message says which, and how to install it; no stack is printed. */
export class MissingNeed extends Error {}

/**
 * Returns the first of several commands whose `--version` succeeds.
 *
 * @param {string[]} names
 * @returns {{name: string, version: string} | undefined}
 */
export const findCommand = names => {
	for (const name of names) {
		const {status, stdout, stderr} = spawnSync(name, ['--version'], {encoding: 'utf8'});
		if (status === 0) {
			return {name, version: (stdout || stderr).split('\n', 1)[0].trim()};
		}
	}

	return undefined;
};

/**
 * The tools that a build from source needs, some of them only for libtorch. `doctor` lists all; the set-up checks for one
 * when it needs it.
 *
 * @type {Record<'node' | 'rust' | 'c' | 'compiler' | 'pip', Need>}
 */
export const needs = {
	node: {
		what: neededNode,
		find: () => (nodeFits() ? {name: process.execPath, version: process.version} : undefined),
		get: `this is ${process.version}`,
	},
	rust: {
		what: 'Rust',
		find: () => findCommand(['cargo']),
		get: 'install it from https://rustup.rs (1.89 or newer), then open a new terminal',
	},
	c: {
		what: 'a C compiler',
		find: () => (process.platform === 'win32' ? findCommand(['link', 'cl']) : findCommand(['cc', 'gcc', 'clang'])),
		get: {
			linux: 'install it by `apt-get install gcc libc6-dev` or your distribution’s equivalent',
			darwin: 'install it by `xcode-select --install`',
			win32: 'install the C++ build tools of Visual Studio',
		},
	},
	compiler: {
		what: 'a C++ compiler',
		forTorch: true,
		find: () =>
			process.platform === 'win32'
				? findCommand(['cl', 'clang-cl'])
				: findCommand(process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++']),
		get: {
			linux: 'install it by `apt-get install g++` or your distribution’s equivalent',
			darwin: 'install it by `xcode-select --install`',
			win32: 'install the C++ build tools of Visual Studio, and run this from their command prompt',
		},
	},
	pip: {
		what: 'Python 3.8 or newer with pip',
		forTorch: true,
		find: () => {
			for (const name of ['python3', 'python', 'py']) {
				const {status, stdout} = spawnSync(name, ['-m', 'pip', '--version'], {encoding: 'utf8'});
				if (status === 0) {
					return {name, version: stdout.trim()};
				}
			}

			return undefined;
		},
		get: {
			linux:
				'install it by `apt-get install python3-pip` or your distribution’s equivalent, or name a libtorch 2.13.0 in LIBTORCH',
			darwin: 'install it by `brew install python`, or name a libtorch 2.13.0 in LIBTORCH',
			win32: 'install Python from https://python.org, or name a libtorch 2.13.0 in LIBTORCH',
		},
	},
};

/**
 * Returns how to install a tool on this platform.
 *
 * @param {keyof typeof needs} name
 * @returns {string}
 */
export const howToGet = name => {
	const {get} = needs[name];
	return typeof get === 'string' ? get : (get[process.platform] ?? get['linux'] ?? '');
};

/**
 * Returns the command of a tool.
 *
 * @throws {MissingNeed} if `forWhat` lacks it
 *
 * @param {keyof typeof needs} name
 * @param {string} forWhat
 * @returns {{name: string, version: string}}
 */
export const demand = (name, forWhat) => {
	const found = needs[name].find();
	if (!found) {
		throw new MissingNeed(`${forWhat} needs ${needs[name].what}, which was not found: ${howToGet(name)}.`);
	}

	return found;
};
