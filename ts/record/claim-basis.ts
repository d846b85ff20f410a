import type {Analysis} from '../claims/analysis.js';
import {type RecordChange, recordChanges} from '../claims/changed-record.js';
import type {Claim, Evidence} from '../claims/evidence.js';

/** The records as they are and as they might be, to find out what a claim rests on. */
export type Alternatives = {
	readonly actual: Evidence;
	/** As they are, with the opposite outcome of each sweep's tests. */
	readonly inverted: Evidence;
	readonly changed: (change: RecordChange, settings?: boolean) => Evidence;
};

/** What decides whether a claim is true: the outcome of a test, a measure of a record, or nothing in the records. */
export type Basis = 'test' | 'measure' | 'nothing';

/** Returns what a true claim rests on: that which, if it were otherwise, would make its condition false. */
export const basisOf = ({holds}: Claim, analysis: Analysis, alternatives: Alternatives): Basis => {
	const isTrue = (evidence: Evidence, isInverted: (name: string) => boolean = () => false): boolean => {
		const probe = analysis.probe(isInverted);
		try {
			return probe.during(() => probe.decide(() => holds(evidence))) === true;
		} catch {
			return false; // it could not be evaluated on other records, so it rests on these
		}
	};
	const {actual, inverted, changed} = alternatives;
	const plain = analysis.probe(() => false);
	plain.during(() => plain.decide(() => holds(actual)));
	const tests = [...plain.made];
	const restsOnTests =
		(tests.length > 0 && !isTrue(actual, () => true)) ||
		tests.some(test => !isTrue(actual, name => name === test)) ||
		!isTrue(inverted);
	if (restsOnTests) {
		return 'test';
	}

	const restsOnMeasures = recordChanges.some(change => !isTrue(changed(change))) || !isTrue(changed('alike', true));
	const isRepeated = isTrue(actual); // one that counts its calls is false by now
	return restsOnMeasures && isRepeated ? 'measure' : 'nothing';
};

/**
 * Returns the figures of a claim's sentence that no record gives, as they stay the same whatever the measures are, and that its
 * condition does not compare with.
 *
 * @throws whatever `say` throws on changed records
 */
export const typedFigures = ({say, holds}: Claim, analysis: Analysis, {actual, changed}: Alternatives): string[] => {
	const speak = (evidence: Evidence): string => {
		const probe = analysis.probe(() => false);
		return probe.during(() => say(evidence));
	};
	const text = speak(actual);
	const figures = figuresIn(text);
	if (figures.length === 0) {
		return [];
	}

	const others = recordChanges.map(change => speak(changed(change)));
	const typed = figures.filter((figure, index) =>
		others.every(other => {
			const found = figuresIn(other);
			return skeleton(other) === skeleton(text) ? found[index] === figure : found.includes(figure);
		}),
	);
	const probe = analysis.probe(() => false);
	probe.during(() => probe.decide(() => holds(actual)));
	const code = Function.prototype.toString.call(holds).replaceAll(/\/\*.*?\*\/|\/\/[^\n]*/gs, ' ');
	const literals = code.match(/\d[\d_]*(?:\.\d+)?(?:e-?\d+)?/gi) ?? [];
	const given = [...probe.given, ...literals.map(literal => Number(literal.replaceAll('_', '')))];
	const isGiven = (figure: string): boolean => {
		const value = Number(figure.replaceAll(',', ''));
		return given.some(number => [number, 100 * number].some(other => Math.abs(other - value) < 1e-9));
	};
	return [...new Set(typed)].filter(figure => !isGiven(figure));
};

/** Numbers of a sentence; not those within words such as `3x3` or names, in code, of a confidence level, or of a year in brackets. */
const number = /(?<![\p{L}\d_.]|\p{L}-)\d[\d,]*(?:\.\d+)?(?![\p{L}\d_])/gu;

const figuresIn = (text: string): string[] => withoutNames(text).match(number) ?? [];

const skeleton = (text: string): string => withoutNames(text).replaceAll(number, '#');

const withoutNames = (text: string): string =>
	text.replaceAll(/`[^`]*`|95 % interval|\([^()]*\b(?:19|20)\d\d\)/g, ' ').replaceAll(/,(?=\s|$)/g, ' ,');
