import {existsSync, readdirSync} from 'node:fs';
import path from 'node:path';
import {DataError, openLadder} from '../../ts/index.js';
import {root} from './cli.js';

/** Returns whether the images of a ladder of this project are on this machine: not all of them can be had from npm. */
const hasImages = async (name: string): Promise<boolean> => {
	const ladder = await openLadder(path.join(root, 'ladders', name));
	try {
		await ladder.data.open(ladder.folder);
		return true;
	} catch (error) {
		if (error instanceof DataError && error.message.includes('it does not exist')) {
			return false;
		}

		throw error;
	}
};

/** This project's ladders: the folders of `ladders` with a `ladder.ts`. */
export const projectLadders = await Promise.all(
	readdirSync(path.join(root, 'ladders'))
		.filter(name => existsSync(path.join(root, 'ladders', name, 'ladder.ts')))
		.map(async name => ({name, hasImages: await hasImages(name)})),
);
