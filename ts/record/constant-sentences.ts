import {type ConstantAnswer, type Metric, metricName} from '../experiment/metric.js';
import {percent} from '../format/figures.js';

/** Seeds that were compared with a target. */
type Compared = {
	readonly constantAnswer: ConstantAnswer | undefined;
	readonly trivial: boolean | undefined;
	readonly seeds: ReadonlyArray<{readonly seed: number; readonly constant?: string | undefined}>;
};

/**
 * Says what the most common class would get by itself, and which seeds predict a single class, so that neither is taken for
 * learning.
 */
export const constantSentences = ({constantAnswer, trivial, seeds}: Compared, metric: Metric): string[] => {
	const constant = seeds.filter(seed => seed.constant !== undefined);
	const classes = [...new Set(constant.map(({constant}) => constant))];
	return [
		...(constantAnswer ? [alwaysSentence(constantAnswer, trivial ?? false, metric)] : []),
		...classes.map(name => {
			const those = constant.filter(({constant}) => constant === name).map(({seed}) => seed);
			const [noun, verb, misses] = those.length === 1 ? ['Seed', 'predicts', 'misses'] : ['Seeds', 'predict', 'miss'];
			return `${noun} ${those.join(', ')} ${verb} ${name} for every test image, and so ${misses} every target.`;
		}),
	];
};

const alwaysSentence = ({class: name, value}: ConstantAnswer, trivial: boolean, metric: Metric): string => {
	const measured = metric === 'accuracy' ? '' : ` ${typeof metric === 'string' ? metricName(metric) : 'accuracy'}`;
	const gets = `Always answering ${name} gets ${percent(value)} %${measured}`;
	return trivial ? `${gets}, which reaches the target: reaching it shows no learning.` : `${gets}.`;
};
