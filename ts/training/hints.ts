import type {Experiment} from '../experiment/experiment.js';

/**
 * Returns a sentence for each setting that can't do its work with so few training images.
 *
 * @param images number of images that are trained on
 */
export const hintsFor = ({schedule, batchSize, epochs}: Experiment, images: number): string[] => {
	const steps = Math.ceil(images / batchSize) * epochs;
	return [
		...(batchSize > images
			? [`Each epoch is a single step, since \`batchSize\` is ${batchSize} and there are ${images} training images.`]
			: []),
		...(schedule.kind === 'one-cycle' && schedule.pctStart * steps < 1
			? [
					`The one-cycle schedule has no warm-up, since ${schedule.pctStart} of ${steps === 1 ? '1 step' : `${steps} steps`} ` +
						'is less than one: its rate falls from the first step on. Take a smaller `batchSize`, more `epochs` or a constant rate.',
				]
			: []),
	];
};
