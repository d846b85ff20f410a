use std::f32::consts::{FRAC_1_SQRT_2, LOG2_E};

use crate::combine::rows;
use crate::frame::{Frame, Lanes};
use crate::isa::kernel;
use crate::vector::{Simd, Vector, parts, store};

/// An activation function, as PyTorch defines it with its defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// max(x, 0).
    Relu,
    /// x above zero, 0.01 x below.
    LeakyRelu,
    /// x above zero, exp(x) - 1 below.
    Elu,
    /// max(x, 0), at most 6.
    Relu6,
    /// x relu6(x + 3) / 6.
    HardSwish,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// x sigmoid(x).
    Silu,
    /// x times the share of a normal distribution below x; that share is at most 1e-7 off.
    Gelu,
}

/// The slope of [`Curve::LeakyRelu`] below zero.
const LEAK: f32 = 0.01;

kernel! {
    /// Applies an activation function. The border of `output` is unchanged.
    pub fn curve(curve: Curve, input: &[Lanes], in_frame: Frame, output: &mut [Lanes], out_frame: Frame) = curve_body
}

#[inline(always)]
fn curve_body<V: Vector>(
    simd: Simd<V>,
    curve: Curve,
    input: &[Lanes],
    in_frame: Frame,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    match curve {
        Curve::Relu => each(simd, input, in_frame, output, out_frame, |x| x.relu()),
        Curve::LeakyRelu => {
            let leak = simd.splat(LEAK);
            each(simd, input, in_frame, output, out_frame, |x| x.select(x, x.mul(leak)));
        }
        Curve::Elu => {
            let one = simd.splat(1.0);
            each(simd, input, in_frame, output, out_frame, |x| x.select(x, exp(simd, x).sub(one)));
        }
        Curve::Relu6 => {
            let six = simd.splat(6.0);
            each(simd, input, in_frame, output, out_frame, |x| x.relu().or_smaller(six));
        }
        Curve::HardSwish => {
            let [three, six, sixth] = [3.0, 6.0, 1.0 / 6.0].map(|number| simd.splat(number));
            each(simd, input, in_frame, output, out_frame, |x| {
                x.mul(x.add(three).relu().or_smaller(six)).mul(sixth)
            });
        }
        Curve::Sigmoid => each(simd, input, in_frame, output, out_frame, |x| sigmoid(simd, x)),
        Curve::Silu => each(simd, input, in_frame, output, out_frame, |x| x.mul(sigmoid(simd, x))),
        Curve::Gelu => each(simd, input, in_frame, output, out_frame, |x| x.mul(normal(simd, x).below)),
    }
}

kernel! {
    /// Computes the gradient of an activation function's input. The border of `in_gradient` is unchanged.
    pub fn curve_gradient(
        curve: Curve,
        input: &[Lanes],
        in_frame: Frame,
        out_gradient: &[Lanes],
        gradient_frame: Frame,
        in_gradient: &mut [Lanes],
        to: Frame,
    ) = gradient_body
}

#[inline(always)]
fn gradient_body<V: Vector>(
    simd: Simd<V>,
    curve: Curve,
    input: &[Lanes],
    in_frame: Frame,
    out_gradient: &[Lanes],
    gradient_frame: Frame,
    in_gradient: &mut [Lanes],
    to: Frame,
) {
    let reads = (input, in_frame, out_gradient, gradient_frame);
    let [one, half] = [1.0, 0.5].map(|number| simd.splat(number));
    match curve {
        Curve::Relu => each_two(simd, reads, in_gradient, to, |x, back| back.where_positive(x)),
        Curve::LeakyRelu => {
            let leak = simd.splat(LEAK);
            each_two(simd, reads, in_gradient, to, |x, back| back.select(x, back.mul(leak)));
        }
        Curve::Elu => {
            each_two(simd, reads, in_gradient, to, |x, back| back.select(x, back.mul(exp(simd, x))))
        }
        Curve::Relu6 => {
            let six = simd.splat(6.0);
            each_two(simd, reads, in_gradient, to, |x, back| {
                back.where_positive(x).where_positive(six.sub(x))
            });
        }
        Curve::HardSwish => {
            let [three, third] = [3.0, 1.0 / 3.0].map(|number| simd.splat(number));
            each_two(simd, reads, in_gradient, to, |x, back| {
                let between = back.mul(x.mul_add(third, half)).where_positive(x.add(three));
                back.select(x.sub(three), between)
            });
        }
        Curve::Sigmoid => each_two(simd, reads, in_gradient, to, |x, back| {
            let value = sigmoid(simd, x);
            back.mul(value.mul(one.sub(value)))
        }),
        Curve::Silu => each_two(simd, reads, in_gradient, to, |x, back| {
            let value = sigmoid(simd, x);
            back.mul(value.mul(x.mul_add(one.sub(value), one)))
        }),
        Curve::Gelu => each_two(simd, reads, in_gradient, to, |x, back| {
            let Normal { below, density } = normal(simd, x);
            back.mul(x.mul_add(density, below))
        }),
    }
}

