import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {root} from '../set-up/index.mjs';

/** The files that name the version, with the text before it. The others follow `package.json`. */
const mentions = [
	{file: 'package.json', before: /(\{\s+"name": "stepladder",\s+"version": ")([^"]+)/g},
	{file: 'package-lock.json', before: /("name": "stepladder",\s+"version": ")([^"]+)/g},
	{file: 'Cargo.toml', before: /(\[workspace\.package\]\s+version = ")([^"]+)/g},
	{file: 'Cargo.lock', before: /(name = "stepladder-\w+"\s+version = ")([^"]+)/g},
	...readdirSync(path.join(root, 'examples'), {withFileTypes: true})
		.filter(entry => entry.isDirectory())
		.map(({name}) => ({file: `examples/${name}/package.json`, before: /("stepladder": "\^)([^"]+)/g})),
];

/**
 * Returns every mention of Stepladder's version.
 *
 * @returns {Array<{file: string, version: string}>}
 */
export const namedVersions = () =>
	mentions.flatMap(({file, before}) =>
		[...readFileSync(path.join(root, file), 'utf8').matchAll(before)].map(([, , version = '']) => ({file, version})),
	);

/** Sets every mention to the version of `package.json`. */
export const alignVersions = () => {
	const {version} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
	for (const {file, before} of mentions) {
		const text = readFileSync(path.join(root, file), 'utf8');
		writeFileSync(
			path.join(root, file),
			text.replace(before, (_, start) => `${start}${version}`),
		);
	}
};
