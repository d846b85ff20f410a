use crate::frame::{Frame, LANES, Lanes};
use crate::isa::kernel;
use crate::vector::{Simd, Vector, parts, store};

kernel! {
    /// Computes the largest value of each `kernel x kernel` window; rows and columns that fill no window are left out.
    pub fn max_pool(input: &[Lanes], in_frame: Frame, kernel: usize, output: &mut [Lanes], out_frame: Frame) = max_body
}

#[inline(always)]
fn max_body<V: Vector>(
    simd: Simd<V>,
    input: &[Lanes],
    in_frame: Frame,
    kernel: usize,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    for (channel, row, column) in pixels(out_frame) {
        let output = &mut output[out_frame.at(channel, row, column)];
        for part in parts::<V>() {
            store(window_max(simd, input, in_frame, kernel, [channel, row, column], part), output, part);
        }
    }
}

kernel! {
    /// Gives each window's gradient to the first of its largest values, in the order of rows; all others get zero. The
    /// border of `in_gradient` becomes zero too.
    pub fn max_pool_gradient(
        input: &[Lanes],
        in_frame: Frame,
        kernel: usize,
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
    kernel: usize,
    out_gradient: &[Lanes],
    out_frame: Frame,
    in_gradient: &mut [Lanes],
    to: Frame,
) {
    in_gradient[..to.len()].fill([0.0; LANES]);
    for (channel, row, column) in pixels(out_frame) {
        for part in parts::<V>() {
            let most = window_max(simd, input, in_frame, kernel, [channel, row, column], part);
            // The gradient not yet given: zero once a lane has met its largest value.
            let mut left: V = simd.load(&out_gradient[out_frame.at(channel, row, column)], part);
            for i in 0..kernel {
                for j in 0..kernel {
                    let (row, column) = (row * kernel + i, column * kernel + j);
                    let value: V = simd.load(&input[in_frame.at(channel, row, column)], part);
                    let (given, rest) = left.split_where_equal(value, most);
                    store(given, &mut in_gradient[to.at(channel, row, column)], part);
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
    kernel: usize,
    [channel, row, column]: [usize; 3],
    part: usize,
) -> V {
    let mut most: V = simd.load(&input[frame.at(channel, row * kernel, column * kernel)], part);
    for i in 0..kernel {
        for pixel in &input[frame.at(channel, row * kernel + i, column * kernel)..][..kernel] {
            most = most.or_larger(simd.load(pixel, part));
        }
    }
    most
}

kernel! {
    /// Computes the mean of each `kernel x kernel` window; rows and columns that fill no window are left out.
    pub fn average_pool(
        input: &[Lanes],
        in_frame: Frame,
        kernel: usize,
        output: &mut [Lanes],
        out_frame: Frame,
    ) = average_body
}

#[inline(always)]
fn average_body<V: Vector>(
    _simd: Simd<V>,
    input: &[Lanes],
    in_frame: Frame,
    kernel: usize,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    let area = (kernel * kernel) as f32;
    for (channel, row, column) in pixels(out_frame) {
        let mut sum = [0.0; LANES];
        for i in 0..kernel {
            for pixel in &input[in_frame.at(channel, row * kernel + i, column * kernel)..][..kernel] {
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
        kernel: usize,
        out_gradient: &[Lanes],
        out_frame: Frame,
        in_gradient: &mut [Lanes],
        to: Frame,
    ) = average_gradient_body
}

#[inline(always)]
fn average_gradient_body<V: Vector>(
    _simd: Simd<V>,
    kernel: usize,
    out_gradient: &[Lanes],
    out_frame: Frame,
    in_gradient: &mut [Lanes],
    to: Frame,
) {
    let area = (kernel * kernel) as f32;
    in_gradient[..to.len()].fill([0.0; LANES]);
    for (channel, row, column) in pixels(out_frame) {
        let share = out_gradient[out_frame.at(channel, row, column)].map(|gradient| gradient / area);
        for i in 0..kernel {
            in_gradient[to.at(channel, row * kernel + i, column * kernel)..][..kernel].fill(share);
        }
    }
}

#[inline(always)]
fn pixels(frame: Frame) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..frame.channels()).flat_map(move |channel| {
        (0..frame.height()).flat_map(move |row| (0..frame.width()).map(move |column| (channel, row, column)))
    })
}
