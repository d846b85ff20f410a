use std::ops::Range;
use std::sync::{PoisonError, RwLock};

use stepladder_kernels::{self as kernels, Frame, Planes};

use super::copy::{copy, copy_planes};
use super::{ImageReads, Operation, PlanesMut, Reads, ViewMut, Workspace};
use crate::engine::RANGE_MOMENTUM;
use crate::net::{Grid, blend_range};

/// Values rounded to a byte in training, by the range of the batches before. The identity in evaluation.
pub(in super::super) struct Quantize {
    /// The places of the running range in the running statistics.
    range: Range<usize>,
    grid: RwLock<Option<kernels::Grid>>,
}

impl Quantize {
    pub fn new(range: Range<usize>) -> Self {
        Self { range, grid: RwLock::default() }
    }

    /// Rounds by the running range from here on; not at all before the first batch.
    pub fn use_running_range(&self, running: &[f32]) {
        let grid = Grid::of(self.running(running)).map(|Grid { scale, lowest, highest }| kernels::Grid {
            scale: scale as f32,
            lowest: lowest.into(),
            highest: highest.into(),
        });
        *self.grid.write().unwrap_or_else(PoisonError::into_inner) = grid;
    }

    /// Blends a share of the range over all groups into the running one, that of [`RANGE_MOMENTUM`] if `None`.
    pub fn blend(&self, groups: impl Iterator<Item = [f32; 2]>, running: &mut [f32], share: Option<f64>) {
        let mut seen = [0.0_f32; 2];
        for [low, high] in groups {
            seen = [seen[0].min(low), seen[1].max(high)];
        }
        let mut range = self.running(running);
        blend_range(&mut range, seen.map(f64::from), share.unwrap_or(RANGE_MOMENTUM));
        for (number, blended) in running[self.range.clone()].iter_mut().zip(range) {
            *number = blended as f32;
        }
    }

    fn running(&self, running: &[f32]) -> [f64; 2] {
        [running[self.range.start], running[self.range.start + 1]].map(f64::from)
    }

    fn grid(&self) -> Option<kernels::Grid> {
        *self.grid.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Operation for Quantize {
    fn reads_inputs_backward(&self) -> bool {
        true
    }

    fn prepare(&self, _parameters: &[f32], running: Option<&[f32]>) {
        if running.is_some() {
            *self.grid.write().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    fn measure(&self, reads: &Reads, workspace: &mut Workspace) {
        let input = reads.input(0);
        workspace.range = kernels::value_range(reads.pass.isa, input.pixels, input.frame, reads.images);
    }

    fn forward(&self, reads: &Reads, to: ViewMut) {
        let input = reads.input(0);
        match self.grid() {
            Some(grid) => {
                kernels::quantize(reads.pass.isa, grid, input.pixels, input.frame, to.pixels, to.frame);
            }
            None => copy(input, to),
        }
    }

    fn planes(&self, input: Planes, _output: Frame) -> Planes {
        input.without_border()
    }

    fn evaluate(&self, reads: &ImageReads, to: PlanesMut) {
        copy_planes(reads.input(0), to.registers.as_flattened_mut(), to.planes);
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        let (input, gradient) = (reads.input(0), reads.gradient());
        match self.grid() {
            Some(grid) => kernels::quantize_gradient(
                reads.pass.isa,
                grid,
                input.pixels,
                input.frame,
                gradient.pixels,
                gradient.frame,
                to.pixels,
                to.frame,
            ),
            None => copy(gradient, to),
        }
    }
}
