//! Convolutions whose groups have one channel each: nine weights stay in registers, and each pixel is read once a tap.
//! Every chain of multiply-adds is that of [`conv`](crate::conv) on a single channel.

use crate::frame::{Frame, LANES, Lanes, Windows, sum_lanes};
use crate::isa::kernel;
use crate::vector::{Simd, Vector, parts, store};

kernel! {
    /// Computes a convolution of each channel by a kernel of its own; `weights` are `[channels][kernel][kernel]`, read from
    /// the last tap to the first if `reversed`, as the gradient of an input of stride 1 needs them. The border of `output`
    /// is unchanged.
    ///
    /// # Panics
    ///
    /// If frames, weights and slices don't match.
    pub fn depthwise(
        input: (&[Lanes], Frame),
        windows: Windows,
        weights: &[f32],
        kernel: usize,
        reversed: bool,
        bias: Option<&[f32]>,
        output: &mut [Lanes],
        out_frame: Frame,
    ) = body
}

/// Pixels of a row that are computed side by side, to hide the latency of a multiply-add.
const PIXELS: usize = 6;

#[inline(always)]
fn body<V: Vector>(
    simd: Simd<V>,
    (input, in_frame): (&[Lanes], Frame),
    windows: Windows,
    weights: &[f32],
    kernel: usize,
    reversed: bool,
    bias: Option<&[f32]>,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    let (channels, taps) = (out_frame.channels(), kernel * kernel);
    let origin = windows.origin(in_frame, kernel, out_frame);
    assert!(in_frame.channels() == channels && weights.len() == channels * taps);
    assert!(input.len() >= in_frame.len() && output.len() >= out_frame.len());
    let mut ordered = vec![0.0; taps];
    for (channel, weights) in weights.chunks_exact(taps).enumerate() {
        ordered.copy_from_slice(weights);
        if reversed {
            ordered.reverse();
        }
        let start = bias.map_or(0.0, |bias| bias[channel]);
        for row in 0..out_frame.height() {
            let rows = windows.rows(in_frame, kernel, row);
            let first =
                origin + in_frame.channel_stride() * channel + windows.stride * row * in_frame.row_stride();
            let line = Line { input: &input[first..in_frame.len()], in_frame, windows, kernel, rows, start };
            let to = &mut output[out_frame.at(channel, row, 0)..][..out_frame.width()];
            match (kernel, windows.is_dense()) {
                (3, true) => line.run::<V, 3, true>(simd, &ordered, to),
                (3, false) => line.run::<V, 3, false>(simd, &ordered, to),
                _ => line.run::<V, 0, false>(simd, &ordered, to),
            }
        }
    }
}

/// A row of the output; `input` begins at the first pixel that it reads.
struct Line<'a> {
    input: &'a [Lanes],
    in_frame: Frame,
    windows: Windows,
    kernel: usize,
    /// The kernel's rows that are not on the border.
    rows: std::ops::Range<usize>,
    start: f32,
}

impl Line<'_> {
    /// Computes the row. `KERNEL` is the kernel's size where it is known at compile time, else 0; `DENSE` says that stride
    /// and dilation are 1.
    #[inline(always)]
    fn run<V: Vector, const KERNEL: usize, const DENSE: bool>(
        &self,
        simd: Simd<V>,
        weights: &[f32],
        to: &mut [Lanes],
    ) {
        let kernel = if KERNEL > 0 { KERNEL } else { self.kernel };
        let (stride, dilation) = if DENSE { (1, 1) } else { (self.windows.stride, self.windows.dilation) };
        let row_stride = self.in_frame.row_stride();
        let last = (kernel - 1) * dilation * (row_stride + 1) + (to.len() - 1) * stride + 1;
        assert!(self.input.len() >= last && weights.len() == kernel * kernel && self.rows.end <= kernel);
        for part in parts::<V>() {
            // SAFETY: every pixel read lies within `last` pixels of the input, as asserted; a pixel has 16 lanes, of which
            // `WIDTH` from `part` on are read.
            let from = unsafe { self.input.as_ptr().cast::<f32>().add(part) };
            let sums = |first: usize, sums: &mut [V]| {
                for i in self.rows.clone() {
                    for j in 0..kernel {
                        let weight = simd.splat(weights[i * kernel + j]);
                        let tap = (i * row_stride + j) * dilation;
                        for (p, sum) in sums.iter_mut().enumerate() {
                            // SAFETY: likewise.
                            let pixel = unsafe { V::load(from.add((tap + (first + p) * stride) * LANES)) };
                            *sum = pixel.mul_add(weight, *sum);
                        }
                    }
                }
            };
            let mut chunks = to.chunks_exact_mut(PIXELS);
            let mut first = 0;
            for chunk in &mut chunks {
                let mut many = [simd.splat(self.start); PIXELS];
                sums(first, &mut many);
                for (sum, to) in many.iter().zip(chunk) {
                    store(*sum, to, part);
                }
                first += PIXELS;
            }
            for to in chunks.into_remainder() {
                let mut one = [simd.splat(self.start)];
                sums(first, &mut one);
                store(one[0], to, part);
                first += 1;
            }
        }
    }
}

