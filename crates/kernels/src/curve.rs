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
        Curve::Elu => each(simd, input, in_frame, output, out_frame, |x| x.select(x, exp_m1(simd, x))),
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
    let sum = polynomial(simd, TERMS, t);
    let bell = exp(simd, x.mul(negative).mul(half));
    let beyond = sum.mul(t).mul(bell).mul(half);
    Normal { below: one.sub(beyond).select(x, beyond), density: bell.mul(simd.splat(DENSITY)) }
}

/// Returns e to the power of x, at most 2 units in the last place off; for x below -87 and above 88 that of these.
#[inline(always)]
fn exp<V: Vector>(simd: Simd<V>, x: V) -> V {
    // 1 / n!, for n from 6 down to 0
    const TERMS: [f32; 7] = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let Power { of_two, rest } = power(simd, x);
    polynomial(simd, TERMS, rest).mul(of_two)
}

/// Returns e to the power of x, less 1. Near 0 it keeps the digits that subtracting 1 from [`exp`] would lose.
#[inline(always)]
fn exp_m1<V: Vector>(simd: Simd<V>, x: V) -> V {
    // 1 / n!, for n from 7 down to 1
    const TERMS: [f32; 7] = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0];
    let Power { of_two, rest } = power(simd, x);
    polynomial(simd, TERMS, rest).mul(rest).mul_add(of_two, of_two.sub(simd.splat(1.0)))
}

/// e to the power of a number, in two factors.
struct Power<V> {
    /// A power of two.
    of_two: V,
    /// The exponent of e in the other factor, at most half of ln 2.
    rest: V,
}

#[inline(always)]
fn power<V: Vector>(simd: Simd<V>, x: V) -> Power<V> {
    // ln 2 in two parts: the first has so few digits that its products with whole numbers are exact.
    const HIGH: f32 = 355.0 / 512.0;
    const LOW: f32 = -2.121_944_4e-4;
    // Adding it rounds to a whole number.
    const ROUNDING: f32 = 12_582_912.0; // 1.5 * 2^23
    let x = x.or_larger(simd.splat(-87.0)).or_smaller(simd.splat(88.0));
    let rounding = simd.splat(ROUNDING);
    let whole = x.mul_add(simd.splat(LOG2_E), rounding).sub(rounding);
    let rest = whole.mul_add(simd.splat(-HIGH), x);
    Power { of_two: whole.power_of_two(), rest: whole.mul_add(simd.splat(-LOW), rest) }
}

/// Evaluates a polynomial of which the term of the highest power comes first.
#[inline(always)]
fn polynomial<V: Vector, const N: usize>(simd: Simd<V>, terms: [f32; N], x: V) -> V {
    terms[1..].iter().fold(simd.splat(terms[0]), |sum, term| sum.mul_add(x, simd.splat(*term)))
}
