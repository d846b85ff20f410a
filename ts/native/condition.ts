import os from 'node:os';
import process from 'node:process';
import {z} from 'zod';
import {shapes} from '../validation/validate.js';
import {addonHashes, nativeFor} from './load.js';
import {unwrap} from './unwrap.js';

/** By what and where seeds were run. */
export type Condition = {
	readonly versions: {
		readonly stepladder: string;
		/** Where the addon had it built in. */
		readonly libtorch?: string | undefined;
		readonly node: string;
	};
	/** sha256 of the addon's file, and of the sources that it was built from; `null` for one of before this was kept. */
	readonly addon: {readonly file: string; readonly sources: string} | null;
	readonly machine: {
		readonly platform: string;
		readonly arch: string;
		readonly cpu?: string | undefined;
		readonly cores: number;
		readonly cuda: boolean;
	};
};

const {text, sha256, some} = shapes;

/** By what and where a seed was run, as records and runs keep it. */
export const conditionShape = z.strictObject({
	versions: z.strictObject({stepladder: text, libtorch: text.optional(), node: text}),
	addon: z.strictObject({file: sha256, sources: sha256}).nullable(),
	machine: z.strictObject({platform: text, arch: text, cpu: text.optional(), cores: some, cuda: z.boolean()}),
});

/** By what and where a run of this process is trained. */
export const currentCondition = (options: {readonly engine?: string; readonly device?: string}): Condition => {
	const {version, libtorch, cuda, cores} = unwrap(nativeFor(options).runtimeInfo());
	return {
		versions: {stepladder: version, ...(libtorch !== undefined && {libtorch}), node: process.versions.node},
		addon: addonHashes(options),
		machine: {platform: process.platform, arch: process.arch, cpu: os.cpus()[0]?.model.trim(), cores, cuda},
	};
};
