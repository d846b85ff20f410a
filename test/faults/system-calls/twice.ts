import {type Part, tryEach} from '../part.js';
import {scoped} from '../scope.js';
import {badEnd} from '../verdicts.js';
import {scenarios} from './scenarios.js';
import {noShim} from './shim.js';
import {snapshot} from './snapshot.js';
import {different, Stage} from './system-calls.js';

const wanted = ['train', 'resume', 'images', 'record', 'sweep', 'report'];

/** The same command twice, concurrently in the same folder. */
export const twiceParts: readonly Part[] = scenarios
	.filter(({name}) => wanted.includes(name))
	.map(scenario => ({
		name: `twice-${scenario.name}`,
		fault: `\`${scenario.name}\` is started twice at the same time`,
		promise: 'each succeeds or ends with a message; the result is that of one alone',
		skipped: noShim,
		run: ({tries = 50, only}) =>
			scoped(async scope => {
				const stage = await Stage.make(scope, scenario);
				stage.reset();
				const unbroken = await stage.run(scenario.command);
				const after = snapshot(stage.folder);
				const names = only === undefined ? Array.from({length: tries}, (_, index) => String(index + 1)) : [only];
				return tryEach(names, async () => {
					stage.reset();
					const ends = await Promise.all([stage.run(scenario.command), stage.run(scenario.command)]);
					const bad = ends.flatMap(end => badEnd(end) ?? []);
					if (!ends.some(({exitCode}) => exitCode === unbroken.exitCode)) {
						bad.push(`neither finished: ${ends.map(({stderr}) => stderr).join(' | ')}`);
					}

					bad.push(...different(snapshot(stage.folder), after));
					return bad.length > 0 ? bad.join('; ') : undefined;
				});
			}),
	}));
