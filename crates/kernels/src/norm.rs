use crate::frame::{Frame, LANES, Lanes, sum_lanes};
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

/// The operations after a block's convolution: an optional norm, a ReLU, and an optional dropout.
#[derive(Debug, Clone, Copy)]
pub struct Activation<'a> {
    /// `scale * value + shift`, per channel.
    pub norm: Option<Scaling<'a>>,
    /// The dropout, in training.
    pub dropout: Option<&'a Dropout>,
}

/// A norm as scale and shift per channel.
#[derive(Debug, Clone, Copy)]
pub struct Scaling<'a> {
    /// `[channels]`.
    pub scale: &'a [f32],
    /// `[channels]`.
    pub shift: &'a [f32],
}

/// A dropout's masks for a group: an activation is dropped by the hash of its image's key and its position
/// `(channel * height + row) * width + column`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// The two halves of each image's key.
    pub keys: [[u32; LANES]; 2],
    /// Activations whose hash is below this are dropped.
    pub threshold: u32,
    /// The factor of the others.
    pub kept: f32,
}

kernel! {
    /// Applies norm, ReLU and dropout in one pass. `values` has no border; the border of `output` is unchanged.
    pub fn activate(values: &[Lanes], activation: Activation, output: &mut [Lanes], out_frame: Frame) = activate_body
}

#[inline(always)]
fn activate_body<V: Vector>(
    simd: Simd<V>,
    values: &[Lanes],
    activation: Activation,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    let (channels, height, width) = (out_frame.channels(), out_frame.height(), out_frame.width());
    for channel in 0..channels {
        let norm =
            activation.norm.map(|norm| (simd.splat(norm.scale[channel]), simd.splat(norm.shift[channel])));
        for row in 0..height {
            let first = (channel * height + row) * width;
            let from = &values[first..][..width];
            let to = &mut output[out_frame.at(channel, row, 0)..][..width];
            for (column, (to, from)) in to.iter_mut().zip(from).enumerate() {
                for part in parts::<V>() {
                    let value: V = simd.load(from, part);
                    let value = norm.map_or(value, |(scale, shift)| value.mul_add(scale, shift));
                    let mut value = value.relu();
                    if let Some(Dropout { keys: [low, high], threshold, kept }) = activation.dropout {
                        let position = (first + column) as u32;
                        // SAFETY: `WIDTH` lanes from `part` on are within the 16 keys, as `load` has asserted.
                        value = unsafe {
                            let keys = [low.as_ptr().add(part), high.as_ptr().add(part)];
                            value.mul(simd.splat(*kept)).where_kept(keys, position, *threshold)
                        };
                    }
                    store(value, to, part);
                }
            }
        }
    }
}

/// The inputs of an [`Activation`]'s backward pass. An activated value above zero was neither cut by the ReLU nor
/// dropped, so no mask is stored.
#[derive(Debug, Clone, Copy)]
pub struct Activated<'a> {
    /// The convolution's output, without a border.
    pub values: &'a [Lanes],
    /// The output of [`activate`].
    pub activated: &'a [Lanes],
    /// Geometry of `activated`.
    pub frame: Frame,
    /// Gradient of `activated`.
    pub gradient: Gradient<'a>,
    /// The factor that dropout gave to activations that it kept; 1 without dropout.
    pub kept: f32,
    /// How many lanes hold images.
    pub images: usize,
}

/// The gradient of activated values.
#[derive(Debug, Clone, Copy)]
pub enum Gradient<'a> {
    /// The gradient of each value, without a border.
    Plain(&'a [Lanes]),
    /// The gradient of a max pool over windows of 2 x 2, which goes to the first of a window's largest values, in the
    /// order of rows. It is not written out, which would take as long as a norm.
    Pooled {
        /// The pool's output.
        largest: &'a [Lanes],
        /// Geometry of `largest`.
        frame: Frame,
        /// Gradient of `largest`, without a border.
        gradient: &'a [Lanes],
    },
}

