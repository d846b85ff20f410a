/** An array of whole numbers, as NumPy keeps it in an `.npy` file. */
export type NpyArray = {
	readonly shape: readonly number[];
	/** In C order: the last index runs fastest. */
	readonly values:
		| Uint8Array
		| Uint16Array
		| Uint32Array
		| Int8Array
		| Int16Array
		| Int32Array
		| BigInt64Array
		| BigUint64Array;
};

/** Element types that hold whole numbers, by NumPy's names; multi-byte ones in little-endian order. */
const types = {
	...{'|u1': Uint8Array, '|b1': Uint8Array, '|i1': Int8Array, '<u2': Uint16Array, '<i2': Int16Array},
	...{'<u4': Uint32Array, '<i4': Int32Array, '<i8': BigInt64Array, '<u8': BigUint64Array},
} as const;

/**
 * Reads an `.npy` file of whole numbers (numpy.lib.format, versions 1 to 3).
 *
 * @throws {Error} saying what is wrong, such as pickled objects, Fortran order, big-endian or fractional numbers
 */
export const readNpy = (bytes: Uint8Array): NpyArray => {
	const magic = String.fromCharCode(...bytes.subarray(1, 6));
	if (bytes[0] !== 0x93 || magic !== 'NUMPY' || bytes.length < 12) {
		throw new Error('it is no array of NumPy');
	}

	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const isLong = (bytes[6] ?? 0) >= 2;
	const start = isLong ? 12 : 10;
	const end = start + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
	const header = Buffer.from(bytes.subarray(start, end)).toString('latin1');
	const [, descr = 'of a structure'] = /'descr':\s*'([^']*)'/.exec(header) ?? [];
	const [, order] = /'fortran_order':\s*(True|False)/.exec(header) ?? [];
	const [, sizes] = /'shape':\s*\(([^)]*)\)/.exec(header) ?? [];
	if (order === undefined || sizes === undefined) {
		throw new Error('its header has no order or shape');
	}

	if (order === 'True') {
		throw new Error('it is in Fortran order: save it by `numpy.ascontiguousarray`');
	}

	if (!Object.hasOwn(types, descr)) {
		const reasons = {O: 'it holds pickled objects', f: 'it holds fractional numbers'};
		const reason = descr.startsWith('>')
			? 'it is big-endian'
			: (reasons[descr[1] as 'O' | 'f'] ?? `its type is ${descr}`);
		throw new Error(`${reason} (${descr}): save it as whole numbers, images as \`uint8\``);
	}

	const Type = types[descr as keyof typeof types];
	const shape = sizes
		.split(',')
		.map(Number)
		.filter((_, index, all) => index < all.length - 1 || sizes.trim().at(-1) !== ',');
	const count = shape.reduce((product, length) => product * length, 1);
	if (!Number.isSafeInteger(count) || bytes.length - end !== count * Type.BYTES_PER_ELEMENT) {
		throw new Error(
			`it has ${bytes.length - end} bytes, and its shape (${sizes}) makes ${count * Type.BYTES_PER_ELEMENT}`,
		);
	}

	return {shape, values: new Type(Uint8Array.from(bytes.subarray(end)).buffer)};
};
