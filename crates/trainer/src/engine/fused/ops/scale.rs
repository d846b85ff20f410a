use stepladder_kernels as kernels;

use super::copy::rows;
use super::{ImageReads, Operation, PlanesMut, Reads, View, ViewMut};

/// The first input, each channel times a value of the second.
pub(in super::super) struct Scale;

impl Operation for Scale {
    fn reads_inputs_backward(&self) -> bool {
        true
    }

    fn forward(&self, reads: &Reads, to: ViewMut) {
        let [values, factors] = [reads.input(0), reads.input(1)].map(pair);
        kernels::scale_channels(reads.pass.isa, values, factors, to.pixels, to.frame);
    }

    fn evaluate(&self, reads: &ImageReads, to: PlanesMut) {
        let (planes, [from, factors]) = (to.planes, [0, 1].map(|input| reads.input(input)));
        let (values, width) = (to.registers.as_flattened_mut(), planes.frame().width());
        for (channel, row) in rows(planes.frame()) {
            let factor = factors.values()[factors.planes.at(channel, 0, 0)];
            let from = &from.values()[from.planes.at(channel, row, 0)..][..width];
            for (to, from) in values[planes.at(channel, row, 0)..][..width].iter_mut().zip(from) {
                *to = from * factor;
            }
        }
    }

    fn input_gradient(&self, reads: &Reads, input: usize, to: ViewMut) {
        let [values, factors, gradient] = [reads.input(0), reads.input(1), reads.gradient()].map(pair);
        if input == 0 {
            kernels::scale_channels(reads.pass.isa, gradient, factors, to.pixels, to.frame);
        } else {
            kernels::channel_products(reads.pass.isa, gradient, values, to.pixels, to.frame);
        }
    }
}

fn pair(view: View<'_>) -> (&[kernels::Lanes], kernels::Frame) {
    (view.pixels, view.frame)
}
