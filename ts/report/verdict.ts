import {aimOf, ofMetric} from '../experiment/goal.js';
import {type Metric, metricName} from '../experiment/metric.js';
import {percent} from '../format/figures.js';
import {plain, type Screen, textTable} from '../format/text-table.js';
import {wrap} from '../format/wrap.js';
import {classTable, predictionsSentence, spareClassColumns} from '../record/class-table.js';
import {constantSentences} from '../record/constant-sentences.js';
import type {SeedResult, TrainResult} from '../runs/events.js';

/**
 * Formats the result of training: the last accuracies of each seed, and how many seeds held the target, with what always
 * answering the most common class would get.
 */
export const verdict = (result: TrainResult, screen: Screen = plain): string => {
	const {seeds, held, target, trivial} = result;
	const {heldFor} = target;
	const {metric, atLeast} = aimOf(target);
	const epochs = heldFor === 1 ? 'the last epoch' : `each of the last ${heldFor} epochs`;
	const colour = held.count === held.of && !trivial ? screen.held : screen.missed;
	const sentences = [
		`Verdict: ${held.count} of ${held.of} seeds held >= ${ofMetric(percent(atLeast), metric)} in ${epochs}.`,
		...constantSentences(result, metric),
	];
	return [
		...seeds.map(seed => wrap(seedLine(seed, heldFor, metric), screen.width, '  ')),
		colour(wrap(sentences.join(' '), screen.width, '  ')),
	].join('\n');
};

/** The most classes that a terminal shows; reports show all. */
const mostClasses = 20;

/**
 * Formats the measures of the last epoch's predictions, as a whole and by class; empty if a seed was trained by an older
 * version.
 */
export const predictionsText = ({measures}: TrainResult, screen: Screen = plain): string => {
	if (!measures) {
		return '';
	}

	const {perClass} = measures;
	const isLong = perClass.length > mostClasses;
	const shown = isLong ? perClass.toSorted((a, b) => a.f1.mean - b.f1.mean).slice(0, mostClasses) : perClass;
	const {head, body} = classTable(shown);
	return [
		...['', wrap(predictionsSentence(measures), screen.width, '  '), ''],
		textTable(head, body, {screen, spare: spareClassColumns}),
		...(isLong ? [`These are the ${mostClasses} of ${perClass.length} classes with the lowest F1.`] : []),
		...['', ''],
	].join('\n');
};

const seedLine = (
	{seed, lastEpochs, lastValues, lastHoldout, constant, held}: SeedResult,
	heldFor: number,
	metric: Metric,
): string => {
	const values = (lastValues ?? lastEpochs).map(value => percent(value)).join(', ');
	const measured = metric === 'accuracy' ? values : `${metricName(metric)} ${values}`;
	const reason =
		lastEpochs.length < heldFor
			? `: ${heldFor} epochs are needed`
			: constant === undefined
				? ''
				: `: ${constant} for every image`;
	const outcome = held ? 'held' : `not held${reason}`;
	const validation = lastHoldout ? `; validation: ${lastHoldout.map(accuracy => percent(accuracy)).join(', ')}` : '';
	return `Seed ${seed}, last ${lastEpochs.length === 1 ? 'epoch' : `${lastEpochs.length} epochs`}: ${measured} (${outcome})${validation}`;
};
