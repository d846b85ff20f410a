// As much of protobuf's wire format as ONNX files and TensorBoard's events need: https://protobuf.dev/programming-guides/encoding/

/** A field of a message, with its number. `undefined` values are left out. */
export type Field = readonly [number: number, value: FieldValue | readonly FieldValue[] | undefined];

/** An integer, a float32 as `{float}`, a float64 as `{double}`, a text, bytes, or a message's fields encoded by {@link message}. */
type FieldValue = number | string | Uint8Array | {readonly float: number} | {readonly double: number};

/** Encodes a message. A list is a repeated field. */
export const message = (...fields: readonly Field[]): Uint8Array =>
	Buffer.concat(
		fields.flatMap(([number, value]) => {
			const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
			return values.flatMap(value => encoded(number, value as FieldValue));
		}),
	);

const encoded = (number: number, value: FieldValue): Uint8Array[] => {
	if (typeof value === 'number') {
		return [varint(number * 8), varint(value)];
	}

	if (typeof value === 'object' && 'float' in value) {
		const bytes = Buffer.alloc(4);
		bytes.writeFloatLE(value.float);
		return [varint(number * 8 + 5), bytes];
	}

	if (typeof value === 'object' && 'double' in value) {
		const bytes = Buffer.alloc(8);
		bytes.writeDoubleLE(value.double);
		return [varint(number * 8 + 1), bytes];
	}

	const bytes = typeof value === 'string' ? Buffer.from(value) : value;
	return [varint(number * 8 + 2), varint(bytes.length), bytes];
};

/** @param value whole, from 0 to 2^53 */
const varint = (value: number): Uint8Array => {
	const bytes: number[] = [];
	let rest = value;
	while (rest > 127) {
		bytes.push((rest % 128) + 128);
		rest = Math.floor(rest / 128);
	}

	return Uint8Array.from([...bytes, rest]);
};

/** A decoded message: the values of each field, in their order. Integers are numbers, all else bytes. */
export type Message = ReadonlyMap<number, ReadonlyArray<number | Buffer>>;

/**
 * Decodes a message, and none of those within it.
 *
 * @throws {Error} for bytes that are no message
 */
export const decodeMessage = (bytes: Buffer): Message => {
	const fields = new Map<number, Array<number | Buffer>>();
	let at = 0;
	const readVarint = (): number => {
		let [value, factor] = [0, 1];
		for (;;) {
			const byte = bytes.readUInt8(at);
			at += 1;
			value += (byte % 128) * factor;
			factor *= 128;
			if (byte < 128) {
				return value;
			}
		}
	};
	const readBytes = (length: number): Buffer => {
		const found = bytes.subarray(at, at + length);
		if (found.length < length) {
			throw new Error('the message is cut short');
		}

		at += length;
		return found;
	};
	while (at < bytes.length) {
		const tag = readVarint();
		const read = {0: readVarint, 1: () => readBytes(8), 2: () => readBytes(readVarint()), 5: () => readBytes(4)}[
			tag % 8
		];
		if (read === undefined) {
			throw new Error(`a field of type ${tag % 8}`);
		}

		const number = Math.floor(tag / 8);
		fields.set(number, [...(fields.get(number) ?? []), read()]);
	}

	return fields;
};