/// A batch's norm as the backward pass needs it, each `[channels]`.
#[derive(Debug, Clone, Copy)]
pub struct Norm<'a> {
    /// Mean over the batch.
    pub mean: &'a [f32],
    /// 1 / standard deviation over the batch.
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

/// The gradients of two neighbours in a row, the first in an even column.
trait Pairs: Copy {
    /// Returns those of columns `column` and `column + 1`; `here` are the activated values of the row.
    fn pair<V: Vector>(&self, simd: Simd<V>, here: &[Lanes], column: usize, part: usize) -> [V; 2];

    /// Returns that of a last column without a neighbour.
    fn single<V: Vector>(&self, simd: Simd<V>, column: usize, part: usize) -> V;
}

/// A row whose gradients are written out.
#[derive(Clone, Copy)]
struct PlainRow<'a>(&'a [Lanes]);

impl Pairs for PlainRow<'_> {
    #[inline(always)]
    fn pair<V: Vector>(&self, simd: Simd<V>, _here: &[Lanes], column: usize, part: usize) -> [V; 2] {
        [simd.load(&self.0[column], part), simd.load(&self.0[column + 1], part)]
    }

    #[inline(always)]
    fn single<V: Vector>(&self, simd: Simd<V>, column: usize, part: usize) -> V {
        simd.load(&self.0[column], part)
    }
}

/// A row of windows of 2 x 2.
#[derive(Clone, Copy)]
struct PooledRow<'a> {
    largest: &'a [Lanes],
    gradient: &'a [Lanes],
    /// The row above, where this is the second of its windows.
    above: Option<&'a [Lanes]>,
}

impl Pairs for PooledRow<'_> {
    #[inline(always)]
    fn pair<V: Vector>(&self, simd: Simd<V>, here: &[Lanes], column: usize, part: usize) -> [V; 2] {
        let window = column / 2;
        let (most, mut left): (V, V) =
            (simd.load(&self.largest[window], part), simd.load(&self.gradient[window], part));
        if let Some(above) = self.above {
            left = left.split_where_equal(simd.load(&above[column], part), most).1;
            left = left.split_where_equal(simd.load(&above[column + 1], part), most).1;
        }
        let (first, left) = left.split_where_equal(simd.load(&here[column], part), most);
        [first, left.split_where_equal(simd.load(&here[column + 1], part), most).0]
    }

    #[inline(always)]
    fn single<V: Vector>(&self, simd: Simd<V>, _column: usize, _part: usize) -> V {
        simd.splat(0.0) // no window reaches it
    }
}

/// Gradients of a row that no window reaches.
#[derive(Clone, Copy)]
struct NoRow;

impl Pairs for NoRow {
    #[inline(always)]
    fn pair<V: Vector>(&self, simd: Simd<V>, _here: &[Lanes], _column: usize, _part: usize) -> [V; 2] {
        [simd.splat(0.0); 2]
    }

    #[inline(always)]
    fn single<V: Vector>(&self, simd: Simd<V>, _column: usize, _part: usize) -> V {
        simd.splat(0.0)
    }
}

impl<'a> Activated<'a> {
    /// Returns the activated values of a row, and the values before.
    #[inline(always)]
    fn row(&self, channel: usize, row: usize) -> (&'a [Lanes], &'a [Lanes]) {
        let (height, width) = (self.frame.height(), self.frame.width());
        let activated = &self.activated[self.frame.at(channel, row, 0)..][..width];
        (activated, &self.values[(channel * height + row) * width..][..width])
    }
}

