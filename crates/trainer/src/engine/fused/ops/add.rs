use stepladder_kernels as kernels;

use super::copy::copy;
use super::{Operation, Reads, ViewMut};

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

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        copy(reads.gradient(), to);
    }
}
