// Brings a drawing to the form of MNIST's images, which is all that the net has ever seen.

/** Pixels a side of an image. */
export const size = 28;

/** The digit fills a box of so many pixels a side, and its centre of mass lies in the middle of the image. */
const box = 20;

/** Width of a stroke in pixels, about that of MNIST's. Always the same, however large the digit was drawn. */
const pen = 2.4;

/** Drawings smaller than this share of the paper are not blown up to the whole box: a dot stays a dot. */
const smallest = 0.1;

/**
 * Redraws strokes as an image like MNIST's.
 *
 * @param {{x: number, y: number}[][]} strokes points in order, in units of the paper's side, y downwards
 * @returns {Uint8Array} 28 x 28 pixels row by row, 0 for paper and 255 for ink
 */
export const mnistForm = strokes => {
	const points = strokes.flat();
	if (points.length === 0) {
		return new Uint8Array(size * size);
	}

	const [left, right] = extremes(points.map(({x}) => x));
	const [top, bottom] = extremes(points.map(({y}) => y));
	const scale = (box - pen) / Math.max(right - left, bottom - top, smallest);
	const scaled = move(strokes, ({x, y}) => ({x: (x - left) * scale + pen, y: (y - top) * scale + pen}));

	// The centre of mass is known only once the ink is drawn.
	const centre = centreOfMass(draw(scaled));
	const centred = move(scaled, ({x, y}) => ({x: x - centre.x + size / 2, y: y - centre.y + size / 2}));
	return Uint8Array.from(draw(centred), ink => Math.round(255 * ink));
};

/** @param {number[]} values */
const extremes = values =>
	values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);

const move = (strokes, place) => strokes.map(stroke => stroke.map(place));

/**
 * Ink of each pixel, from 0 to 1: it fades over a pixel at the edge of a stroke.
 *
 * @param {{x: number, y: number}[][]} strokes in pixels
 */
const draw = strokes => {
	const ink = new Float64Array(size * size);
	const reach = pen / 2 + 0.5;
	const within = value => Math.min(Math.max(Math.floor(value), 0), size - 1);
	for (const stroke of strokes) {
		for (const [index, to] of stroke.entries()) {
			const from = stroke[index - 1] ?? to;
			const [left, right] = extremes([from.x, to.x]);
			const [top, bottom] = extremes([from.y, to.y]);
			for (let row = within(top - reach); row <= within(bottom + reach); row += 1) {
				for (let column = within(left - reach); column <= within(right + reach); column += 1) {
					const pixel = row * size + column;
					const here = reach - distance({x: column + 0.5, y: row + 0.5}, from, to);
					ink[pixel] = Math.max(ink[pixel], Math.min(here, 1));
				}
			}
		}
	}

	return ink;
};

/** From a point to the nearest one between two others. */
const distance = (point, from, to) => {
	const [alongX, alongY] = [to.x - from.x, to.y - from.y];
	const length = alongX ** 2 + alongY ** 2;
	const share = length === 0 ? 0 : ((point.x - from.x) * alongX + (point.y - from.y) * alongY) / length;
	const nearest = Math.min(Math.max(share, 0), 1);
	return Math.hypot(point.x - from.x - nearest * alongX, point.y - from.y - nearest * alongY);
};

const centreOfMass = ink => {
	let [sum, x, y] = [0, 0, 0];
	for (const [pixel, weight] of ink.entries()) {
		sum += weight;
		x += weight * ((pixel % size) + 0.5);
		y += weight * (Math.floor(pixel / size) + 0.5);
	}

	return {x: x / sum, y: y / sum};
};
