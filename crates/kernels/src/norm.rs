use std::ops::Range;

use crate::frame::{Frame, LANES, LaneBits, Lanes, sum_lanes};
use crate::isa::kernel;
use crate::vector::{Simd, Vector, parts, store};

/// A group's share of the mean and variance of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Statistics {
    /// Mean over the group's images and pixels.
    pub mean: f32,
    /// Sum of squared distances from that mean.
    pub squares: f32,
}

kernel! {
    /// Computes the statistics of each channel over the first `images` lanes, in two passes: the mean first.
    pub fn channel_statistics(values: &[Lanes], frame: Frame, images: usize, statistics: &mut [Statistics]) = statistics_body
}

#[inline(always)]
fn statistics_body<V: Vector>(
    simd: Simd<V>,
    values: &[Lanes],
    frame: Frame,
    images: usize,
    statistics: &mut [Statistics],
) {
    let present = present(images);
    let pixels = frame.height() * frame.width();
    for (channel, statistics) in statistics.iter_mut().enumerate() {
        let values = &values[frame.at(channel, 0, 0)..][..pixels];
        let sum = sum_of(simd, values, &present, |value| value);
        let mean = sum / (pixels * images) as f32;
        let squares = sum_of(simd, values, &present, |value| {
            let distance = value.sub(simd.splat(mean));
            distance.mul(distance)
        });
        *statistics = Statistics { mean, squares };
    }
}

/// Returns 1 in the lanes that hold images, 0 elsewhere.
#[inline(always)]
fn present(images: usize) -> Lanes {
    std::array::from_fn(|lane| if lane < images { 1.0 } else { 0.0 })
}

/// Sums `of` each pixel over the lanes that are present: four chains of pixels side by side, in a fixed order.
#[inline(always)]
fn sum_of<V: Vector>(simd: Simd<V>, values: &[Lanes], present: &Lanes, of: impl Fn(V) -> V) -> f32 {
    let mut total = [0.0; LANES];
    for part in parts::<V>() {
        let mut sums = [simd.splat(0.0); 4];
        let mut fours = values.chunks_exact(4);
        for four in &mut fours {
            for (sum, pixel) in sums.iter_mut().zip(four) {
                *sum = sum.add(of(simd.load(pixel, part)));
            }
        }
        for pixel in fours.remainder() {
            sums[0] = sums[0].add(of(simd.load(pixel, part)));
        }
        let [a, b, c, d] = sums;
        store(a.add(b).add(c.add(d)).mul(simd.load(present, part)), &mut total, part);
    }
    sum_lanes(&total)
}

/// The inputs of an [`Activation`](crate::Activation)'s backward pass, those of its norm apart.
#[derive(Debug, Clone, Copy)]
pub struct Activated<'a> {
    /// Geometry of the convolution's output, without a border.
    pub frame: Frame,
    /// The lanes of each value whose gradient passes, by the forward pass.
    pub passing: &'a [LaneBits],
    /// The gradient of the activation's output.
    pub gradient: Gradient<'a>,
    /// The factor that dropout gave to activations that it kept; 1 without dropout.
    pub kept: f32,
    /// How many lanes hold images.
    pub images: usize,
}

/// The gradient of an activation's output, without a border.
#[derive(Debug, Clone, Copy)]
pub enum Gradient<'a> {
    /// That of each value.
    Plain(&'a [Lanes]),
    /// That of each window of 2 x 2, behind [`activate_and_pool`](crate::activate_and_pool).
    Pooled(&'a [Lanes]),
}

/// A batch's norm as the backward pass needs it.
#[derive(Debug, Clone, Copy)]
pub struct Norm<'a> {
    /// Its input: the convolution's output, without a border.
    pub values: &'a [Lanes],
    /// Mean over the batch, `[channels]`.
    pub mean: &'a [f32],
    /// 1 / standard deviation over the batch, `[channels]`.
    pub inverse_deviation: &'a [f32],
}

/// A group's share of the gradients of a channel's norm.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GradientSums {
    /// Sum of the gradients after the norm: the gradient of its shift.
    pub gradient: f32,
    /// Sum of their products with the normalised values: the gradient of its scale.
    pub product: f32,
}

/// The gradients of a row's columns, two by two.
trait Pairs: Copy {
    /// Returns those of the columns `2 * pair` and `2 * pair + 1`.
    fn pair<V: Vector>(&self, simd: Simd<V>, pair: usize, part: usize) -> [V; 2];

    /// Returns that of a last column without a neighbour.
    fn single<V: Vector>(&self, simd: Simd<V>, part: usize) -> V;
}

/// A row with a gradient for each column.
#[derive(Clone, Copy)]
struct PlainRow<'a> {
    pairs: &'a [[Lanes; 2]],
    rest: &'a [Lanes],
}

