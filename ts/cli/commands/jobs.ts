import path from 'node:path';
import type {Command} from 'commander';
import {ConfigError} from '../../errors/index.js';
import {didYouMean} from '../../format/did-you-mean.js';
import {type Screen, textTable} from '../../format/text-table.js';
import {listFolder} from '../../fs/list-folder.js';
import {commandHint} from '../../platform/command-hint.js';
import {cancelJobs, type Job, listJobs} from '../../slurm/jobs.js';
import {slurmFolder} from '../../slurm/submission.js';
import type {Interruption} from '../interruption.js';
import {withLadderOption} from '../ladder-options.js';
import {foundRuns} from '../own-runs.js';
import {print} from '../print.js';
import {screen} from '../screen.js';

type Flags = {readonly ladder?: string; readonly out?: string};

export const jobsCommand = (command: Command, interruption: Interruption): Command => {
	withJobOptions(command)
		.addHelpText(
			'after',
			`
Listed are the jobs of this ladder whose results were not collected yet, and all others of yours that Slurm has in its queue.

Examples:
  ${commandHint('jobs')}
  ${commandHint('jobs', 'cancel')}`,
		)
		.action(async (flags: Flags) => {
			const jobs = await findJobs(flags, interruption.signal);
			print(jobs.length === 0 ? 'No jobs\n' : `${table(jobs, screen())}\n${jobs.map(notes).join('')}`);
		});
	withJobOptions(command.command('cancel'))
		.description(
			'End the tasks of jobs. What their runs have trained is kept: the command that submitted them resumes it.',
		)
		.argument('[job...]', 'their names, as `jobs` lists them (default: the only one)')
		.action(async (names: string[], _: unknown, cancel: Command) => {
			const jobs = await findJobs(cancel.optsWithGlobals<Flags>(), interruption.signal);
			for (const job of chosen(names, jobs)) {
				const count = await cancelJobs([job], interruption.signal);
				const resume = job.command === undefined ? '' : `; to resume: \`${job.command}\``;
				print(
					`Ended ${count} ${count === 1 ? 'task' : 'tasks'} of ${job.command === undefined ? job.name : job.title}${resume}\n`,
				);
			}
		});
	return command;
};

const withJobOptions = (command: Command): Command =>
	withLadderOption(command).option('--out <dir>', 'the folder of the runs, where a command was given another');

/** Finds jobs below the folders that runs are kept in. */
const findJobs = async (flags: Flags, signal: AbortSignal): Promise<Job[]> => {
	const runs = foundRuns(flags);
	const parents = [runs, path.join(runs, 'sweeps'), path.join(runs, 'records'), ...(flags.out ? [flags.out] : [])];
	const folders = parents.map(parent => path.join(parent, slurmFolder));
	return listJobs(
		folders.flatMap(folder => listFolder(folder).map(name => path.join(folder, name))),
		signal,
	);
};

/** @throws {ConfigError} for a name that no job has, and for none if there are several */
const chosen = (names: readonly string[], jobs: readonly Job[]): readonly Job[] => {
	const known = jobs.map(({name}) => name);
	if (names.length === 0) {
		if (jobs.length === 1) {
			return jobs;
		}

		const sentence =
			jobs.length === 0 ? 'there are no jobs to end' : `there are several jobs: name those to end: ${known.join(', ')}`;
		throw new ConfigError('job', 'the name of a job', 'none', sentence);
	}

	return names.map(name => {
		const job = jobs.find(job => job.name === name);
		if (!job) {
			const sentence = `there is no job ${JSON.stringify(name)}${didYouMean(name, known)}: \`${commandHint('jobs')}\` lists them`;
			throw new ConfigError('job', 'the name of a job', name, sentence);
		}

		return job;
	});
};

const table = (jobs: readonly Job[], on: Screen): string =>
	textTable(
		['Job', 'Work', 'Runs finished', 'Tasks running', 'Pending', 'Submitted (UTC)'],
		jobs.map(({name, title, finished, runs, running, pending, created}) => [
			...[
				name,
				title,
				runs === 0 ? '' : `${finished} of ${runs}`,
				running,
				pending,
				created.slice(0, 16).replace('T', ' '),
			],
		]),
		{screen: on, spare: ['Submitted (UTC)', 'Job']},
	);

/** What stops a job, and how its results are collected. */
const notes = ({title, stuck, failures, running, pending, command}: Job): string => {
	const lines = [
		...stuck.map(reason => `its tasks wait for something that does not pass by itself: ${reason}`),
		...failures.map(failure => `a task failed: ${failure}`),
		...(command !== undefined && running + pending === 0
			? [`no task is left; \`${command}\` collects the results, and submits runs that are missing`]
			: []),
	];
	return lines.map(line => `\n${title}: ${line}\n`).join('');
};
