// The operations of a net in whole numbers, in C99. Images lie as in the operations on floats, a byte a number. A product with a
// multiplier has 64 bits, and is shifted and rounded by `scaled`; sums have 32.

/** The operations, by the names that calls have; each before those that call it. */
export const operations = {
	load: `
/* Copies pixels, which lie channel by channel. */
static void load(const uint8_t *pixels, int8_t *to, int c, int h, int w)
{
	for (int i = 0; i < h; i++)
		for (int t = 0; t < c; t++)
			for (int j = 0; j < w; j++)
				*to++ = (int8_t)(pixels[(t * h + i) * w + j] - 128);
}
`,
	scaled: `
/* Divides by a power of two, and rounds to the nearest; halves are rounded up. Limits the result to 31 bits. */
static int32_t scaled(int64_t product, int shift)
{
	const int64_t limit = (int64_t)1 << 30;
	product += (int64_t)1 << (shift - 1);
	product = product < 0 ? ~(~product >> shift) : product >> shift;
	return (int32_t)(product < -limit ? -limit : product > limit ? limit : product);
}
`,
	narrow: `
static int8_t narrow(int32_t x)
{
	return (int8_t)(x < -128 ? -128 : x > 127 ? 127 : x);
}
`,
	conv: `
/*
 * A convolution with weights f [o][c / g][k][k] and biases b [o], by windows of size k, stride s, padding a, dilation d, groups g.
 * Pixels beyond the image are \`in\`, the zero of the input; \`out\` is that of the output. Sums are multiplied by m [o] / 2^r [o].
 * Writes to y, or to \`wide\` in 32 bits. Four neighbours are computed side by side where their windows are on the image.
 */
static void conv(const int8_t *x, int c, int h, int w, int8_t *y, int32_t *wide, int o, int p, int q,
	const int8_t *f, const int32_t *b, const int32_t *m, const uint8_t *r, int in, int out, int k, int s, int a, int d, int g)
{
	const int n = c / g;
	for (int i = 0; i < p; i++) {
		const int top = i * s - a;
		const int rows_inside = top >= 0 && top + (k - 1) * d < h;
		for (int j = 0; j < o; j++) {
			const int8_t *const weights = f + j * n * k * k;
			const int8_t *const rows = x + (j / (o / g)) * n * w;
			int l = 0;
			while (l < q) {
				const int left = l * s - a;
				int32_t sums[4] = {b[j]};
				int count = 1;
				if (rows_inside && left >= 0 && l + 4 <= q && left + 3 * s + (k - 1) * d < w) {
					const int8_t *taps = weights;
					int32_t sum0 = b[j], sum1 = b[j], sum2 = b[j], sum3 = b[j];
					for (int t = 0; t < n; t++) {
						for (int u = 0; u < k; u++) {
							const int8_t *from = rows + ((top + u * d) * c + t) * w + left;
							for (int v = 0; v < k; v++, from += d) {
								const int32_t tap = *taps++;
								sum0 += from[0] * tap;
								sum1 += from[s] * tap;
								sum2 += from[2 * s] * tap;
								sum3 += from[3 * s] * tap;
							}
						}
					}
					sums[0] = sum0;
					sums[1] = sum1;
					sums[2] = sum2;
					sums[3] = sum3;
					count = 4;
				} else {
					for (int t = 0; t < n; t++) {
						for (int u = 0; u < k; u++) {
							const int row = top + u * d;
							const int8_t *const taps = weights + (t * k + u) * k;
							for (int v = 0; v < k; v++) {
								const int column = left + v * d;
								const int inside = row >= 0 && row < h && column >= 0 && column < w;
								sums[0] += (inside ? rows[(row * c + t) * w + column] : in) * (int32_t)taps[v];
							}
						}
					}
				}
				for (int z = 0; z < count; z++, l++) {
					const int32_t result = scaled((int64_t)sums[z] * m[j], r[j]) + out;
					if (wide)
						wide[(i * o + j) * q + l] = result;
					else
						y[(i * o + j) * q + l] = narrow(result);
				}
			}
		}
	}
}
`,
	norm: `
/* A norm: each channel times a factor m / 2^r, and a shift b / 2^r. */
static void norm(const int8_t *x, int8_t *y, int c, int h, int w, const int32_t *m, const int32_t *b, int r, int out)
{
	for (int i = 0; i < h; i++)
		for (int t = 0; t < c; t++)
			for (int j = 0; j < w; j++)
				*y++ = narrow(scaled((int64_t)*x++ * m[t] + b[t], r) + out);
}
`,
	lookup: `
/* An activation, by a table of its 256 outputs. */
static void lookup(const int8_t *x, int8_t *y, int count, const int8_t *table)
{
	for (int i = 0; i < count; i++)
		y[i] = table[x[i] + 128];
}
`,
	max_pool: `
/* The largest number of each window, of those on the image. */
static void max_pool(const int8_t *x, int c, int h, int w, int8_t *y, int p, int q, int k, int s, int a)
{
	for (int i = 0; i < p; i++) {
		for (int t = 0; t < c; t++) {
			for (int j = 0; j < q; j++) {
				const int top = i * s - a, left = j * s - a;
				int8_t most = -128;
				for (int u = top < 0 ? 0 : top; u < h && u < top + k; u++)
					for (int v = left < 0 ? 0 : left; v < w && v < left + k; v++)
						most = x[(u * c + t) * w + v] > most ? x[(u * c + t) * w + v] : most;
				y[(i * c + t) * q + j] = most;
			}
		}
	}
}
`,
	average_pool: `
/* The sum of each window, by which places beyond the image are zeros, times m / 2^r, in which its mean is. Writes to y, or to \`wide\`. */
static void average_pool(const int8_t *x, int c, int h, int w, int8_t *y, int32_t *wide, int p, int q, int k, int s, int a,
	int32_t m, int r, int in, int out)
{
	for (int i = 0; i < p; i++) {
		for (int t = 0; t < c; t++) {
			for (int j = 0; j < q; j++) {
				const int top = i * s - a, left = j * s - a, place = (i * c + t) * q + j;
				int32_t sum = 0;
				for (int u = top < 0 ? 0 : top; u < h && u < top + k; u++)
					for (int v = left < 0 ? 0 : left; v < w && v < left + k; v++)
						sum += x[(u * c + t) * w + v] - in;
				sum = scaled((int64_t)sum * m, r) + out;
				if (wide)
					wide[place] = sum;
				else
					y[place] = narrow(sum);
			}
		}
	}
}
`,
	add: `
/* The sum of two inputs, each times a factor m / 2^r. */
static void add(const int8_t *x, const int8_t *other, int8_t *y, int count,
	int32_t m, int in, int32_t other_m, int other_in, int r, int out)
{
	for (int i = 0; i < count; i++)
		y[i] = narrow(scaled((int64_t)m * (x[i] - in) + (int64_t)other_m * (other[i] - other_in), r) + out);
}
`,
	scale: `
/* Each channel times a factor of its own, and m / 2^r. */
static void scale(const int8_t *x, const int8_t *factor, int8_t *y, int c, int h, int w,
	int in, int factor_in, int32_t m, int r, int out)
{
	for (int i = 0; i < h; i++)
		for (int t = 0; t < c; t++)
			for (int j = 0; j < w; j++)
				*y++ = narrow(scaled((int64_t)((*x++ - in) * (factor[t] - factor_in)) * m, r) + out);
}
`,
	join: `
/* Brings an input's channels to the scale of an output, and writes them there from channel t on. */
static void join(const int8_t *x, int c, int h, int w, int8_t *y, int o, int t, int in, int32_t m, int r, int out)
{
	for (int i = 0; i < h; i++)
		for (int j = 0; j < c * w; j++)
			y[(i * o + t) * w + j] = narrow(scaled((int64_t)(*x++ - in) * m, r) + out);
}
`,
	flatten: `
static void flatten(const int8_t *x, int c, int h, int w, int8_t *y)
{
	for (int t = 0; t < c; t++)
		for (int i = 0; i < h; i++)
			for (int j = 0; j < w; j++)
				*y++ = x[(i * c + t) * w + j];
}
`,
	widen: `
/* Each number times m / 2^r, in 32 bits. */
static void widen(const int8_t *x, int32_t *wide, int count, int in, int32_t m, int r)
{
	for (int i = 0; i < count; i++)
		wide[i] = scaled((int64_t)(x[i] - in) * m, r);
}
`,
	answer: `
/* Returns the first of the likeliest classes. Logits are in 1 / 65536. */
static int answer(const int32_t *values, int classes, float *logits)
{
	int best = 0;
	for (int i = 0; i < classes; i++) {
		if (values[i] > values[best])
			best = i;
		if (logits)
			logits[i] = (float)values[i] / 65536.0f;
	}
	return best;
}
`,
} as const satisfies Record<string, string>;

/** The name of an operation. */
export type OperationName = keyof typeof operations;

/** Operations that call none of the others. */
const plain: ReadonlySet<OperationName> = new Set(['load', 'lookup', 'max_pool', 'flatten', 'answer', 'widen']);

/** Returns the source of operations and of those that they call. */
export const sourceOf = (names: ReadonlySet<OperationName>): string => {
	const found = new Set(names);
	if ([...names].some(name => !plain.has(name))) {
		found.add('scaled').add('narrow');
	}

	if (names.has('widen')) {
		found.add('scaled');
	}

	return (Object.keys(operations) as OperationName[])
		.filter(name => found.has(name))
		.map(name => operations[name])
		.join('');
};
