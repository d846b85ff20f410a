import process from 'node:process';
import {LadderError} from '../errors/ladder-error.js';
import {displayPath} from '../format/command-line.js';
import {findLadder, runsFolder} from '../ladder/find-ladder.js';

/** Returns the folder of a ladder's runs, as it is typed in the working folder. */
export const ownRuns = ({folder}: {readonly folder: string}): string => displayPath(runsFolder(folder));

/** Returns {@link ownRuns} of the ladder of `--ladder`, or else of the working folder, which needs none. */
export const foundRuns = ({ladder}: {readonly ladder?: string}): string => {
	try {
		return ownRuns({folder: ladder ?? findLadder(process.cwd())});
	} catch (error) {
		if (error instanceof LadderError) {
			return 'runs';
		}

		throw error;
	}
};
