import {arrays} from 'stepladder';

const size = 12;
const classes = ['left', 'right', 'top', 'bottom'];

/** Numbers in [0, 1), the same for a seed (mulberry32). */
const random = seed => () => {
	seed = (seed + 0x6d_2b_79_f5) | 0;
	let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
	t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
	return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

/** Noise, brighter in the half of the image that its class names. */
const draw = (count, next) => {
	const images = new Uint8Array(count * size * size);
	const labels = Array.from({length: count}, (_, image) => image % classes.length);
	for (const [image, label] of labels.entries()) {
		for (let pixel = 0; pixel < size * size; pixel += 1) {
			const [row, column] = [Math.floor(pixel / size), pixel % size];
			const inside = [column < size / 2, column >= size / 2, row < size / 2, row >= size / 2][label];
			images[image * size * size + pixel] = 255 * next() * (inside ? 1 : 0.8);
		}
	}

	return {images, labels};
};

/** Four classes of noise, learned by no pixel alone. */
export const squares = arrays({
	...{name: 'squares', size, channels: 1, classes},
	train: draw(800, random(1)),
	test: draw(200, random(2)),
});
