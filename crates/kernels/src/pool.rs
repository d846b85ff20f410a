use std::ops::Range;

use crate::frame::{Frame, LANES, Lanes};
use crate::isa::kernel;
use crate::vector::{Simd, Vector, parts, store};

/// The windows of a pool; rows and columns that fill none are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// Height and width of a window.
    pub kernel: usize,
    /// Distance between windows.
    pub stride: usize,
    /// Pixels beyond the image on each side that windows reach.
    pub padding: usize,
}

impl Pool {
    /// Returns windows side by side.
    #[must_use]
    pub const fn plain(kernel: usize) -> Self {
        Self { kernel, stride: kernel, padding: 0 }
    }

    /// Returns the pixels of an image's side that a window covers.
    #[inline(always)]
    pub(crate) fn covered(self, window: usize, side: usize) -> Range<usize> {
        let start = window * self.stride;
        start.saturating_sub(self.padding)..(start + self.kernel).saturating_sub(self.padding).min(side)
    }
}

kernel! {
    /// Computes the largest value of each window's pixels on the image.
    pub fn max_pool(input: &[Lanes], in_frame: Frame, pool: Pool, output: &mut [Lanes], out_frame: Frame) = max_body
}

#[inline(always)]
fn max_body<V: Vector>(
    simd: Simd<V>,
    input: &[Lanes],
    in_frame: Frame,
    pool: Pool,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    for (channel, row, column) in pixels(out_frame) {
        let output = &mut output[out_frame.at(channel, row, column)];
        for part in parts::<V>() {
            store(window_max(simd, input, in_frame, pool, [channel, row, column], part), output, part);
        }
    }
}

kernel! {
    /// Gives each window's gradient to the first of its largest values, in the order of rows; all others get zero. The
    /// border of `in_gradient` becomes zero too.
    pub fn max_pool_gradient(
        input: &[Lanes],
        in_frame: Frame,
        pool: Pool,
        out_gradient: &[Lanes],
        out_frame: Frame,
        in_gradient: &mut [Lanes],
        to: Frame,
    ) = max_gradient_body
}

#[inline(always)]
fn max_gradient_body<V: Vector>(
    simd: Simd<V>,
    input: &[Lanes],
    in_frame: Frame,
    pool: Pool,
    out_gradient: &[Lanes],
    out_frame: Frame,
    in_gradient: &mut [Lanes],
    to: Frame,
) {
    let overlap = pool.stride < pool.kernel;
    in_gradient[..to.len()].fill([0.0; LANES]);
    for (channel, row, column) in pixels(out_frame) {
        for part in parts::<V>() {
            let most = window_max(simd, input, in_frame, pool, [channel, row, column], part);
            // The gradient not yet given: zero once a lane has met its largest value.
            let mut left: V = simd.load(&out_gradient[out_frame.at(channel, row, column)], part);
            for i in pool.covered(row, in_frame.height()) {
                for j in pool.covered(column, in_frame.width()) {
                    let value: V = simd.load(&input[in_frame.at(channel, i, j)], part);
                    let (given, rest) = left.split_where_equal(value, most);
                    let to = &mut in_gradient[to.at(channel, i, j)];
                    let given = if overlap { given.add(simd.load(to, part)) } else { given };
                    store(given, to, part);
                    left = rest;
                }
            }
        }
    }
}

#[inline(always)]
fn window_max<V: Vector>(
    simd: Simd<V>,
    input: &[Lanes],
    frame: Frame,
    pool: Pool,
    [channel, row, column]: [usize; 3],
    part: usize,
) -> V {
    let columns = pool.covered(column, frame.width());
    let rows = pool.covered(row, frame.height());
    let mut most: V = simd.load(&input[frame.at(channel, rows.start, columns.start)], part);
    for row in rows {
        for pixel in &input[frame.at(channel, row, columns.start)..][..columns.len()] {
            most = most.or_larger(simd.load(pixel, part));
        }
    }
    most
}

kernel! {
    /// Computes the mean of each window; pixels beyond the image count as zeros.
    pub fn average_pool(
        input: &[Lanes],
        in_frame: Frame,
        pool: Pool,
        output: &mut [Lanes],
        out_frame: Frame,
    ) = average_body
}

#[inline(always)]
fn average_body<V: Vector>(
    _simd: Simd<V>,
    input: &[Lanes],
    in_frame: Frame,
    pool: Pool,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    let area = (pool.kernel * pool.kernel) as f32;
    for (channel, row, column) in pixels(out_frame) {
        let mut sum = [0.0; LANES];
        let columns = pool.covered(column, in_frame.width());
        for i in pool.covered(row, in_frame.height()) {
            for pixel in &input[in_frame.at(channel, i, columns.start)..][..columns.len()] {
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += value;
                }
            }
        }
        output[out_frame.at(channel, row, column)] = sum.map(|sum| sum / area);
    }
}

kernel! {
    /// Spreads each window's gradient evenly over its values. The border of `in_gradient` becomes zero too.
    pub fn average_pool_gradient(
        pool: Pool,
        out_gradient: &[Lanes],
        out_frame: Frame,
        in_gradient: &mut [Lanes],
        to: Frame,
    ) = average_gradient_body
}

#[inline(always)]
fn average_gradient_body<V: Vector>(
    _simd: Simd<V>,
    pool: Pool,
    out_gradient: &[Lanes],
    out_frame: Frame,
    in_gradient: &mut [Lanes],
    to: Frame,
) {
    let area = (pool.kernel * pool.kernel) as f32;
    let overlap = pool.stride < pool.kernel;
    in_gradient[..to.len()].fill([0.0; LANES]);
    for (channel, row, column) in pixels(out_frame) {
        let share = out_gradient[out_frame.at(channel, row, column)].map(|gradient| gradient / area);
        let columns = pool.covered(column, to.width());
        for i in pool.covered(row, to.height()) {
            let to = &mut in_gradient[to.at(channel, i, columns.start)..][..columns.len()];
            for (sum, share) in to.as_flattened_mut().iter_mut().zip(share.iter().cycle()) {
                *sum = if overlap { *sum + share } else { *share };
            }
        }
    }
}

#[inline(always)]
fn pixels(frame: Frame) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..frame.channels()).flat_map(move |channel| {
        (0..frame.height()).flat_map(move |row| (0..frame.width()).map(move |column| (channel, row, column)))
    })
}
