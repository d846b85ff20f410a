import {z} from 'zod';
import {shapes} from './judged.js';

const {text, sha256, some} = shapes;

/** By what and where a seed was run, as records and runs keep it. */
export const conditionShape = z.strictObject({
	versions: z.strictObject({stepladder: text, libtorch: text.optional(), node: text}),
	addon: z.strictObject({file: sha256, sources: sha256}).nullable(),
	machine: z.strictObject({platform: text, arch: text, cpu: text.optional(), cores: some, cuda: z.boolean()}),
});
