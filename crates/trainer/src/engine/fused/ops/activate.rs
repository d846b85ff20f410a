use stepladder_kernels::{self as kernels, Activated, Activation, Frame, Gradient, LaneBits, Planes};

use super::dropout::Dropout;
use super::{ImageReads, Operation, PlanesMut, Reads, Share, Size, Training, ViewMut, Workspace};
use crate::TrainError;
use crate::engine::fused::norm::Norm;

/// A ReLU, with a norm before it, and a dropout and a max pool behind it where the net has them.
pub(in super::super) struct Activate {
    pub norm: Option<Norm>,
    pub dropout: Option<Dropout>,
    /// Whether a max pool over windows of 2 x 2 is last, so that its output is that of the stage.
    pub pools: bool,
}

impl Activate {
    fn activated<'a>(&self, reads: &'a Reads) -> Activated<'a> {
        let gradient = reads.gradient().pixels;
        Activated {
            frame: reads.input(0).frame,
            passing: reads.passing,
            gradient: if self.pools { Gradient::Pooled(gradient) } else { Gradient::Plain(gradient) },
            kept: self.dropout.map_or(1.0, Dropout::kept),
            images: reads.images,
        }
    }

    fn activate(&self, reads: &Reads, to: ViewMut, passing: Option<&mut [LaneBits]>) {
        let (isa, input) = (reads.pass.isa, reads.input(0));
        let state = self.norm.as_ref().map(Norm::state);
        let norm = state.as_ref().map(|state| state.scaling());
        let dropout = self.dropout.and_then(|dropout| dropout.masks(reads));
        let activation = Activation { norm, dropout: dropout.as_ref() };
        if self.pools {
            let (values, frame) = (input.pixels, input.frame);
            kernels::activate_and_pool(isa, values, frame, activation, passing, to.pixels, to.frame);
        } else {
            kernels::activate(isa, input.pixels, activation, passing, to.pixels, to.frame);
        }
    }
}

impl Operation for Activate {
    fn skips_border(&self) -> bool {
        false
    }

    fn reads_inputs_backward(&self) -> bool {
        self.norm.is_some()
    }

    fn marks_passing(&self) -> bool {
        true
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
        self.activate(reads, to, None);
    }

    fn forward_marking(&self, reads: &Reads, to: ViewMut, passing: &mut [LaneBits]) {
        self.activate(reads, to, Some(passing));
    }

    fn planes(&self, input: Planes, _output: Frame) -> Planes {
        input.without_border()
    }

    fn evaluate(&self, reads: &ImageReads, to: PlanesMut) {
        let state = self.norm.as_ref().map(Norm::state);
        let norm = state.as_ref().map(|state| state.scaling());
        let (activation, frame) = (Activation { norm, dropout: None }, to.planes.registers());
        kernels::activate(reads.pass.isa, reads.input(0).registers, activation, None, to.registers, frame);
    }

    fn measure(&self, reads: &Reads, workspace: &mut Workspace) {
        let input = reads.input(0);
        let statistics = &mut workspace.statistics;
        kernels::channel_statistics(reads.pass.isa, input.pixels, input.frame, reads.images, statistics);
    }

    fn sum(&self, reads: &Reads, workspace: &mut Workspace) {
        let Some(norm) = &self.norm else { return };
        let (state, values) = (norm.state(), reads.input(0).pixels);
        kernels::gradient_sums(
            reads.pass.isa,
            self.activated(reads),
            state.norm(values),
            &mut workspace.sums,
        );
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        let state = self.norm.as_ref().map(Norm::state);
        let norm = state.as_ref().map(|state| state.gradient(reads.input(0).pixels));
        kernels::activation_gradient(reads.pass.isa, self.activated(reads), norm, to.pixels, to.frame);
    }
}
