use stepladder_kernels::{Bordered, Isa};

use crate::TrainError;
use crate::alloc::zeros;

/// One image, `[channels, size, size]`, of values from 0 for black to 1.
#[derive(Debug)]
pub struct Picture<'a> {
    /// Channel by channel, row by row.
    pub values: &'a mut [f32],
    /// Height and width.
    pub size: usize,
}

impl Picture<'_> {
    pub(super) fn area(&self) -> usize {
        self.size * self.size
    }

    pub(super) fn channels(&self) -> usize {
        self.values.len() / self.area()
    }

    /// Returns each channel and its pixels.
    pub(super) fn planes_mut(&mut self) -> impl Iterator<Item = (usize, &mut [f32])> {
        let area = self.area();
        self.values.chunks_exact_mut(area).enumerate()
    }
}

/// A thread's buffers for transforms of images of one size.
#[derive(Debug)]
pub struct Scratch {
    pub(super) isa: Isa,
    pub(super) bordered: Bordered,
    /// Of at least `size * size` and `3 * size` values each.
    pub(super) planes: [Vec<f32>; 3],
    /// A blur's kernel.
    pub(super) taps: Vec<f32>,
}

impl Scratch {
    /// Allocates buffers for images of `size * size`.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`].
    pub fn new(isa: Isa, size: usize) -> Result<Self, TrainError> {
        let plane = || zeros(size * size.max(3));
        let mut taps = zeros(2 * size)?;
        taps.clear();
        Ok(Self { isa, bordered: Bordered::new(size), planes: [plane()?, plane()?, plane()?], taps })
    }

    /// Copies a channel, to be read with a value outside, or with that of the nearest pixel if `None`.
    pub(super) fn surround(&mut self, plane: &[f32], outside: Option<f32>) {
        let size = plane.len().isqrt();
        for (row, from) in self.bordered.rows_mut().zip(plane.chunks_exact(size)) {
            row.copy_from_slice(from);
        }
        match outside {
            Some(value) => self.bordered.surround(value),
            None => self.bordered.repeat_edges(),
        }
    }
}
