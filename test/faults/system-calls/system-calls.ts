import {cpSync, existsSync, lutimesSync, readdirSync, renameSync, rmSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {execa} from 'execa';
import {main} from '../../helpers/cli.js';
import type {Ending} from '../../helpers/folder.js';
import {chosen, type Part, tryEach} from '../part.js';
import {scoped} from '../scope.js';
import {badEnd, type End} from '../verdicts.js';
import {type Scenario, scenarios, unfinishedIn} from './scenarios.js';
import {type Fault, faultsIn, noShim, parseFault, readState, shimEnvironment} from './shim.js';
import {byPlace, firstDifference, type Snapshot, snapshot} from './snapshot.js';

/** Far longer than any of these commands takes on a busy machine, in milliseconds. */
const patience = 120_000;

/** A command's ladder, which can be reset to its state before the command. */
export class Stage {
	readonly #folder: string;
	readonly #scenario: Scenario;

	private constructor(folder: string, scenario: Scenario) {
		this.#folder = folder;
		this.#scenario = scenario;
	}

	static async make(scope: Ending, scenario: Scenario): Promise<Stage> {
		const {folder} = await scenario.make(scope);
		const stage = new Stage(folder, scenario);
		scope.teardown(() => {
			for (const beside of [stage.#template, stage.#state]) {
				rmSync(beside, {recursive: true, force: true});
			}
		});
		const commands = scenario.before ?? [];
		for (const [index, command] of commands.entries()) {
			await stage.run(command, index === commands.length - 1 ? scenario.cut : undefined);
		}

		renameSync(folder, stage.#template);
		return stage;
	}

	get folder(): string {
		return this.#folder;
	}

	/** Restores the ladder, at the same path, which its files may name. */
	reset(): void {
		rmSync(this.#folder, {recursive: true, force: true});
		cpSync(this.#template, this.#folder, {recursive: true, verbatimSymlinks: true, preserveTimestamps: true});
	}

	/** Runs a command, with or without a fault. */
	async run(command: readonly string[], fault?: Fault): Promise<End> {
		const program = this.#scenario.program ?? main;
		const {exitCode, signal, stderr, stdout, timedOut} = await execa(process.execPath, [program, ...command], {
			...{reject: false, cwd: this.#folder, timeout: patience, killSignal: 'SIGKILL', stdin: 'ignore'},
			env: {
				...{STEPLADDER_CACHE: path.join(this.#folder, '.cache'), npm_lifecycle_event: '', npm_command: ''},
				...shimEnvironment(this.#folder, this.#state, fault),
			},
		});
		return {exitCode, signal, stderr, stdout, timedOut};
	}

	/** Sets all times two days back, so that locks are stale. */
	age(): void {
		const longAgo = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
		for (const name of readdirSync(this.#folder, {recursive: true}) as string[]) {
			lutimesSync(path.join(this.#folder, name), longAgo, longAgo);
		}
	}

	/** Returns the calls of the last command. */
	calls(): ReturnType<typeof readState> {
		return readState(this.#state);
	}

	/** Repeats or resumes the command as a user would, and returns the problem, if any. */
	async recover(unbroken: number | undefined): Promise<string | undefined> {
		const {resumes, command} = this.#scenario;
		if (resumes) {
			for (const run of unfinishedIn(this.#folder)) {
				const end = await this.run(['train', '--resume', run]);
				const begun = existsSync(path.join(run, 'config.json'));
				const bad =
					badEnd(end) ?? (begun && end.exitCode !== 0 ? `exit code ${end.exitCode}: ${end.stderr}` : undefined);
				if (bad !== undefined) {
					return `resuming a run: ${bad}`;
				}
			}
		}

		const end = await this.run(command);
		if (command.includes('--resume')) {
			return badEnd(end); // it may have finished
		}

		return (
			badEnd(end) ??
			(end.exitCode === unbroken ? undefined : `the repeated command ended with ${end.exitCode}: ${end.stderr}`)
		);
	}

	get #template(): string {
		return `${this.#folder}.template`;
	}

	get #state(): string {
		return `${this.#folder}.calls`;
	}
}

/** Returns the files whose contents are neither the old nor the new ones. */
const lost = (before: Snapshot, now: Snapshot, after: Snapshot, open?: RegExp): readonly string[] =>
	[...before]
		.filter(([file]) => !open?.test(file))
		.filter(([file, text]) => ![text, after.get(file)].includes(now.get(file)))
		.map(([file]) => `${file} ${now.has(file) ? 'was changed' : 'is gone'}`);

const leftOver = ' is left over';
const isLeftOver = (difference: string): boolean => difference.endsWith(leftOver);

/** Returns the differences of a folder from its expected contents. */
export const different = (now: Snapshot, should: Snapshot): readonly string[] => {
	const [places, wanted] = [byPlace(now), byPlace(should)];
	const missing = [...wanted.keys()].filter(place => !places.has(place)).map(place => `${place} is missing`);
	const others = [...places].flatMap(([place, texts]) => {
		const right = wanted.get(place);
		if (!right) {
			return [`${place}${leftOver}`];
		}

		const wrong = [...texts].find(text => !right.has(text));
		return wrong === undefined ? [] : [`${place} has other contents: ${firstDifference(wrong, [...right][0] ?? '')}`];
	});
	return [...missing, ...others];
};

/** Whether a folder has all of its expected contents, and perhaps more. */
const isWhole = (now: Snapshot, should: Snapshot): boolean => different(now, should).every(isLeftOver);

/** The part for one command, with all the calls that can fail in it. */
export const systemCalls = (scenario: Scenario): Part => ({
	name: `calls-${scenario.name}`,
	fault: `a system call of \`${scenario.name}\` fails, is short or is the last`,
	promise:
		'a message and an exit code; finished results stay; resuming gives the same bits; the next command removes leftovers',
	skipped: noShim,
	run: wanted =>
		scoped(async scope => {
			const stage = await Stage.make(scope, scenario);
			stage.reset();
			const before = snapshot(stage.folder);
			const unbroken = await stage.run(scenario.command);
			const {counts} = stage.calls();
			const after = snapshot(stage.folder);
			return tryEach(chosen(faultsIn(counts), wanted), async name => {
				const fault = parseFault(name);
				stage.reset();
				const end = await stage.run(scenario.command, fault);
				const {struck} = stage.calls();
				if (struck === undefined) {
					return; // there were fewer calls this time, since another thread was faster
				}

				const killed = ['kill', 'torn'].includes(fault.what);
				const faults: string[] = [];
				const bad = killed && end.signal === 'SIGKILL' && !end.timedOut ? undefined : badEnd(end);
				faults.push(...(bad === undefined ? [] : [bad]));
				if (fault.what === 'short' && end.exitCode !== unbroken.exitCode) {
					faults.push(`a short ${fault.kind} is no failure, and it ended with ${end.exitCode}: ${end.stderr}`);
				}

				faults.push(...lost(before, snapshot(stage.folder), after, scenario.open));
				const isDone = scenario.once && isWhole(snapshot(stage.folder), after); // it would be refused
				const stuck = isDone ? undefined : await stage.recover(unbroken.exitCode);
				faults.push(...(stuck === undefined ? [] : [stuck]));
				let differences = different(snapshot(stage.folder), after);
				if (differences.length > 0 && differences.every(isLeftOver)) {
					stage.age();
					await stage.run(scenario.command);
					differences = different(snapshot(stage.folder), after);
				}

				faults.push(...differences);
				return faults.length === 0 ? undefined : `at ${struck}: ${faults.join('; ')}`;
			});
		}),
});

export const systemCallParts: readonly Part[] = scenarios.map(scenario => systemCalls(scenario));
