import type {Experiment, Layer, Net, WarmUp} from '../experiment/experiment.js';

/**
 * Returns a sentence for each setting that can't do its work, with so few training images or at all.
 *
 * @param images number of images that are trained on
 */
export const hintsFor = ({net, schedule, batchSize, epochs}: Experiment, images: number): string[] => {
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
		...repeatedNormHints(net),
	];
};

/**
 * Returns a sentence for each `repeat` with a batch norm in it. What is repeated shares its norm as its weights, running statistics
 * included, which then fit no repetition: eleven such nets of 812 to 994 parameters learned MNIST and had 54 to 96 % in evaluation.
 */
const repeatedNormHints = ({block, body, head}: Net): string[] =>
	block.norm === 'none'
		? []
		: [...repeatsOfNorms(body, 'net.body'), ...repeatsOfNorms(head, 'net.head')].map(
				path =>
					`\`${path}\` repeats a norm with one set of running statistics, the mean of those of all repetitions: accuracy in evaluation ` +
					'may be far below that of training. Repeat `conv` layers in a `residual` with an `activation` instead, which have no norm.',
			);

const repeatsOfNorms = (layers: readonly Layer[], path: string): string[] =>
	layers.flatMap((layer, index) => {
		const own = `${path}.${index}`;
		return layer.kind === 'repeat' && layer.times > 1 && layer.layers.some(hasNorm)
			? [own]
			: innerLists(layer).flatMap(([name, inner]) => repeatsOfNorms(inner, `${own}.${name}`));
	});

const hasNorm = (layer: Layer): boolean =>
	layer.kind === 'block' ||
	layer.kind === 'separable' ||
	(layer.kind === 'residual' && layer.shortcut === 'conv') ||
	innerLists(layer).some(([, inner]) => inner.some(hasNorm));

/** Returns the lists of layers within a layer, each with its path from there. */
const innerLists = (layer: Layer): ReadonlyArray<readonly [path: string, layers: readonly Layer[]]> => {
	if (layer.kind === 'concat') {
		return layer.branches.map((branch, index) => [`branches.${index}`, branch]);
	}

	return layer.kind === 'residual' || layer.kind === 'repeat' ? [['layers', layer.layers]] : [];
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
