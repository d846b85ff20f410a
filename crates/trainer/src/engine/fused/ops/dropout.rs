use stepladder_kernels::{self as kernels, LANES};

use super::copy::{copy, copy_planes};
use super::{ImageReads, Operation, PlanesMut, Reads, View, ViewMut};
use crate::random::drop_threshold;

/// A dropout that follows no ReLU, or a part of an [`Activate`](super::Activate).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Dropout {
    pub probability: f64,
    /// Index among the net's dropouts, for its random stream.
    pub index: usize,
}

impl Dropout {
    /// Returns the masks of a group's images in training.
    pub fn masks(self, reads: &Reads) -> Option<kernels::Dropout> {
        let stream = reads.pass.dropout?;
        let mut keys = [[0; LANES]; 2];
        for (lane, &sample) in reads.samples.iter().enumerate() {
            [keys[0][lane], keys[1][lane]] = stream.at(u64::from(sample)).at(self.index as u64).mask_key();
        }
        Some(kernels::Dropout { keys, threshold: drop_threshold(self.probability), kept: self.kept() })
    }

    pub fn kept(self) -> f32 {
        (1.0 / (1.0 - self.probability)) as f32
    }

    /// Drops values, or their gradients.
    fn drop(self, reads: &Reads, from: View, to: ViewMut) {
        match self.masks(reads) {
            Some(masks) => kernels::drop_out(reads.pass.isa, from.pixels, &masks, to.pixels, to.frame),
            None => copy(from, to),
        }
    }
}

impl Operation for Dropout {
    fn skips_border(&self) -> bool {
        false
    }

    fn forward(&self, reads: &Reads, to: ViewMut) {
        self.drop(reads, reads.input(0), to);
    }

    fn evaluate(&self, reads: &ImageReads, to: PlanesMut) {
        copy_planes(reads.input(0), to.registers.as_flattened_mut(), to.planes);
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        self.drop(reads, reads.gradient(), to);
    }
}
