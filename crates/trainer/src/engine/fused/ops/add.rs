use stepladder_kernels as kernels;

use super::copy::{copy, rows};
use super::{ImageReads, Operation, PlanesMut, Reads, ViewMut};

/// The sum of two values.
pub(in super::super) struct Add;

impl Operation for Add {
    fn forward(&self, reads: &Reads, to: ViewMut) {
        let [first, second] = [0, 1].map(|input| {
            let view = reads.input(input);
            (view.pixels, view.frame)
        });
        kernels::add(reads.pass.isa, first, second, to.pixels, to.frame);
    }

    fn evaluate(&self, reads: &ImageReads, to: PlanesMut) {
        let (planes, [first, second]) = (to.planes, [0, 1].map(|input| reads.input(input)));
        let (values, width) = (to.registers.as_flattened_mut(), planes.frame().width());
        for (channel, row) in rows(planes.frame()) {
            let [a, b] =
                [first, second].map(|view| &view.values()[view.planes.at(channel, row, 0)..][..width]);
            for ((to, a), b) in values[planes.at(channel, row, 0)..][..width].iter_mut().zip(a).zip(b) {
                *to = a + b;
            }
        }
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        copy(reads.gradient(), to);
    }
}
