import type {StepRecord} from '../claims/step-record.js';
import {listSeeds} from '../format/seeds.js';
import {type Attempts, attemptsBefore} from '../ledger/attempts.js';
import type {LedgerLine} from '../ledger/events.js';
import {addedSentence} from './added-seeds.js';
import {commitPhrase} from './commit.js';
import {type History, historyOf, type Origin, orderOf} from './history.js';
import {preregistrationHash} from './preregistration-file.js';

/**
 * Says when the preregistration of a record was written, and what had been known of the step by then.
 *
 * @param ledger lines of the ladder's ledger; none for a record from before there were ledgers
 */
export const preregistrationSentence = (
	{preregistration, added, ledger: head}: Pick<StepRecord, 'preregistration' | 'added' | 'ledger'>,
	ledger: readonly LedgerLine[],
): string => {
	const {made} = preregistration;
	const more = addedSentence({added, preregistration}, ledger);
	if (made.by === 'history') {
		return historySentence(historyOf(made));
	}

	const {commit, again} = made;
	const at = commitPhrase(commit);
	const promise = preregistrationHash(preregistration);
	const attempts = attemptsBefore(ledger, promise);
	if (!attempts) {
		const known = again
			? ' The step had been preregistered or recorded before, so earlier results may have been known.'
			: '';
		return `On ${minute(made.time)}, ${at}, before these seeds were trained.${known}${more}${headSentence(head)}`;
	}

	const {time} = ledger.find(line => line.event === 'promised' && line.promise === promise) ?? made;
	const runs = attempts.trained.length === 0 ? 'these seeds were trained' : 'these runs';
	return `On ${minute(time)}, ${at}, before ${runs}.${attemptsSentences(attempts)}${more}${headSentence(head)}`;
};

/** Says what the ledger has of the time before; empty for a first attempt of which nothing had been trained. */
const attemptsSentences = ({number, recorded, trained, otherRuns}: Attempts): string => {
	const earlier = number - 1;
	const without = earlier - recorded;
	const outcomes = [
		...(recorded > 0 ? [`${recorded} ${recorded === 1 ? 'was' : 'were'} recorded`] : []),
		...(without > 0 ? [`${without} ${without === 1 ? 'was' : 'were'} abandoned`] : []),
	];
	return [
		...(earlier === 0 ? [] : [` This is attempt ${number}: of those before, ${outcomes.join(' and ')}.`]),
		...(trained.length === 0
			? []
			: [
					` ${upper(listSeeds(trained))} had been trained with these settings before, and evaluated on the test images.`,
				]),
		...(otherRuns === 0
			? []
			: [
					` ${otherRuns} other ${otherRuns === 1 ? 'run' : 'runs'} of the step, with other seeds or settings, had been evaluated on the test images.`,
				]),
	].join('');
};

/** Names the ledger's last line before a record, which a reader can compare with a copy of the ledger. */
const headSentence = (head: string | undefined): string => (head === undefined ? '' : ` Ledger: ${head.slice(0, 12)}.`);

const upper = (text: string): string => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`;

const historySentence = ({target, experiment, why, result}: History): string => {
	const parts = [
		{name: 'the target', origin: target},
		{name: 'the experiment', origin: experiment},
		{name: 'the reason', origin: why},
	];
	const commits = [...new Set(parts.map(({origin}) => origin.commit))];
	const sentences = commits.map(commit => {
		const ofCommit = parts.filter(({origin}) => origin.commit === commit);
		const origin = ofCommit[0]?.origin ?? result;
		const names = listed(ofCommit.map(({name}) => name));
		const subject = `${names[0]?.toUpperCase()}${names.slice(1)}`;
		return {
			before: `${subject} stood in commit ${dated(origin)}, before the first result was committed (${dated(result, ', ')}).`,
			with: `${subject} in these words came in the same commit as the first result (${dated(origin, ', ')}), so nothing shows that it stood before.`,
			after: `${subject} in these words came after it, in commit ${dated(origin)}.`,
		}[orderOf(origin, result)];
	});
	return sentences.join(' ');
};

const listed = (names: readonly string[]): string =>
	[names.slice(0, -1).join(', '), names.at(-1)].filter(part => part !== '').join(' and ');

const dated = ({commit, time}: Origin, between = ' of '): string => `${short(commit)}${between}${minute(time)}`;
const short = (commit: string): string => commit.slice(0, 7);
const minute = (time: string): string => `${time.slice(0, 16).replace('T', ' ')} UTC`;
