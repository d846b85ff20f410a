//! Convolutions of a single image: lanes hold pixels that lie side by side in a plane, and each weight is broadcast. Every
//! chain of multiply-adds is that of [`conv`](crate::conv), so that an image gives the same bits alone and among 16.

use std::ops::Range;

use crate::conv::{PACK, PackedWeights};
use crate::frame::Windows;
use crate::isa::kernel;
use crate::planes::{Planes, whole_windows};
use crate::vector::{Simd, Vector};

kernel! {
    /// Computes [`conv`](crate::conv) for a single image. `to` are the [`planes`](Windows::planes) of `windows`, and `gathered`
    /// is memory for those that it [gathers](Windows::gathered). What stands between the rows of `output` becomes undefined.
    ///
    /// # Panics
    ///
    /// If planes, weights and slices don't match.
    pub fn plane_conv(
        input: (&[f32], Planes),
        windows: Windows,
        weights: &PackedWeights,
        bias: Option<&[f32]>,
        gathered: &mut [f32],
        output: &mut [f32],
        to: Planes,
    ) = conv_body
}

#[inline(always)]
fn conv_body<V: Vector>(
    simd: Simd<V>,
    (input, from): (&[f32], Planes),
    windows: Windows,
    weights: &PackedWeights,
    bias: Option<&[f32]>,
    gathered: &mut [f32],
    output: &mut [f32],
    to: Planes,
) {
    let &PackedWeights { ref weights, out_channels, in_channels, kernel } = weights;
    assert_eq!((from.frame().channels(), to.frame().channels()), (in_channels, out_channels));
    assert!(bias.is_none_or(|bias| bias.len() >= out_channels) && output.len() >= to.len());
    let source = Source::of(input, from, windows, kernel, gathered, to);
    let taps = in_channels * kernel * kernel;
    let (tile_channels, vectors) = if V::MANY { (8, 3) } else { (4, 2) };
    for first in (0..out_channels).step_by(tile_channels) {
        let packed = &weights[first / PACK * taps * PACK + first % PACK..];
        let start: [f32; PACK] =
            std::array::from_fn(|i| bias.and_then(|bias| bias.get(first + i)).copied().unwrap_or(0.0));
        let channels = (out_channels - first).min(tile_channels);
        for Run { rows, mut values } in runs(windows, from, kernel, to) {
            while !values.is_empty() {
                let tile = Tile { source, at: values.start, packed, rows: rows.clone(), start: &start };
                let output = &mut output[to.at(first, 0, 0) + values.start..to.len()];
                let step = to.channel_stride();
                let wide = values.len() > (vectors - 1) * V::WIDTH;
                // Each tile's loops are unrolled: sums, pixels and a weight just fit the registers.
                match (V::MANY, wide, kernel, source.is_dense()) {
                    (true, true, 3, true) => tile.run::<V, 8, 3, 3, true, PACK>(simd, output, step, channels),
                    (true, true, _, true) => tile.run::<V, 8, 3, 0, true, PACK>(simd, output, step, channels),
                    (true, true, ..) => tile.run::<V, 8, 3, 0, false, PACK>(simd, output, step, channels),
                    (true, false, ..) => tile.run::<V, 8, 1, 0, false, PACK>(simd, output, step, channels),
                    (false, true, 3, true) => {
                        tile.run::<V, 4, 2, 3, true, PACK>(simd, output, step, channels)
                    }
                    (false, true, _, true) => {
                        tile.run::<V, 4, 2, 0, true, PACK>(simd, output, step, channels)
                    }
                    (false, true, ..) => tile.run::<V, 4, 2, 0, false, PACK>(simd, output, step, channels),
                    (false, false, ..) => tile.run::<V, 4, 1, 0, false, PACK>(simd, output, step, channels),
                }
                let done = V::WIDTH * if wide { vectors } else { 1 };
                values.start = (values.start + done).min(values.end);
            }
        }
    }
}

kernel! {
    /// Computes [`depthwise`](crate::depthwise) for a single image; `weights` are `[channels][kernel][kernel]`, and `gathered` is
    /// memory for the planes that one channel gathers. What stands between the rows of `output` becomes undefined.
    ///
    /// # Panics
    ///
    /// If planes, weights and slices don't match.
    pub fn plane_depthwise(
        input: (&[f32], Planes),
        windows: Windows,
        weights: &[f32],
        kernel: usize,
        bias: Option<&[f32]>,
        gathered: &mut [f32],
        output: &mut [f32],
        to: Planes,
    ) = depthwise_body
}

