import type {Random} from './random.js';

/** Returns bytes with one to three errors. */
export const mutateBytes = (bytes: Buffer, random: Random): Buffer => {
	let mutated: Buffer = Buffer.from(bytes);
	for (let count = 1 + random.below(3); count > 0; count -= 1) {
		mutated = random.of(byteMutations)(mutated, random);
	}

	return mutated;
};

type ByteMutation = (bytes: Buffer, random: Random) => Buffer;

/** Returns an offset; every second one is in the header. */
const somewhere = (bytes: Buffer, random: Random, room = 1): number =>
	random.below(Math.max(1, (random.below(2) === 0 ? Math.min(64, bytes.length) : bytes.length) - room + 1));

const written =
	(length: number, work: (bytes: Buffer, at: number, random: Random) => void): ByteMutation =>
	(bytes, random) => {
		if (bytes.length >= length) {
			work(bytes, somewhere(bytes, random, length), random);
		}

		return bytes;
	};

const wholeNumbers = [0, 1, 2, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

const byteMutations: readonly ByteMutation[] = [
	written(1, (bytes, at, random) => {
		bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
	}),
	written(1, (bytes, at, random) => {
		bytes[at] = random.of([0, 1, 0x20, 0x7f, 0x80, 0xff, random.below(256)]);
	}),
	written(4, (bytes, at, random) => bytes.writeUInt32BE(random.of(wholeNumbers), at)),
	written(4, (bytes, at, random) => bytes.writeUInt32LE(random.of(wholeNumbers), at)),
	written(8, (bytes, at, random) =>
		bytes.writeBigUInt64LE(random.of([0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]), at),
	),
	written(4, (bytes, at, random) =>
		bytes.writeFloatLE(random.of([Number.NaN, Number.POSITIVE_INFINITY, -0, 3e38, 1e-45]), at),
	),
	(bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
	(bytes, random) => Buffer.concat([bytes, Buffer.alloc(1 + random.below(64), random.below(256))]),
	(bytes, random) => {
		const [from, to] = [random.below(bytes.length + 1), random.below(bytes.length + 1)].sort((a, b) => a - b);
		return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]); // a repeated part
	},
	(bytes, random) => {
		const [from, to] = [random.below(bytes.length + 1), random.below(bytes.length + 1)].sort((a, b) => a - b);
		return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]); // a missing part
	},
];

/** Returns values to replace others with; new ones on each call, since they may be changed in place. */
const strangers = (): readonly unknown[] => [
	...[null, true, false, 0, -0, 1, -1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 64, -(2 ** 63), 1e308, 5e-324],
	...[
		'',
		' ',
		'NaN',
		'0',
		'../../..',
		'/dev/zero',
		'a\u0000b',
		'\ud800',
		'<script>alert(1)</script>',
		'x'.repeat(5000),
	],
	...[[], {}, [[]], [null], {toString: null}, {length: -1}],
];

/** Values that JSON can't express. */
const livingStrangers = (): readonly unknown[] => [
	...[undefined, Number.NaN, Number.POSITIVE_INFINITY, 10n, Symbol('one'), () => 1, new Date(0), new Uint8Array(3)],
	...[new Map(), Object.create(null), new Proxy({}, {}), Promise.resolve(1), /x/],
];

/** Returns a value with one to three errors; `living` adds values that JSON can't express. */
export const mutateValue = (value: unknown, random: Random, living = false): unknown => {
	let mutated = structuredClone(value);
	for (let count = 1 + random.below(3); count > 0; count -= 1) {
		mutated = mutateOnce(mutated, random, living);
	}

	return mutated;
};

type Slot = {readonly holder: Record<string, unknown> | unknown[]; readonly key: string};

const slotsOf = (value: unknown, depth = 0): readonly Slot[] =>
	value !== null && typeof value === 'object' && !ArrayBuffer.isView(value) && depth < 12
		? Object.entries(value).flatMap(([key, inner]) => [
				{holder: value as Record<string, unknown>, key},
				...slotsOf(inner, depth + 1),
			])
		: [];

const mutateOnce = (value: unknown, random: Random, living: boolean): unknown => {
	const slots = slotsOf(value);
	const stranger = random.of(living ? [...strangers(), ...livingStrangers()] : strangers());
	if (slots.length === 0) {
		return stranger;
	}

	const {holder, key} = random.of(slots);
	const held = (holder as Record<string, unknown>)[key];
	const put = (next: unknown): void => {
		(holder as Record<string, unknown>)[key] = next;
	};

	switch (random.below(8)) {
		case 0: {
			if (Array.isArray(holder)) {
				holder.splice(Number(key), 1);
			} else {
				delete holder[key];
			}

			break;
		}

		case 1: {
			if (Array.isArray(holder)) {
				holder.splice(Number(key), 0, ...Array.from({length: random.of([1, 1, 2, 300])}, () => structuredCloned(held)));
			} else {
				holder[`${key}${random.of(['', ' ', 's', '__proto__'])}x`] = held;
			}

			break;
		}

		case 2: {
			const other = random.of(slots); // swapped
			put(structuredCloned((other.holder as Record<string, unknown>)[other.key]));
			break;
		}

		case 3: {
			if (Array.isArray(held)) {
				put([...held].reverse());
				break;
			}

			put(stranger);
			break;
		}

		case 4:
		case 5: {
			put(nearby(held, random) ?? stranger);
			break;
		}

		default: {
			put(stranger);
		}
	}

	return value;
};

