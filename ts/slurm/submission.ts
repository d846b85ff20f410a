import {appendFileSync, readFileSync, rmSync, statSync} from 'node:fs';
import path from 'node:path';
import {listFolder} from '../fs/list-folder.js';
import {makeFolders} from '../fs/make-folders.js';
import {readLines} from '../fs/read-lines.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {writeFileAtomic} from '../fs/write-file-atomic.js';
import type {SettledSlurm} from './options.js';

/** The folder of all submissions of one kind, beside the folders of their runs. */
export const slurmFolder = '.slurm';

/** A run that a task trains. */
export type PlannedItem = {
	/** Tells it from all others of its command: such as the path of its folder. */
	readonly key: string;
};

/** A list of runs in tasks, as it is written before they are submitted. It is never changed: tasks read it hours later. */
export type SubmissionPlan<Item extends PlannedItem = PlannedItem, Shared = unknown> = {
	readonly format: 1;
	/** Which of the kinds of work it is. */
	readonly kind: string;
	/** What it is in a sentence: `sweep tiny-rates`. */
	readonly title: string;
	/** The command line to come back with. */
	readonly command: string;
	/** Random; the comment of its tasks, by which they are found. */
	readonly token: string;
	/** The name of its jobs. */
	readonly jobName: string;
	/** In UTC. */
	readonly created: string;
	readonly options: SettledSlurm;
	/** The version of the program and the hash of the addon's sources, which the tasks have to have too. */
	readonly version: string;
	readonly sources: string | undefined;
	/** Common to all runs. */
	readonly shared: Shared;
	readonly items: readonly Item[];
	/** The indices of each task's runs. */
	readonly tasks: ReadonlyArray<readonly number[]>;
};

/** A line that a task writes. */
export type TaskLine =
	| {readonly type: 'started'; readonly host: string; readonly at: string}
	/** An event of a run. */
	| {readonly type: 'run'; readonly item: number; readonly event: unknown}
	/** The task asked for being queued again, and is resumed. */
	| {readonly type: 'requeued'}
	/** All of its runs have finished. */
	| {readonly type: 'finished'}
	/** It was ended from outside. */
	| {readonly type: 'cancelled'}
	| {readonly type: 'failed'; readonly code: string; readonly message: string};

/** The folder of one submission: its plan, and for each task its lines and its output. */
export class Submission {
	readonly folder: string;

	constructor(folder: string) {
		this.folder = folder;
	}

	/** Creates the folder with its plan. */
	static create(parent: string, plan: SubmissionPlan): Submission {
		const submission = new Submission(path.join(parent, plan.token));
		wrapWriteErrors(`in ${parent}`, parent, () => {
			makeFolders(submission.folder);
			writeFileAtomic(submission.#plan, `${JSON.stringify(plan)}\n`);
		});
		return submission;
	}

	/** Returns the submissions of a folder whose plans can be read. */
	static list(parent: string): Submission[] {
		return listFolder(parent)
			.map(name => new Submission(path.join(parent, name)))
			.filter(submission => submission.readPlan() !== undefined);
	}

	/** Returns the plan; `undefined` if it is missing or was written by another version in another format. */
	readPlan(): SubmissionPlan | undefined {
		try {
			const plan = JSON.parse(readFileSync(this.#plan, 'utf8'));
			return plan.format === 1 ? plan : undefined;
		} catch {
			return undefined;
		}
	}

	/** The output of a task; with `%a` for its index as a pattern of sbatch. */
	output(task: number | '%a'): string {
		const folder = task === '%a' ? this.folder.replaceAll('%', '%%') : this.folder;
		return path.join(folder, `task-${task}.log`);
	}

	/** Returns the last lines of a task's output; `undefined` if there is none. */
	readOutput(task: number): string | undefined {
		try {
			listFolder(this.folder); // a network file system looks again for files that were missing
			return readFileSync(this.output(task), 'utf8').trim().split('\n').slice(-8).join('\n');
		} catch {
			return undefined;
		}
	}

	/** Appends a line. A folder that was removed meanwhile is no reason to end a training. */
	append(task: number, line: TaskLine): void {
		try {
			appendFileSync(this.#lines(task), `${JSON.stringify(line)}\n`);
		} catch {}
	}

	/** Returns the size of a task's lines in bytes. */
	sizeOfLines(task: number): number {
		return statSync(this.#lines(task), {throwIfNoEntry: false})?.size ?? 0;
	}

	/** Reads the complete lines of a task from an offset on, and returns the next offset. */
	readLines(task: number, offset = 0): {readonly lines: TaskLine[]; readonly next: number} {
		try {
			const {lines, next} = readLines(this.#lines(task), offset);
			return {lines: lines.flatMap(parseLine), next};
		} catch {
			return {lines: [], next: offset};
		}
	}

	/** Notes that the tasks were cancelled: those that had not started leave no other trace. A full disk is no reason not to cancel. */
	noteCancelled(): void {
		try {
			writeFileAtomic(this.#cancelled, '');
		} catch {}
	}

	get isCancelled(): boolean {
		return listFolder(this.folder).includes(path.basename(this.#cancelled));
	}

	/** Removes the folder. A network file system may refuse while a task that has finished still has its output open. */
	remove(): void {
		try {
			rmSync(this.folder, {recursive: true, force: true});
		} catch {}
	}

	get #plan(): string {
		return path.join(this.folder, 'plan.json');
	}

	get #cancelled(): string {
		return path.join(this.folder, 'cancelled');
	}

	#lines(task: number): string {
		return path.join(this.folder, `task-${task}.jsonl`);
	}
}

const parseLine = (text: string): TaskLine[] => {
	try {
		return [JSON.parse(text)];
	} catch {
		return []; // the end of a write that a killed task did not finish
	}
};
