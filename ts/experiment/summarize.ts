import type {Summary, SummaryRow} from '../native/binding.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {asNet, type Layer, type Net} from './experiment.js';

/** Returns the multiply-adds of a net's convolutions and linear layers for one image, forward and backward. */
export const multiplyAddsOf = (net: Net): number => {
	const counts = summarize(net).rows.map(({multiplyAdds}) => multiplyAdds);
	const first = counts.find(count => count > 0) ?? 0; // images need no gradient
	return 3 * counts.reduce((sum, count) => sum + count, 0) - first;
};

export type {Summary, SummaryRow};

/**
 * Builds a net, runs an image through it, and returns its layers with shapes, receptive fields and parameters.
 * Takes milliseconds, on the calling thread.
 *
 * @throws {ConfigError} or {ShapeError} for an invalid net
 */
export const summarize = (net: Net): Summary => {
	const {rows, ...summary} = unwrap(native().summarize(asNet(net)));
	return {...summary, rows: rows.map(row => ({...row, operation: operationIn(net, row)}))};
};

/** Returns an operation with its part in the layer around it: `shortcut: conv 1x1`, `branch 2: conv 3x3`, `repeat 2 times`. */
const operationIn = (net: Net, {layer: path, operation}: SummaryRow): string => {
	const [, branch] = /\.branches\.(\d+)\.\d+$/.exec(path) ?? [];
	if (branch !== undefined) {
		return `branch ${Number(branch) + 1}: ${described(net, path, operation)}`;
	}

	return path.endsWith('.shortcut') ? `shortcut: ${operation}` : described(net, path, operation);
};

const described = (net: Net, path: string, operation: string): string => {
	const found = path.split('.').reduce<unknown>((inner, key) => inner?.[key as never], net);
	const layer = found as Layer | undefined; // none for a part of a layer, such as a shortcut
	if (layer?.kind === 'repeat') {
		return `${operation} ${layer.times} times`;
	}

	const hasInput = layer?.kind === 'concat' && layer.branches.some(branch => branch.length === 0);
	return hasInput ? `${operation} with the input` : operation;
};