kernel! {
    /// Computes the gradient of the weights of [`depthwise`] over one group: per weight and lane a chain of fused
    /// multiply-adds through rows and columns, then the lanes' [`sum_lanes`].
    ///
    /// # Panics
    ///
    /// If frames and slices don't match.
    pub fn depthwise_weight_gradient(
        input: (&[Lanes], Frame),
        windows: Windows,
        out_gradient: (&[Lanes], Frame),
        kernel: usize,
        gradient: &mut [f32],
    ) = weights_body
}

/// Weights whose sums are kept in registers.
const TAPS: usize = 9;

#[inline(always)]
fn weights_body<V: Vector>(
    simd: Simd<V>,
    (input, in_frame): (&[Lanes], Frame),
    windows: Windows,
    (out_gradient, out_frame): (&[Lanes], Frame),
    kernel: usize,
    gradient: &mut [f32],
) {
    let taps = kernel * kernel;
    let origin = windows.origin(in_frame, kernel, out_frame);
    let Windows { stride, dilation, .. } = windows;
    assert!(in_frame.channels() == out_frame.channels() && gradient.len() == out_frame.channels() * taps);
    assert!(input.len() >= in_frame.len() && out_gradient.len() >= out_frame.len());
    let (height, width, row_stride) = (out_frame.height(), out_frame.width(), in_frame.row_stride());
    let last = ((height - 1) * row_stride + width - 1) * stride + 1;
    for (channel, gradient) in gradient.chunks_exact_mut(taps).enumerate() {
        for (chunk, gradient) in gradient.chunks_mut(TAPS).enumerate() {
            // Missing taps repeat the last one, and are not stored.
            let places: [usize; TAPS] = std::array::from_fn(|i| {
                let tap = (chunk * TAPS + i).min(taps - 1);
                let place = (tap / kernel * row_stride + tap % kernel) * dilation;
                origin + channel * in_frame.channel_stride() + place
            });
            assert!(places.iter().all(|place| place + last <= input.len()));
            let mut lanes = [[0.0; LANES]; TAPS];
            for part in parts::<V>() {
                let mut sums = [simd.splat(0.0); TAPS];
                // SAFETY: every pixel read lies within `last` pixels of a place, as asserted; a pixel has 16 lanes, of which
                // `WIDTH` from `part` on are read.
                let from = unsafe { input.as_ptr().cast::<f32>().add(part) };
                for row in 0..height {
                    let backs = &out_gradient[out_frame.at(channel, row, 0)..][..width];
                    for (column, back) in backs.iter().enumerate() {
                        let back: V = simd.load(back, part);
                        let pixel = (row * row_stride + column) * stride;
                        for (sum, place) in sums.iter_mut().zip(places) {
                            // SAFETY: likewise.
                            let value = unsafe { V::load(from.add((place + pixel) * LANES)) };
                            *sum = value.mul_add(back, *sum);
                        }
                    }
                }
                for (sum, lanes) in sums.iter().zip(&mut lanes) {
                    store(*sum, lanes, part);
                }
            }
            for (to, lanes) in gradient.iter_mut().zip(&lanes) {
                *to = sum_lanes(lanes);
            }
        }
    }
}

kernel! {
    /// Computes the gradient of the input of [`depthwise`] for any stride and dilation. The border of `in_gradient` is
    /// unchanged.
    ///
    /// # Panics
    ///
    /// If frames, weights and slices don't match.
    pub fn depthwise_input_gradient(
        out_gradient: (&[Lanes], Frame),
        windows: Windows,
        weights: &[f32],
        kernel: usize,
        in_gradient: &mut [Lanes],
        in_frame: Frame,
    ) = input_gradient_body
}

#[inline(always)]
fn input_gradient_body<V: Vector>(
    simd: Simd<V>,
    (out_gradient, out_frame): (&[Lanes], Frame),
    windows: Windows,
    weights: &[f32],
    kernel: usize,
    in_gradient: &mut [Lanes],
    in_frame: Frame,
) {
    let taps = kernel * kernel;
    let rows = windows.sources(in_frame.height(), kernel, out_frame.height());
    let columns = windows.sources(in_frame.width(), kernel, out_frame.width());
    assert!(in_frame.channels() == out_frame.channels() && weights.len() == out_frame.channels() * taps);
    for (channel, weights) in weights.chunks_exact(taps).enumerate() {
        for row in 0..in_frame.height() {
            for column in 0..in_frame.width() {
                let to = &mut in_gradient[in_frame.at(channel, row, column)];
                for part in parts::<V>() {
                    let mut sum = simd.splat(0.0);
                    for i in (0..kernel).rev() {
                        let Some(from) = rows[row * kernel + i] else { continue };
                        let backs = &out_gradient[out_frame.at(channel, from, 0)..][..out_frame.width()];
                        for j in (0..kernel).rev() {
                            let Some(from) = columns[column * kernel + j] else { continue };
                            let back: V = simd.load(&backs[from], part);
                            sum = back.mul_add(simd.splat(weights[i * kernel + j]), sum);
                        }
                    }
                    store(sum, to, part);
                }
            }
        }
    }
}
