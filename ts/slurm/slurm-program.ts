import {spawn} from 'node:child_process';
import process from 'node:process';
import {SlurmError} from '../errors/index.js';
import {fileType} from '../fs/file-type.js';
import {abortedBy} from '../platform/abort.js';

/** The outcome of a program of Slurm. */
export type ProgramResult = {readonly exitCode: number | null; readonly stdout: string; readonly stderr: string};

type ProgramOptions = {
	/** Its standard input. */
	readonly input?: string;
	/** Stops waiting for it. The program itself goes on: an `sbatch` may be half done. */
	readonly signal?: AbortSignal | undefined;
	/** Receives lines of its standard error as they are printed. */
	readonly report?: (line: string) => void;
};

/**
 * The environment for programs of Slurm. That of a job would give its own numbers to the jobs that it submits, npm's is of no
 * use there, and SQUEUE_* would hide tasks; SBATCH_* are how users set their account and partition.
 */
const environment = (): NodeJS.ProcessEnv =>
	Object.fromEntries(
		Object.entries(process.env).filter(
			([name]) => name === 'SLURM_CONF' || !/^(npm_|INIT_CWD$|SLURM_|SQUEUE_|SCANCEL_)/.test(name),
		),
	);

/**
 * Runs a program of Slurm, in a process group of its own, so that Ctrl-C in the terminal doesn't reach it.
 *
 * @throws {SlurmError} if it is not installed, or its configuration is missing
 * @throws {AbortError}
 */
export const runSlurm = async (
	program: string,
	words: readonly string[],
	{input = '', signal, report = () => {}}: ProgramOptions = {},
): Promise<ProgramResult> => {
	if (signal?.aborted) {
		throw abortedBy(signal);
	}

	const {SLURM_CONF: file} = process.env;
	if (file && fileType(file) === 'nothing') {
		throw new SlurmError(`SLURM_CONF names ${file}, which is missing`, program, ''); // Slurm would wait for it for a minute
	}

	const child = spawn(program, words, {detached: true, cwd: '/', env: environment(), stdio: 'pipe'});
	return new Promise((resolve, reject) => {
		const stop = (): void => {
			child.unref();
			for (const stream of [child.stdin, child.stdout, child.stderr]) {
				stream.destroy();
			}

			reject(abortedBy(signal));
		};
		signal?.addEventListener('abort', stop, {once: true});
		let [stdout, stderr] = ['', ''];
		child.stdout.setEncoding('utf8').on('data', (text: string) => {
			stdout += text;
		});
		child.stderr.setEncoding('utf8').on('data', (text: string) => {
			stderr += text;
			for (const line of text.split('\n').filter(line => line !== '')) {
				report(line);
			}
		});
		child.stdin.on('error', () => {}).end(input); // a program that fails at once reads nothing
		child.on('error', (error: NodeJS.ErrnoException) => {
			signal?.removeEventListener('abort', stop);
			const sentence =
				error.code === 'ENOENT'
					? `\`${program}\` is missing: \`--on slurm\` needs a machine from which jobs can be submitted to Slurm`
					: `\`${program}\` can’t be started (${error.message})`;
			reject(new SlurmError(sentence, program, '', {cause: error}));
		});
		child.on('close', exitCode => {
			signal?.removeEventListener('abort', stop);
			resolve({exitCode, stdout, stderr});
		});
	});
};

/** Whether a failure may pass: the controller does not answer, or its queue is full. */
export const mayPass = ({stderr}: ProgramResult): boolean =>
	/temporarily un|Unable to contact|Socket timed out|Connection refused|Zero Bytes were transmitted|Protocol authentication error/i.test(
		stderr,
	);

/** Returns the last sentence of a failed program, without its name. */
export const lastError = (program: string, {stderr, exitCode}: ProgramResult): string => {
	const lines = stderr
		.split('\n')
		.map(line => line.replace(new RegExp(`^(${program}|slurm_\\w+): (error: |fatal: )?`), '').trim())
		.filter(line => line !== '' && !line.startsWith('Try '));
	return lines.at(-1) ?? `exit code ${exitCode}`;
};
