import {type Dirent, readdirSync, realpathSync} from 'node:fs';
import path from 'node:path';

/** Reports in one line the links in a folder of images that lead out of it, with an example: what is behind them may be anything. */
export const reportLinksOut = (folder: string, tell: (line: string) => void): void => {
	const real = realpathSync(folder);
	const links = linksBelow(folder).flatMap(link => {
		const target = targetOf(path.join(folder, link));
		const isInside = target === undefined || target === real || target.startsWith(real + path.sep);
		return isInside ? [] : [{link, target}];
	});
	const [first] = links;
	if (first) {
		const lead = links.length === 1 ? '1 link leads' : `${links.length} links lead`;
		tell(`${lead} out of the folder ${path.basename(folder)}, such as ${first.link} to ${first.target}`);
	}
};

/** A folder of images has sets, classes and files. */
const depth = 3;

/** Lists the links in a folder and those below it, relative to the folder. Links are not followed. */
const linksBelow = (folder: string, below = '.', level = 1): string[] =>
	entriesOf(path.join(folder, below)).flatMap(entry => {
		const place = path.join(below, entry.name);
		return entry.isSymbolicLink()
			? [place]
			: entry.isDirectory() && level < depth
				? linksBelow(folder, place, level + 1)
				: [];
	});

/** Returns the entries of a folder; none if it can't be listed, which the listing of its images reports. */
const entriesOf = (folder: string): Dirent[] => {
	try {
		return readdirSync(folder, {withFileTypes: true});
	} catch {
		return [];
	}
};

/** Returns where a link leads; `undefined` for a link to nowhere, which is reported as a damaged image. */
const targetOf = (link: string): string | undefined => {
	try {
		return realpathSync(link);
	} catch {
		return undefined;
	}
};
