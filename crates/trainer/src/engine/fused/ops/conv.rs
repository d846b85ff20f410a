use std::ops::Range;
use std::sync::{PoisonError, RwLock};

use stepladder_kernels::{self as kernels, PackedWeights};

use super::{BackwardReads, Operation, Reads, Share, Size, Source, Training, ViewMut, Workspace};
use crate::TrainError;
use crate::alloc::zeros;
use crate::net::Window;

/// A convolution of stride 1.
pub(in super::super) struct Conv {
    /// In and out.
    channels: [usize; 2],
    window: Window,
    weight: Range<usize>,
    bias: Option<Range<usize>>,
    packed: RwLock<Packed>,
}

/// The weights in the order that kernels read them, packed again for each step.
#[derive(Default)]
struct Packed {
    forward: Option<PackedWeights>,
    /// For the gradient of the input.
    backward: Option<PackedWeights>,
}

impl Conv {
    pub fn new(
        channels: [usize; 2],
        window: Window,
        weight: Range<usize>,
        bias: Option<Range<usize>>,
    ) -> Self {
        Self { channels, window, weight, bias, packed: RwLock::default() }
    }

    /// Returns the padding of the transposed convolution, from gradients of outputs to gradients of inputs.
    fn padding_back(&self) -> isize {
        self.window.kernel as isize - 1 - self.window.padding as isize
    }
}

impl Operation for Conv {
    fn border(&self) -> usize {
        self.window.padding
    }

    fn gradient_border(&self) -> usize {
        self.padding_back().max(0) as usize
    }

    fn backward_reads(&self) -> BackwardReads {
        BackwardReads { inputs: true, output: false }
    }

    fn has_parameters(&self) -> bool {
        true
    }

    fn shares(&self) -> Vec<Share> {
        let weight = Share { parameters: self.weight.clone(), source: Source::Groups(|own| &own.weights) };
        let bias = self.bias.clone();
        let bias = bias.map(|parameters| Share { parameters, source: Source::Groups(|own| &own.bias) });
        std::iter::once(weight).chain(bias).collect()
    }

    fn size(&self, training: Training) -> Size {
        let [from, to] = self.channels;
        let packed = |from, to| PackedWeights::length(to, from, self.window.kernel).unwrap_or(usize::MAX);
        let parameters = self.weight.len() + self.bias.as_ref().map_or(0, Range::len);
        match training {
            Training::Off => Size { shared: packed(from, to), group: 0 },
            Training::Parameters => Size { shared: packed(from, to), group: parameters },
            Training::Inputs => Size { shared: packed(from, to) + packed(to, from), group: parameters },
        }
    }

    fn allocate(&mut self, training: Training) -> Result<(), TrainError> {
        let [from, to] = self.channels;
        let bytes = 4 * self.weight.len();
        let new =
            |from, to| PackedWeights::new(to, from, self.window.kernel).ok_or(TrainError::Memory { bytes });
        let backward = (training == Training::Inputs).then(|| new(to, from)).transpose()?;
        self.packed = RwLock::new(Packed { forward: Some(new(from, to)?), backward });
        Ok(())
    }

    fn workspace(&self) -> Result<Workspace, TrainError> {
        let weights = zeros(self.weight.len())?;
        let bias = zeros(self.bias.as_ref().map_or(0, Range::len))?;
        Ok(Workspace { weights, bias, ..Workspace::default() })
    }

    fn prepare(&self, parameters: &[f32], running: Option<&[f32]>) {
        let weights = &parameters[self.weight.clone()];
        let mut packed = self.packed.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(forward) = &mut packed.forward {
            forward.pack(weights);
        }
        if let Some(backward) = packed.backward.as_mut().filter(|_| running.is_none()) {
            backward.pack_transposed(weights);
        }
    }

    fn forward(&self, reads: &Reads, to: ViewMut) {
        let input = reads.input(0);
        let bias = self.bias.as_ref().map(|bias| &reads.pass.parameters[bias.clone()]);
        let packed = self.packed.read().unwrap_or_else(PoisonError::into_inner);
        let Some(weights) = &packed.forward else { return };
        let padding = self.window.padding as isize;
        kernels::conv(reads.pass.isa, input.pixels, input.frame, padding, weights, bias, to.pixels, to.frame);
    }

    fn parameter_gradients(&self, reads: &Reads, workspace: &mut Workspace) {
        let (input, gradient) = (reads.input(0), reads.gradient());
        kernels::conv_weight_gradient(
            reads.pass.isa,
            input.pixels,
            input.frame,
            self.window.padding as isize,
            gradient.pixels,
            gradient.frame,
            self.window.kernel,
            &mut workspace.weights,
        );
        if self.bias.is_some() {
            kernels::conv_bias_gradient(reads.pass.isa, gradient.pixels, gradient.frame, &mut workspace.bias);
        }
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        let gradient = reads.gradient();
        let packed = self.packed.read().unwrap_or_else(PoisonError::into_inner);
        let Some(weights) = &packed.backward else { return };
        let padding = self.padding_back();
        let isa = reads.pass.isa;
        kernels::conv(isa, gradient.pixels, gradient.frame, padding, weights, None, to.pixels, to.frame);
    }
}
