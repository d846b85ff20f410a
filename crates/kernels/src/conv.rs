use crate::frame::{Frame, LANES, Lanes, Windows};
use crate::isa::kernel;
use crate::vector::{Simd, Vector, parts, store};

/// Output channels that are packed together: as many as the widest register file holds. Narrower ones take them in parts.
pub(crate) const PACK: usize = 8;

/// The weights of a convolution in the order that [`conv`] reads them:
/// `[out / 8][in][kernel row][kernel column][8]`, with zeros where there is no such output channel.
#[derive(Debug, Clone)]
pub struct PackedWeights {
    pub(crate) weights: Vec<f32>,
    pub(crate) out_channels: usize,
    pub(crate) in_channels: usize,
    pub(crate) kernel: usize,
}

impl PackedWeights {
    /// Allocates zeros for weights `[out][in][kernel][kernel]`; `None` if there is no memory for them, or none are needed.
    #[must_use]
    pub fn new(out_channels: usize, in_channels: usize, kernel: usize) -> Option<Self> {
        let length = Self::length(out_channels, in_channels, kernel)?;
        let mut weights = vec![];
        weights.try_reserve_exact(length).ok()?;
        weights.resize(length, 0.0);
        (length > 0).then_some(Self { weights, out_channels, in_channels, kernel })
    }

    /// Returns how many numbers [`new`](Self::new) allocates; `None` if no memory could hold them.
    #[must_use]
    pub fn length(out_channels: usize, in_channels: usize, kernel: usize) -> Option<usize> {
        let taps = kernel.checked_mul(kernel)?.checked_mul(in_channels)?;
        out_channels.checked_next_multiple_of(PACK)?.checked_mul(taps)
    }

    /// Packs weights `[out][in][kernel][kernel]`.
    pub fn pack(&mut self, weights: &[f32]) {
        let taps = self.in_channels * self.kernel * self.kernel;
        for (out, row) in weights.chunks_exact(taps).enumerate() {
            let start = out / PACK * taps * PACK + out % PACK;
            for (tap, &weight) in row.iter().enumerate() {
                self.weights[start + tap * PACK] = weight;
            }
        }
    }

    /// Packs weights `[in][out][kernel][kernel]` of the forward convolution, rotated by 180 degrees: the transposed
    /// convolution, from gradients of its outputs to gradients of its inputs.
    pub fn pack_transposed(&mut self, weights: &[f32]) {
        let area = self.kernel * self.kernel;
        for input in 0..self.in_channels {
            for out in 0..self.out_channels {
                let from = &weights[(input * self.out_channels + out) * area..][..area];
                let start = out / PACK * self.in_channels * area * PACK + input * area * PACK + out % PACK;
                for (tap, &weight) in from.iter().rev().enumerate() {
                    self.weights[start + tap * PACK] = weight;
                }
            }
        }
    }
}

kernel! {
    /// Computes a convolution over `input`.
    ///
    /// Each output is a chain of fused multiply-adds that starts from its bias (or 0) and goes through input
    /// channels, kernel rows and kernel columns in this order. The border of `output` is unchanged.
    ///
    /// # Panics
    ///
    /// If frames, weights and slices don't match.
    pub fn conv(
        input: &[Lanes],
        in_frame: Frame,
        windows: Windows,
        weights: &PackedWeights,
        bias: Option<&[f32]>,
        output: &mut [Lanes],
        out_frame: Frame,
    ) = conv_body
}

