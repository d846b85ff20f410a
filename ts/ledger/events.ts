import {z} from 'zod';
import {shapes} from '../validation/validate.js';

const {count, sha256, text, time} = shapes;
const [optional, seeds] = [count.optional(), z.array(count)];

/** What the ledger notes, one line each. */
const events = {
	/** The ledger begins: the files of records and sweeps that stood before it, relative to `records`. */
	opened: {format: z.literal(1), files: z.record(z.string(), sha256)},
	/** A preregistration was written, for the step's file, relative to the ladder, with this hash. */
	promised: {
		step: text,
		promise: sha256,
		experiment: sha256,
		data: sha256,
		seeds,
		...{file: text, source: sha256},
		testImages: sha256.optional(),
	},
	/** `record` trains these seeds of a preregistration, or resumes them. */
	begun: {step: text, promise: sha256, seeds},
	/** `--fresh` replaces a preregistration, recorded or not. */
	abandoned: {step: text, promise: sha256},
	/** A record was written: the hash is over its files. */
	recorded: {step: text, promise: sha256, record: sha256},
	/** These seeds are going to be added to the record with this hash, whose results are known. */
	added: {
		...{step: text, promise: sha256, seeds, record: sha256},
		commit: z.strictObject({hash: shapes.commit, clean: z.boolean()}).nullable(),
	},
	/** `train` begins to train seeds of a step, and to evaluate them on test images; or resumes them. */
	training: {
		...{step: text, experiment: sha256, data: sha256, seeds, engine: z.enum(['auto', 'aten', 'fused'])},
		...{settings: z.array(z.strictObject({path: text, value: z.unknown()})).optional()},
		...{limitTrain: optional, limitTest: optional, holdout: optional},
	},
	/** The training of a line above has ended, and these seeds of it have finished. */
	trained: {training: sha256, finished: seeds},
	/** A sweep of a step begins, or is resumed. */
	sweeping: {step: text, sweep: text, plan: sha256},
	/** The record of a sweep was written: the hash is over its files. */
	swept: {sweep: text, plan: sha256, record: sha256},
} as const;

type Events = typeof events;
type Name = keyof Events;

/** An event, as it is noted. */
export type LedgerEvent = {
	[Of in Name]: {readonly event: Of} & Readonly<z.infer<z.ZodObject<Events[Of]>>>;
}[Name];

/** A line as the file has it. `previous` is the SHA-256 of the text of the line before it. */
export type UnhashedLine = LedgerEvent & {readonly time: string; readonly previous: string | null};

/** A line of the ledger, with the SHA-256 of its text. */
export type LedgerLine = UnhashedLine & {readonly hash: string};

/** The lines of one event. */
export type LineOf<Of extends Name> = Extract<LedgerLine, {event: Of}>;

/** The shape of a line, by its event. */
export const lineShapes = Object.fromEntries(
	Object.entries(events).map(([event, fields]) => [
		event,
		z.strictObject({time, event: z.literal(event), ...fields, previous: sha256.nullable()}),
	]),
) as unknown as Readonly<Record<Name, z.ZodType<UnhashedLine>>>;
