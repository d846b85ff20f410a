use stepladder_kernels::{self as kernels, Pool};

use super::max_pool::pool;
use super::{ImageReads, Operation, PlanesMut, Reads, ViewMut};
use crate::net::Window;

/// The mean of each window.
pub(in super::super) struct AveragePool(Pool);

impl AveragePool {
    pub fn new(window: Window) -> Self {
        Self(pool(window))
    }
}

impl Operation for AveragePool {
    fn forward(&self, reads: &Reads, to: ViewMut) {
        let input = reads.input(0);
        kernels::average_pool(reads.pass.isa, input.pixels, input.frame, self.0, to.pixels, to.frame);
    }

    fn evaluate(&self, reads: &ImageReads, to: PlanesMut) {
        let (input, values) = (reads.input(0), to.registers.as_flattened_mut());
        kernels::plane_average_pool(reads.pass.isa, input.values(), input.planes, self.0, values, to.planes);
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        let gradient = reads.gradient();
        let isa = reads.pass.isa;
        kernels::average_pool_gradient(isa, self.0, gradient.pixels, gradient.frame, to.pixels, to.frame);
    }
}
