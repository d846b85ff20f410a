import {decodeMessage, message} from '../format/protobuf.js';
import type {Hparams} from './hparams.js';
import {frame, readRecords} from './records.js';

// Messages and the numbers of their fields: event.proto and summary.proto of TensorFlow, hparams/plugin_data.proto of TensorBoard.

/** The outcome of an epoch, as far as it is known. Losses are means over images. */
export type LoggedEpoch = {
	/** 1 for the first. */
	readonly epoch: number;
	readonly seconds: number;
	readonly learningRate: number;
	readonly trainLoss: number;
	readonly trainCorrect: number;
	readonly trainTotal: number;
	readonly holdoutLoss?: number;
	readonly holdoutCorrect?: number;
	readonly holdoutTotal?: number;
	readonly testLoss?: number;
	readonly testCorrect?: number;
	readonly testTotal?: number;
};

/** What the first events of a file say of its run. */
export type RunSettings = {
	/** Start time, in seconds since 1970. */
	readonly begun: number;
	readonly hparams: Hparams;
	/** Runs with the same settings have the same. */
	readonly group: string;
};

/** Returns the first records of a file: the version of its format, and the settings of the run. */
export const firstRecords = ({begun, hparams, group}: RunSettings): Buffer =>
	Buffer.concat([
		event(begun, 0, [fields.fileVersion, 'brain.Event:2']),
		event(begun, 0, [
			fields.summary,
			hparamsSummary(tags.begin, [3, message(...hparamFields(hparams), [4, group], [5, {double: begun}])]), // session_start_info
		]),
	]);

/** Returns the record of an epoch's values. */
export const epochRecord = (row: LoggedEpoch, time: number): Buffer =>
	event(time, row.epoch, [
		fields.summary,
		message([1, Object.entries(scalarsOf(row)).map(([tag, value]) => message([1, tag], [2, {float: value}]))]),
	]);

/** Returns the last record of a file, after `epochs`. */
export const lastRecord = (outcome: 'finished' | 'diverged', epochs: number, time: number): Buffer => {
	const status = {finished: 1, diverged: 2}[outcome]; // STATUS_SUCCESS, STATUS_FAILURE
	const session = message([1, status], [2, {double: time}]);
	return event(time, epochs, [fields.summary, hparamsSummary(tags.end, [4, session])]); // session_end_info
};

/** The events of a file that was written before. */
export type ReadEvents = {
	/** As in {@link RunSettings}; `undefined` if the first event is missing or damaged. */
	readonly begun: number | undefined;
	/** The last epoch in it; 0 if there is none. */
	readonly epochs: number;
	readonly hasEnded: boolean;
	/** Number of bytes of its whole records; an interrupted write may have left more. */
	readonly length: number;
};

/** Reads the events of a file that {@link firstRecords} begins. */
export const readEvents = (bytes: Buffer): ReadEvents => {
	const {records, length} = readRecords(bytes);
	const events = records.map(record => decodeMessage(record));
	const [time] = events[0]?.get(fields.time) ?? [];
	const steps = events.map(read => read.get(fields.step)?.[0] ?? 0);
	return {
		begun: time instanceof Buffer ? time.readDoubleLE() : undefined,
		epochs: Math.max(0, ...steps.map(Number)),
		hasEnded: records.some(record => record.includes(tags.end)),
		length,
	};
};

/** Returns the values of an epoch by their tags; those that it lacks are left out. */
const scalarsOf = (row: LoggedEpoch): Readonly<Record<string, number>> => {
	const {learningRate, trainLoss, holdoutLoss, testLoss} = row;
	const values = {
		'train/loss': trainLoss,
		'train/accuracy': row.trainCorrect / row.trainTotal,
		'validation/loss': holdoutLoss,
		'validation/accuracy': share(row.holdoutCorrect, row.holdoutTotal),
		'test/loss': testLoss,
		'test/accuracy': share(row.testCorrect, row.testTotal),
		learning_rate: learningRate,
	};
	return Object.fromEntries(
		Object.entries(values).flatMap(([tag, value]) => (value === undefined ? [] : [[tag, value] as const])),
	);
};

const share = (correct: number | undefined, total: number | undefined): number | undefined =>
	correct === undefined || total === undefined ? undefined : correct / total;

/** The fields of an event. */
const fields = {time: 1, step: 2, fileVersion: 3, summary: 5} as const;

const tags = {begin: '_hparams_/session_start_info', end: '_hparams_/session_end_info'} as const;

const event = (time: number, step: number, content: readonly [number, string | Uint8Array]): Buffer =>
	frame(message([fields.time, {double: time}], [fields.step, step === 0 ? undefined : step], content));

/** Returns a summary with a value of the plugin `hparams`, whose data are in the metadata. */
const hparamsSummary = (tag: string, content: readonly [number, Uint8Array]): Uint8Array => {
	const metadata = message([1, message([1, 'hparams'], [2, message(content)])]);
	return message([1, message([1, tag], [8, emptyTensor], [9, metadata])]);
};

/** A float32 tensor of shape `[0]`, as TensorBoard writes it where all data are in the metadata. */
const emptyTensor = message([1, 1], [2, message([2, message()])]);

/** Returns the entries of the map `hparams`, whose values are a `google.protobuf.Value`. */
const hparamFields = (hparams: Hparams): ReadonlyArray<readonly [number, Uint8Array]> =>
	Object.entries(hparams).map(([name, value]) => {
		const encoded =
			typeof value === 'number'
				? message([2, {double: value}])
				: typeof value === 'string'
					? message([3, value])
					: message([4, Number(value)]);
		return [1, message([1, name], [2, encoded])] as const;
	});
