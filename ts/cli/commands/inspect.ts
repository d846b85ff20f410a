import process from 'node:process';
import type {Command} from 'commander';
import {aboutOf} from '../../export/about.js';
import type {Op} from '../../export/graph.js';
import {readModel, type TrainedNet} from '../../export/read-model.js';
import {textTable} from '../../format/text-table.js';
import {commandHint} from '../../platform/command-hint.js';
import {chosenModel, modelArgument} from '../chosen-model.js';
import {type LadderFlags, withLadderOption} from '../ladder-options.js';
import {screen} from '../screen.js';

export const inspectCommand = (command: Command): Command =>
	withLadderOption(command)
		.argument('<model>', modelArgument)
		.option('--json', 'print one JSON document: everything in the file but its numbers', false)
		.addHelpText(
			'after',
			`
Prints what a model file has: how images are prepared, the operations in their order with the names and shapes of their tensors.
docs/MODELS.md says how a file is read by other programs.

Examples:
  ${commandHint('inspect', 'runs/latest')}
  ${commandHint('inspect', 'baseline:3')}
  ${commandHint('inspect', 'model.safetensors --json')}`,
		)
		.action(async (place: string, {json, ...flags}: LadderFlags & {json: boolean}) => {
			const model = await readModel(await chosenModel(place, flags));
			process.stdout.write(`${json ? JSON.stringify(jsonOf(model)) : textOf(model)}\n`);
		});

const jsonOf = (model: TrainedNet): object => {
	const {images, nodes, output, tensors} = model.graph;
	const {producer: _, ...about} = aboutOf(model);
	return {
		...{file: model.file, about, net: model.net, images, nodes, output},
		tensors: [...tensors].map(([name, {shape}]) => ({name, shape})),
	};
};

const textOf = (model: TrainedNet): string => {
	const {graph, file, sha256} = model;
	const {classes, fit, background, grey, form, normalisation} = aboutOf(model);
	const numbers = [...graph.tensors.values()].reduce((sum, {values}) => sum + values.length, 0);
	const facts = [
		['File', file],
		['sha256', sha256],
		['Tensors', `${graph.tensors.size}, of ${numbers.toLocaleString('en')} float32 numbers`],
		['Images', `${graph.images.join(' x ')}${form === undefined ? '' : `, ${form}`}`],
		['Other images', `${fit}, over rgb(${background.join(', ')})${grey === undefined ? '' : `; grey is ${grey}`}`],
		['Normalisation', `(pixel / 255 - ${normalisation.mean}) / ${normalisation.deviation}`],
		['Classes', classes.join(', ')],
	] as const;
	const width = Math.max(...facts.map(([name]) => name.length));
	const rows = graph.nodes.map((node, place) => [
		...[node.layer, described(node.op), node.inputs.join(', '), place + 1, node.shape.join(' x ')],
	]);
	const tensors = [...graph.tensors].map(([name, {shape, values}]) => [name, shape.join(' x '), values.length]);
	return [
		...facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
		'',
		textTable(['Layer', 'operation', 'of values', 'value', 'shape'], rows, {screen: screen()}),
		`Value 0 is the images; value ${graph.output} has a logit for each class.`,
		'',
		textTable(['Tensor', 'shape', 'numbers'], tensors, {screen: screen()}),
	].join('\n');
};

const described = (op: Op): string => {
	switch (op.kind) {
		case 'activation': {
			return op.name;
		}

		case 'batch-norm': {
			return `batch-norm, epsilon ${op.epsilon}`;
		}

		case 'dropout': {
			return `dropout ${op.probability}`;
		}

		default: {
			const {kind, ...settings} = op;
			const usual: Readonly<Record<string, number>> = {stride: 1, padding: 0, dilation: 1, groups: 1};
			const numbers = Object.entries(settings).filter(
				([name, value]) => typeof value === 'number' && value !== usual[name],
			);
			return [kind, ...numbers.map(([name, value]) => `${name} ${value}`)].join(', ');
		}
	}
};
