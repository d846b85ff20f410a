use crate::frame::{Frame, LANES, Lanes, sum_lanes};
use crate::isa::kernel;
use crate::vector::Vector;

/// A group's part in the mean and variance of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Statistics {
    /// Mean over the group's images and pixels.
    pub mean: f32,
    /// Sum of squared distances from that mean.
    pub squares: f32,
}

kernel! {
    /// The statistics of each channel over the first `images` lanes, in two passes: the mean first.
    pub fn channel_statistics(values: &[Lanes], frame: Frame, images: usize, statistics: &mut [Statistics]) = statistics_body
}

#[inline(always)]
fn statistics_body<V: Vector>(values: &[Lanes], frame: Frame, images: usize, statistics: &mut [Statistics]) {
    let present = present(images);
    let pixels = frame.height * frame.width;
    for (channel, statistics) in statistics.iter_mut().enumerate() {
        let values = &values[frame.at(channel, 0, 0)..][..pixels];
        let sum = strided_sum(values, |value| value, &present);
        let mean = sum / (pixels * images) as f32;
        let squares = strided_sum(values, |value| (value - mean) * (value - mean), &present);
        *statistics = Statistics { mean, squares };
    }
}

/// 1 in the lanes of images that are there, 0 elsewhere.
#[inline(always)]
fn present(images: usize) -> Lanes {
    std::array::from_fn(|lane| if lane < images { 1.0 } else { 0.0 })
}

/// The sum over pixels and lanes that are present: four chains of pixels side by side, in a fixed order.
#[inline(always)]
fn strided_sum(values: &[Lanes], of: impl Fn(f32) -> f32, present: &Lanes) -> f32 {
    let mut sums = [[0.0; LANES]; 4];
    let mut fours = values.chunks_exact(4);
    for four in &mut fours {
        for (sum, pixel) in sums.iter_mut().zip(four) {
            for lane in 0..LANES {
                sum[lane] += of(pixel[lane]);
            }
        }
    }
    for pixel in fours.remainder() {
        for lane in 0..LANES {
            sums[0][lane] += of(pixel[lane]);
        }
    }
    let [a, b, c, d] = sums;
    sum_lanes(&std::array::from_fn(|lane| ((a[lane] + b[lane]) + (c[lane] + d[lane])) * present[lane]))
}

/// What follows a block's convolution: a norm where there is one, a ReLU, and a dropout where there is one.
#[derive(Debug, Clone, Copy)]
pub struct Activation<'a> {
    /// Of each channel: `scale * value + shift` comes first.
    pub norm: Option<Scaling<'a>>,
    /// The dropout, in training.
    pub dropout: Option<&'a Dropout>,
}

/// A norm worked out for each channel.
#[derive(Debug, Clone, Copy)]
pub struct Scaling<'a> {
    /// `[channels]`.
    pub scale: &'a [f32],
    /// `[channels]`.
    pub shift: &'a [f32],
}

/// A dropout's masks for a group: which activations fall is a hash of an image's key and of the position
/// `(channel * height + row) * width + column`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// The two halves of each image's key.
    pub keys: [[u32; LANES]; 2],
    /// Hashes below this fall.
    pub threshold: u32,
    /// The factor of those that stay.
    pub kept: f32,
}

/// 32 uniform bits for a position under a key: an integer hash with two multiplications (the constants of Wellons'
/// search for low bias), which vectorises on any CPU.
#[inline(always)]
#[must_use]
pub fn mask_bits(key: [u32; 2], position: u32) -> u32 {
    let mut word = position.wrapping_mul(0x9e37_79b9).wrapping_add(key[0]);
    word = (word ^ (word >> 16)).wrapping_mul(0x7feb_352d) ^ key[1];
    word = (word ^ (word >> 15)).wrapping_mul(0x846c_a68b);
    word ^ (word >> 16)
}

kernel! {
    /// Norm, ReLU and dropout in one pass. `values` has no border; the border of `output` is left as it is.
    pub fn activate(values: &[Lanes], activation: Activation, output: &mut [Lanes], out_frame: Frame) = activate_body
}

#[inline(always)]
fn activate_body<V: Vector>(
    values: &[Lanes],
    activation: Activation,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    let Frame { channels, height, width, .. } = out_frame;
    for channel in 0..channels {
        let (scale, shift) =
            activation.norm.map_or((1.0, 0.0), |norm| (norm.scale[channel], norm.shift[channel]));
        let has_norm = activation.norm.is_some();
        for row in 0..height {
            let first = (channel * height + row) * width;
            let from = &values[first..][..width];
            let to = &mut output[out_frame.at(channel, row, 0)..][..width];
            for (to, from) in to.iter_mut().zip(from) {
                for lane in 0..LANES {
                    let value = if has_norm { from[lane].mul_add(scale, shift) } else { from[lane] };
                    to[lane] = if value > 0.0 { value } else { 0.0 };
                }
            }
            if let Some(Dropout { keys: [low, high], threshold, kept }) = activation.dropout {
                for (column, to) in to.iter_mut().enumerate() {
                    for lane in 0..LANES {
                        let bits = mask_bits([low[lane], high[lane]], (first + column) as u32);
                        to[lane] = if bits < *threshold { 0.0 } else { to[lane] * kept };
                    }
                }
            }
        }
    }
}

