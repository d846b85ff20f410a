import {lastEpochs} from '../experiment/measures.js';
import {fixed, percent} from '../format/figures.js';
import {wrongChoice} from '../validation/validate.js';

/** The epochs of a run, as far as an objective uses them. */
export type Rows = ReadonlyArray<{readonly holdoutLoss: number; readonly holdoutCorrect: number}>;

/** A measure on the held-out images by which a sweep ranks its trials. */
export type Objective = {
	/** Its name in sentences. */
	readonly name: string;
	/** The head of its column. */
	readonly head: string;
	/** Whether a higher value is better (1) or a lower one (-1). */
	readonly sign: 1 | -1;
	/** Returns its value after the last of some epochs of a run, of which there is at least one. */
	readonly of: (rows: Rows, holdout: number) => number;
	/** Returns the value by which runs are compared that are stopped after the last of some epochs; higher is better. */
	readonly soFar: (rows: Rows, holdout: number) => number;
	/** Factor of a value in tables: 100 for percent. */
	readonly scale: number;
	/** Formats a value. */
	readonly format: (value: number) => string;
};

const accuracies = (rows: Rows, holdout: number): number[] =>
	rows.slice(-lastEpochs).map(({holdoutCorrect}) => holdoutCorrect / holdout);

const lastAccuracy = (rows: Rows, holdout: number): number => accuracies(rows, holdout).at(-1) ?? Number.NaN;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const ofAccuracy = {soFar: lastAccuracy, scale: 100, format: percent} as const;

/** The measures that can be an objective, by name. */
export const objectives = {
	accuracy: {
		...{name: 'accuracy, mean of the last five epochs', head: 'Validation, %', sign: 1, ...ofAccuracy},
		of: (rows, holdout) =>
			rows.slice(-lastEpochs).reduce((sum, {holdoutCorrect}) => sum + holdoutCorrect, 0) /
			(Math.min(rows.length, lastEpochs) * holdout),
	},
	loss: {
		...{name: 'loss, mean of the last five epochs', head: 'Validation loss', sign: -1, scale: 1},
		of: rows => mean(rows.slice(-lastEpochs).map(({holdoutLoss}) => holdoutLoss)),
		soFar: rows => -(rows.at(-1)?.holdoutLoss ?? Number.NaN),
		format: value => fixed(value, 4),
	},
	lowest: {
		...{name: 'lowest accuracy of the last five epochs', head: 'Lowest, %', sign: 1, ...ofAccuracy},
		of: (rows, holdout) => Math.min(...accuracies(rows, holdout)),
	},
	range: {
		...{name: 'range of the last five accuracies', head: 'Range, %', sign: -1, ...ofAccuracy},
		of: (rows, holdout) => Math.max(...accuracies(rows, holdout)) - Math.min(...accuracies(rows, holdout)),
	},
	first: {
		...{name: 'accuracy after the first epoch', head: 'First, %', sign: 1, ...ofAccuracy},
		of: (rows, holdout) => (rows[0]?.holdoutCorrect ?? Number.NaN) / holdout,
	},
} as const satisfies Record<string, Objective>;

export type ObjectiveName = keyof typeof objectives;

/** @throws {ConfigError} for a measure that is unknown, or not measured on held-out images */
export const checkObjective = (value: unknown): ObjectiveName => {
	const known = Object.keys(objectives);
	if (typeof value !== 'string' || !known.includes(value)) {
		const names = known.map(name => `\`${name}\``).join(', ');
		throw wrongChoice('objective', `one of ${names}, which are measured on the held-out images`, value, known);
	}

	return value as ObjectiveName;
};
