import {percent} from '../format/figures.js';
import type {Screen} from '../format/text-table.js';
import {wrap} from '../format/wrap.js';
import type {EpochEvent} from '../runs/events.js';

/** Formats the result of an epoch: on one line, or one line per sentence if that is too long. */
export const epochText = (event: EpochEvent, {width}: Screen): string => {
	const {seed, epoch, epochs, trainLoss, trainCorrect, trainTotal, learningRate, seconds} = event;
	const {holdoutLoss = 0, holdoutCorrect = 0, holdoutTotal, testLoss, testCorrect, testTotal} = event;
	const sentences = [
		[
			`Seed ${seed}, epoch ${epoch}/${epochs}: train ${percent(trainCorrect / trainTotal)}% (loss ${trainLoss.toFixed(4)}),`,
			`rate ${learningRate.toPrecision(3)}, ${seconds.toFixed(1)} s.`,
		].join(' '),
		...(holdoutTotal === undefined ? [] : [judged('Validation', holdoutLoss, holdoutCorrect, holdoutTotal)]),
		judged('Test set', testLoss, testCorrect, testTotal),
	];
	const line = sentences.join(' ');
	const [first = '', ...others] = sentences;
	return width === undefined || line.length <= width
		? line
		: [first, ...others.map(sentence => `  ${sentence}`)].map(sentence => wrap(sentence, width, '    ')).join('\n');
};

const judged = (what: string, loss: number, correct: number, total: number): string =>
	`${what}: Average loss: ${loss.toFixed(4)}, Accuracy: ${correct}/${total} (${percent(correct / total)}%)`;