/// What the backward pass of an [`Activation`] reads. A value that came out above zero was neither cut by the ReLU
/// nor dropped, so no mask is kept.
#[derive(Debug, Clone, Copy)]
pub struct Activated<'a> {
    /// What the convolution made, without a border.
    pub values: &'a [Lanes],
    /// What [`activate`] made of it.
    pub activated: &'a [Lanes],
    /// Geometry of `activated`.
    pub frame: Frame,
    /// Gradient of `activated`, without a border.
    pub gradient: &'a [Lanes],
    /// The factor that dropout gave to what stayed; 1 without dropout.
    pub kept: f32,
    /// How many lanes hold images.
    pub images: usize,
}

/// A batch's norm as the backward pass needs it, each `[channels]`.
#[derive(Debug, Clone, Copy)]
pub struct Norm<'a> {
    /// Mean over the batch.
    pub mean: &'a [f32],
    /// 1 / standard deviation over the batch.
    pub inverse_deviation: &'a [f32],
}

/// A group's part in the gradients of a channel's norm.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GradientSums {
    /// Sum of the gradients after the norm: the gradient of its shift.
    pub gradient: f32,
    /// Sum of their products with the normalised values: the gradient of its scale.
    pub product: f32,
}

impl Activated<'_> {
    /// The gradients before the ReLU of one row, and the values they belong to.
    #[inline(always)]
    fn row(&self, channel: usize, row: usize) -> impl Iterator<Item = (Lanes, &Lanes)> {
        let Frame { height, width, .. } = self.frame;
        let first = (channel * height + row) * width;
        let activated = &self.activated[self.frame.at(channel, row, 0)..][..width];
        let gradient = &self.gradient[first..][..width];
        let kept = self.kept;
        activated.iter().zip(gradient).zip(&self.values[first..][..width]).map(
            move |((activated, gradient), value)| {
                let mut passed = [0.0; LANES];
                for lane in 0..LANES {
                    passed[lane] = if activated[lane] > 0.0 { gradient[lane] * kept } else { 0.0 };
                }
                (passed, value)
            },
        )
    }
}

kernel! {
    /// The sums that a norm's backward pass needs, over one group. Gradients of lanes without an image must be 0.
    pub fn gradient_sums(activated: Activated, norm: Norm, sums: &mut [GradientSums]) = sums_body
}

#[inline(always)]
fn sums_body<V: Vector>(activated: Activated, norm: Norm, sums: &mut [GradientSums]) {
    for (channel, sums) in sums.iter_mut().enumerate() {
        let (mean, inverse) = (norm.mean[channel], norm.inverse_deviation[channel]);
        let (mut gradients, mut products) = ([[0.0; LANES]; 2], [[0.0; LANES]; 2]);
        for row in 0..activated.frame.height {
            let (gradients, products) = (&mut gradients[row % 2], &mut products[row % 2]);
            for (passed, value) in activated.row(channel, row) {
                for lane in 0..LANES {
                    let normalised = (value[lane] - mean) * inverse;
                    gradients[lane] += passed[lane];
                    products[lane] = passed[lane].mul_add(normalised, products[lane]);
                }
            }
        }
        let both = |[even, odd]: [Lanes; 2]| sum_lanes(&std::array::from_fn(|lane| even[lane] + odd[lane]));
        *sums = GradientSums { gradient: both(gradients), product: both(products) };
    }
}

/// A norm's backward pass, worked out for each channel, `[channels]` each: the gradient of a value is
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
    /// The gradient of what the convolution made, through dropout, ReLU and norm. The border of `output` is left as
    /// it is; lanes without an image get 0.
    pub fn activation_gradient(
        activated: Activated,
        norm: Option<NormGradient>,
        output: &mut [Lanes],
        out_frame: Frame,
    ) = gradient_body
}

#[inline(always)]
fn gradient_body<V: Vector>(
    activated: Activated,
    norm: Option<NormGradient>,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    let present = present(activated.images);
    for channel in 0..out_frame.channels {
        for row in 0..out_frame.height {
            let to = &mut output[out_frame.at(channel, row, 0)..][..out_frame.width];
            let Some(norm) = norm else {
                for (to, (passed, _)) in to.iter_mut().zip(activated.row(channel, row)) {
                    *to = passed;
                }
                continue;
            };
            let (mean, inverse) = (norm.norm.mean[channel], norm.norm.inverse_deviation[channel]);
            let (factor, gradient) = (norm.factor[channel], norm.mean_gradient[channel]);
            let product = norm.mean_product[channel];
            for (to, (passed, value)) in to.iter_mut().zip(activated.row(channel, row)) {
                for lane in 0..LANES {
                    let normalised = (value[lane] - mean) * inverse;
                    let centred = (passed[lane] - gradient) - normalised * product;
                    to[lane] = factor * centred * present[lane];
                }
            }
        }
    }
}