/// Registers of a channel that are computed side by side, to hide the latency of a multiply-add.
const DEPTHWISE_VECTORS: usize = 4;

#[inline(always)]
fn depthwise_body<V: Vector>(
    simd: Simd<V>,
    (input, from): (&[f32], Planes),
    windows: Windows,
    weights: &[f32],
    kernel: usize,
    bias: Option<&[f32]>,
    gathered: &mut [f32],
    output: &mut [f32],
    to: Planes,
) {
    let (channels, taps) = (to.frame().channels(), kernel * kernel);
    assert!(from.frame().channels() == channels && weights.len() == channels * taps);
    for (channel, packed) in weights.chunks_exact(taps).enumerate() {
        let ((from, read), (to, written)) = (from.part(channel, 1), to.part(channel, 1));
        let source = Source::of(&input[read], from, windows, kernel, gathered, to);
        let output = &mut output[written];
        let start = [bias.map_or(0.0, |bias| bias[channel]); PACK];
        for Run { rows, mut values } in runs(windows, from, kernel, to) {
            while !values.is_empty() {
                let tile = Tile { source, at: values.start, packed, rows: rows.clone(), start: &start };
                let output = &mut output[to.at(0, 0, 0) + values.start..];
                let wide = values.len() > (DEPTHWISE_VECTORS - 1) * V::WIDTH;
                match (wide, kernel, source.is_dense()) {
                    (true, 3, true) => tile.run::<V, 1, DEPTHWISE_VECTORS, 3, true, 1>(simd, output, 0, 1),
                    (true, ..) => tile.run::<V, 1, DEPTHWISE_VECTORS, 0, false, 1>(simd, output, 0, 1),
                    (false, ..) => tile.run::<V, 1, 1, 0, false, 1>(simd, output, 0, 1),
                }
                let done = V::WIDTH * if wide { DEPTHWISE_VECTORS } else { 1 };
                values.start = (values.start + done).min(values.end);
            }
        }
    }
}

/// Rows of the output whose windows reach the image by the same rows of the kernel, as a range of values in each plane.
struct Run {
    rows: Range<usize>,
    values: Range<usize>,
}

/// Returns the rows whose windows lie on the image as one run, and each of the others as a run of its own.
#[inline(always)]
fn runs(windows: Windows, from: Planes, kernel: usize, to: Planes) -> impl Iterator<Item = Run> {
    let Windows { stride, dilation, padding } = windows;
    let (height, width) = (to.frame().height(), to.frame().width());
    let extent = dilation * (kernel - 1) + 1;
    let whole = whole_windows(from.frame().height(), extent, stride, padding.max(0) as usize, height);
    let mut row = 0;
    std::iter::from_fn(move || {
        let first = row;
        row = if whole.contains(&first) { whole.end } else { first + 1 };
        let values = first * to.row_stride()..(row - 1) * to.row_stride() + width;
        (first < height).then(|| Run { rows: windows.rows(from.frame(), kernel, first), values })
    })
}

/// The values that a convolution reads: those of its input, or those that it has gathered.
#[derive(Clone, Copy)]
struct Source<'a> {
    /// From the first value that the first window reads.
    values: &'a [f32],
    channels: usize,
    kernel: usize,
    /// Distances between input channels, rows and columns of the kernel.
    strides: [usize; 3],
}

impl<'a> Source<'a> {
    #[inline(always)]
    fn of(
        input: &'a [f32],
        from: Planes,
        windows: Windows,
        kernel: usize,
        gathered: &'a mut [f32],
        to: Planes,
    ) -> Self {
        let channels = from.frame().channels();
        // Asserts that the windows make the output, and that the border is as wide as they need.
        windows.origin(from.frame(), kernel, to.frame());
        assert!(input.len() >= from.len() && windows.planes(from, to.frame()) == to);
        let padding = windows.padding.max(0) as usize;
        assert!(padding as isize == windows.padding);
        let origin = from.at(0, 0, 0) - padding * (from.row_stride() + 1);
        let values = &input[origin..from.len()];
        let Ok(planes) = windows.gathered(from.frame(), kernel, to.frame()) else {
            panic!("planes that memory can hold")
        };
        let Some(planes) = planes else {
            let strides = [from.channel_stride(), windows.dilation * from.row_stride(), windows.dilation];
            return Self { values, channels, kernel, strides };
        };
        gather(values, from, windows, kernel, gathered, planes);
        let stride = planes.channel_stride();
        let strides = [kernel * kernel * stride, kernel * stride, stride];
        Self { values: &gathered[..planes.len()], channels, kernel, strides }
    }

