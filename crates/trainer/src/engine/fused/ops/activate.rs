use stepladder_kernels::{self as kernels, Activated, Activation, Gradient};

use super::dropout::Dropout;
use super::{BackwardReads, Operation, Reads, Share, Size, Training, ViewMut, Workspace};
use crate::TrainError;
use crate::engine::fused::norm::Norm;
use crate::net::ValueId;

/// A ReLU, with a norm before it and a dropout behind it where the net has them.
pub(in super::super) struct Activate {
    pub norm: Option<Norm>,
    pub dropout: Option<Dropout>,
    /// The output of a max pool over windows of 2 x 2 that alone reads the output: its gradient is read in place of the
    /// output's.
    pub pooled: Option<ValueId>,
}

impl Activate {
    fn activated<'a>(&self, reads: &'a Reads) -> Activated<'a> {
        let output = reads.output();
        let gradient = match self.pooled {
            Some(pool) => {
                let largest = reads.value(pool);
                let gradient = reads.gradient_of(pool).pixels;
                Gradient::Pooled { largest: largest.pixels, frame: largest.frame, gradient }
            }
            None => Gradient::Plain(reads.gradient().pixels),
        };
        // Without a norm, values are not read.
        let values = if self.norm.is_some() { reads.input(0).pixels } else { output.pixels };
        Activated {
            values,
            activated: output.pixels,
            frame: output.frame,
            gradient,
            kept: self.dropout.map_or(1.0, Dropout::kept),
            images: reads.images,
        }
    }
}

impl Operation for Activate {
    fn skips_border(&self) -> bool {
        false
    }

    fn backward_reads(&self) -> BackwardReads {
        BackwardReads { inputs: self.norm.is_some(), output: true }
    }

    fn has_parameters(&self) -> bool {
        self.norm.is_some()
    }

    fn shares(&self) -> Vec<Share> {
        self.norm.as_ref().map_or(vec![], Norm::shares)
    }

    fn size(&self, training: Training) -> Size {
        self.norm.as_ref().map_or(Size::default(), |norm| norm.size(training))
    }

    fn allocate(&mut self, _training: Training) -> Result<(), TrainError> {
        self.norm.as_mut().map_or(Ok(()), Norm::allocate)
    }

    fn workspace(&self) -> Result<Workspace, TrainError> {
        self.norm.as_ref().map_or(Ok(Workspace::default()), Norm::workspace)
    }

    fn prepare(&self, parameters: &[f32], running: Option<&[f32]>) {
        if let Some((norm, running)) = self.norm.as_ref().zip(running) {
            norm.use_running_statistics(parameters, running);
        }
    }

    fn forward(&self, reads: &Reads, to: ViewMut) {
        let state = self.norm.as_ref().map(Norm::state);
        let norm = state.as_ref().map(|state| state.scaling());
        let dropout = self.dropout.and_then(|dropout| dropout.masks(reads));
        let activation = Activation { norm, dropout: dropout.as_ref() };
        kernels::activate(reads.pass.isa, reads.input(0).pixels, activation, to.pixels, to.frame);
    }

    fn measure(&self, reads: &Reads, workspace: &mut Workspace) {
        let input = reads.input(0);
        let statistics = &mut workspace.statistics;
        kernels::channel_statistics(reads.pass.isa, input.pixels, input.frame, reads.images, statistics);
    }

    fn sum(&self, reads: &Reads, workspace: &mut Workspace) {
        let Some(norm) = &self.norm else { return };
        kernels::gradient_sums(
            reads.pass.isa,
            self.activated(reads),
            norm.state().norm(),
            &mut workspace.sums,
        );
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        let state = self.norm.as_ref().map(Norm::state);
        let norm = state.as_ref().map(|state| state.gradient());
        kernels::activation_gradient(reads.pass.isa, self.activated(reads), norm, to.pixels, to.frame);
    }
}