#[inline(always)]
fn conv_body<V: Vector>(
    simd: Simd<V>,
    input: &[Lanes],
    in_frame: Frame,
    windows: Windows,
    weights: &PackedWeights,
    bias: Option<&[f32]>,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    let PackedWeights { out_channels, in_channels, kernel, .. } = *weights;
    let (height, width) = (out_frame.height(), out_frame.width());
    assert_eq!((in_frame.channels(), out_frame.channels()), (in_channels, out_channels));
    let origin = windows.origin(in_frame, kernel, out_frame);
    let Windows { stride, dilation, .. } = windows;
    assert!(input.len() >= in_frame.len() && output.len() >= out_frame.len());
    assert!(bias.is_none_or(|bias| bias.len() >= out_channels));

    let taps = in_channels * kernel * kernel;
    let tile_channels = if V::MANY { 8 } else { 4 };
    let mut first = 0;
    while first < out_channels {
        let packed = &weights.weights[first / PACK * taps * PACK + first % PACK..];
        let start: [f32; PACK] =
            std::array::from_fn(|i| bias.and_then(|bias| bias.get(first + i)).copied().unwrap_or(0.0));
        for row in 0..height {
            let rows = windows.rows(in_frame, kernel, row);
            let mut column = 0;
            while column < width {
                let tile = Tile {
                    input: &input[origin + stride * (row * in_frame.row_stride() + column)..in_frame.len()],
                    in_frame,
                    packed,
                    kernel,
                    stride,
                    dilation,
                    rows: rows.clone(),
                    start: &start,
                };
                let output = &mut output[out_frame.at(first, row, column)..];
                let channels = (out_channels - first).min(tile_channels);
                let step = out_frame.channel_stride();
                // Each tile's loops are unrolled: sums, pixels and a weight just fit the registers.
                let pixels = if V::MANY { 3 } else { 2 };
                let wide = width - column >= pixels;
                match (V::MANY, wide, kernel, windows.is_dense()) {
                    (true, true, 3, true) => tile.run::<V, 8, 3, 3, true>(simd, output, step, channels),
                    (true, true, _, true) => tile.run::<V, 8, 3, 0, true>(simd, output, step, channels),
                    (true, false, _, true) => tile.run::<V, 8, 1, 0, true>(simd, output, step, channels),
                    (true, true, _, false) => tile.run::<V, 8, 3, 0, false>(simd, output, step, channels),
                    (true, false, _, false) => tile.run::<V, 8, 1, 0, false>(simd, output, step, channels),
                    (false, true, 3, true) => tile.run::<V, 4, 2, 3, true>(simd, output, step, channels),
                    (false, true, 1, true) => tile.run::<V, 4, 2, 1, true>(simd, output, step, channels),
                    (false, true, _, true) => tile.run::<V, 4, 2, 0, true>(simd, output, step, channels),
                    (false, false, _, true) => tile.run::<V, 4, 1, 0, true>(simd, output, step, channels),
                    (false, true, _, false) => tile.run::<V, 4, 2, 0, false>(simd, output, step, channels),
                    (false, false, _, false) => tile.run::<V, 4, 1, 0, false>(simd, output, step, channels),
                }
                column += if wide { pixels } else { 1 };
            }
        }
        first += tile_channels;
    }
}

/// A tile of neighbouring pixels of some output channels; `input` begins at the first pixel that it reads.
struct Tile<'a> {
    input: &'a [Lanes],
    in_frame: Frame,
    packed: &'a [f32],
    kernel: usize,
    stride: usize,
    dilation: usize,
    /// The kernel's rows that are not on the border.
    rows: std::ops::Range<usize>,
    start: &'a [f32; PACK],
}