/// Writes `of` each value of the input.
#[inline(always)]
pub(crate) fn each<V: Vector>(
    simd: Simd<V>,
    input: &[Lanes],
    in_frame: Frame,
    output: &mut [Lanes],
    out_frame: Frame,
    of: impl Fn(V) -> V,
) {
    for (channel, row) in rows(out_frame) {
        let from = &input[in_frame.at(channel, row, 0)..][..out_frame.width()];
        let to = &mut output[out_frame.at(channel, row, 0)..][..out_frame.width()];
        for (to, from) in to.iter_mut().zip(from) {
            for part in parts::<V>() {
                store(of(simd.load(from, part)), to, part);
            }
        }
    }
}

/// Writes `of` each value of the input and the gradient of its output.
#[inline(always)]
pub(crate) fn each_two<V: Vector>(
    simd: Simd<V>,
    (input, in_frame, gradient, gradient_frame): (&[Lanes], Frame, &[Lanes], Frame),
    output: &mut [Lanes],
    out_frame: Frame,
    of: impl Fn(V, V) -> V,
) {
    for (channel, row) in rows(out_frame) {
        let from = &input[in_frame.at(channel, row, 0)..][..out_frame.width()];
        let back = &gradient[gradient_frame.at(channel, row, 0)..][..out_frame.width()];
        let to = &mut output[out_frame.at(channel, row, 0)..][..out_frame.width()];
        for ((to, from), back) in to.iter_mut().zip(from).zip(back) {
            for part in parts::<V>() {
                store(of(simd.load(from, part), simd.load(back, part)), to, part);
            }
        }
    }
}

#[inline(always)]
fn sigmoid<V: Vector>(simd: Simd<V>, x: V) -> V {
    let one = simd.splat(1.0);
    one.div(one.add(exp(simd, simd.splat(0.0).sub(x))))
}

/// The standard normal distribution at a place.
struct Normal<V> {
    /// The share below it.
    below: V,
    density: V,
}

/// By formula 7.1.26 of Abramowitz and Stegun for the error function, which is at most 1.5e-7 off.
#[inline(always)]
fn normal<V: Vector>(simd: Simd<V>, x: V) -> Normal<V> {
    const TERMS: [f32; 5] = [1.061_405_4, -1.453_152, 1.421_413_8, -0.284_496_75, 0.254_829_6];
    const DENSITY: f32 = 0.398_942_3; // 1 / sqrt(2 pi)
    let [zero, one, half] = [0.0, 1.0, 0.5].map(|number| simd.splat(number));
    let negative = zero.sub(x);
    let size = x.select(x, negative);
    let t = one.div(size.mul_add(simd.splat(0.327_591_1 * FRAC_1_SQRT_2), one));
    let mut sum = simd.splat(TERMS[0]);
    for term in &TERMS[1..] {
        sum = sum.mul_add(t, simd.splat(*term));
    }
    let bell = exp(simd, x.mul(negative).mul(half));
    let beyond = sum.mul(t).mul(bell).mul(half);
    Normal { below: one.sub(beyond).select(x, beyond), density: bell.mul(simd.splat(DENSITY)) }
}

/// Returns e to the power of x, at most 2 units in the last place off; for x below -87 and above 88 that of these.
#[inline(always)]
fn exp<V: Vector>(simd: Simd<V>, x: V) -> V {
    // ln 2 in two parts: the first has so few digits that its products with whole numbers are exact.
    const HIGH: f32 = 355.0 / 512.0;
    const LOW: f32 = -2.121_944_4e-4;
    // Adding it rounds to a whole number.
    const ROUNDING: f32 = 12_582_912.0; // 1.5 * 2^23
    // 1 / n!
    const TERMS: [f32; 7] = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let x = x.or_larger(simd.splat(-87.0)).or_smaller(simd.splat(88.0));
    let rounding = simd.splat(ROUNDING);
    let whole = x.mul_add(simd.splat(LOG2_E), rounding).sub(rounding);
    let rest = whole.mul_add(simd.splat(-HIGH), x);
    let rest = whole.mul_add(simd.splat(-LOW), rest);
    let mut sum = simd.splat(TERMS[0]);
    for term in &TERMS[1..] {
        sum = sum.mul_add(rest, simd.splat(*term));
    }
    sum.mul(whole.power_of_two())
}
