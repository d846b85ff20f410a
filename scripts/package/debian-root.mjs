import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {MissingNeed} from '../set-up/need.mjs';
import {unlessStamped} from '../set-up/stamp.mjs';
import {runTool, say} from '../set-up/tool.mjs';

/**
 * The contents of a root.
 *
 * @typedef {object} Contents
 * @property {string} suite such as `sid`
 * @property {string} architecture as Debian spells it
 * @property {string[]} packages installed with their dependencies
 */

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Unpacks Debian's packages into a folder that a process can have as its root. Nothing is installed on this machine,
 * and no script of a package is run.
 *
 * @param {string} folder
 * @param {Contents} contents
 * @param {(root: string) => Promise<void> | void} [finish] adds what else the root needs
 * @returns {Promise<string>} the root
 */
export const debianRoot = async (folder, {suite, architecture, packages}, finish) => {
	const root = path.join(folder, 'root');
	await unlessStamped(path.join(folder, '.stamp'), [suite, architecture, ...packages].join('\n'), async () => {
		say(`Fetching ${packages.join(', ')} for ${architecture} from Debian ${suite} ...`);
		rmSync(folder, {recursive: true, force: true});
		const [state, cache] = ['state', 'cache'].map(name => path.join(folder, name));
		const archives = path.join(cache, 'archives');
		for (const place of [path.join(state, 'lists', 'partial'), path.join(archives, 'partial')]) {
			mkdirSync(place, {recursive: true});
		}

		const sources = path.join(folder, 'debian.sources');
		const status = path.join(folder, 'status');
		writeFileSync(status, '');
		writeFileSync(
			sources,
			`Types: deb\nURIs: ${mirror()}\nSuites: ${suite}\nComponents: main\nSigned-By: ${keyring}\n`,
		);
		const options = [
			...[`Dir::State=${state}`, `Dir::State::status=${status}`, `Dir::Cache=${cache}`],
			...[`Dir::Etc::SourceList=${sources}`, 'Dir::Etc::SourceParts=/dev/null', 'Acquire::Languages=none'],
			...[`APT::Architecture=${architecture}`, `APT::Architectures::=${architecture}`, 'APT::Sandbox::User='],
		].flatMap(option => ['-o', option]);
		await runTool('apt-get', ['-qq', ...options, 'update']);
		await runTool('apt-get', [
			...['-qq', ...options, 'install', '--yes', '--no-install-recommends', '--download-only'],
			...packages,
		]);

		for (const place of ['app', 'dev', 'proc', 'sys', 'tmp', 'usr/bin', 'usr/lib', 'usr/lib64', 'usr/sbin']) {
			mkdirSync(path.join(root, place), {recursive: true});
		}

		for (const name of ['bin', 'lib', 'lib64', 'sbin']) {
			symlinkSync(`usr/${name}`, path.join(root, name)); // as base-files has them
		}

		for (const name of readdirSync(archives).filter(name => name.endsWith('.deb'))) {
			execFileSync('dpkg-deb', ['--extract', path.join(archives, name), root]);
		}

		await finish?.(root);
		rmSync(cache, {recursive: true});
	});
	return root;
};

/**
 * Returns the words before a command that run it in a root, in a process namespace that ends with it.
 *
 * @param {string} root
 * @param {string} [commands] of a shell; `$0` is the root
 */
export const inRoot = (root, commands = 'exec chroot "$0" "$@"') => [
	...['unshare', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])],
	...['--mount', '--pid', '--fork', '--kill-child', '--', 'sh', '-c'],
	`for place in dev sys; do mount --rbind /$place "$0/$place"; done && mount -t proc proc "$0/proc" && ${commands}`,
	root,
];

/**
 * Checks that roots work on this machine, before anything is fetched.
 *
 * @throws {MissingNeed}
 */
export const demandRoots = () => {
	for (const [command, from] of Object.entries({unshare: 'util-linux', 'apt-get': 'apt', 'dpkg-deb': 'dpkg'})) {
		if (spawnSync(command, ['--version']).status !== 0) {
			throw new MissingNeed(`Running other platforms needs Debian with \`${command}\`, of its package ${from}.`);
		}
	}

	const [unshare, ...words] = inRoot('/', 'true');
	if (spawnSync(unshare ?? '', words).status !== 0) {
		throw new MissingNeed(
			'Running other platforms needs folders as roots: run it as root, or allow user namespaces (`sysctl kernel.unprivileged_userns_clone=1`).',
		);
	}

	if (!existsSync(keyring)) {
		throw new MissingNeed('Running other platforms needs Debian’s keys: install `debian-archive-keyring`.');
	}

	mirror();
};

/** Returns the Debian mirror of this machine. */
const mirror = () => {
	const format = '$(LABEL)\t$(REPO_URI)';
	const targets = execFileSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
		encoding: 'utf8',
	});
	const found = targets
		.split('\n')
		.map(line => line.split('\t'))
		.find(([label]) => label === 'Debian')?.[1];
	if (!found) {
		throw new MissingNeed('Running other platforms needs to know Debian’s packages: run `apt-get update` first.');
	}

	return found;
};
