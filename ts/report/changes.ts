import type {Difference} from '../experiment/difference.js';
import {differences} from '../experiment/difference.js';
import type {Experiment, Layer} from '../experiment/experiment.js';

/** A setting that differs, as a person reads it: `dropout`, `0`, `0.03`. */
export type SettingChange = {readonly setting: string; readonly before: string; readonly after: string};

/** A place in two nets; empty where one has no such layer. */
export type LayerChange = {readonly before: string; readonly after: string; readonly changed: boolean};

/** What differs between two experiments. */
export type Changes = {
	readonly settings: readonly SettingChange[];
	/** All layers, where any of them differs; none otherwise. */
	readonly layers: readonly LayerChange[];
};

/** What a step changed, in words. */
export const changesBetween = (before: Experiment, after: Experiment): Changes => {
	const all = differences(before, after);
	const ofLayers = ({path}: Difference): boolean => path === 'net.body' || path === 'net.head';
	const kind = all.some(({path}) => path === 'schedule.kind'); // its other settings are then others altogether
	return {
		settings: [
			...all
				.filter(difference => !ofLayers(difference) && !(kind && difference.path.startsWith('schedule.')))
				.map(({path, before, after}) => ({setting: called(path), before: worded(before), after: worded(after)})),
			...(kind ? [{setting: 'schedule', before: schedule(before.schedule), after: schedule(after.schedule)}] : []),
		],
		layers: all.some(ofLayers) ? layerChanges(layersOf(before), layersOf(after)) : [],
	};
};

const schedule = ({kind, ...rest}: Experiment['schedule']): string => `${kind} (${worded(rest)})`;

/** `net.block.dropout` is `dropout`, `augmentation.rotation` is `augmentation, rotation`. */
const called = (path: string): string =>
	path
		.replace(/^net\.(block\.)?/, '')
		.split('.')
		.map(spaced)
		.join(', ');

/** `maxLearningRate` is `max learning rate`. */
const spaced = (name: string): string => name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`);

const worded = (value: unknown): string => {
	if (value === undefined) {
		return 'none';
	}

	if (typeof value === 'boolean') {
		return value ? 'yes' : 'no';
	}

	if (Array.isArray(value)) {
		return value.map(worded).join(', ');
	}

	return typeof value === 'object' && value !== null
		? Object.entries(value)
				.filter(([, part]) => part !== undefined)
				.map(([name, part]) => `${spaced(name)} ${worded(part)}`)
				.join(', ')
		: String(value);
};

const layersOf = ({net: {body, head}}: Experiment): string[] => [...body, ...head].map(layerWords);

const layerWords = (layer: Layer): string => {
	switch (layer.kind) {
		case 'block':
		case 'conv': {
			const {kind, channels, kernel, padding} = layer;
			const rest = [...(padding > 0 ? [`padding ${padding}`] : []), ...(kind === 'conv' && layer.bias ? ['bias'] : [])];
			return [`${kind} ${kernel} x ${kernel} to ${channels} channels`, ...rest].join(', ');
		}

		case 'flatten': {
			return 'flatten';
		}

		default: {
			return `${layer.kind} ${layer.kernel} x ${layer.kernel}`;
		}
	}
};

/** Sets two nets side by side: what begins and what ends alike stands in one row. */
const layerChanges = (before: readonly string[], after: readonly string[]): LayerChange[] => {
	const shorter = Math.min(before.length, after.length);
	const alike = (count: number, at: (index: number) => boolean): number => {
		const found = Array.from({length: count}, (_, index) => index).find(index => !at(index));
		return found ?? count;
	};
	const start = alike(shorter, index => before[index] === after[index]);
	const end = alike(shorter - start, index => before.at(-1 - index) === after.at(-1 - index));
	const middle = [before, after].map(layers => layers.slice(start, layers.length - end));
	const rows = Math.max(...middle.map(({length}) => length));
	const same = (layer: string): LayerChange => ({before: layer, after: layer, changed: false});
	return [
		...before.slice(0, start).map(same),
		...Array.from({length: rows}, (_, row) => {
			const [first = '', second = ''] = middle.map(layers => layers[row]);
			return {before: first, after: second, changed: first !== second};
		}),
		...before.slice(before.length - end).map(same),
	];
};