impl Pairs for PlainRow<'_> {
    #[inline(always)]
    fn pair<V: Vector>(&self, simd: Simd<V>, pair: usize, part: usize) -> [V; 2] {
        let [first, second] = &self.pairs[pair];
        [simd.load(first, part), simd.load(second, part)]
    }

    #[inline(always)]
    fn single<V: Vector>(&self, simd: Simd<V>, part: usize) -> V {
        simd.load(&self.rest[0], part)
    }
}

/// A row of windows of 2 x 2, with a gradient for each: the lanes that pass it are disjoint.
#[derive(Clone, Copy)]
struct PooledRow<'a>(&'a [Lanes]);

impl Pairs for PooledRow<'_> {
    #[inline(always)]
    fn pair<V: Vector>(&self, simd: Simd<V>, pair: usize, part: usize) -> [V; 2] {
        [simd.load(&self.0[pair], part); 2]
    }

    #[inline(always)]
    fn single<V: Vector>(&self, simd: Simd<V>, _part: usize) -> V {
        simd.splat(0.0) // no window reaches it
    }
}

/// A row that no window reaches.
#[derive(Clone, Copy)]
struct NoRow;

impl Pairs for NoRow {
    #[inline(always)]
    fn pair<V: Vector>(&self, simd: Simd<V>, _pair: usize, _part: usize) -> [V; 2] {
        [simd.splat(0.0); 2]
    }

    #[inline(always)]
    fn single<V: Vector>(&self, simd: Simd<V>, _part: usize) -> V {
        simd.splat(0.0)
    }
}

impl Activated<'_> {
    /// Returns the places of a row's values.
    #[inline(always)]
    fn row(&self, channel: usize, row: usize) -> Range<usize> {
        let first = (channel * self.frame.height() + row) * self.frame.width();
        first..first + self.frame.width()
    }

    /// Returns the places of the windows of 2 x 2 that reach a row; `None` if there are none.
    #[inline(always)]
    fn windows(&self, channel: usize, row: usize) -> Option<Range<usize>> {
        let (height, width) = (self.frame.height() / 2, self.frame.width() / 2);
        let first = (channel * height + row / 2) * width;
        (row / 2 < height).then(|| first..first + width)
    }
}

/// Runs a body over the gradients of a row, of any kind.
macro_rules! with_pairs {
    ($activated:expr, $channel:expr, $row:expr, $pairs:ident => $body:expr) => {
        match ($activated.gradient, $activated.windows($channel, $row)) {
            (Gradient::Plain(gradient), _) => {
                let (pairs, rest) = gradient[$activated.row($channel, $row)].as_chunks();
                let $pairs = PlainRow { pairs, rest };
                $body
            }
            (Gradient::Pooled(gradient), Some(windows)) => {
                let $pairs = PooledRow(&gradient[windows]);
                $body
            }
            (Gradient::Pooled(_), None) => {
                let $pairs = NoRow;
                $body
            }
        }
    };
}

/// Returns the gradient that passes through dropout and ReLU, and through a pool behind them.
#[inline(always)]
fn passed<V: Vector>(gradient: V, passing: LaneBits, kept: V, part: usize) -> V {
    gradient.mul(kept).where_set(passing >> part)
}

kernel! {
    /// Computes the sums that a norm's backward pass needs, over one group. Gradients of lanes without an image must be 0.
    pub fn gradient_sums(activated: Activated, norm: Norm, sums: &mut [GradientSums]) = sums_body
}

#[inline(always)]
fn sums_body<V: Vector>(simd: Simd<V>, activated: Activated, norm: Norm, sums: &mut [GradientSums]) {
    let kept = simd.splat(activated.kept);
    for (channel, sums) in sums.iter_mut().enumerate() {
        let (mean, inverse) = (simd.splat(norm.mean[channel]), simd.splat(norm.inverse_deviation[channel]));
        let (mut gradients, mut products) = ([0.0; LANES], [0.0; LANES]);
        for part in parts::<V>() {
            // Two chains side by side, for even and odd columns.
            let mut chains = [Chain { gradient: simd.splat(0.0), product: simd.splat(0.0) }; 2];
            for row in 0..activated.frame.height() {
                let place = activated.row(channel, row);
                let (passing, last_passing) = activated.passing[place.clone()].as_chunks::<2>();
                let (values, last_value) = norm.values[place].as_chunks::<2>();
                with_pairs!(activated, channel, row, pairs => {
                    for (pair, (passing, values)) in passing.iter().zip(values).enumerate() {
                        let backs = pairs.pair(simd, pair, part);
                        for i in 0..2 {
                            let passed = passed(backs[i], passing[i], kept, part);
                            chains[i] = chains[i].with(passed, simd.load(&values[i], part), mean, inverse);
                        }
                    }
                    if let ([passing], [value]) = (last_passing, last_value) {
                        let passed = passed(pairs.single(simd, part), *passing, kept, part);
                        chains[0] = chains[0].with(passed, simd.load(value, part), mean, inverse);
                    }
                });
            }
            store(chains[0].gradient.add(chains[1].gradient), &mut gradients, part);
            store(chains[0].product.add(chains[1].product), &mut products, part);
        }
        *sums = GradientSums { gradient: sum_lanes(&gradients), product: sum_lanes(&products) };
    }
}

