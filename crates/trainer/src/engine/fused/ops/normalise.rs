use stepladder_kernels::{self as kernels, Activated, Gradient, LANES, Lanes};

use super::{BackwardReads, Operation, Reads, Share, Size, Training, ViewMut, Workspace};
use crate::TrainError;
use crate::alloc::filled;
use crate::engine::fused::norm::Norm;

/// A norm that no ReLU follows.
pub(in super::super) struct Normalise {
    pub norm: Norm,
    /// Replaces the activated values, by which a gradient knows what a ReLU cut.
    ones: Vec<Lanes>,
}

impl Normalise {
    pub fn new(norm: Norm) -> Self {
        Self { norm, ones: vec![] }
    }

    fn activated<'a>(&'a self, reads: &'a Reads) -> Activated<'a> {
        let input = reads.input(0);
        Activated {
            values: input.pixels,
            activated: &self.ones,
            frame: input.frame,
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

    fn backward_reads(&self) -> BackwardReads {
        BackwardReads { inputs: true, output: false }
    }

    fn has_parameters(&self) -> bool {
        true
    }

    fn shares(&self) -> Vec<Share> {
        self.norm.shares()
    }

    fn size(&self, training: Training) -> Size {
        let Size { shared, group } = self.norm.size(training);
        let ones = if training == Training::Off { 0 } else { LANES * self.norm.values() };
        Size { shared: shared + ones, group }
    }

    fn allocate(&mut self, training: Training) -> Result<(), TrainError> {
        if training != Training::Off {
            self.ones = filled(self.norm.values(), [1.0; LANES])?;
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

    fn measure(&self, reads: &Reads, workspace: &mut Workspace) {
        let input = reads.input(0);
        let statistics = &mut workspace.statistics;
        kernels::channel_statistics(reads.pass.isa, input.pixels, input.frame, reads.images, statistics);
    }

    fn sum(&self, reads: &Reads, workspace: &mut Workspace) {
        let state = self.norm.state();
        kernels::gradient_sums(reads.pass.isa, self.activated(reads), state.norm(), &mut workspace.sums);
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        let state = self.norm.state();
        let norm = Some(state.gradient());
        kernels::activation_gradient(reads.pass.isa, self.activated(reads), norm, to.pixels, to.frame);
    }
}
