//! Operations on values of several stages.

use crate::frame::{Frame, LANES, Lanes};
use crate::isa::kernel;
use crate::vector::{Simd, Vector, parts, store};

kernel! {
    /// Adds two values of one shape. The border of `output` is unchanged.
    pub fn add(
        first: (&[Lanes], Frame),
        second: (&[Lanes], Frame),
        output: &mut [Lanes],
        out_frame: Frame,
    ) = add_body
}

#[inline(always)]
fn add_body<V: Vector>(
    simd: Simd<V>,
    first: (&[Lanes], Frame),
    second: (&[Lanes], Frame),
    output: &mut [Lanes],
    out_frame: Frame,
) {
    for (channel, row) in rows(out_frame) {
        let [a, b] =
            [first, second].map(|(pixels, frame)| &pixels[frame.at(channel, row, 0)..][..frame.width()]);
        let to = &mut output[out_frame.at(channel, row, 0)..][..out_frame.width()];
        for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
            for part in parts::<V>() {
                let a: V = simd.load(a, part);
                store(a.add(simd.load(b, part)), to, part);
            }
        }
    }
}

kernel! {
    /// Multiplies each channel by a pixel of its own. The border of `output` is unchanged.
    pub fn scale_channels(
        values: (&[Lanes], Frame),
        factors: (&[Lanes], Frame),
        output: &mut [Lanes],
        out_frame: Frame,
    ) = scale_body
}

#[inline(always)]
fn scale_body<V: Vector>(
    simd: Simd<V>,
    (values, frame): (&[Lanes], Frame),
    (factors, factor_frame): (&[Lanes], Frame),
    output: &mut [Lanes],
    out_frame: Frame,
) {
    for (channel, row) in rows(out_frame) {
        let factor = &factors[factor_frame.at(channel, 0, 0)];
        let from = &values[frame.at(channel, row, 0)..][..out_frame.width()];
        let to = &mut output[out_frame.at(channel, row, 0)..][..out_frame.width()];
        for (to, from) in to.iter_mut().zip(from) {
            for part in parts::<V>() {
                let value: V = simd.load(from, part);
                store(value.mul(simd.load(factor, part)), to, part);
            }
        }
    }
}

kernel! {
    /// Sums the products of two values' pixels over each channel: the gradient of a factor of [`scale_channels`]. A chain
    /// of fused multiply-adds through rows and columns; the border of `output` is unchanged.
    pub fn channel_products(
        first: (&[Lanes], Frame),
        second: (&[Lanes], Frame),
        output: &mut [Lanes],
        out_frame: Frame,
    ) = products_body
}

#[inline(always)]
fn products_body<V: Vector>(
    simd: Simd<V>,
    (first, first_frame): (&[Lanes], Frame),
    (second, second_frame): (&[Lanes], Frame),
    output: &mut [Lanes],
    out_frame: Frame,
) {
    let width = first_frame.width();
    for channel in 0..first_frame.channels() {
        let mut sums = [0.0; LANES];
        for part in parts::<V>() {
            let mut sum = simd.splat(0.0);
            for row in 0..first_frame.height() {
                let a = &first[first_frame.at(channel, row, 0)..][..width];
                let b = &second[second_frame.at(channel, row, 0)..][..width];
                for (a, b) in a.iter().zip(b) {
                    let a: V = simd.load(a, part);
                    sum = a.mul_add(simd.load(b, part), sum);
                }
            }
            store(sum, &mut sums, part);
        }
        output[out_frame.at(channel, 0, 0)] = sums;
    }
}

/// Returns channel and row of each row.
#[inline(always)]
pub(crate) fn rows(frame: Frame) -> impl Iterator<Item = (usize, usize)> {
    (0..frame.channels()).flat_map(move |channel| (0..frame.height()).map(move |row| (channel, row)))
}
