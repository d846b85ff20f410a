import {existsSync, lstatSync, mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {MissingNeed} from './need.mjs';

/**
 * Makes `root/build/libtorch` for a CPU build to link against: libtorch's headers, and links to the libraries that it
 * needs, since torch-sys would also link CUDA's if it saw them.
 *
 * @param {string} root the project
 * @param {string} libtorch a folder with `lib` and `include`
 * @param {{libraries: readonly string[], version: string}} wanted
 */
export const linkView = (root, libtorch, {libraries, version}) => {
	if (!existsSync(path.join(libtorch, 'include', 'torch'))) {
		throw new MissingNeed(`${libtorch} has no headers in \`include/torch\`, which a build needs.`);
	}

	const view = path.join(root, 'build', 'libtorch');
	const include = path.join(view, 'include');
	const linked = libraries.filter(name => existsSync(path.join(libtorch, 'lib', name)));
	const isComplete = linked.every(name => existsSync(path.join(view, 'lib', name)));
	if (isComplete && linkTarget(include) === path.join(libtorch, 'include') && existsSync(include)) {
		return;
	}

	const fresh = `${view}.${process.pid}`;
	mkdirSync(path.join(fresh, 'lib'), {recursive: true});
	for (const name of linked) {
		symlinkSync(path.join(libtorch, 'lib', name), path.join(fresh, 'lib', name));
	}

	if (process.platform === 'linux') {
		// torch-sys asks the linker for `libtorch`; the one in a CUDA wheel would link CUDA, so a linker script has its
		// name.
		writeFileSync(path.join(fresh, 'lib', 'libtorch.so'), 'INPUT(-ltorch_cpu)\n');
	}

	writeFileSync(path.join(fresh, 'build-version'), version);
	symlinkSync(path.join(libtorch, 'include'), path.join(fresh, 'include'), 'junction');
	rmSync(view, {recursive: true, force: true});
	renameSync(fresh, view);
};

/**
 * @param {string} link
 * @returns {string | undefined}
 */
const linkTarget = link => {
	try {
		return lstatSync(link).isSymbolicLink() ? readlinkSync(link) : undefined;
	} catch {
		return undefined;
	}
};
