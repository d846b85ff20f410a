import path from 'node:path';
import type {Command} from 'commander';
import type {SweepSource} from '../../live/sweep-source.js';
import {commandHint} from '../../platform/command-hint.js';
import type {ObjectiveName} from '../../sweep/objective.js';
import {sweep} from '../../sweep/sweep.js';
import {sweepText} from '../../sweep/table.js';
import type {Varied} from '../../sweep/varied.js';
import type {Interruption} from '../interruption.js';
import {
	chosenLadder,
	chosenStep,
	type DataFlags,
	type LadderFlags,
	reportingLadder,
	withDataOption,
	withLadderOption,
} from '../ladder-options.js';
import {type LiveFlags, whileLive, withLiveOption} from '../live-option.js';
import {type LogFlags, tensorboardHint, tensorboardOf, withLogOption} from '../log-option.js';
import {ownRuns} from '../own-runs.js';
import {parseDuration, parseNumber, parseSeeds} from '../parse.js';
import {parseVaried} from '../parse-varied.js';
import {print} from '../print.js';
import {screen} from '../screen.js';
import {orDetached, type SlurmFlags, whenInterrupted, withSlurmOptions} from '../slurm-options.js';
import {SweepLog} from '../sweep-log.js';

type Flags = LadderFlags &
	LiveFlags &
	DataFlags &
	LogFlags & {
		step?: string;
		vary: Varied[];
		sample?: number;
		draw?: number;
		maxParameters?: number;
		objective?: ObjectiveName;
		halving?: number;
		search?: 'tpe';
		finalists?: number;
		finalSeeds?: number[];
		budget?: number;
		seeds?: number[];
		holdout?: number;
		epochs?: number;
		limitTrain?: number;
		threads?: number;
		jobs?: number;
		name?: string;
		out?: string;
		fresh: boolean;
	} & SlurmFlags;

