use stepladder_kernels::{self as kernels, Frame, Planes};

use super::{ImageReads, Operation, PlanesMut, Reads, ViewMut};
use crate::net::Activation;

/// An activation function other than ReLU, which [`Activate`](super::Activate) computes along with its neighbours.
pub(in super::super) struct Curve(kernels::Curve);

impl Curve {
    pub const SIGMOID: Self = Self(kernels::Curve::Sigmoid);

    /// Returns the curve of an activation function; `None` for ReLU.
    pub fn of(activation: Activation) -> Option<Self> {
        Some(Self(match activation {
            Activation::LeakyRelu => kernels::Curve::LeakyRelu,
            Activation::Elu => kernels::Curve::Elu,
            Activation::Relu6 => kernels::Curve::Relu6,
            Activation::HardSwish => kernels::Curve::HardSwish,
            Activation::Silu => kernels::Curve::Silu,
            Activation::Gelu => kernels::Curve::Gelu,
            Activation::Relu | Activation::None => return None,
        }))
    }
}

impl Operation for Curve {
    fn reads_inputs_backward(&self) -> bool {
        true
    }

    fn forward(&self, reads: &Reads, to: ViewMut) {
        let input = reads.input(0);
        kernels::curve(reads.pass.isa, self.0, input.pixels, input.frame, to.pixels, to.frame);
    }

    fn planes(&self, input: Planes, _output: Frame) -> Planes {
        input.without_border()
    }

    fn evaluate(&self, reads: &ImageReads, to: PlanesMut) {
        let (from, frame) = (reads.input(0).registers, to.planes.registers());
        kernels::curve(reads.pass.isa, self.0, from, frame, to.registers, frame);
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        let (input, gradient) = (reads.input(0), reads.gradient());
        kernels::curve_gradient(
            reads.pass.isa,
            self.0,
            input.pixels,
            input.frame,
            gradient.pixels,
            gradient.frame,
            to.pixels,
            to.frame,
        );
    }
}
