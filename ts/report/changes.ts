import type {Difference} from '../experiment/difference.js';
import {differences} from '../experiment/difference.js';
import type {Augmentation, Experiment, Layer, Transform} from '../experiment/experiment.js';
import {transformChanges, transformsOf} from '../experiment/transforms.js';

/** A setting that differs, in words: `dropout`, `0`, `0.03`. */
export type SettingChange = {readonly setting: string; readonly before: string; readonly after: string};

/** A row of two nets side by side; empty where one has no layer. */
export type LayerChange = {readonly before: string; readonly after: string; readonly changed: boolean};

/** The differences between two experiments. */
export type Changes = {
	readonly settings: readonly SettingChange[];
	/** All layers if any of them differs, else empty. */
	readonly layers: readonly LayerChange[];
};

/** Describes the differences between two experiments in words. */
export const changesBetween = (before: Experiment, after: Experiment): Changes => {
	const all = differences(before, after);
	const ofLayers = ({path}: Difference): boolean => path === 'net.body' || path === 'net.head';
	// Another kind has other settings: the whole part is shown before and after.
	const replaced = partsWithKinds.filter(part => all.some(({path}) => path === `${part}.kind`));
	const isReplaced = ({path}: Difference): boolean => replaced.some(part => path.startsWith(`${part}.`));
	return {
		settings: [
			...all
				.filter(difference => !ofLayers(difference) && !isReplaced(difference))
				.flatMap(({path, before, after}) =>
					path === 'augmentation'
						? augmentationChanges(before as Augmentation | undefined, after as Augmentation | undefined)
						: [{setting: settingName(path), before: valueText(before), after: valueText(after)}],
				),
			...replaced.map(part => ({setting: part, before: partText(before[part]), after: partText(after[part])})),
		],
		layers: all.some(ofLayers) ? layerChanges(layersOf(before), layersOf(after)) : [],
	};
};

/** Describes each transform that differs in a line; a change of form in one. */
const augmentationChanges = (before?: Augmentation, after?: Augmentation): SettingChange[] => {
	const [old, current] = [transformsOf(before), transformsOf(after)];
	const whole = (augmentation?: Augmentation): string =>
		Array.isArray(augmentation)
			? augmentation.map(transform => `${transform.kind} (${transformText(transform)})`).join(', ')
			: valueText(augmentation);
	if (!old || !current) {
		return [{setting: 'augmentation', before: whole(before), after: whole(after)}];
	}

	const {changes, isReordered} = transformChanges(old, current);
	const kinds = (list: readonly Transform[]): string => list.map(({kind}) => kind).join(', ');
	return [
		...changes.map(({kind, before, after}) => ({
			setting: `augmentation, ${kind}`,
			before: before ? transformText(before) : 'none',
			after: after ? transformText(after) : 'none',
		})),
		...(isReordered ? [{setting: 'order of augmentation', before: kinds(old), after: kinds(current)}] : []),
	];
};

const transformText = ({kind: _, ...settings}: Transform): string => valueText(settings) || 'defaults';

/** Parts of an experiment that have kinds. */
const partsWithKinds = ['optimizer', 'schedule'] as const;

const partText = ({kind = 'sgd', ...rest}: Experiment[(typeof partsWithKinds)[number]]): string => {
	const settings = valueText(rest);
	return settings === '' ? kind : `${kind} (${settings})`;
};

/** Shortens a path: `net.block.dropout` to `dropout`, `augmentation.rotation` to `augmentation, rotation`. */
const settingName = (path: string): string =>
	path
		.replace(/^net\.(block\.)?/, '')
		.split('.')
		.map(spaced)
		.join(', ');

/** Splits camel case: `maxLearningRate` to `max learning rate`. */
const spaced = (name: string): string => name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`);

const valueText = (value: unknown): string => {
	if (value === undefined) {
		return 'none';
	}

	if (typeof value === 'boolean') {
		return value ? 'yes' : 'no';
	}

	if (Array.isArray(value)) {
		return value.map(valueText).join(', ');
	}

	return typeof value === 'object' && value !== null
		? Object.entries(value)
				.filter(([, part]) => part !== undefined)
				.map(([name, part]) => `${spaced(name)} ${valueText(part)}`)
				.join(', ')
		: String(value);
};

const layersOf = ({net: {body, head}}: Experiment): string[] => [...body, ...head].flatMap(layer => layerTexts(layer));

const indented = (texts: readonly string[]): string[] => texts.map(text => `\u00a0\u00a0${text}`);

/** Describes a layer, and those within it by lines of their own. */
const layerTexts = (layer: Layer): string[] => {
	const within = (layers: readonly Layer[]): string[] => indented(layers.flatMap(inner => layerTexts(inner)));
	switch (layer.kind) {
		case 'block':
		case 'conv':
		case 'separable': {
			const {kind, channels, kernel, padding, ...others} = layer;
			const rest = [...(padding > 0 ? [`padding ${padding}`] : []), ...settings(others)];
			return [[`${kind} ${kernel} x ${kernel} to ${channels} channels`, ...rest].join(', ')];
		}

		case 'max-pool':
		case 'average-pool': {
			const {kind, kernel, ...others} = layer;
			return [[`${kind} ${kernel} x ${kernel}`, ...settings(others)].join(', ')];
		}

		case 'residual': {
			const {kind, layers, ...others} = layer;
			return [[kind, ...settings(others)].join(', '), ...within(layers)];
		}

		case 'repeat': {
			return [`repeat ${layer.times} times`, ...within(layer.layers)];
		}

		case 'concat': {
			return [
				'concat',
				...indented(
					layer.branches.flatMap((branch, index) => [
						`branch ${index + 1}`,
						...(branch.length === 0 ? indented(['input']) : within(branch)),
					]),
				),
			];
		}

		default: {
			const {kind, ...others} = layer;
			return [[kind, ...settings(others)].join(', ')];
		}
	}
};

/** Describes further settings of a layer; one that is false has none. */
const settings = (values: Readonly<Record<string, unknown>>): string[] =>
	Object.entries(values)
		.filter(([, value]) => value !== undefined && value !== false)
		.map(([name, value]) => (value === true ? spaced(name) : `${spaced(name)} ${String(value)}`));

/** Aligns two nets side by side: equal layers at the start and at the end share a row. */
const layerChanges = (before: readonly string[], after: readonly string[]): LayerChange[] => {
	const shorter = Math.min(before.length, after.length);
	const countEqual = (count: number, isEqual: (index: number) => boolean): number => {
		const found = Array.from({length: count}, (_, index) => index).find(index => !isEqual(index));
		return found ?? count;
	};
	const start = countEqual(shorter, index => before[index] === after[index]);
	const end = countEqual(shorter - start, index => before.at(-1 - index) === after.at(-1 - index));
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
