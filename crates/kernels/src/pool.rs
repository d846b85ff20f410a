use crate::frame::{Frame, LANES, Lanes};
use crate::isa::kernel;
use crate::vector::Vector;

kernel! {
    /// The largest value of each `kernel x kernel` window; rows and columns that fill no window are left out.
    pub fn max_pool(input: &[Lanes], in_frame: Frame, kernel: usize, output: &mut [Lanes], out_frame: Frame) = max_body
}

#[inline(always)]
fn max_body<V: Vector>(
    input: &[Lanes],
    in_frame: Frame,
    kernel: usize,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    for (channel, row, column) in pixels(out_frame) {
        output[out_frame.at(channel, row, column)] =
            window_max(input, in_frame, kernel, channel, row, column);
    }
}

kernel! {
    /// Hands each window's gradient to the first of its largest values, in the order of rows; all others get zero.
    /// `in_gradient` has no border.
    pub fn max_pool_gradient(
        input: &[Lanes],
        in_frame: Frame,
        kernel: usize,
        out_gradient: &[Lanes],
        out_frame: Frame,
        in_gradient: &mut [Lanes],
    ) = max_gradient_body
}

#[inline(always)]
fn max_gradient_body<V: Vector>(
    input: &[Lanes],
    in_frame: Frame,
    kernel: usize,
    out_gradient: &[Lanes],
    out_frame: Frame,
    in_gradient: &mut [Lanes],
) {
    let to = Frame { border: 0, ..in_frame };
    in_gradient[..to.len()].fill([0.0; LANES]);
    for (channel, row, column) in pixels(out_frame) {
        let most = window_max(input, in_frame, kernel, channel, row, column);
        // What is left to hand out: nothing once a lane has found its largest value.
        let mut left = out_gradient[out_frame.at(channel, row, column)];
        for i in 0..kernel {
            for j in 0..kernel {
                let (row, column) = (row * kernel + i, column * kernel + j);
                let value = &input[in_frame.at(channel, row, column)];
                let gradient = &mut in_gradient[to.at(channel, row, column)];
                for lane in 0..LANES {
                    let is_most = value[lane] == most[lane];
                    gradient[lane] = if is_most { left[lane] } else { 0.0 };
                    left[lane] = if is_most { 0.0 } else { left[lane] };
                }
            }
        }
    }
}

#[inline(always)]
fn window_max(
    input: &[Lanes],
    frame: Frame,
    kernel: usize,
    channel: usize,
    row: usize,
    column: usize,
) -> Lanes {
    let mut most = input[frame.at(channel, row * kernel, column * kernel)];
    for i in 0..kernel {
        for pixel in &input[frame.at(channel, row * kernel + i, column * kernel)..][..kernel] {
            for lane in 0..LANES {
                most[lane] = if pixel[lane] > most[lane] { pixel[lane] } else { most[lane] };
            }
        }
    }
    most
}

kernel! {
    /// The mean of each `kernel x kernel` window; rows and columns that fill no window are left out.
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
    /// Hands each window's gradient to all its values alike. `in_gradient` has no border.
    pub fn average_pool_gradient(
        in_frame: Frame,
        kernel: usize,
        out_gradient: &[Lanes],
        out_frame: Frame,
        in_gradient: &mut [Lanes],
    ) = average_gradient_body
}

#[inline(always)]
fn average_gradient_body<V: Vector>(
    in_frame: Frame,
    kernel: usize,
    out_gradient: &[Lanes],
    out_frame: Frame,
    in_gradient: &mut [Lanes],
) {
    let to = Frame { border: 0, ..in_frame };
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
    (0..frame.channels).flat_map(move |channel| {
        (0..frame.height).flat_map(move |row| (0..frame.width).map(move |column| (channel, row, column)))
    })
}