/// Runs a body over the gradients of a row, of either kind.
macro_rules! with_pairs {
    ($activated:expr, $channel:expr, $row:expr, $pairs:ident => $body:expr) => {{
        let (frame, channel, row) = ($activated.frame, $channel, $row);
        match $activated.gradient {
            Gradient::Plain(gradient) => {
                let first = (channel * frame.height() + row) * frame.width();
                let $pairs = PlainRow(&gradient[first..][..frame.width()]);
                $body
            }
            Gradient::Pooled { largest, frame: pooled, gradient } if row / 2 < pooled.height() => {
                let first = (channel * pooled.height() + row / 2) * pooled.width();
                let $pairs = PooledRow {
                    largest: &largest[pooled.at(channel, row / 2, 0)..][..pooled.width()],
                    gradient: &gradient[first..][..pooled.width()],
                    above: (row % 2 == 1)
                        .then(|| &$activated.activated[frame.at(channel, row - 1, 0)..][..frame.width()]),
                };
                $body
            }
            Gradient::Pooled { .. } => {
                let $pairs = NoRow;
                $body
            }
        }
    }};
}

/// Returns the gradient that passes through dropout and ReLU.
#[inline(always)]
fn passed<V: Vector>(simd: Simd<V>, activated: &Lanes, gradient: V, kept: V, part: usize) -> V {
    gradient.mul(kept).where_positive(simd.load(activated, part))
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
                let (from, values) = activated.row(channel, row);
                with_pairs!(activated, channel, row, pairs => {
                    for (pair, (from_two, values)) in from.chunks_exact(2).zip(values.chunks_exact(2)).enumerate() {
                        let backs = pairs.pair(simd, from, 2 * pair, part);
                        for i in 0..2 {
                            let passed = passed(simd, &from_two[i], backs[i], kept, part);
                            chains[i] = chains[i].with(passed, simd.load(&values[i], part), mean, inverse);
                        }
                    }
                    if let ([last], [value]) = (from.chunks_exact(2).remainder(), values.chunks_exact(2).remainder()) {
                        let passed = passed(simd, last, pairs.single(simd, from.len() - 1, part), kept, part);
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
    /// Computes the gradient of the convolution's output, through dropout, ReLU and norm. The border of `output` is
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
    let present = present(activated.images);
    let kept = simd.splat(activated.kept);
    for channel in 0..out_frame.channels() {
        let norm = norm.map(|norm| {
            [norm.norm.mean, norm.norm.inverse_deviation, norm.factor, norm.mean_gradient, norm.mean_product]
                .map(|list| simd.splat(list[channel]))
        });
        for row in 0..out_frame.height() {
            let to = &mut output[out_frame.at(channel, row, 0)..][..out_frame.width()];
            let (from, values) = activated.row(channel, row);
            with_pairs!(activated, channel, row, pairs => for part in parts::<V>() {
                let present = simd.load(&present, part);
                let twos = from.chunks_exact(2).zip(values.chunks_exact(2)).zip(to.chunks_exact_mut(2));
                for (pair, ((from_two, values), to)) in twos.enumerate() {
                    let backs = pairs.pair(simd, from, 2 * pair, part);
                    for i in 0..2 {
                        let passed = passed(simd, &from_two[i], backs[i], kept, part);
                        store(through_norm(simd, norm, passed, &values[i], present, part), &mut to[i], part);
                    }
                }
                if let ([.., last], [.., value], [.., to], 1) = (from, values, &mut *to, from.len() % 2) {
                    let passed = passed(simd, last, pairs.single(simd, from.len() - 1, part), kept, part);
                    store(through_norm(simd, norm, passed, value, present, part), to, part);
                }
            });
        }
    }
}

/// Returns the gradient of a value before its norm, by the formula of [`NormGradient`]; `norm` has mean, inverse deviation,
/// factor, mean gradient and mean product of the channel.
#[inline(always)]
fn through_norm<V: Vector>(
    simd: Simd<V>,
    norm: Option<[V; 5]>,
    passed: V,
    value: &Lanes,
    present: V,
    part: usize,
) -> V {
    let Some([mean, inverse, factor, gradient, product]) = norm else { return passed };
    let normalised = simd.load(value, part).sub(mean).mul(inverse);
    let centred = passed.sub(gradient).sub(normalised.mul(product));
    factor.mul(centred).mul(present)
}
