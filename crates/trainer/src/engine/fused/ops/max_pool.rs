use stepladder_kernels::{self as kernels, Pool};

use super::{BackwardReads, Operation, Reads, ViewMut};
use crate::net::Window;

/// The largest value of each window.
pub(in super::super) struct MaxPool {
    pool: Pool,
    /// [`Operation::leaves_gradient`].
    pub leaves_gradient: bool,
}

impl MaxPool {
    pub fn new(window: Window) -> Self {
        Self { pool: pool(window), leaves_gradient: false }
    }

    /// Whether its windows are 2 x 2, side by side.
    pub fn halves(&self) -> bool {
        self.pool == Pool::plain(2)
    }
}

impl Operation for MaxPool {
    fn backward_reads(&self) -> BackwardReads {
        BackwardReads { inputs: true, output: false }
    }

    fn leaves_gradient(&self) -> bool {
        self.leaves_gradient
    }

    fn forward(&self, reads: &Reads, to: ViewMut) {
        let input = reads.input(0);
        kernels::max_pool(reads.pass.isa, input.pixels, input.frame, self.pool, to.pixels, to.frame);
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        let (input, gradient) = (reads.input(0), reads.gradient());
        kernels::max_pool_gradient(
            reads.pass.isa,
            input.pixels,
            input.frame,
            self.pool,
            gradient.pixels,
            gradient.frame,
            to.pixels,
            to.frame,
        );
    }
}

/// Returns a window as the kernels take it.
pub(super) fn pool(window: Window) -> Pool {
    Pool { kernel: window.kernel, stride: window.stride, padding: window.padding }
}
