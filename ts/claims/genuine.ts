import {ConfigError} from '../errors/index.js';
import {type Measure, measures} from '../experiment/measures.js';
import {currentAnalysis} from './analysis.js';
import type {Measured} from './measured.js';
import type {MeasuredRecord} from './measured-record.js';
import type {StepRecord} from './step-record.js';

/** The name of the record that a measure, or a record's data, was read from. */
const origins = new WeakMap<object, {readonly name: string; readonly measure: Measure | undefined}>();

/** Registers a record that was read: claims test its measures and predictions, and those of copies that have the same ones. */
export const registerRecord = <Recorded extends MeasuredRecord>(recorded: Recorded): Recorded => {
	const {name, record} = recorded;
	origins.set(record, {name, measure: undefined});
	for (const measure of Object.keys(measures) as Measure[]) {
		const measured = recorded[measure];
		if (measured) {
			origins.set(measured, {name, measure});
		}
	}

	return recorded;
};

/**
 * Returns the name of the record that a part of evidence was read from.
 *
 * @param named as in sentences
 * @throws {ConfigError} in an analysis, for a part that was not read from a record: a claim can't be tested on figures of its own
 */
export const recordOfPart = (part: Measured | StepRecord, measure: Measure | undefined, named: string): string => {
	const origin = origins.get(part);
	if (origin?.measure === measure && origin) {
		return origin.name;
	}

	if (currentAnalysis() === undefined) {
		return named; // as in a test of the functions, or an app of the user's
	}

	const what = measure === undefined ? 'predictions' : `\`${measure}\``;
	const problem = `the ${what} of \`${named}\` should be those of its record, such as \`self\`, \`from\` or \`step(NAME)\`: figures from elsewhere are not tested`;
	throw new ConfigError('record', 'a record as it was read', named, problem);
};
