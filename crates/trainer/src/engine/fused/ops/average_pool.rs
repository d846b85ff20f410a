use stepladder_kernels as kernels;

use super::{Operation, Reads, ViewMut};

/// The mean of each window.
pub(in super::super) struct AveragePool {
    pub kernel: usize,
}

impl Operation for AveragePool {
    fn forward(&self, reads: &Reads, to: ViewMut) {
        let input = reads.input(0);
        kernels::average_pool(reads.pass.isa, input.pixels, input.frame, self.kernel, to.pixels, to.frame);
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        let gradient = reads.gradient();
        let isa = reads.pass.isa;
        kernels::average_pool_gradient(
            isa,
            self.kernel,
            gradient.pixels,
            gradient.frame,
            to.pixels,
            to.frame,
        );
    }
}
