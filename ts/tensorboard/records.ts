import {crc32c} from './crc32c.js';

// TFRecord: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details

/** Bytes before a record's data: its length in 8 bytes, and the checksum of that. */
const headBytes = 12;

/** Frames data as one record: its length, and the data, each with a checksum. */
export const frame = (data: Uint8Array): Buffer => {
	const record = Buffer.alloc(headBytes + data.length + 4);
	record.writeBigUInt64LE(BigInt(data.length), 0);
	record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
	record.set(data, headBytes);
	record.writeUInt32LE(maskedCrc(data), headBytes + data.length);
	return record;
};

/**
 * Reads the records of a file up to the first that is cut short or damaged.
 *
 * @returns the data of each, and the number of bytes that they take
 */
export const readRecords = (bytes: Buffer): {readonly records: readonly Buffer[]; readonly length: number} => {
	const records: Buffer[] = [];
	let at = 0;
	while (at + headBytes <= bytes.length) {
		const end = at + headBytes + Number(bytes.readBigUInt64LE(at));
		if (bytes.readUInt32LE(at + 8) !== maskedCrc(bytes.subarray(at, at + 8)) || end + 4 > bytes.length) {
			break;
		}

		const data = bytes.subarray(at + headBytes, end);
		if (bytes.readUInt32LE(end) !== maskedCrc(data)) {
			break;
		}

		records.push(data);
		at = end + 4;
	}

	return {records, length: at};
};

/** Returns a checksum as TFRecord has it: rotated and shifted, since checksums of data that hold checksums are weak. */
const maskedCrc = (bytes: Uint8Array): number => {
	const crc = crc32c(bytes);
	return (((crc >>> 15) | (crc << 17)) + 0xa2_82_ea_d8) >>> 0;
};
