/** A grey image of any size; values from 0 (black) to 255. */
export type GreyImage = {
	readonly width: number;
	readonly height: number;
	/** Row by row. */
	readonly values: Float64Array;
	/** What lies around the image. */
	readonly background: number;
};

/**
 * An image centred in a square of its background and resampled to `size`, each pixel the mean of the area that it
 * covers, so that thin strokes survive.
 *
 * @returns `size * size` bytes
 */
export const fitSquare = ({width, height, values, background}: GreyImage, size: number): Uint8Array => {
	const side = Math.max(width, height);
	const [left, top] = [(side - width) / 2, (side - height) / 2];
	const pixels = new Uint8Array(size * size);
	for (let row = 0; row < size; row += 1) {
		const rows = covered((row * side) / size - top, ((row + 1) * side) / size - top, height);
		for (let column = 0; column < size; column += 1) {
			const columns = covered((column * side) / size - left, ((column + 1) * side) / size - left, width);
			let sum = 0;
			let inside = 0;
			for (const [y, tall] of rows) {
				for (const [x, wide] of columns) {
					sum += (values[y * width + x] ?? 0) * tall * wide;
					inside += tall * wide;
				}
			}

			const area = (side / size) ** 2;
			pixels[row * size + column] = Math.round((sum + (area - inside) * background) / area);
		}
	}

	return pixels;
};

/** The pixels between two places on an axis, each with the share of it that lies between them. */
const covered = (from: number, to: number, length: number): Array<readonly [number, number]> => {
	const pixels: Array<readonly [number, number]> = [];
	for (let pixel = Math.max(0, Math.floor(from)); pixel < Math.min(length, Math.ceil(to)); pixel += 1) {
		const share = Math.min(to, pixel + 1) - Math.max(from, pixel);
		if (share > 0) {
			pixels.push([pixel, share]);
		}
	}

	return pixels;
};
