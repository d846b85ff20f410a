import {existsSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {cacheFolder} from '../../ts/cache/cache-folder.js';
import {demand} from '../set-up/need.mjs';
import {runTool, say} from '../set-up/tool.mjs';
import {failed, outputOf, passed, skipped} from './outcome.mjs';

const version = '0.20.2';

/** Returns cargo-deny in the cache, which is compiled once. */
const cargoDeny = async () => {
	const folder = path.join(cacheFolder(), 'tools', `cargo-deny-${version}`);
	const program = path.join(folder, 'bin', process.platform === 'win32' ? 'cargo-deny.exe' : 'cargo-deny');
	if (!existsSync(program)) {
		demand('rust', 'cargo-deny');
		say(`Compiling cargo-deny ${version} (some minutes, once) ...`);
		const wanted = ['cargo-deny', '--version', version, '--locked', '--quiet', '--root', folder];
		await runTool('cargo', ['install', ...wanted], {hint: 'check the network. It is compiled from crates'});
	}

	return program;
};

/** Checks the crates' licences, duplicates and sources. */
export const crateRules = async () => {
	const {status, stdout, stderr} = outputOf(await cargoDeny(), ['check', 'licenses', 'bans', 'sources']);
	return status === 0 ? passed : failed(`${stdout}${stderr}`);
};

/** Checks the crates for known vulnerabilities, by RustSec's database. */
export const crateAdvisories = async () => {
	const {status, stdout, stderr} = outputOf(await cargoDeny(), ['check', 'advisories']);
	if (status === 0) {
		return passed;
	}

	return /failed to fetch advisory database/.test(stderr)
		? skipped("RustSec's database can't be fetched here")
		: failed(`${stdout}${stderr}`);
};
