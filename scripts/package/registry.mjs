import {spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

/**
 * Starts an npm registry on a loopback port. It serves packages that are published to it, and forwards other requests to the
 * registry that npm uses here.
 *
 * @returns {Promise<{url: string, npmrc: string, close: () => Promise<void>}>} `npmrc`: settings for npm to use it
 */
export const startRegistry = async () => {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'stepladder-registry-'));
	const {runServer} = await import('verdaccio');
	const everybody = {access: '$all', publish: '$all'};
	const app = await runServer({
		self_path: path.join(folder, 'config.yaml'),
		storage: path.join(folder, 'storage'),
		auth: {htpasswd: {file: path.join(folder, 'htpasswd')}},
		uplinks: {usual: {url: usualRegistry(), maxage: '60m', timeout: '120s', max_fails: 10}},
		packages: {
			stepladder: everybody,
			'@stepladder/*': everybody,
			'**': {access: '$all', proxy: 'usual'},
		},
		max_body_size: '200mb',
		web: {enable: false},
		log: {type: 'stdout', format: 'pretty', level: 'fatal'},
	});
	const server = app.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const url = `http://127.0.0.1:${server.address().port}/`;
	const npmrc = path.join(folder, 'npmrc');
	// npm does not publish without a token, even if the registry needs none.
	writeFileSync(npmrc, `registry=${url}\n${url.replace('http:', '')}:_authToken=anybody\naudit=false\nfund=false\n`);
	return {
		url,
		npmrc,
		async close() {
			server.close();
			server.closeAllConnections();
			await once(server, 'close');
			rmSync(folder, {recursive: true, force: true});
		},
	};
};

/** Returns the registry in npm's settings. */
const usualRegistry = () => {
	const {stdout} = spawnSync('npm', ['config', 'get', 'registry'], {
		encoding: 'utf8',
		shell: process.platform === 'win32', // npm is a script there
	});
	return stdout.trim();
};
