use stepladder_kernels::{self as kernels, Activated, Frame, Gradient, LaneBits, Planes};

use super::{
    ImageReads, Operation, PlanesMut, Reads, Share, Size, Training, ViewMut, Workspace, lane_bits_size,
};
use crate::TrainError;
use crate::alloc::filled;
use crate::engine::fused::norm::Norm;

/// A norm that no ReLU follows.
pub(in super::super) struct Normalise {
    pub norm: Norm,
    /// Of each value: the gradient of every lane passes.
    passing: Vec<LaneBits>,
}

impl Normalise {
    pub fn new(norm: Norm) -> Self {
        Self { norm, passing: vec![] }
    }

    fn activated<'a>(&'a self, reads: &'a Reads) -> Activated<'a> {
        Activated {
            frame: reads.input(0).frame,
            passing: &self.passing,
            gradient: Gradient::Plain(reads.gradient().pixels),
            kept: 1.0,
            images: reads.images,
        }
    }
}

impl Operation for Normalise {
    fn skips_border(&self) -> bool {
        false
    }

    fn reads_inputs_backward(&self) -> bool {
        true
    }

    fn has_parameters(&self) -> bool {
        true
    }

    fn shares(&self) -> Vec<Share> {
        self.norm.shares()
    }

    fn size(&self, training: Training) -> Size {
        let Size { shared, group } = self.norm.size(training);
        let passing = if training == Training::Off { 0 } else { lane_bits_size(self.norm.values()) };
        Size { shared: shared + passing, group }
    }

    fn allocate(&mut self, training: Training) -> Result<(), TrainError> {
        if training != Training::Off {
            self.passing = filled(self.norm.values(), LaneBits::MAX)?;
        }
        self.norm.allocate()
    }

    fn workspace(&self) -> Result<Workspace, TrainError> {
        self.norm.workspace()
    }

    fn prepare(&self, parameters: &[f32], running: Option<&[f32]>) {
        if let Some(running) = running {
            self.norm.use_running_statistics(parameters, running);
        }
    }

    fn forward(&self, reads: &Reads, to: ViewMut) {
        let state = self.norm.state();
        kernels::scale(reads.pass.isa, reads.input(0).pixels, state.scaling(), to.pixels, to.frame);
    }

    fn planes(&self, input: Planes, _output: Frame) -> Planes {
        input.without_border()
    }

    fn evaluate(&self, reads: &ImageReads, to: PlanesMut) {
        let (state, frame) = (self.norm.state(), to.planes.registers());
        kernels::scale(reads.pass.isa, reads.input(0).registers, state.scaling(), to.registers, frame);
    }

    fn measure(&self, reads: &Reads, workspace: &mut Workspace) {
        let input = reads.input(0);
        let statistics = &mut workspace.statistics;
        kernels::channel_statistics(reads.pass.isa, input.pixels, input.frame, reads.images, statistics);
    }

    fn sum(&self, reads: &Reads, workspace: &mut Workspace) {
        let state = self.norm.state();
        let norm = state.norm(reads.input(0).pixels);
        kernels::gradient_sums(reads.pass.isa, self.activated(reads), norm, &mut workspace.sums);
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        let state = self.norm.state();
        let norm = Some(state.gradient(reads.input(0).pixels));
        kernels::activation_gradient(reads.pass.isa, self.activated(reads), norm, to.pixels, to.frame);
    }
}
