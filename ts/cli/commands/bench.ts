import type {Command} from 'commander';
import {type BenchResult, bench} from '../../bench/bench.js';
import type {Latency} from '../../bench/predict.js';
import type {Screen} from '../../format/text-table.js';
import {textTable} from '../../format/text-table.js';
import {wrap} from '../../format/wrap.js';
import {commandHint} from '../../platform/command-hint.js';
import type {Interruption} from '../interruption.js';
import {
	chosenLadder,
	chosenStep,
	type DataFlags,
	type LadderFlags,
	openLadderData,
	withDataOption,
	withLadderOption,
} from '../ladder-options.js';
import {parseNumber} from '../parse.js';
import {print, printError} from '../print.js';
import {screen} from '../screen.js';

type Flags = LadderFlags &
	DataFlags & {
		step?: string[];
		rounds: number;
		images?: number;
		python?: string;
		npm?: string;
		rustPeers?: boolean;
		json: boolean;
	};

export const benchCommand = (command: Command, interruption: Interruption): Command =>
	withDataOption(withLadderOption(command))
		.option('--step <name...>', 'the steps to time (default: the last of the ladder)')
		.option('--rounds <n>', 'how often each is timed, in turn', parseNumber, 5)
		.option('--images <n>', 'training images of a pass (default: all of them)', parseNumber)
		.option('--python <path>', 'a Python with torch 2.13, jax and tinygrad, or some of them')
		.option(
			'--npm <folder>',
			'a folder in which `@tensorflow/tfjs` and `onnxruntime-node` are installed, or one of them',
		)
		.option('--rust-peers', 'build burn and candle with cargo (minutes, once) and time them')
		.option('--json', 'print the figures as JSON', false)
		.addHelpText(
			'after',
			`
Other libraries, in folders outside the project; what is not installed is named and left out:
  python3 -m venv ~/torch && ~/torch/bin/pip install torch==2.13.0 torchvision numpy 'jax[cpu]' tinygrad onnx safetensors
  npm install --prefix ~/peers @tensorflow/tfjs onnxruntime-node
Libraries without the step's augmentation are timed without it, beside Stepladder and PyTorch without it.

To hold all of them to AVX2 (what is set is kept with the figures):
  export STEPLADDER_ISA=avx2 ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 XLA_FLAGS=--xla_cpu_max_isa=AVX2

Examples:
  ${commandHint('bench')}
  ${commandHint('bench', '--python ~/torch/bin/python --npm ~/peers --rust-peers')}
  ${commandHint('bench', '--step baseline wider --json > figures.json', {quiet: true})}`,
		)
		.action(async ({step, rounds, images, python, npm, rustPeers, json, ...flags}: Flags) => {
			const ladder = await chosenLadder(flags);
			const chosen = step?.map(name => ladder.step(name)) ?? [chosenStep(ladder, ladder.steps.at(-1)?.name).step];
			const data = await openLadderData(ladder, flags);
			const tell = (line: string): void => {
				printError(`${line}\n`);
			};
			const results: BenchResult[] = [];
			for (const timed of chosen) {
				const peers = {python, npm, rustPeers};
				results.push(await bench(timed, {rounds, images, data, ...peers, tell, signal: interruption.signal}));
			}

			print(
				`${json ? JSON.stringify(results, undefined, '\t') : results.map(result => table(result, screen())).join('\n\n')}\n`,
			);
		});

const table = (
	{step, images, rounds, rows, limit, predict, leftOut, peakMemory, machine, versions}: BenchResult,
	on: Screen,
): string => {
	const times = (ratio: number | undefined): string => (ratio === undefined ? '-' : `${ratio.toFixed(2)}x`);
	const head = ['', 's a pass', 'spread', 'images/s', 'to eager', 'to best', 'of limit'];
	const body = rows.map(row =>
		row.error
			? [row.name, row.error, '', '', '', '', '']
			: [
					...[row.name, (row.images / row.imagesPerSecond).toFixed(2)],
					`${Math.min(...row.seconds).toFixed(2)}-${Math.max(...row.seconds).toFixed(2)}`,
					...[Math.round(row.imagesPerSecond).toLocaleString('en'), times(row.overEager), times(row.overBest)],
					row.shareOfLimit === undefined ? '-' : `${(100 * row.shareOfLimit).toFixed(0)} %`,
				],
	);
	const memory = Object.entries(peakMemory).map(([name, bytes]) => `${name} ${Math.round(bytes / 2 ** 20)} MiB`);
	const {cpu, cores, isa, environment} = machine;
	const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
	const held = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
	const [opening = '', ...figures] = [
		`${step}: training passes over ${images} images, medians of ${rounds} rounds, evaluation not included`,
		`Limit: ${limit.oneCore.toFixed(1)} G multiply-adds a second on one core, ${limit.allCores.toFixed(1)} on all`,
		`Predicting from Node: ${latency(predict)}`,
		...(predict.onnxRuntime ? [`ONNX Runtime: ${latency(predict.onnxRuntime)}`] : []),
		...(leftOut.length > 0 ? [`Left out: ${leftOut.map(({name}) => name).join(', ')}`] : []),
		`Peak memory: ${memory.join(', ')}`,
		[`${cpu}, ${cores} cores, ${isa}`, named.join(', '), ...held].join('; '),
	].map(line => wrap(line, on.width));
	const spare = ['of limit', 'spread', 's a pass', 'to best'];
	return [opening, '', textTable(head, body, {screen: on, spare}), '', ...figures].join('\n');
};

const latency = ({one, tenThousand}: Latency): string =>
	`${(one * 1000).toFixed(0)} µs for one image, ${tenThousand.toFixed(0)} ms for 10,000`;
