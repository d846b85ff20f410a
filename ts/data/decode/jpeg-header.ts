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
	if (jpeg[0] !== 0xff || jpeg[1] !== 0xd8) {
		return undefined;
	}

	const parts: Uint8Array[] = [jpeg.subarray(0, 2)];
	const corrections: string[] = [];
	let isBaseline = false;
	for (let at = 2; at < jpeg.length; ) {
		const marker = nextMarker(jpeg, at);
		if (marker === undefined) {
			return undefined;
		}

		if (marker > at) {
			corrections.push(`${marker - at} bytes between its segments`);
		}

		const code = jpeg[marker + 1] ?? 0;
		const length = ((jpeg[marker + 2] ?? 0) << 8) | (jpeg[marker + 3] ?? 0);
		const end = marker + 2 + length;
		if (length < 2 || end > jpeg.length) {
			return undefined;
		}

		const segment = Uint8Array.from(jpeg.subarray(marker, end));
		isBaseline ||= code === 0xc0 || code === 0xc1;
		const correction = correctSegment(code, segment, isBaseline);
		if (correction !== undefined) {
			corrections.push(correction);
		}

		parts.push(segment);
		at = end;
		if (code === startOfScan) {
			parts.push(jpeg.subarray(end));
			return corrections.length > 0 ? {bytes: Buffer.concat(parts), corrections} : undefined;
		}
	}

	return undefined;
};

const startOfScan = 0xda;

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
