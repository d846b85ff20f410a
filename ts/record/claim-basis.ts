import jsTokens from 'js-tokens';
import type {Analysis} from '../claims/analysis.js';
import {type ChangedParts, type RecordChange, recordChanges} from '../claims/changed-record.js';
import type {Claim, Evidence} from '../claims/evidence.js';

/** The records as they are and as they might be, to find out what a claim rests on. */
export type Alternatives = {
	readonly actual: Evidence;
	/** As they are, with the opposite outcome of each sweep's tests. */
	readonly inverted: Evidence;
	readonly changed: (change: RecordChange, parts?: ChangedParts) => Evidence;
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

	const restsOnMeasures =
		recordChanges.some(change => !isTrue(changed(change, {seeds: false}))) ||
		!isTrue(changed('alike', {seeds: false, settings: true}));
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
	const isRepeated = speak(actual) === text; // one that counts its calls is no sentence of the records
	const typed = figures.filter(
		(figure, index) =>
			!isRepeated ||
			others.every(other => {
				const found = figuresIn(other);
				return skeleton(other) === skeleton(text) ? found[index] === figure : found.includes(figure);
			}),
	);
	const probe = analysis.probe(() => false);
	probe.during(() => probe.decide(() => holds(actual)));
	const literals = [...jsTokens(Function.prototype.toString.call(holds))].filter(({type}) => type === 'NumericLiteral');
	const given = [...probe.given, ...literals.map(({value}) => Number(value.replaceAll('_', '')))];
	const isGiven = (figure: string): boolean => {
		const value = Number(figure.replaceAll(',', ''));
		return given.some(number => [number, 100 * number].some(other => Math.abs(other - value) < 1e-9));
	};
	return [...new Set(typed)].filter(figure => !isGiven(figure));
};

/** Numbers of a sentence, with a unit or not; no ordinals, sizes such as `3x3`, or numbers in words such as `net-5`. */
const number =
	/(?<![\p{L}\d_.]|\p{L}-|\d[x×])(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?(?![\d_]|[x×]\d|(?:st|nd|rd|th)(?!\p{L}))/giu;

const figuresIn = (text: string): string[] => withoutNames(text).match(number) ?? [];

const skeleton = (text: string): string => withoutNames(text).replaceAll(number, '#');

/** Returns a sentence without code, colours of a terminal, the level of an interval, and the year of a source; with all digits in ASCII. */
const withoutNames = (text: string): string =>
	text
		.normalize('NFKC')
		.replaceAll(/`[^`]*`|\p{Cc}\[[\d;]*m|95 % interval|\([^()\d]*\b(?:19|20)\d\d\)/gu, ' ')
		.replaceAll(/,(?=\s|$)/g, ' ,');
