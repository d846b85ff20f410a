import type {Experiment, WarmUp} from '../experiment/experiment.js';

/**
 * Returns a sentence for each setting that can't do its work with so few training images.
 *
 * @param images number of images that are trained on
 */
export const hintsFor = ({schedule, batchSize, epochs}: Experiment, images: number): string[] => {
	const perEpoch = Math.ceil(images / batchSize);
	const steps = perEpoch * epochs;
	const inRun = steps === 1 ? '1 step' : `${steps} steps`;
	return [
		...(batchSize > images
			? [`Each epoch is a single step, since \`batchSize\` is ${batchSize} and there are ${images} training images.`]
			: []),
		...(schedule.kind === 'one-cycle' && schedule.pctStart * steps < 1
			? [
					`The one-cycle schedule has no warm-up, since ${schedule.pctStart} of ${inRun} ` +
						'is less than one: its rate falls from the first step on. Take a smaller `batchSize`, more `epochs` or a constant rate.',
				]
			: []),
		...warmUpHints('warmUp' in schedule ? schedule.warmUp : undefined, perEpoch, steps, inRun),
	];
};

const warmUpHints = (warmUp: WarmUp | undefined, perEpoch: number, steps: number, inRun: string): string[] => {
	const exact = warmUp?.share === undefined ? (warmUp?.epochs ?? 0) * perEpoch : warmUp.share * steps;
	const ofWarmUp = Math.round(exact); // as the trainer rounds it
	if (exact > 0 && ofWarmUp === 0) {
		return [
			`The schedule has no warm-up, since ${Number(exact.toPrecision(2))} steps are less than half of one. ` +
				'Take a longer `schedule.warmUp`, a smaller `batchSize` or more `epochs`.',
		];
	}

	return ofWarmUp >= steps
		? [
				`The schedule never reaches its \`learningRate\`: its warm-up has ${ofWarmUp} steps, the run ${inRun}. ` +
					'Take a shorter `schedule.warmUp`, a smaller `batchSize` or more `epochs`.',
			]
		: [];
};
