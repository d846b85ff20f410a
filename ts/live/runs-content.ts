import {clock, percent} from '../format/figures.js';
import {type CurveGroup, curves, mostDrawn} from '../report/page/curves.js';
import {type Html, html} from '../report/page/html.js';
import {prose, table} from '../report/page/parts.js';
import {groupBy} from '../statistics/group-by.js';
import {spread} from '../statistics/spread.js';
import type {LiveRun} from './live-run.js';
import {progressOf, secondsLeft} from './time-left.js';
import {type WrongImage, withoutImages} from './wrong-images.js';

/**
 * Draws the content of a page of runs: progress, a row a seed, curves, accuracy by class, and the validation images that finished
 * seeds are most surely wrong about.
 *
 * @param wrong those images, by the folder of the run; a text says why there are none
 */
export const runsContent = async (
	runs: readonly LiveRun[],
	wrong: ReadonlyMap<string, readonly WrongImage[] | string>,
): Promise<Html> => {
	if (runs.length === 0) {
		return html`<section><p>No run has begun yet.</p></section>`;
	}

	const groups = [...groupBy(runs, ({name}) => name)].map(([name, of]) => ({name, runs: of.toSorted(bySeed)}));
	const drawn = groups.slice(0, mostDrawn);
	const hasEpochs = drawn.some(({runs}) => runs.some(({epochs}) => epochs.length > 0));
	return html`<section>
<p class="headline">${progressSentence(runs)}</p>
${runsTable(groups.flatMap(({runs}) => runs))}
<p class="quiet">Accuracies are of the last finished epoch, in percent, rounded down.</p>
</section>
<section>
<h2>Curves</h2>
${
	groups.length > drawn.length &&
	html`<p>The first ${drawn.length} of ${groups.length} settings are drawn, since there are no more line styles.</p>`
}
${hasEpochs ? await curves(drawn.map(curveGroup)) : html`<p>No epoch has finished yet.</p>`}
</section>
${groups.map(group => classSection(group))}
${groups.map(group => wrongSection(group, wrong))}`;
};

type Group = {readonly name: string; readonly runs: readonly LiveRun[]};

const bySeed = (a: LiveRun, b: LiveRun): number => a.seed - b.seed || a.begun.localeCompare(b.begun);

const curveGroup = ({name, runs}: Group): CurveGroup => ({
	...{name, target: runs[0]?.target, measured: undefined},
	experiment: {epochs: Math.max(...runs.map(({of}) => of))},
	runs: runs.map(({seed, epochs, state, trainClean}) => ({
		...{seed, epochs, isFinished: state === 'finished', trainClean},
	})),
});

const progressSentence = (runs: readonly LiveRun[]): string => {
	const {epochs, of, finished, runs: all, secondsLeft: left} = progressOf(runs);
	const count = (state: LiveRun['state']): number => runs.filter(run => run.state === state).length;
	return [
		`${finished} of ${all} ${all === 1 ? 'run' : 'runs'} finished, ${epochs} of ${of} epochs`,
		...(left === undefined ? [] : [`about ${clock(left)} left`]),
		...(['training', 'interrupted', 'removed', 'damaged'] as const).flatMap(state =>
			count(state) > 0 ? [`${count(state)} ${state === 'training' ? 'in training' : state}`] : [],
		),
	].join(', ');
};

const runsTable = (runs: readonly LiveRun[]): Html => {
	const validated = runs.some(({epochs}) => epochs.at(-1)?.holdoutTotal !== undefined);
	return table(
		'Runs',
		['Step', 'Seed', 'Epoch', ...(validated ? ['Validation %'] : []), 'Test %', 'Held', 'State', 'Left', 'Folder'],
		runs.map(run => {
			const {name, seed, epochs, of, state, held, folder} = run;
			const last = epochs.at(-1);
			const left = secondsLeft(run);
			const accuracy = (correct = 0, total?: number): string => (total === undefined ? '-' : percent(correct / total));
			return [
				...[name, seed, `${epochs.length}/${of}`],
				...(validated ? [accuracy(last?.holdoutCorrect, last?.holdoutTotal)] : []),
				...[accuracy(last?.testCorrect, last?.testTotal), held === undefined ? '-' : held ? 'yes' : 'no'],
				...[state, left === undefined ? '-' : clock(left), folder],
			];
		}),
	);
};

/** Draws the share of each class's test images that is predicted as it, over the seeds' last epochs; the lowest first. */
const classSection = ({name, runs}: Group): Html | false => {
	const last = runs.flatMap(({epochs}) => epochs.at(-1)?.testByClass ?? []);
	const {classes} = runs[0]?.data ?? {classes: []};
	const rows = classes.flatMap((of, label) => {
		const shares = last.flatMap(({count, correct}) =>
			(count[label] ?? 0) > 0 ? [(correct[label] ?? 0) / (count[label] ?? 1)] : [],
		);
		return shares.length > 0 ? [{of, count: last[0]?.count[label] ?? 0, ...spread(shares)}] : [];
	});
	return (
		rows.length > 0 &&
		html`<section>
<h2>Accuracy by class: ${name}</h2>
${table(
	`${name}: accuracy by class`,
	['Class', 'Accuracy %', 'Lowest seed %', 'Test images'],
	rows
		.toSorted((a, b) => a.mean - b.mean)
		.map(({of, count, mean, values}) => [of, percent(mean), percent(Math.min(...values)), count.toLocaleString('en')]),
)}
<p class="quiet">Of the test images after the last finished epoch of each seed: the mean over ${last.length === 1 ? 'one seed' : `${last.length} seeds`}, the lowest class first.</p>
</section>`
	);
};

const wrongSection = ({name, runs}: Group, wrong: ReadonlyMap<string, readonly WrongImage[] | string>): Html => {
	const run = runs.findLast(({folder}) => wrong.has(folder));
	const found = run && wrong.get(run.folder);
	const [any] = runs;
	const reason = any && withoutImages(any);
	return html`<section>
<h2>Most surely wrong validation images: ${name}</h2>
${
	typeof found === 'object'
		? found.length === 0
			? html`<p>Seed ${run?.seed} gets all of them right.</p>`
			: html`<p class="quiet">By the model of seed ${run?.seed}, the highest probability first.</p>
<ul class="mistakes photos">${found.map(wrongItem)}</ul>`
		: html`<p>${prose(
				found !== undefined
					? `They can’t be read: ${found}`
					: reason !== undefined
						? `None to show: ${reason}.`
						: 'They are shown as soon as a seed has finished, by its model.',
			)}</p>`
}
</section>`;
};

const wrongItem = ({name, class: of, predicted, probability, picture}: WrongImage): Html =>
	html`<li><img class="photo" src="${picture}" alt="validation image ${name}, ${of}"><br><span class="file">${name}</span><br>
${of}, as ${predicted} with ${(100 * probability).toFixed(0)} %</li>`;
