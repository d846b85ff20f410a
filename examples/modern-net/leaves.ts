import type {ArraySet, Arrays} from 'stepladder';

/** For each class: how far a leaf reaches in a direction, 1 at most; `angle` is that from its tip, in radians. */
const outlines: Readonly<Record<string, (angle: number) => number>> = {
	birch: angle => 0.62 + 0.38 * Math.cos(angle),
	maple: angle => 0.6 + 0.4 * Math.cos(5 * angle) * Math.cos(angle / 2) ** 2,
	oak: angle => 0.75 + 0.25 * Math.cos(8 * angle),
	lime: angle => 0.95 - 0.3 * Math.abs(Math.sin(angle / 2)),
};

/** Draws leaves of random size, place, tilt and autumn colour on noisy ground. The same arguments give the same images. */
export const drawLeaves = ({size, train, test}: {size: number; train: number; test: number}): Arrays => ({
	name: 'leaves',
	size,
	channels: 3,
	classes: Object.keys(outlines),
	train: draw(train, size, random(1)),
	test: draw(test, size, random(2)),
});

const draw = (count: number, size: number, next: () => number): ArraySet => {
	const all = Object.values(outlines);
	const area = size * size;
	const images = new Uint8Array(count * 3 * area);
	const labels = Array.from({length: count}, (_, image) => image % all.length);
	for (const [image, label] of labels.entries()) {
		const radius = size * (0.28 + 0.14 * next());
		const [left, top] = [0, 0].map(() => size / 2 + (size - 2 * radius) * (next() - 0.5)) as [number, number];
		const tilt = 0.8 * (next() - 0.5);
		const ripe = next();
		const leaf = [70 + 150 * ripe, 150 - 70 * ripe * next(), 30 + 30 * next()];
		const ground = [0, 0, 0].map(() => 20 + 60 * next());
		for (let pixel = 0; pixel < area; pixel += 1) {
			const [x, y] = [(pixel % size) - left, Math.floor(pixel / size) - top];
			const reach = radius * (all[label]?.(Math.atan2(x, -y) - tilt) ?? 0);
			const colour = Math.hypot(x, y) <= reach ? leaf : ground;
			for (const [channel, level] of colour.entries()) {
				images[(3 * image + channel) * area + pixel] = Math.max(0, Math.min(255, level + 50 * (next() - 0.5)));
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