    /// Whether the columns of its kernel lie side by side.
    fn is_dense(&self) -> bool {
        self.strides[2] == 1
    }
}

/// Copies the values that each tap of the kernel reads, from where windows have a stride to where they have none. `values`
/// begin with the first that the first window reads.
#[inline(always)]
fn gather(
    values: &[f32],
    from: Planes,
    Windows { stride, dilation, .. }: Windows,
    kernel: usize,
    gathered: &mut [f32],
    planes: Planes,
) {
    let (height, width) = (planes.frame().height(), planes.frame().width());
    for plane in 0..planes.frame().channels() {
        let (channel, i, j) = (plane / (kernel * kernel), plane / kernel % kernel, plane % kernel);
        for row in 0..height {
            let line = channel * from.channel_stride() + (row * stride + i * dilation) * from.row_stride();
            let read = values[line + j * dilation..].chunks(stride);
            let to = &mut gathered[planes.at(plane, row, 0)..][..width];
            for (to, from) in to.iter_mut().zip(read) {
                *to = from[0];
            }
        }
    }
}

/// A tile of values that lie side by side, of some output channels.
struct Tile<'a> {
    source: Source<'a>,
    /// The first of them in its plane.
    at: usize,
    packed: &'a [f32],
    /// The kernel's rows that are not on the border.
    rows: Range<usize>,
    start: &'a [f32; PACK],
}

impl Tile<'_> {
    /// Computes the tile. `KERNEL` is the kernel's size where it is known at compile time, else 0; `DENSE` says that the
    /// columns of the kernel lie side by side; `STEP` is the distance between the weights of taps.
    #[inline(always)]
    fn run<
        V: Vector,
        const OUT: usize,
        const VECTORS: usize,
        const KERNEL: usize,
        const DENSE: bool,
        const STEP: usize,
    >(
        &self,
        simd: Simd<V>,
        output: &mut [f32],
        channel_step: usize,
        channels: usize,
    ) {
        let Self { source, at, packed, ref rows, start } = *self;
        let Source { values, channels: ins, kernel, strides: [channel_stride, row_stride, column_stride] } =
            source;
        let kernel = if KERNEL > 0 { KERNEL } else { kernel };
        let column_stride = if DENSE { 1 } else { column_stride };
        let farthest = (ins - 1) * channel_stride + (kernel - 1) * (row_stride + column_stride);
        assert!(values.len() >= at + farthest + VECTORS * V::WIDTH && rows.end <= kernel);
        assert!(packed.len() >= (ins * kernel * kernel - 1) * STEP + OUT);
        assert!(output.len() >= (channels - 1) * channel_step + VECTORS * V::WIDTH && channels <= OUT);
        let mut sums: [[V; VECTORS]; OUT] = std::array::from_fn(|out| [simd.splat(start[out]); VECTORS]);
        // SAFETY: every register is read within `at + farthest + VECTORS * WIDTH` values, every weight within
        // `(ins * kernel * kernel - 1) * STEP + OUT`, and registers are written within `channels`, as asserted.
        unsafe {
            let from = values.as_ptr().add(at);
            for channel in 0..ins {
                for row in rows.clone() {
                    let value = from.add(channel * channel_stride + row * row_stride);
                    let weight = packed.as_ptr().add((channel * kernel + row) * kernel * STEP);
                    for column in 0..kernel {
                        let values: [V; VECTORS] = std::array::from_fn(|i| {
                            V::load(value.add(column * column_stride + i * V::WIDTH))
                        });
                        for (out, sums) in sums.iter_mut().enumerate() {
                            let weight = simd.splat(*weight.add(column * STEP + out));
                            for (sum, value) in sums.iter_mut().zip(values) {
                                *sum = value.mul_add(weight, *sum);
                            }
                        }
                    }
                }
            }
            let to = output.as_mut_ptr();
            for (out, sums) in sums.iter().enumerate().take(channels) {
                for (i, sum) in sums.iter().enumerate() {
                    sum.store(to.add(out * channel_step + i * V::WIDTH));
                }
            }
        }
    }
}
