import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';

/** An event of a file for TensorBoard, as far as tests ask for it. */
export type ReadEvent = {
	readonly time: number;
	readonly step: number;
	readonly version?: string;
	/** Values with a `simple_value`, by their tags. */
	readonly scalars: Readonly<Record<string, number>>;
	/** The tag of a value of the plugin hparams, with its settings and the outcome of its session. */
	readonly hparams?: {
		readonly tag: string;
		readonly settings: Readonly<Record<string, unknown>>;
		readonly group: string;
		readonly status: number;
	};
};

/** Returns the paths of all event files below a folder, sorted. */
export const eventFiles = (folder: string): string[] =>
	readdirSync(folder, {recursive: true, encoding: 'utf8'})
		.filter(name => name.includes('tfevents'))
		.map(name => path.join(folder, name))
		.toSorted();

/** Reads an event file with none of the project's code: checks each checksum bit by bit, and that the file ends with a record. */
export const readEventFile = (file: string): ReadEvent[] => {
	const bytes = readFileSync(file);
	const events: ReadEvent[] = [];
	for (let at = 0; at < bytes.length; ) {
		const length = Number(bytes.readBigUInt64LE(at));
		const data = bytes.subarray(at + 12, at + 12 + length);
		for (const [part, sum] of [
			[bytes.subarray(at, at + 8), at + 8],
			[data, at + 12 + length],
		] as const) {
			if (bytes.readUInt32LE(sum) !== masked(part)) {
				throw new Error(`a wrong checksum at ${sum} of ${file}`);
			}
		}

		events.push(asEvent(data));
		at += 16 + length;
	}

	return events;
};

const masked = (data: Uint8Array): number => {
	let crc = 0xff_ff_ff_ffn;
	for (const byte of data) {
		crc ^= BigInt(byte);
		for (let bit = 0; bit < 8; bit += 1) {
			crc = (crc & 1n) === 1n ? (crc >> 1n) ^ 0x82_f6_3b_78n : crc >> 1n;
		}
	}

	crc ^= 0xff_ff_ff_ffn;
	return Number((((crc >> 15n) | (crc << 17n)) + 0xa2_82_ea_d8n) & 0xff_ff_ff_ffn);
};

/** Field number, wire type and content of each field of a message. */
type RawField = readonly [number: number, content: number | Buffer];

const rawFields = (data: Buffer): RawField[] => {
	let at = 0;
	const varint = (): number => {
		let value = 0n;
		for (let shift = 0n; ; shift += 7n) {
			const byte = BigInt(data.readUInt8(at));
			at += 1;
			value |= (byte & 127n) << shift;
			if (byte < 128n) {
				return Number(value);
			}
		}
	};
	const found: RawField[] = [];
	while (at < data.length) {
		const tag = varint();
		const type = tag & 7;
		if (type === 0) {
			found.push([tag >> 3, varint()]);
		} else {
			const length = type === 1 ? 8 : type === 5 ? 4 : varint();
			found.push([tag >> 3, data.subarray(at, at + length)]);
			at += length;
		}
	}

	return found;
};

const all = (data: Buffer, number: number): Buffer[] =>
	rawFields(data).flatMap(([found, content]) => (found === number && content instanceof Buffer ? [content] : []));
const one = (data: Buffer | undefined, ...numbers: number[]): Buffer | undefined => {
	const [number, ...deeper] = numbers;
	return data === undefined || number === undefined ? data : one(all(data, number)[0], ...deeper);
};
const whole = (data: Buffer | undefined, number: number): number =>
	data === undefined ? 0 : Number(rawFields(data).find(([found]) => found === number)?.[1] ?? 0);

const asEvent = (data: Buffer): ReadEvent => {
	const values = all(one(data, 5) ?? Buffer.alloc(0), 1);
	const version = one(data, 3)?.toString();
	const scalars = values.flatMap(value => {
		const simple = one(value, 2);
		return simple ? [[one(value, 1)?.toString() ?? '', simple.readFloatLE()] as const] : [];
	});
	const plugin = values.find(value => one(value, 9, 1, 1)?.toString() === 'hparams');
	const content = one(plugin, 9, 1, 2);
	const begin = one(content, 3);
	return {
		time: one(data, 1)?.readDoubleLE() ?? Number.NaN,
		step: whole(data, 2),
		...(version !== undefined && {version}),
		scalars: Object.fromEntries(scalars),
		...(plugin && {
			hparams: {
				tag: one(plugin, 1)?.toString() ?? '',
				settings: Object.fromEntries(
					begin ? all(begin, 1).map(entry => [one(entry, 1)?.toString(), settingOf(entry)]) : [],
				),
				group: one(begin, 4)?.toString() ?? '',
				status: whole(one(content, 4), 1),
			},
		}),
	};
};

/** Reads the value of an entry: a `google.protobuf.Value`. */
const settingOf = (entry: Buffer): unknown => {
	const [[number, content] = [0, 0]] = rawFields(one(entry, 2) ?? Buffer.alloc(0));
	return typeof content === 'number' ? content === 1 : number === 2 ? content.readDoubleLE() : content.toString();
};
