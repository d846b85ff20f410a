// The operations of a net on one image, in C99. Images lie `[rows][channels][columns]`: c, h and w are channels, height and width of
// an input, o, p and q those of an output. Each number is computed by the same operations in the same order as by the engine
// `fused` (crates/kernels), a multiply-add as one `fmaf`. An output may be written over an input as `memory.ts` places it.

/** Applies an expression of `x` to each number. */
const each = (name: string, expression: string): string => `
static void ${name}(const float *from, float *to, int count)
{
	for (int i = 0; i < count; i++) {
		const float x = from[i];
		to[i] = ${expression};
	}
}
`;

/** The operations, by the names that calls have. */
export const operations = {
	load: `
/* Normalises pixels, which lie channel by channel. */
static void load(const uint8_t *pixels, float *to, int c, int h, int w, float mean, float deviation)
{
	for (int i = 0; i < h; i++)
		for (int t = 0; t < c; t++)
			for (int j = 0; j < w; j++)
				*to++ = ((float)pixels[(t * h + i) * w + j] / 255.0f - mean) / deviation;
}
`,
	conv: `
/*
 * A convolution with weights f [o][c / g][k][k] and biases b [o], by windows of size k, stride s, padding a, dilation d, groups g.
 * Four neighbours are computed side by side where none of their windows reaches beyond the image.
 */
static void conv(const float *x, int c, int h, int w, float *y, int o, int p, int q,
	const float *f, const float *b, int k, int s, int a, int d, int g)
{
	const int n = c / g;
	for (int i = 0; i < p; i++) {
		const int top = i * s - a;
		const int u0 = top < 0 ? (d - 1 - top) / d : 0;
		const int u1 = top + (k - 1) * d < h ? k : (h - top + d - 1) / d;
		for (int j = 0; j < o; j++) {
			const float *const weights = f + j * n * k * k;
			const float *const rows = x + (j / (o / g)) * n * w;
			const float start = b ? b[j] : 0.0f;
			float *const to = y + (i * o + j) * q;
			int l = 0;
			while (l < q) {
				const int left = l * s - a;
				if (left >= 0 && l + 4 <= q && left + 3 * s + (k - 1) * d < w) {
					float sum0 = start, sum1 = start, sum2 = start, sum3 = start;
					for (int t = 0; t < n; t++) {
						const float *taps = weights + (t * k + u0) * k;
						for (int u = u0; u < u1; u++) {
							const float *from = rows + ((top + u * d) * c + t) * w + left;
							for (int v = 0; v < k; v++, from += d) {
								const float tap = *taps++;
								sum0 = fmaf(from[0], tap, sum0);
								sum1 = fmaf(from[s], tap, sum1);
								sum2 = fmaf(from[2 * s], tap, sum2);
								sum3 = fmaf(from[3 * s], tap, sum3);
							}
						}
					}
					to[l] = sum0;
					to[l + 1] = sum1;
					to[l + 2] = sum2;
					to[l + 3] = sum3;
					l += 4;
				} else {
					const int v0 = left < 0 ? (d - 1 - left) / d : 0;
					const int v1 = left + (k - 1) * d < w ? k : (w - left + d - 1) / d;
					float sum = start;
					for (int t = 0; t < n; t++) {
						for (int u = u0; u < u1; u++) {
							const int first = ((top + u * d) * c + t) * w + left;
							const float *const taps = weights + (t * k + u) * k;
							for (int v = v0; v < v1; v++)
								sum = fmaf(rows[first + v * d], taps[v], sum);
						}
					}
					to[l++] = sum;
				}
			}
		}
	}
}
`,
	norm: `
/* A norm: each channel times a factor, and a shift. */
static void norm(const float *x, float *y, int c, int h, int w, const float *factor, const float *shift)
{
	for (int i = 0; i < h; i++)
		for (int t = 0; t < c; t++)
			for (int j = 0; j < w; j++)
				*y++ = fmaf(*x++, factor[t], shift[t]);
}
`,
	max_pool: `
/* The largest value of each window, of those on the image. */
static void max_pool(const float *x, int c, int h, int w, float *y, int p, int q, int k, int s, int a)
{
	for (int i = 0; i < p; i++) {
		for (int t = 0; t < c; t++) {
			for (int j = 0; j < q; j++) {
				const int top = i * s - a, left = j * s - a;
				float most = -INFINITY;
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
/* The mean of each window; places beyond the image count as zeros. */
static void average_pool(const float *x, int c, int h, int w, float *y, int p, int q, int k, int s, int a)
{
	for (int i = 0; i < p; i++) {
		for (int t = 0; t < c; t++) {
			for (int j = 0; j < q; j++) {
				const int top = i * s - a, left = j * s - a;
				float sum = 0.0f;
				for (int u = top < 0 ? 0 : top; u < h && u < top + k; u++)
					for (int v = left < 0 ? 0 : left; v < w && v < left + k; v++)
						sum += x[(u * c + t) * w + v];
				y[(i * c + t) * q + j] = sum / (float)(k * k);
			}
		}
	}
}
`,
	add: `
static void add(const float *x, const float *other, float *y, int count)
{
	for (int i = 0; i < count; i++)
		y[i] = x[i] + other[i];
}
`,
	scale: `
/* Each channel times a factor of its own. */
static void scale(const float *x, const float *factor, float *y, int c, int h, int w)
{
	for (int i = 0; i < h; i++)
		for (int t = 0; t < c; t++)
			for (int j = 0; j < w; j++)
				*y++ = *x++ * factor[t];
}
`,
	join: `
/* Copies an input's channels to those of an output from channel t on. */
static void join(const float *x, int c, int h, int w, float *y, int o, int t)
{
	for (int i = 0; i < h; i++)
		memcpy(y + (i * o + t) * w, x + i * c * w, (size_t)(c * w) * sizeof *x);
}
`,
	flatten: `
static void flatten(const float *x, int c, int h, int w, float *y)
{
	for (int t = 0; t < c; t++)
		for (int i = 0; i < h; i++)
			for (int j = 0; j < w; j++)
				*y++ = x[(i * c + t) * w + j];
}
`,
	power: `
/* e to the power of x (brought to -87 to 88) in two factors: a power of two, and e to the power of *rest. */
static float power(float x, float *rest)
{
	const float within = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
	const float whole = fmaf(within, 1.44269504f, 12582912.0f) - 12582912.0f; /* rounds to a whole number */
	union {
		uint32_t bits;
		float value;
	} of_two;
	*rest = fmaf(whole, 2.12194440e-4f, fmaf(whole, -355.0f / 512.0f, within)); /* less ln 2, in two parts */
	of_two.bits = (uint32_t)((int32_t)whole + 127) << 23;
	return of_two.value;
}

static float polynomial(const float *terms, int count, float x)
{
	float sum = terms[0];
	for (int i = 1; i < count; i++)
		sum = fmaf(sum, x, terms[i]);
	return sum;
}
`,
	exponential: `
/* e to the power of x. */
static float exponential(float x)
{
	static const float terms[7] = {1.0f / 720.0f, 1.0f / 120.0f, 1.0f / 24.0f, 1.0f / 6.0f, 0.5f, 1.0f, 1.0f};
	float of_two, rest;
	if (x != x)
		return x;
	of_two = power(x, &rest);
	return polynomial(terms, 7, rest) * of_two;
}
`,
	exponential_less_one: `
/* e to the power of x, less 1: near 0 it keeps the digits that a subtraction would lose. */
static float exponential_less_one(float x)
{
	static const float terms[7] = {
		1.0f / 5040.0f, 1.0f / 720.0f, 1.0f / 120.0f, 1.0f / 24.0f, 1.0f / 6.0f, 0.5f, 1.0f,
	};
	float of_two, rest;
	if (x != x)
		return x;
	of_two = power(x, &rest);
	return fmaf(polynomial(terms, 7, rest) * rest, of_two, of_two - 1.0f);
}
`,
	logistic: `
static float logistic(float x)
{
	return 1.0f / (1.0f + exponential(0.0f - x));
}
`,
	normal_share: `
/* The share of a normal distribution below x; the error function by formula 7.1.26 of Abramowitz and Stegun. */
static float normal_share(float x)
{
	static const float terms[5] = {1.0614054f, -1.453152f, 1.4214138f, -0.28449675f, 0.2548296f};
	const float t = 1.0f / fmaf(x > 0.0f ? x : 0.0f - x, 0.3275911f * 0.70710678f, 1.0f);
	const float beyond = polynomial(terms, 5, t) * t * exponential(x * (0.0f - x) * 0.5f) * 0.5f;
	return x > 0.0f ? 1.0f - beyond : beyond;
}
`,
	relu: each('relu', 'x < 0.0f ? 0.0f : x'),
	leaky_relu: each('leaky_relu', 'x > 0.0f ? x : x * 0.01f'),
	elu: each('elu', 'x > 0.0f ? x : exponential_less_one(x)'),
	relu6: each('relu6', 'x < 0.0f ? 0.0f : x > 6.0f ? 6.0f : x'),
	hard_swish: each('hard_swish', 'x * (x + 3.0f < 0.0f ? 0.0f : x + 3.0f > 6.0f ? 6.0f : x + 3.0f) * (1.0f / 6.0f)'),
	sigmoid: each('sigmoid', 'logistic(x)'),
	silu: each('silu', 'x * logistic(x)'),
	gelu: each('gelu', 'x * normal_share(x)'),
	answer: `
/* Returns the first of the likeliest classes. */
static int answer(const float *values, int classes, float *logits)
{
	int best = 0;
	for (int i = 0; i < classes; i++) {
		if (values[i] > values[best])
			best = i;
		if (logits)
			logits[i] = values[i];
	}
	return best;
}
`,
} as const satisfies Record<string, string>;

/** The name of an operation. */
export type OperationName = keyof typeof operations;

const needed: Partial<Record<OperationName, readonly OperationName[]>> = {
	sigmoid: ['logistic'],
	exponential: ['power'],
	exponential_less_one: ['power'],
	elu: ['exponential_less_one'],
	silu: ['logistic'],
	gelu: ['normal_share'],
	logistic: ['exponential'],
	normal_share: ['exponential'],
};

/** Returns the source of operations and of those that they call, each before its callers. */
export const sourceOf = (names: Iterable<OperationName>): string => {
	const found = new Set<OperationName>();
	const find = (name: OperationName): void => {
		found.add(name);
		for (const other of needed[name] ?? []) {
			find(other);
		}
	};
	for (const name of names) {
		find(name);
	}

	return (Object.keys(operations) as OperationName[])
		.filter(name => found.has(name))
		.map(name => operations[name])
		.join('');
};
