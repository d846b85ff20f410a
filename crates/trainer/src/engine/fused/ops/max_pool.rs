use stepladder_kernels::{self as kernels, Pool};

use super::{ImageReads, Operation, PlanesMut, Reads, ViewMut};
use crate::net::Window;

/// The largest value of each window.
pub(in super::super) struct MaxPool(Pool);

impl MaxPool {
    pub fn new(window: Window) -> Self {
        Self(pool(window))
    }

    /// Whether its windows are 2 x 2, side by side.
    pub fn halves(&self) -> bool {
        self.0 == Pool::plain(2)
    }
}

impl Operation for MaxPool {
    fn reads_inputs_backward(&self) -> bool {
        true
    }

    fn forward(&self, reads: &Reads, to: ViewMut) {
        let input = reads.input(0);
        kernels::max_pool(reads.pass.isa, input.pixels, input.frame, self.0, to.pixels, to.frame);
    }

    fn evaluate(&self, reads: &ImageReads, to: PlanesMut) {
        let (input, values) = (reads.input(0), to.registers.as_flattened_mut());
        kernels::plane_max_pool(reads.pass.isa, input.values(), input.planes, self.0, values, to.planes);
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        let (input, gradient) = (reads.input(0), reads.gradient());
        kernels::max_pool_gradient(
            reads.pass.isa,
            input.pixels,
            input.frame,
            self.0,
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
