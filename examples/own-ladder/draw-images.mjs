// Draws filled shapes of random colour, size and place, and writes them as PNG files: `node draw-images.mjs [FOLDER]`.
import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import sharp from 'sharp';

const folder = process.argv[2] ?? 'images';
const size = 24;

/** Numbers in [0, 1), the same for a seed (mulberry32). */
const random = seed => () => {
	seed = (seed + 0x6d_2b_79_f5) | 0;
	let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
	t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
	return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

const shapes = {
	circle: (x, y, r) => `<circle cx="${x}" cy="${y}" r="${r}"/>`,
	square: (x, y, r) => `<rect x="${x - r}" y="${y - r}" width="${2 * r}" height="${2 * r}"/>`,
	triangle: (x, y, r) => `<path d="M${x} ${y - r}L${x + r} ${y + r}H${x - r}Z"/>`,
};

for (const [set, count, seed] of [
	['train', 200, 1],
	['test', 60, 2],
]) {
	const next = random(seed);
	for (const [name, shape] of Object.entries(shapes)) {
		const place = path.join(folder, set, name);
		await mkdir(place, {recursive: true});
		for (let image = 0; image < count; image += 1) {
			const radius = size * (0.2 + 0.15 * next());
			const [x, y] = [0, 0].map(() => radius + (size - 2 * radius) * next());
			const [red, green, blue] = [0, 0, 0].map(() => Math.round(120 + 135 * next()));
			const drawing = `<svg width="${size}" height="${size}" fill="rgb(${red},${green},${blue})">${shape(x, y, radius)}</svg>`;
			await sharp(Buffer.from(drawing))
				.flatten({background: '#222'})
				.png()
				.toFile(path.join(place, `${image}.png`));
		}
	}
}

console.log(`Images are in ${folder}`);
