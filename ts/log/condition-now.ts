import os from 'node:os';
import process from 'node:process';
import {addonHashes, nativeFor} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import type {Condition} from '../terms/record.js';
import type {TrainOptions} from '../terms/train-options.js';

/** By what and where a run of this process is trained. */
export const conditionNow = (options: Pick<TrainOptions, 'engine' | 'device'>): Condition => {
	const {version, libtorch, cuda, cores} = unwrap(nativeFor(options).runtimeInfo());
	return {
		versions: {stepladder: version, ...(libtorch !== undefined && {libtorch}), node: process.versions.node},
		addon: addonHashes(options),
		machine: {platform: process.platform, arch: process.arch, cpu: os.cpus()[0]?.model.trim(), cores, cuda},
	};
};
