/** Computes the logits of images one by one. */
export const eachImage = (
	pixels: Uint8Array,
	length: number,
	logits: (image: Uint8Array) => Float32Array,
): Float32Array => {
	const count = pixels.length / length;
	const all = Array.from({length: count}, (_, index) => logits(pixels.subarray(index * length, (index + 1) * length)));
	const joined = new Float32Array(all.reduce((sum, values) => sum + values.length, 0));
	for (const [index, values] of all.entries()) {
		joined.set(values, index * values.length);
	}

	return joined;
};