export const sweepCommand = (command: Command, interruption: Interruption): Command =>
	withSlurmOptions(withLiveOption(withLogOption(withDataOption(withLadderOption(command)))))
		.option('--step <name>', 'the step whose settings are tried')
		.option(
			'--vary <setting=values>',
			'what to try, such as schedule.maxLearningRate=0.05,0.1,0.2; may be given again, for the grid of both',
			parseVaried,
			[],
		)
		.option(
			'--sample <n>',
			'how many trials to draw at random, from lists and from ranges such as 0.01..0.3',
			parseNumber,
		)
		.option('--draw <n>', 'with --sample: which draw (default: 1)', parseNumber)
		.option(
			'--max-parameters <n>',
			'the limit of a trial’s parameters: draws above it are repeated, trials of a grid left out (default: the limit of the step’s target)',
			parseNumber,
		)
		.option(
			'--objective <measure>',
			'what trials are ranked and tested by, on held-out images: accuracy, loss, lowest, range or first (default: accuracy)',
		)
		.option('--halving <n>', 'end trials that trail: at each rung one in n goes on, to n times the epochs', parseNumber)
		.option('--search <kind>', 'with --sample: tpe proposes trials from the results of earlier ones')
		.option(
			'--finalists <n>',
			'how many of the best trials are run again on fresh seeds, and tested (default: 3 with --halving or --search; else all trials are tested)',
			parseNumber,
		)
		.option('--final-seeds <list>', 'the fresh seeds of the finalists (default: 201-205)', parseSeeds)
		.option(
			'--budget <time>',
			'with --sample: stop drawing trials so that all runs are likely to end in this time, such as 90m or 2h',
			parseDuration,
		)
		.option(
			'--seeds <list>',
			'seeds of each trial; take none that a record uses (default: 101-103; 101 with --halving or --search)',
			parseSeeds,
		)
		.option(
			'--holdout <n>',
			'hold out n training images, drawn from each class, and evaluate the trials on them (default: the data’s own validation set)',
			parseNumber,
		)
		.option('--epochs <n>', 'passes over the training set, in place of the step’s own', parseNumber)
		.option('--limit-train <n>', 'n training images only, drawn from each class', parseNumber)
		.option('--threads <n>', 'threads of a run (default: the number of cores over the jobs)', parseNumber)
		.option('--jobs <n>', 'runs at once (default: the number of cores)', parseNumber)
		.option('--name <name>', 'what it is called in records/sweeps (default: the step, with what varies)')
		.option(
			'--out <dir>',
			'where its runs are kept, and resumed after an interruption (default: runs/sweeps of the ladder)',
		)
		.option('--fresh', 'train again what is already there', false)
		.addHelpText(
			'after',
			`
The trainer is not given the test images. Values are numbers, words, or a list in JSON, where null removes a setting.
A layer is reached by its index in the list, from 0; null removes it.
Of a range such as 1..8 whole numbers are drawn, of 0.001..0.1:log as many of each order of magnitude.
In a list, 8..64:8 stands for 8, 16, ... 64 and 1..3 for 1, 2, 3.
net=@nets/*.json tries whole parts of an experiment from files of JSON, each called by its file's name.
Finalists are run again on seeds that chose none of them: the best of many trials is in part the luckiest.
SETTING=VALUES if OTHER=VALUES varies a setting only with these values of one varied before it.

Examples:
  ${commandHint('sweep', '--step baseline --vary schedule.learningRate=0.005,0.02 --holdout 100')}
  ${commandHint('sweep', '--step baseline --vary schedule.learningRate=0.001..0.1:log --sample 8 --holdout 100')}
  ${commandHint('sweep', '--step baseline --vary net.body.0.channels=4,8 --holdout 100')}
  ${commandHint('sweep', '--step baseline --vary net.body.0.channels=4..12:2,16 --max-parameters 2000 --holdout 100')}
  ${commandHint('sweep', '--step baseline --vary schedule.learningRate=0.001..0.1:log --sample 200 --halving 3 --holdout 100')}
  ${commandHint('sweep', '--step baseline --vary net=@nets/*.json --holdout 100')}
  ${commandHint('sweep', `--step baseline --vary net.block.norm=none,batch --vary 'net.block.bias=true,false if net.block.norm=none' --holdout 100`)}
  ${commandHint('sweep', `--step baseline --vary 'averaging=[{"decay": 0.99}]' --holdout 100`)}`,
		)
		.action(async ({step: name, ladder: _, live, log: __, ...flags}: Flags, command: Command) => {
			const ladder = await chosenLadder(command.opts<Flags>());
			const {step} = chosenStep(ladder, name);
			const tensorboard = tensorboardOf(command.opts<Flags>(), ownRuns(ladder));
			const log = new SweepLog();
			let source: SweepSource | undefined;
			const kept = whenInterrupted(flags.on, `run the same command again${flags.fresh ? ', without `--fresh`' : ''}`);
			await orDetached(async () => {
				const found = await whileLive(
					live,
					async () => {
						source = (await import('../../live/sweep-source.js')).sweepSource(`Sweep of ${step.name}`);
						return source;
					},
					async () =>
						sweep(reportingLadder(ladder, flags), step.name, {
							...flags,
							seeds:
								flags.seeds ?? (flags.halving === undefined && flags.search === undefined ? [101, 102, 103] : [101]),
							out: flags.out ?? path.join(ownRuns(ladder), 'sweeps'),
							...(tensorboard !== undefined && {tensorboard}),
							signal: interruption.signal,
							report(sentence) {
								interruption.kept = kept;
								log.report(sentence);
							},
							tell(event) {
								interruption.kept = kept;
								source?.tell(event);
								log.tell(event);
							},
						}).finally(() => log.end()),
				);
				print(`${sweepText(found, screen())}\n${tensorboard === undefined ? '' : tensorboardHint(tensorboard)}`);
			});
			interruption.kept = undefined;
		});