const structuredCloned = (value: unknown): unknown => {
	try {
		return structuredClone(value);
	} catch {
		return value;
	}
};

/** Returns a slightly different value of the same kind. */
const nearby = (value: unknown, random: Random): unknown => {
	if (typeof value === 'number') {
		return random.of([value + 1, value - 1, -value, value * 2, value / 2, value + 0.5, value + 1e-9]);
	}

	if (typeof value === 'string') {
		const at = random.below(value.length + 1);
		return random.of([
			value.slice(0, at),
			`${value}${value}`,
			value.slice(0, at) + random.of(['é', '\n', '"', '0']) + value.slice(at),
		]);
	}

	return typeof value === 'boolean' ? !value : undefined;
};

/** Returns JSON with errors in its values or its syntax. */
export const mutateJson = (bytes: Buffer, random: Random): Buffer =>
	random.below(4) === 0
		? mutateBytes(bytes, random)
		: Buffer.from(`${JSON.stringify(mutateValue(JSON.parse(bytes.toString()), random), undefined, '\t')}\n`);

/** Returns lines with some of them wrong, missing, swapped or repeated. */
export const mutateLines = (bytes: Buffer, random: Random, line: (text: string, random: Random) => string): Buffer => {
	const lines = bytes.toString().trimEnd().split('\n');
	const [one, other] = [random.below(lines.length), random.below(lines.length)];
	switch (random.below(6)) {
		case 0: {
			lines.splice(one, 1 + random.below(3));
			break;
		}

		case 1: {
			lines.splice(one, 0, lines[other] ?? '');
			break;
		}

		case 2: {
			[lines[one], lines[other]] = [lines[other] ?? '', lines[one] ?? ''];
			break;
		}

		case 3:
			return mutateBytes(bytes, random);
		default: {
			lines[one] = line(lines[one] ?? '', random);
		}
	}

	return Buffer.from(`${lines.join('\n')}\n`);
};

/** Returns a row of a table with a wrong cell. */
export const mutateRow = (row: string, random: Random): string => {
	const cells = row.split(',');
	const at = random.below(cells.length);
	cells[at] = random.of([
		'',
		'-1',
		'1e308',
		'NaN',
		'1.5',
		String(Number(cells[at]) + 1),
		cells[0] ?? '',
		'9'.repeat(40),
	]);
	return cells.join(',');
};

/** Returns a safetensors file with errors in its bytes, or in its header, whose length is corrected. */
export const mutateTensors = (bytes: Buffer, random: Random): Buffer => {
	const from = random.below(2) === 0 ? bytes : unsealed(bytes); // to get past the checksum in half of the tries
	if (random.below(2) === 0) {
		return mutateBytes(from, random);
	}

	const {header, tensors} = unframed(from);
	const metadata = header.__metadata__ as Record<string, string>;
	const inner = random.of(Object.keys(metadata));
	if (random.below(2) === 0) {
		metadata[inner] = mutateJsonLine(metadata[inner] ?? '', random);
	} else {
		Object.assign(header, mutateValue(header, random));
	}

	return framed(header, tensors);
};

/** Returns a tensor file of the format before checksums, which is still read. */
const unsealed = (bytes: Buffer): Buffer => {
	const {header, tensors} = unframed(bytes);
	const {stepladder, ...others} = header.__metadata__ as Record<string, string>;
	const {format: _, checksum: __, ...about} = JSON.parse(stepladder ?? '{}');
	return framed({...header, __metadata__: {...others, stepladder: JSON.stringify(about)}}, tensors);
};

/** Returns a line of JSON with an error. */
export const mutateJsonLine = (text: string, random: Random): string => {
	try {
		return JSON.stringify(mutateValue(JSON.parse(text), random));
	} catch {
		return `${nearby(text, random)}`;
	}
};

const unframed = (bytes: Buffer): {readonly header: Record<string, unknown>; readonly tensors: Buffer} => {
	const length = Number(bytes.readBigUInt64LE(0));
	return {header: JSON.parse(bytes.subarray(8, 8 + length).toString()), tensors: bytes.subarray(8 + length)};
};

/** Returns a safetensors file of a header and its tensors' bytes. */
export const framed = (header: unknown, tensors: Buffer): Buffer => {
	const text = Buffer.from(JSON.stringify(header));
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(text.length));
	return Buffer.concat([length, text, tensors]);
};
