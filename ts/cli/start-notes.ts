import process from 'node:process';
import {formatClasses} from '../format/class-names.js';
import type {MissingClasses, StartEvent, TrainEvent} from '../runs/events.js';

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
			process.stderr.write(notesOf(event, isDrawn).join(''));
		}
	};
};

const notesOf = ({missingClasses, hints = []}: StartEvent, isDrawn: boolean): string[] => [
	...(isDrawn && missingClasses ? [`Missing classes: ${missingClassesText(missingClasses)}.\n`] : []),
	...hints.map(hint => `${hint}\n`),
];

const missingClassesText = ({train, holdout, test}: MissingClasses): string =>
	Object.entries({training: train, validation: holdout, test})
		.flatMap(([part, classes]) => (classes ? [`no ${part} images of ${formatClasses(classes)}`] : []))
		.join('; ');