/// Running sums over every other column.
#[derive(Clone, Copy)]
struct Chain<V> {
    gradient: V,
    product: V,
}

impl<V: Vector> Chain<V> {
    #[inline(always)]
    fn with(self, passed: V, value: V, mean: V, inverse: V) -> Self {
        let normalised = value.sub(mean).mul(inverse);
        Self { gradient: self.gradient.add(passed), product: passed.mul_add(normalised, self.product) }
    }
}

/// A norm's backward pass as factors per channel, `[channels]` each: the gradient of a value is
/// `factor * (passed - mean_gradient - normalised * mean_product)`.
#[derive(Debug, Clone, Copy)]
pub struct NormGradient<'a> {
    /// The norm of the forward pass.
    pub norm: Norm<'a>,
    /// Scale / deviation.
    pub factor: &'a [f32],
    /// [`GradientSums::gradient`] of the whole batch, over its size.
    pub mean_gradient: &'a [f32],
    /// [`GradientSums::product`] of the whole batch, over its size.
    pub mean_product: &'a [f32],
}

kernel! {
    /// Computes the gradient of the convolution's output, through pool, dropout, ReLU and norm. The border of `output` is
    /// unchanged; lanes without an image get 0.
    pub fn activation_gradient(
        activated: Activated,
        norm: Option<NormGradient>,
        output: &mut [Lanes],
        out_frame: Frame,
    ) = gradient_body
}

#[inline(always)]
fn gradient_body<V: Vector>(
    simd: Simd<V>,
    activated: Activated,
    norm: Option<NormGradient>,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    let kept = simd.splat(activated.kept);
    let present = present_bits(activated.images);
    for channel in 0..out_frame.channels() {
        let factors = norm.map(|norm| {
            [norm.norm.mean, norm.norm.inverse_deviation, norm.factor, norm.mean_gradient, norm.mean_product]
                .map(|list| simd.splat(list[channel]))
        });
        for row in 0..out_frame.height() {
            let place = activated.row(channel, row);
            let (passing, last_passing) = activated.passing[place.clone()].as_chunks::<2>();
            let (values, last_value): (&[[Lanes; 2]], &[Lanes]) = match norm {
                Some(norm) => norm.norm.values[place].as_chunks(),
                None => (&[], &[]),
            };
            let to = &mut output[out_frame.at(channel, row, 0)..][..out_frame.width()];
            let (to, last_to) = to.as_chunks_mut::<2>();
            with_pairs!(activated, channel, row, pairs => for part in parts::<V>() {
                for (pair, (to, passing)) in to.iter_mut().zip(passing).enumerate() {
                    let backs = pairs.pair(simd, pair, part);
                    for i in 0..2 {
                        let passed = passed(backs[i], passing[i], kept, part);
                        let back = match factors {
                            Some(factors) => through_norm(factors, passed, simd.load(&values[pair][i], part), present >> part),
                            None => passed,
                        };
                        store(back, &mut to[i], part);
                    }
                }
                if let ([to], [passing]) = (&mut *last_to, last_passing) {
                    let passed = passed(pairs.single(simd, part), *passing, kept, part);
                    let back = match factors {
                        Some(factors) => through_norm(factors, passed, simd.load(&last_value[0], part), present >> part),
                        None => passed,
                    };
                    store(back, to, part);
                }
            });
        }
    }
}

/// Returns the bits of the lanes that hold images.
#[inline(always)]
fn present_bits(images: usize) -> LaneBits {
    (0..images).fold(0, |bits, lane| bits | (1 << lane))
}

/// Returns the gradient of a value before its norm, by the formula of [`NormGradient`], in the lanes that are `present`; the
/// factors are mean, inverse deviation, factor, mean gradient and mean product of the channel.
#[inline(always)]
fn through_norm<V: Vector>(factors: [V; 5], passed: V, value: V, present: LaneBits) -> V {
    let [mean, inverse, factor, gradient, product] = factors;
    let normalised = value.sub(mean).mul(inverse);
    let centred = passed.sub(gradient).sub(normalised.mul(product));
    factor.mul(centred).where_set(present)
}
