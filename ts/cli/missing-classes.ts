import process from 'node:process';
import {formatClasses} from '../format/class-names.js';
import type {MissingClasses, TrainEvent} from '../runs/events.js';

/** Returns a listener that prints on stderr, once for all seeds, which classes a part of the images lacks. */
export const missingClassesReporter = (): ((event: TrainEvent) => void) => {
	let isReported = false;
	return event => {
		if (event.type === 'start' && event.missingClasses && !isReported) {
			isReported = true;
			process.stderr.write(`Missing classes: ${missingClassesText(event.missingClasses)}.\n`);
		}
	};
};

const missingClassesText = ({train, holdout, test}: MissingClasses): string =>
	Object.entries({training: train, validation: holdout, test})
		.flatMap(([part, classes]) => (classes ? [`no ${part} images of ${formatClasses(classes)}`] : []))
		.join('; ');
