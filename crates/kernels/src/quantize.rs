use crate::combine::rows;
use crate::curve::{each, each_two};
use crate::frame::{Frame, LANES, Lanes};
use crate::isa::kernel;
use crate::vector::{Simd, Vector, parts, store};

/// Whole numbers from `lowest` to `highest`, at most 2^16 from 0, times `scale`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// The distance of its numbers, at least the smallest normal number.
    pub scale: f32,
    /// The lowest whole number.
    pub lowest: f32,
    /// The highest whole number.
    pub highest: f32,
}

/// Adding it rounds to a whole number, to an even one from halves.
const ROUNDING: f32 = 12_582_912.0; // 1.5 * 2^23

kernel! {
    /// Replaces each value by the nearest number of a grid, as PyTorch's `fake_quantize_per_tensor_affine` does. The border of
    /// `output` is unchanged.
    pub fn quantize(grid: Grid, input: &[Lanes], in_frame: Frame, output: &mut [Lanes], out_frame: Frame) = quantize_body
}

#[inline(always)]
fn quantize_body<V: Vector>(
    simd: Simd<V>,
    grid: Grid,
    input: &[Lanes],
    in_frame: Frame,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    let [lowest, highest, scale, inverse, rounding] =
        [grid.lowest, grid.highest, grid.scale, 1.0 / grid.scale, ROUNDING].map(|number| simd.splat(number));
    each(simd, input, in_frame, output, out_frame, |x| {
        let limited = x.mul(inverse).or_larger(lowest).or_smaller(highest);
        limited.add(rounding).sub(rounding).mul(scale)
    });
}

kernel! {
    /// Computes the gradient of the values: that of the output where they round to a number of the grid, 0 beyond it. The border
    /// of `in_gradient` is unchanged.
    pub fn quantize_gradient(
        grid: Grid,
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
    grid: Grid,
    input: &[Lanes],
    in_frame: Frame,
    out_gradient: &[Lanes],
    gradient_frame: Frame,
    in_gradient: &mut [Lanes],
    to: Frame,
) {
    let Grid { scale, lowest, highest } = grid;
    let [inverse, rounding] = [1.0 / scale, ROUNDING].map(|number| simd.splat(number));
    let [below, above] = [lowest - 1.0, highest + 1.0].map(|number| simd.splat(number));
    let reads = (input, in_frame, out_gradient, gradient_frame);
    each_two(simd, reads, in_gradient, to, |x, back| {
        let rounded = x.mul(inverse).or_larger(below).or_smaller(above).add(rounding).sub(rounding);
        back.where_positive(rounded.sub(below)).where_positive(above.sub(rounded))
    });
}

kernel! {
    /// Returns the lowest and the highest value of the first `images` lanes, with 0 between them.
    pub fn value_range(values: &[Lanes], frame: Frame, images: usize) -> [f32; 2] = range_body
}

#[inline(always)]
fn range_body<V: Vector>(simd: Simd<V>, values: &[Lanes], frame: Frame, images: usize) -> [f32; 2] {
    let mut range = [0.0_f32; 2];
    let mut lanes: [Lanes; 2] = [[0.0; LANES]; 2];
    for part in parts::<V>() {
        let [mut low, mut high] = [simd.splat(0.0); 2];
        for (channel, row) in rows(frame) {
            for value in &values[frame.at(channel, row, 0)..][..frame.width()] {
                let value = simd.load(value, part);
                (low, high) = (low.or_smaller(value), high.or_larger(value));
            }
        }
        let [lows, highs] = &mut lanes;
        store(low, lows, part);
        store(high, highs, part);
    }
    for (low, high) in lanes[0].iter().zip(&lanes[1]).take(images) {
        range = [range[0].min(*low), range[1].max(*high)];
    }
    range
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;

    #[test]
    fn values_become_the_nearest_numbers_and_gradients_pass_within_the_grid() {
        // By PyTorch 2.13: torch.fake_quantize_per_tensor_affine(x, 0.5, -118, -128, 127), and its gradient of a sum.
        let values = [-9.0, -5.3, -5.2, -5.0, -0.26, -0.25, 0.25, 0.75, 1.24, 122.4, 122.74, 122.8, 1e9, 0.0];
        let expected = [-5.0, -5.0, -5.0, -5.0, -0.5, 0.0, 0.0, 1.0, 1.0, 122.5, 122.5, 122.5, 122.5, 0.0];
        let passes = [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0];
        let grid = Grid { scale: 0.5, lowest: -10.0, highest: 245.0 };
        let frame = Frame::new(1, 1, values.len(), 0).unwrap();
        let input: Vec<Lanes> = values.iter().map(|&value| [value; LANES]).collect();
        for isa in Isa::available() {
            let (mut output, mut gradient) = (vec![[9.0; LANES]; 14], vec![[9.0; LANES]; 14]);
            quantize(isa, grid, &input, frame, &mut output, frame);
            let ones = vec![[1.0; LANES]; 14];
            quantize_gradient(isa, grid, &input, frame, &ones, frame, &mut gradient, frame);
            for place in 0..14 {
                assert_eq!(output[place], [expected[place]; LANES], "{} {}", isa.name(), values[place]);
                assert_eq!(gradient[place], [passes[place]; LANES], "{} {}", isa.name(), values[place]);
            }
        }
    }

    #[test]
    fn nan_stays_so_that_a_diverged_run_is_noticed() {
        let (grid, frame) =
            (Grid { scale: 0.5, lowest: -10.0, highest: 245.0 }, Frame::new(1, 1, 1, 0).unwrap());
        for isa in Isa::available() {
            let mut output = [[0.0; LANES]];
            quantize(isa, grid, &[[f32::NAN; LANES]], frame, &mut output, frame);
            assert!(output[0].iter().all(|value| value.is_nan()));
        }
    }

    #[test]
    fn a_range_is_that_of_lanes_with_images_within_the_border_and_has_0_in_it() {
        let frame = Frame::new(1, 1, 2, 1).unwrap();
        let mut values = vec![[99.0; LANES]; frame.len()];
        for column in 0..2 {
            let value = &mut values[frame.at(0, 0, column)];
            *value = [2.0 + column as f32; LANES];
            value[15] = -7.0;
        }
        for isa in Isa::available() {
            assert_eq!(value_range(isa, &values, frame, 15), [0.0, 3.0]);
            assert_eq!(value_range(isa, &values, frame, 16), [-7.0, 3.0]);
        }
    }
}