impl Tile<'_> {
    /// Computes the tile. `KERNEL` is the kernel's size where it is known at compile time, else 0; `DENSE` says that stride
    /// and dilation are 1.
    #[inline(always)]
    fn run<V: Vector, const OUT: usize, const PIXELS: usize, const KERNEL: usize, const DENSE: bool>(
        &self,
        simd: Simd<V>,
        output: &mut [Lanes],
        channel_step: usize,
        channels: usize,
    ) {
        let Self { input, in_frame, packed, kernel, ref rows, start, .. } = *self;
        let (stride, dilation) = if DENSE { (1, 1) } else { (self.stride, self.dilation) };
        let kernel = if KERNEL > 0 { KERNEL } else { kernel };
        let (row_stride, channel_stride) = (in_frame.row_stride(), in_frame.channel_stride());
        let last = (in_frame.channels() - 1) * channel_stride
            + (kernel - 1) * dilation * (row_stride + 1)
            + (PIXELS - 1) * stride
            + 1;
        assert!(input.len() >= last);
        let taps = in_frame.channels() * kernel * kernel;
        assert!(packed.len() >= (taps - 1) * PACK + OUT && rows.end <= kernel);
        assert!(output.len() >= (channels - 1) * channel_step + PIXELS && channels <= OUT);
        let mut part = 0;
        while part < LANES {
            let mut sums: [[V; PIXELS]; OUT] = std::array::from_fn(|out| [simd.splat(start[out]); PIXELS]);
            // SAFETY: every pointer to the input is within `last` pixels, to a weight within `(taps - 1) * PACK + OUT`, and
            // to the output within `channels`, as asserted; a pixel has 16 lanes, of which `WIDTH` from `part` on are read
            // and written.
            unsafe {
                let from = input.as_ptr().cast::<f32>().add(part);
                for channel in 0..in_frame.channels() {
                    for row in rows.clone() {
                        let pixel =
                            from.add((channel * channel_stride + row * dilation * row_stride) * LANES);
                        let weight = packed.as_ptr().add((channel * kernel + row) * kernel * PACK);
                        for column in 0..kernel {
                            let pixels: [V; PIXELS] = std::array::from_fn(|i| {
                                V::load(pixel.add((column * dilation + i * stride) * LANES))
                            });
                            for (out, sums) in sums.iter_mut().enumerate() {
                                let weight = simd.splat(*weight.add(column * PACK + out));
                                for (sum, pixel) in sums.iter_mut().zip(pixels) {
                                    *sum = pixel.mul_add(weight, *sum);
                                }
                            }
                        }
                    }
                }
                let to = output.as_mut_ptr().cast::<f32>().add(part);
                for (out, sums) in sums.iter().enumerate().take(channels) {
                    for (i, sum) in sums.iter().enumerate() {
                        sum.store(to.add((out * channel_step + i) * LANES));
                    }
                }
            }
            part += V::WIDTH;
        }
    }
}

kernel! {
    /// Computes the gradient of a convolution's input: the transposed convolution, for any stride and dilation. `windows`
    /// are those of the forward convolution, and `weights` packed by [`pack_transposed`](PackedWeights::pack_transposed).
    ///
    /// Each gradient is a chain of fused multiply-adds that starts from 0 and goes through output channels, and through the
    /// kernel's rows and columns from the last to the first. The border of `in_gradient` is unchanged.
    ///
    /// # Panics
    ///
    /// If frames, weights and slices don't match.
    pub fn conv_input_gradient(
        out_gradient: &[Lanes],
        out_frame: Frame,
        windows: Windows,
        weights: &PackedWeights,
        in_gradient: &mut [Lanes],
        in_frame: Frame,
    ) = input_gradient_body
}

#[inline(always)]
fn input_gradient_body<V: Vector>(
    simd: Simd<V>,
    out_gradient: &[Lanes],
    out_frame: Frame,
    windows: Windows,
    weights: &PackedWeights,
    in_gradient: &mut [Lanes],
    in_frame: Frame,
) {
    let PackedWeights { out_channels: inputs, in_channels: outs, kernel, .. } = *weights;
    assert_eq!((in_frame.channels(), out_frame.channels()), (inputs, outs));
    let taps = outs * kernel * kernel;
    let rows = windows.sources(in_frame.height(), kernel, out_frame.height());
    let columns = windows.sources(in_frame.width(), kernel, out_frame.width());
    for first in (0..inputs).step_by(PACK) {
        let packed = &weights.weights[first / PACK * taps * PACK..][..taps * PACK];
        let channels = (inputs - first).min(PACK);
        for row in 0..in_frame.height() {
            for column in 0..in_frame.width() {
                for part in parts::<V>() {
                    let mut sums: [V; PACK] = [simd.splat(0.0); PACK];
                    for out in 0..outs {
                        for i in 0..kernel {
                            let Some(from) = rows[row * kernel + kernel - 1 - i] else { continue };
                            let gradients = &out_gradient[out_frame.at(out, from, 0)..][..out_frame.width()];
                            for j in 0..kernel {
                                let Some(from) = columns[column * kernel + kernel - 1 - j] else { continue };
                                let gradient: V = simd.load(&gradients[from], part);
                                let weights = &packed[((out * kernel + i) * kernel + j) * PACK..][..PACK];
                                for (sum, weight) in sums.iter_mut().zip(weights) {
                                    *sum = gradient.mul_add(simd.splat(*weight), *sum);
                                }
                            }
                        }
                    }
                    for (channel, sum) in sums.iter().enumerate().take(channels) {
                        store(*sum, &mut in_gradient[in_frame.at(first + channel, row, column)], part);
                    }
                }
            }
        }
    }
}
