/** Encodes an `.npy` file, as NumPy writes it. */
export const npy = (descr: string, shape: readonly number[], values: Uint8Array, order = 'False'): Uint8Array => {
	const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
	const head = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${sizes}), }`;
	const header = `${head.padEnd(117)}\n`;
	const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
	return Buffer.concat([start, Buffer.from(header, 'latin1'), values]);
};
