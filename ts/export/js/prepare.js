// @ts-nocheck: as in kernels.js
// Brings images to the form that a model learned, in plain JavaScript without a library. Exported modules have copies of these
// functions, by their source: comments are above them, and names are short.
//
// Sizes are changed by areas: each pixel is the mean of those that it covers. Stepladder itself resizes by Lanczos, as Pillow does,
// so that levels differ a little where an image has another size.

/**
 * Returns the image data of a canvas or an image; image data as they are.
 *
 * @param {any} image
 */
const dataOf = image => {
	if (image.data) return image;
	const c = document.createElement('canvas');
	const d = c.getContext('2d');
	const w = image.naturalWidth || image.width;
	const h = image.naturalHeight || image.height;
	Object.assign(c, {width: w, height: h});
	d.drawImage(image, 0, 0);
	return d.getImageData(0, 0, w, h);
};

/**
 * Returns levels from 0 to 255, channel by channel, over a ground `b` of red, green and blue beneath transparent pixels.
 *
 * @param {{data: ArrayLike<number>, width: number, height: number}} image red, green, blue and alpha
 * @param {number} c channels: 1 for grey, 3 for colours
 * @param {readonly number[]} b
 * @returns {Float32Array[]}
 */
const planes = ({data, width, height}, c, b) =>
	b.slice(0, c).map((_, j) =>
		Float32Array.from({length: width * height}, (_, i) => {
			const a = data[4 * i + 3];
			const p = b.map((v, j) => Math.round((data[4 * i + j] * a + v * (255 - a)) / 255));
			return c > 1 ? p[j] : (19595 * p[0] + 38470 * p[1] + 7471 * p[2] + 32768) >> 16;
		}),
	);

/**
 * Resizes a part of a plane `x` of width `w`, from `l` and `t` on, `a` wide and `b` high, to `n` columns and `m` rows.
 *
 * @param {Float32Array} x
 * @param {number} w
 * @param {readonly [l: number, t: number, a: number, b: number]} part
 * @param {number} n
 * @param {number} m
 */
const resize = (x, w, [l, t, a, b], n, m) => {
	const shares = (from, s, n) =>
		Array.from({length: n}, (_, i) => {
			const u = from + i * s;
			const v = u + s;
			const list = [];
			for (let j = Math.floor(u); j < v - 1e-6; j++) list.push([j, (Math.min(v, j + 1) - Math.max(u, j)) / s]);
			return list;
		});
	const columns = shares(l, a / n, n);
	return shares(t, b / m, m).flatMap(row =>
		columns.map(column => {
			let v = 0;
			for (const [i, p] of row) for (const [j, q] of column) v += p * q * x[i * w + j];
			return v;
		}),
	);
};

/**
 * Brings an image to a square of `n` pixels a side and `c` channels, as `fit` says: `whole`, `cover` or `fill`, over a ground `b`.
 *
 * @param {any} image
 * @param {number} n
 * @param {number} c
 * @param {string} fit
 * @param {readonly number[]} b
 */
const toSquare = (image, n, c, fit, b) => {
	const {width: w, height: h} = image;
	const s = Math.min(w, h);
	const part = fit === 'cover' ? [(w - s) / 2, (h - s) / 2, s, s] : [0, 0, w, h];
	const [p, q] = [w, h].map(side => (fit === 'whole' ? Math.max(1, Math.round((side * n) / Math.max(w, h))) : n));
	const bars = planes({data: [0, 0, 0, 0], width: 1, height: 1}, c, b);
	const pixels = new Uint8Array(c * n * n);
	const at = ((n - q) >> 1) * n + ((n - p) >> 1);
	for (const [j, plane] of planes(image, c, b).entries()) {
		const to = pixels.subarray(j * n * n, (j + 1) * n * n).fill(bars[j][0]);
		for (const [i, v] of resize(plane, w, part, p, q).entries())
			to[at + Math.floor(i / p) * n + (i % p)] = Math.round(v);
	}
	return pixels;
};

/**
 * Brings an image of one digit to the form of MNIST's: light on black, its box scaled to 20 x 20, its centre of mass in the middle
 * of 28 x 28. Ink is what differs from the colour of the edges; unevenly lit paper is not recognised.
 *
 * @param {any} image
 */
const toDigit = ({data, width: w, height: h}) => {
	const grey = Float32Array.from({length: w * h}, (_, i) => {
		const a = data[4 * i + 3];
		const p = j => (data[4 * i + j] * a) / 255 + 255 - a;
		return (19595 * p(0) + 38470 * p(1) + 7471 * p(2) + 32768) >> 16;
	});
	if (w === 28 && h === 28 && !grey[0]) return Uint8Array.from(grey);
	const edge = grey.filter((_, i) => i < w || i >= w * (h - 1) || i % w === 0).sort();
	const ink = grey.map(v => Math.abs(v - edge[edge.length >> 1]));
	const most = (list, f) => list.reduce((a, v) => Math.max(a, f(v)), 0);
	const peak = list => most(list, v => v);
	const least = Math.max(25, peak(ink) / 4);
	const on = [...ink.keys()].filter(i => ink[i] >= least);
	const pixels = new Uint8Array(784);
	if (!on[0]) return pixels;
	const t = Math.floor(on[0] / w);
	const b = Math.floor(on.at(-1) / w) + 1 - t;
	const l = w - most(on, i => w - (i % w));
	const r = most(on, i => i % w) + 1 - l;
	const [p, q] = [r, b].map(n => Math.max(1, Math.round((n * 20) / Math.max(r, b))));
	const digit = resize(ink, w, [l, t, r, b], p, q);
	const sum = f => digit.reduce((a, v, i) => a + v * f(i), 0);
	const place = (f, n) => Math.min(28 - n, Math.max(0, Math.round(13.5 - sum(f) / sum(() => 1))));
	const at = place(i => Math.floor(i / p), q) * 28 + place(i => i % p, p);
	const full = 255 / peak(digit);
	for (const [i, v] of digit.entries()) pixels[at + Math.floor(i / p) * 28 + (i % p)] = Math.round(full * v);
	return pixels;
};

/** All of these functions, by their names in exported modules. */
export const preparation = {dataOf, planes, resize, toSquare, toDigit};
