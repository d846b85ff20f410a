import {type Origin, type Preregistration, stood, type WrittenFromHistory} from '../claims/preregistration.js';

/** When a promise was made, and so what it is worth. */
export const preregistrationSentence = ({made}: Preregistration): string => {
	if (made.by === 'history') {
		return fromHistory(made);
	}

	const {time, commit, again} = made;
	const at = commit
		? `at commit ${short(commit.hash)}${commit.clean ? '' : ' with changes that were not committed'}`
		: 'outside of git';
	const known = again ? ' An earlier promise or record of the step was there to be seen.' : '';
	return `On ${minute(time)}, ${at}, before these seeds were trained.${known}`;
};

const fromHistory = ({target, experiment, why, result}: WrittenFromHistory): string => {
	const parts = [
		{name: 'the target', origin: target},
		{name: 'the experiment', origin: experiment},
		{name: 'the reason', origin: why},
	];
	const commits = [...new Set(parts.map(({origin}) => origin.commit))];
	const sentences = commits.map(commit => {
		const of = parts.filter(({origin}) => origin.commit === commit);
		const origin = of[0]?.origin ?? result;
		const names = listed(of.map(({name}) => name));
		const said = `${names[0]?.toUpperCase()}${names.slice(1)}`;
		return {
			before: `${said} stood in commit ${place(origin)}, before the first result was committed (${place(result, ', ')}).`,
			with: `${said} in these words came in the same commit as the first result (${place(origin, ', ')}), so nothing shows that it stood before.`,
			after: `${said} in these words came after it, in commit ${place(origin)}.`,
		}[stood(origin, result)];
	});
	return sentences.join(' ');
};

const listed = (names: readonly string[]): string =>
	[names.slice(0, -1).join(', '), names.at(-1)].filter(part => part !== '').join(' and ');

const place = ({commit, time}: Origin, between = ' of '): string => `${short(commit)}${between}${minute(time)}`;
const short = (commit: string): string => commit.slice(0, 7);
const minute = (time: string): string => `${time.slice(0, 16).replace('T', ' ')} UTC`;
