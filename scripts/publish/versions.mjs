import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {root} from '../set-up/index.mjs';

/** Where the version stands, each with what comes before it. `package.json` is the one that the others follow. */
const places = [
	{file: 'package.json', before: /(\{\s+"name": "stepladder",\s+"version": ")([^"]+)/g},
	{file: 'package-lock.json', before: /("name": "stepladder",\s+"version": ")([^"]+)/g},
	{file: 'Cargo.toml', before: /(\[workspace\.package\]\s+version = ")([^"]+)/g},
	{file: 'Cargo.lock', before: /(name = "stepladder-\w+"\s+version = ")([^"]+)/g},
	...readdirSync(path.join(root, 'examples'), {withFileTypes: true})
		.filter(entry => entry.isDirectory())
		.map(({name}) => ({file: `examples/${name}/package.json`, before: /("stepladder": "\^)([^"]+)/g})),
];

/**
 * Every place that names Stepladder's version, with what it says.
 *
 * @returns {Array<{file: string, version: string}>}
 */
export const namedVersions = () =>
	places.flatMap(({file, before}) =>
		[...readFileSync(path.join(root, file), 'utf8').matchAll(before)].map(([, , version = '']) => ({file, version})),
	);

/** Has every place say what `package.json` says. */
export const alignVersions = () => {
	const {version} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
	for (const {file, before} of places) {
		const text = readFileSync(path.join(root, file), 'utf8');
		writeFileSync(
			path.join(root, file),
			text.replace(before, (_, start) => `${start}${version}`),
		);
	}
};
