import {spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {execa} from 'execa';
import {packageRoot} from '../../ts/platform/package-root.js';
import {main} from './cli.js';
import type {Ending} from './folder.js';
import type {OwnLadder} from './own-ladder.js';

const script = path.join(packageRoot, 'scripts/slurm/start-slurm.sh');

/** Why no Slurm can be started here; `undefined` if one can. */
export const whyNoSlurm = (): string | undefined => {
	if (process.platform !== 'linux' || process.getuid?.() !== 0) {
		return 'needs root on Linux';
	}

	const missing = ['munged', 'slurmctld', 'slurmd', 'sbatch'].filter(
		program => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0,
	);
	return missing.length > 0
		? `needs ${missing.join(', ')}: apt-get install slurmctld slurmd slurm-client munge`
		: undefined;
};

/** A Slurm of one node on loopback. */
export class TestSlurm {
	readonly #folder: string;

	private constructor(folder: string) {
		this.#folder = folder;
	}

	/** Starts one, which is stopped at the end of the test. */
	static async start(t: Ending, port: number): Promise<TestSlurm> {
		const folder = mkdtempSync(path.join(os.tmpdir(), 'slurm-')); // munge takes short names only
		const slurm = new TestSlurm(folder);
		t.teardown(async () => {
			await execa(script, [folder, 'stop'], {reject: false});
			rmSync(folder, {recursive: true, force: true});
		});
		await execa(script, [folder], {env: {PORT: String(port), CPUS: '4'}});
		return slurm;
	}

	/** The environment of programs that use it. */
	get env(): {readonly SLURM_CONF: string} {
		return {SLURM_CONF: path.join(this.#folder, 'slurm.conf')};
	}

	/** Runs a program of Slurm. */
	async program(name: string, words: readonly string[] = []): Promise<string> {
		return String((await execa(name, words, {env: this.env})).stdout);
	}

	/** Runs the command line in a ladder, and `act` once its output matches; returns how it ended. */
	async whileRunning(
		ladder: OwnLadder,
		words: readonly string[],
		match: RegExp,
		act: (pid: number) => Promise<unknown> | unknown,
	): Promise<{readonly exitCode: number | null; readonly stdout: string; readonly stderr: string}> {
		const child = spawn(process.execPath, [main, ...words], {
			cwd: ladder.folder,
			env: {...process.env, STEPLADDER_CACHE: path.join(ladder.folder, '.cache'), ...this.env},
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		let [stdout, stderr] = ['', ''];
		let acting: Promise<unknown> | undefined;
		const look = (): void => {
			if (!acting && [stdout, stderr].some(text => match.test(text))) {
				acting = Promise.resolve(act(child.pid as number));
			}
		};
		child.stdout.setEncoding('utf8').on('data', (text: string) => {
			stdout += text;
			look();
		});
		child.stderr.setEncoding('utf8').on('data', (text: string) => {
			stderr += text;
			look();
		});
		const exitCode = await new Promise<number | null>(resolve => {
			child.on('close', resolve);
		});
		await acting;
		return {exitCode, stdout, stderr};
	}
}
