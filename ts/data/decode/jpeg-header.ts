/** A JPEG with a corrected header. */
export type CorrectedJpeg = {
	readonly bytes: Uint8Array;
	/** What was corrected, in words. */
	readonly corrections: readonly string[];
};

/**
 * Corrects header fields that decoders don't need and libjpeg warns about: the version of JFIF, the colour transform of
 * Adobe, the spectrum of a baseline scan, and bytes between segments. The compressed scan stays as it is, so that damage in
 * it is still found.
 *
 * @returns `undefined` if there is nothing to correct, or the file is no JPEG
 */
export const correctJpegHeader = (jpeg: Uint8Array): CorrectedJpeg | undefined => {
	const segments = readSegments(jpeg);
	if (!segments) {
		return undefined;
	}

	const parts: Uint8Array[] = [jpeg.subarray(0, 2)];
	const corrections: string[] = [];
	let isBaseline = false;
	let before = 2;
	for (const {code, start, end} of segments) {
		if (start > before) {
			corrections.push(`${start - before} bytes between its segments`);
		}

		const segment = Uint8Array.from(jpeg.subarray(start, end));
		isBaseline ||= code === 0xc0 || code === 0xc1;
		const correction = correctSegment(code, segment, isBaseline);
		if (correction !== undefined) {
			corrections.push(correction);
		}

		parts.push(segment);
		before = end;
	}

	parts.push(jpeg.subarray(before));
	return corrections.length > 0 ? {bytes: Buffer.concat(parts), corrections} : undefined;
};

/** Counts the scans of a JPEG, in none of which there are the bytes of a marker; 0 for any other file. */
export const countScans = (jpeg: Uint8Array): number => {
	const first = readSegments(jpeg)?.at(-1)?.start;
	if (first === undefined) {
		return 0;
	}

	const bytes = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
	const end = bytes.indexOf(Buffer.of(0xff, endOfImage), first);
	const scans = bytes.subarray(first, end === -1 ? undefined : end);
	let count = 0;
	for (let at = 0; at !== -1; at = scans.indexOf(Buffer.of(0xff, startOfScan), at + 2)) {
		count += 1;
	}

	return count;
};

/** A segment of a JPEG's header. */
type Segment = {
	readonly code: number;
	/** The position of its marker. Bytes between the segment before and this are of no segment. */
	readonly start: number;
	readonly end: number;
};

/** Returns the segments up to that of the first scan; `undefined` if the file has no such, or is no JPEG. */
const readSegments = (jpeg: Uint8Array): Segment[] | undefined => {
	if (jpeg[0] !== 0xff || jpeg[1] !== 0xd8) {
		return undefined;
	}

	const segments: Segment[] = [];
	for (let at = 2; at < jpeg.length; ) {
		const start = nextMarker(jpeg, at);
		if (start === undefined) {
			return undefined;
		}

		const code = jpeg[start + 1] ?? 0;
		const length = ((jpeg[start + 2] ?? 0) << 8) | (jpeg[start + 3] ?? 0);
		const end = start + 2 + length;
		if (length < 2 || end > jpeg.length) {
			return undefined;
		}

		segments.push({code, start, end});
		if (code === startOfScan) {
			return segments;
		}

		at = end;
	}

	return undefined;
};

const startOfScan = 0xda;
const endOfImage = 0xd9;

/** Returns where the next marker is, past fill bytes and whatever else lies before it; not inside compressed data. */
const nextMarker = (jpeg: Uint8Array, from: number): number | undefined => {
	for (let at = from; at + 3 < jpeg.length; at += 1) {
		const code = jpeg[at + 1] ?? 0;
		if (jpeg[at] === 0xff && code >= 0xc0 && code !== 0xff) {
			return at;
		}
	}

	return undefined;
};

/** Corrects a segment in place, from its marker on, and returns what was corrected. */
const correctSegment = (code: number, segment: Uint8Array, isBaseline: boolean): string | undefined => {
	const text = String.fromCharCode(...segment.subarray(4, 9));
	if (code === 0xe0 && text === 'JFIF\0' && segment[9] !== 1) {
		const version = segment[9];
		segment[9] = 1;
		return `JFIF version ${version}`;
	}

	if (code === 0xee && text === 'Adobe' && segment.length >= 16 && (segment[15] ?? 0) > 2) {
		const transform = segment[15];
		segment[15] = 1;
		return `colour transform ${transform}`;
	}

	if (code === startOfScan && isBaseline) {
		const [start, end, bits] = segment.subarray(-3);
		if (start !== 0 || end !== 63 || bits !== 0) {
			segment.set([0, 63, 0], segment.length - 3);
			return `spectrum ${start} to ${end} of a baseline scan`;
		}
	}

	return undefined;
};
