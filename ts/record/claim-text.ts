import {LadderError} from '../errors/index.js';
import type {Place} from '../ladder/open-ladder.js';
import type {Evidence} from '../terms/evidence.js';
import {show} from '../text/show.js';
import {shown} from '../text/shown.js';
import {ofStepFile} from './of-step-file.js';

/**
 * The sentence of a claim.
 *
 * @param index from 0
 * @throws {LadderError} where it gives none
 */
export const claimText = (place: Place, index: number, evidence: Evidence): string => {
	const what = `\`say\` of claim ${index + 1}`;
	const text: unknown = ofStepFile(place, what, () => place.step.analysis[index]?.say(evidence));
	if (typeof text !== 'string') {
		throw new LadderError(`${shown(place.file)}: ${what} should give a text, it gave ${show(text)}`, place.file);
	}

	return text;
};
