// @ts-nocheck: indices into typed arrays would each need `?? 0`, in every exported module
// The operations of a net on one image, in plain JavaScript. An exported module has copies of those that it needs, by their source:
// each stands alone, comments are above it, and names are short. ONNX files are evaluated by them where no other runtime is installed.
//
// Images are `[c, h, w]`: channels, height and width; those of an output `[o, p, q]`. Sums are those of the engine `fused`, term by
// term: a product of two float32 is exact in double precision, and every sum is rounded to float32. That is a fused multiply-add but
// for a rounding to double precision before.

/** @typedef {readonly [number, number, number]} Shape */

/**
 * A convolution with weights `f`, `[o, c / g, k, k]`, and biases `b`, `[o]`, by windows of size `k`, stride `s`, padding `a`, dilation
 * `d` and groups `g`. Each weight is added to a whole channel of the output at once.
 *
 * @param {Float32Array} x
 * @param {Shape} from
 * @param {Shape} to
 * @param {Float32Array} f
 * @param {Float32Array | undefined} b
 * @param {number} k
 * @param {number} [s]
 * @param {number} [a]
 * @param {number} [d]
 * @param {number} [g]
 * @returns {Float32Array}
 */
const conv = (x, [c, h, w], [o, p, q], f, b, k, s = 1, a = 0, d = 1, g = 1) => {
	const y = new Float32Array(o * p * q);
	const n = c / g;
	for (let i = 0; i < o; i++) {
		const z = y.subarray(i * p * q, (i + 1) * p * q);
		if (b) z.fill(b[i]);
		const first = Math.floor((i * g) / o) * n;
		for (let t = 0; t < n * k * k; t++) {
			const m = f[i * n * k * k + t];
			const u = (Math.floor(t / k) % k) * d - a;
			const v = (t % k) * d - a;
			const l = Math.max(0, Math.ceil(-v / s));
			const r = Math.min(q, Math.floor((w - 1 - v) / s) + 1);
			for (let j = 0; j < p; j++) {
				const e = u + j * s;
				if (e < 0 || e >= h) continue;
				const at = ((first + Math.floor(t / k / k)) * h + e) * w + v;
				for (let i = l; i < r; i++) z[j * q + i] += m * x[at + i * s];
			}
		}
	}
	return y;
};

/**
 * A norm: each channel times a factor of `f`, and a shift of `b`.
 *
 * @param {Float32Array} x
 * @param {Float32Array} f
 * @param {Float32Array} b
 * @returns {Float32Array}
 */
const norm = (x, f, b) => {
	const n = x.length / f.length;
	return x.map((v, i) => v * f[Math.floor(i / n)] + b[Math.floor(i / n)]);
};

/**
 * @param {Float32Array} x
 * @returns {Float32Array}
 */
const relu = x => x.map(v => (v > 0 ? v : 0));

/**
 * @param {Float32Array} x
 * @returns {Float32Array}
 */
const leakyRelu = x => x.map(v => (v > 0 ? v : v * Math.fround(0.01)));

/**
 * @param {Float32Array} x
 * @returns {Float32Array}
 */
const elu = x => x.map(v => (v > 0 ? v : Math.expm1(v)));

/**
 * @param {Float32Array} x
 * @returns {Float32Array}
 */
const relu6 = x => x.map(v => Math.min(Math.max(v, 0), 6));

/**
 * @param {Float32Array} x
 * @returns {Float32Array}
 */
const hardSwish = x => x.map(v => Math.fround(v * Math.min(Math.max(Math.fround(v + 3), 0), 6)) * Math.fround(1 / 6));

/**
 * @param {Float32Array} x
 * @returns {Float32Array}
 */
const sigmoid = x => x.map(v => 1 / (1 + Math.exp(-v)));

/**
 * @param {Float32Array} x
 * @returns {Float32Array}
 */
const silu = x => x.map(v => v / (1 + Math.exp(-v)));

/**
 * Gelu, with the error function by formula 7.1.26 of Abramowitz and Stegun, as `fused` has it: at most 1.5e-7 off.
 *
 * @param {Float32Array} x
 * @returns {Float32Array}
 */
const gelu = x =>
	x.map(v => {
		const t = 1 / (1 + (0.3275911 * Math.abs(v)) / Math.SQRT2);
		const terms = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
		const beyond = 0.5 * terms.reduce((sum, term) => sum * t + term, 0) * t * Math.exp((-v * v) / 2);
		return v * (v > 0 ? 1 - beyond : beyond);
	});

/**
 * The largest value of each window, of pixels on the image; or the mean, for which pixels beyond it count as zeros.
 *
 * @param {Float32Array} x
 * @param {Shape} from
 * @param {Shape} to
 * @param {boolean | number} m whether it is the largest
 * @param {number} k kernel
 * @param {number} [s] stride
 * @param {number} [a] padding
 * @returns {Float32Array}
 */
const pool = (x, [, h, w], [o, p, q], m, k, s = k, a = 0) =>
	Float32Array.from({length: o * p * q}, (_, n) => {
		const t = (Math.floor(n / q) % p) * s - a;
		const l = (n % q) * s - a;
		let v = m ? -Infinity : 0;
		for (let i = Math.max(0, t); i < Math.min(h, t + k); i++)
			for (let j = Math.max(0, l); j < Math.min(w, l + k); j++) {
				const u = x[(Math.floor(n / p / q) * h + i) * w + j];
				v = m ? Math.max(v, u) : Math.fround(v + u);
			}
		return m ? v : v / (k * k);
	});

/**
 * @param {Float32Array} x
 * @param {Float32Array} y
 * @returns {Float32Array}
 */
const add = (x, y) => x.map((v, i) => v + y[i]);

/**
 * @param {Float32Array[]} all
 * @returns {Float32Array}
 */
const concat = (...all) => Float32Array.from(all.flatMap(x => [...x]));

/**
 * Each channel times a factor of its own.
 *
 * @param {Float32Array} x
 * @param {Float32Array} f
 * @returns {Float32Array}
 */
const scale = (x, f) => x.map((v, i) => v * f[Math.floor((i * f.length) / x.length)]);

/** All operations, by their names in exported modules. */
export const kernels = {
	conv,
	norm,
	relu,
	leakyRelu,
	elu,
	relu6,
	hardSwish,
	sigmoid,
	silu,
	gelu,
	pool,
	add,
	concat,
	scale,
};
