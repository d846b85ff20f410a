import type {Preregistration} from '../claims/preregistration.js';
import {type History, historyOf, type Origin, orderOf} from './history.js';

/** Says when a preregistration was written, and so how much it is worth. */
export const preregistrationSentence = ({made}: Preregistration): string => {
	if (made.by === 'history') {
		return historySentence(historyOf(made));
	}

	const {time, commit, again} = made;
	const at = commit
		? `at commit ${short(commit.hash)}${commit.clean ? '' : ' with changes that were not committed'}`
		: 'outside of git';
	const known = again
		? ' The step had been preregistered or recorded before, so earlier results may have been known.'
		: '';
	return `On ${minute(time)}, ${at}, before these seeds were trained.${known}`;
};

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
