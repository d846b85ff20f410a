import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';

/** For each class, whether its bar covers a point at `x` and `y` from the bar's middle. */
const covers = [
	(/** @type {number} */ _, /** @type {number} */ y) => Math.abs(y) < 2,
	(/** @type {number} */ x) => Math.abs(x) < 2,
	(/** @type {number} */ x, /** @type {number} */ y) => Math.abs(x - y) < 3,
];

/**
 * Writes four IDX files of grey bars on noise, the same each time.
 *
 * @param {string} folder
 * @param {{size: number, train: number, test: number}} shape
 */
export const writeGreyImages = (folder, {size, train, test}) => {
	mkdirSync(folder, {recursive: true});
	for (const [name, count] of Object.entries({train, t10k: test})) {
		const next = random(count);
		const labels = Uint8Array.from({length: count}, (_, image) => image % covers.length);
		const images = new Uint8Array(count * size * size);
		for (const [image, label] of labels.entries()) {
			const [left, top] = [0, 0].map(() => size * (0.3 + 0.4 * next()));
			for (let pixel = 0; pixel < size * size; pixel += 1) {
				const inside = covers[label]?.((pixel % size) - left, Math.floor(pixel / size) - top);
				images[image * size * size + pixel] = (inside ? 150 : 20) + 100 * next();
			}
		}

		writeFileSync(path.join(folder, `${name}-images-idx3-ubyte`), idx([count, size, size], images));
		writeFileSync(path.join(folder, `${name}-labels-idx1-ubyte`), idx([count], labels));
	}
};

/**
 * @param {number[]} shape
 * @param {Uint8Array} bytes
 */
const idx = (shape, bytes) => {
	const head = Buffer.alloc(4 + 4 * shape.length);
	head.writeUInt32BE(0x0800 + shape.length); // 8 for bytes
	for (const [axis, length] of shape.entries()) {
		head.writeUInt32BE(length, 4 + 4 * axis);
	}

	return Buffer.concat([head, bytes]);
};

/** Returns a generator of numbers in [0, 1) for a seed (xorshift, Marsaglia 2003). @param {number} seed */
const random = seed => {
	let state = seed;
	return () => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) / 2 ** 32;
	};
};
