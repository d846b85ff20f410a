import {z} from 'zod';
import {shapes} from '../validation/validate.js';
import {findingKinds} from './findings.js';

const {some} = shapes;

/** The shape of a data set's description in our files. */
export const descriptionShape = z.strictObject({
	...{name: z.string(), channels: some, size: some, classes: z.array(z.string())},
	...{train: some, validation: some.optional(), test: some, hash: shapes.sha256},
	findings: z.strictObject(Object.fromEntries(findingKinds.map(kind => [kind, some.optional()]))).optional(),
});
