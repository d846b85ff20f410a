/** The remainders of all bytes for the polynomial of Castagnoli, bits reversed. */
const table = Uint32Array.from({length: 256}, (_, byte) => {
	let remainder = byte;
	for (let bit = 0; bit < 8; bit += 1) {
		remainder = (remainder & 1) === 1 ? (remainder >>> 1) ^ 0x82_f6_3b_78 : remainder >>> 1;
	}

	return remainder;
});

/** Returns the CRC-32C of bytes. (`zlib.crc32` of Node has another polynomial.) */
export const crc32c = (bytes: Uint8Array): number => {
	let remainder = 0xff_ff_ff_ff;
	for (const byte of bytes) {
		remainder = (table[(remainder ^ byte) & 0xff] ?? 0) ^ (remainder >>> 8);
	}

	return (remainder ^ 0xff_ff_ff_ff) >>> 0;
};
