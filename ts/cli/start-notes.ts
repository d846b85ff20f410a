import {formatClasses} from '../format/class-names.js';
import type {LoadedWeights, MissingClasses, StartEvent, TrainEvent} from '../runs/events.js';
import {printError} from './print.js';

/**
 * Returns a listener that prints on stderr, once for all seeds, what will limit a training.
 *
 * @param isDrawn whether it has a part of the images: opening them has reported the classes that all of them lack
 */
export const startReporter = ({isDrawn}: {isDrawn: boolean}): ((event: TrainEvent) => void) => {
	let isReported = false;
	return event => {
		if (event.type === 'start' && !isReported) {
			isReported = true;
			printError(notesOf(event, isDrawn).join(''));
		}
	};
};

const notesOf = ({missingClasses, loaded, hints = []}: StartEvent, isDrawn: boolean): string[] => [
	...(loaded ? [`${loadedText(loaded)}\n`] : []),
	...(isDrawn && missingClasses ? [`Missing classes: ${missingClassesText(missingClasses)}.\n`] : []),
	...hints.map(hint => `${hint}\n`),
];

/** Lists the tensors that did not match, as many as fit a few lines. */
const loadedText = ({loaded, fresh, unused}: LoadedWeights): string => {
	const listed = (names: readonly string[]): string =>
		names.length > maxNames
			? `${names.slice(0, maxNames).join(', ')} and ${names.length - maxNames} more`
			: names.join(', ');
	return [
		`Starting weights: ${loaded} tensors loaded`,
		...(fresh.length > 0 ? [`not in the file, and so initialised: ${listed(fresh)}`] : []),
		...(unused.length > 0 ? [`not used: ${listed(unused)}`] : []),
	].join('; ');
};

const maxNames = 12;

const missingClassesText = ({train, holdout, test}: MissingClasses): string =>
	Object.entries({training: train, validation: holdout, test})
		.flatMap(([part, classes]) => (classes ? [`no ${part} images of ${formatClasses(classes)}`] : []))
		.join('; ');
