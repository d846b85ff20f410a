import {existsSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {execa} from 'execa';
import {root} from './cli.js';

const platform = process.platform === 'win32' ? 'win' : process.platform;

/** Returns a Node of a major version: this one, or that of npm's `node-<platform>-<arch>`, kept under build/. */
export const nodeOf = async (major: number): Promise<string> => {
	if (process.versions.node.startsWith(`${major}.`)) {
		return process.execPath;
	}

	const name = `node-${platform}-${process.arch}`;
	const folder = path.join(root, 'build', 'nodes', String(major));
	const node = path.join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
	if (!existsSync(node)) {
		const options = ['--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
		await execa('npm', ['install', ...options, `${name}@${major}`], {stdin: 'ignore'});
	}

	return node;
};
