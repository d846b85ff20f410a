import type {PublishedResult} from '../../ladder/define-ladder.js';
import type {Recorded} from '../../terms/recorded.js';
import {type Chart, drawSvg} from '../../text/svg.js';
import {Html} from './html.js';

const svg = async (spec: Chart): Promise<Html> => new Html(await drawSvg(spec));

/** Test accuracy of every seed by epoch, from the fifth part of the way up, with the target drawn in. */
export const accuracyChart = async ({record}: Recorded, target: number): Promise<Html> => {
	const values = record.epochs.map(({seed, epoch, testCorrect, testTotal}) => ({
		...{seed: String(seed), epoch, accuracy: (100 * testCorrect) / testTotal},
	}));
	const accuracies = values.map(({accuracy}) => accuracy).toSorted((a, b) => a - b);
	// the first epochs of a slow start would press the others together
	const low = Math.min(accuracies[Math.floor(accuracies.length / 10)] ?? 0, 100 * target - 0.2);
	const high = Math.max(accuracies.at(-1) ?? 100, 100 * target);
	return svg({
		...{width: 560, height: 220},
		layer: [
			{
				data: {values},
				mark: {type: 'line', clip: true, strokeWidth: 1.5},
				encoding: {
					x: {field: 'epoch', type: 'quantitative', title: 'epoch', axis: {tickMinStep: 1}},
					y: {
						...{field: 'accuracy', type: 'quantitative', title: 'test accuracy, %'},
						scale: {domain: [low, high + 0.05], zero: false},
					},
					color: {field: 'seed', type: 'nominal', title: 'seed'},
				},
			},
			{
				data: {values: [{target: 100 * target}]},
				mark: {type: 'rule', strokeDash: [5, 4], color: 'currentColor'},
				encoding: {y: {field: 'target', type: 'quantitative'}},
			},
		],
	});
};

/** Test accuracy against parameters: a ladder's steps, and published results. */
export const sizeChart = async (
	ladderName: string,
	ladder: readonly Recorded[],
	publishedResults: readonly PublishedResult[],
): Promise<Html> => {
	const ours = ladder.map(({name, parameters, test}, place) => ({
		...{name, parameters, accuracy: 100 * test.mean, run: `${ladderName}, mean of the last five epochs`},
		side: place % 2 === 0 ? 'right' : 'left', // neighbours would be written over each other
	}));
	const published = publishedResults.map(({name, parameters, accuracy, source}) => ({
		...{name, parameters, accuracy: 100 * accuracy, run: source},
	}));
	const sizes = [...ours, ...published].map(({parameters}) => Math.log10(parameters));
	const [low, high] = [
		Math.floor(Math.min(...sizes)),
		Math.max(Math.ceil(Math.max(...sizes)), Math.floor(Math.min(...sizes)) + 1),
	];
	const legend = {orient: 'top', direction: 'vertical', labelLimit: 0} as const;
	const labels = (side: 'left' | 'right') => ({
		transform: [{filter: `datum.side === '${side}'`}],
		mark: {
			...{type: 'text' as const, fontSize: 11, color: 'currentColor'},
			...(side === 'right' ? {align: 'left' as const, dx: 8} : {align: 'right' as const, dx: -8}),
		},
		encoding: {text: {field: 'name'}},
	});
	return svg({
		...{width: 560, height: 300},
		data: {values: [...ours, ...published]},
		encoding: {
			x: {
				...{field: 'parameters', type: 'quantitative', title: 'parameters'},
				scale: {type: 'log', domain: [10 ** low, 10 ** high]},
				axis: {values: Array.from({length: high - low + 1}, (_, i) => 10 ** (low + i)), format: '~s'},
			},
			y: {
				...{field: 'accuracy', type: 'quantitative', title: 'test accuracy, %'},
				scale: {zero: false, padding: 12, nice: true},
			},
		},
		layer: [
			{
				mark: {type: 'point', filled: true, size: 70, opacity: 0.9},
				encoding: {
					color: {field: 'run', type: 'nominal', title: null, legend},
					shape: {field: 'run', type: 'nominal', title: null, legend},
				},
			},
			labels('left'),
			labels('right'),
		],
	});
};
