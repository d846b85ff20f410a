import type {ArraySet, Arrays} from 'stepladder';

const classes = ['circle', 'square', 'triangle'];

/** For each class: whether a shape of a radius covers the point `x`, `y` from its centre. */
const covers: ReadonlyArray<(x: number, y: number, radius: number) => boolean> = [
	(x, y, radius) => x * x + y * y <= radius * radius,
	(x, y, radius) => Math.max(Math.abs(x), Math.abs(y)) <= 0.85 * radius,
	(x, y, radius) => y <= 0.8 * radius && y >= 2 * Math.abs(x) - radius,
];

/** Draws filled shapes of random colour, size and position on noise. The same arguments give the same images. */
export const drawShapes = ({size, train, test}: {size: number; train: number; test: number}): Arrays => ({
	name: 'coloured shapes',
	size,
	channels: 3,
	classes,
	train: draw(train, size, random(1)),
	test: draw(test, size, random(2)),
});

const draw = (count: number, size: number, next: () => number): ArraySet => {
	const area = size * size;
	const images = new Uint8Array(count * 3 * area);
	const labels = Array.from({length: count}, (_, image) => image % classes.length);
	for (const [image, label] of labels.entries()) {
		const radius = size * (0.2 + 0.15 * next());
		const [left, top] = [0, 0].map(() => radius + (size - 2 * radius) * next()) as [number, number];
		const colour = [0, 0, 0].map(() => 120 + 135 * next());
		for (let pixel = 0; pixel < area; pixel += 1) {
			const inside = covers[label]?.((pixel % size) - left, Math.floor(pixel / size) - top, radius);
			for (const [channel, value] of colour.entries()) {
				// channel by channel, row by row
				images[(3 * image + channel) * area + pixel] = inside ? value : 80 * next();
			}
		}
	}

	return {images, labels};
};

/** Returns a generator of random numbers in [0, 1) (xorshift, Marsaglia 2003). */
const random = (seed: number): (() => number) => {
	let state = seed * 2_654_435_761;
	return () => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) / 2 ** 32;
	};
};
