import {percent} from '../format/figures.js';
import type {Screen} from '../format/text-table.js';
import {fitting} from '../format/wrap.js';
import type {EpochEvent} from '../runs/events.js';

/** Formats the result of an epoch on one line: the fullest form that the screen has room for. */
export const epochText = (event: EpochEvent, {width}: Screen): string => {
	const forms = [fullForm, shortForm, figuresForm, accuraciesForm, testForm].map(form => form(event));
	return width === undefined ? (forms[0] ?? '') : fitting(forms, width);
};

const fullForm = (event: EpochEvent): string => {
	const {learningRate, seconds} = event;
	const judged = partsOf(event).map(
		({sentence, loss, correct, total}) =>
			`${sentence}: Average loss: ${loss.toFixed(4)}, Accuracy: ${correct}/${total} (${percent(correct / total)}%)`,
	);
	return [
		`${runOf(event)}: train ${trainAccuracy(event)} (loss ${event.trainLoss.toFixed(4)}), rate ${learningRate.toPrecision(3)}, ${seconds.toFixed(1)} s.`,
		...judged,
	].join(' ');
};

const shortForm = (event: EpochEvent): string =>
	[
		`${runOf(event)}: train ${trainAccuracy(event)} (loss ${event.trainLoss.toFixed(4)})`,
		...partsOf(event).map(
			({name, loss, correct, total}) => `${name} ${percent(correct / total)}% (loss ${loss.toFixed(4)})`,
		),
		`rate ${event.learningRate.toPrecision(3)}`,
		secondsOf(event),
	].join(', ');

const figuresForm = (event: EpochEvent): string =>
	[
		`${runOf(event)}: train ${trainAccuracy(event)} (${event.trainLoss.toFixed(4)})`,
		...partsOf(event).map(
			({name, loss, correct, total}) => `${name} ${percent(correct / total)}% (${loss.toFixed(4)})`,
		),
		secondsOf(event),
	].join(', ');

const accuraciesForm = (event: EpochEvent): string =>
	[
		`Seed ${event.seed}, ${event.epoch}/${event.epochs}: train ${trainAccuracy(event)}`,
		...partsOf(event).map(({name, correct, total}) => `${name} ${percent(correct / total)}%`),
		secondsOf(event),
	].join(', ');

const testForm = ({seed, epoch, epochs, testCorrect, testTotal}: EpochEvent): string =>
	`Seed ${seed}, ${epoch}/${epochs}: test ${percent(testCorrect / testTotal)}%`;

const runOf = ({seed, epoch, epochs}: EpochEvent): string => `Seed ${seed}, epoch ${epoch}/${epochs}`;

const trainAccuracy = ({trainCorrect, trainTotal}: EpochEvent): string => `${percent(trainCorrect / trainTotal)}%`;

const secondsOf = ({seconds}: EpochEvent): string => `${seconds.toFixed(1)} s`;

/** Returns the images that an epoch is evaluated on: held-out ones, if any, and the test images. */
const partsOf = ({holdoutLoss = 0, holdoutCorrect = 0, holdoutTotal, testLoss, testCorrect, testTotal}: EpochEvent) => [
	...(holdoutTotal === undefined
		? []
		: [{sentence: 'Validation', name: 'validation', loss: holdoutLoss, correct: holdoutCorrect, total: holdoutTotal}]),
	{sentence: 'Test set', name: 'test', loss: testLoss, correct: testCorrect, total: testTotal},
];
