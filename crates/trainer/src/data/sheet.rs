use stepladder_kernels::{Isa, LANES};

use super::{Batches, Dataset, Normalisation, Preparing, Selection};
use crate::TrainError;
use crate::alloc::{filled, zeros};
use crate::config::{DataSource, Experiment, SEED, whole};
use crate::random::{Purpose, Stream};

/// Images side by side, in a square.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Height and width in pixels.
    pub size: usize,
    /// `[channels, size, size]`, 0 for black.
    pub pixels: Vec<u8>,
}

/// Images in a row, and rows.
const SIDE: usize = 8;

/// Pixels around each image.
const GAP: usize = 2;

/// Their brightness.
const GREY: u8 = 128;

impl Sheet {
    /// Draws the first 64 training images of a run as its first epoch shows them to the net, before they are normalised. Where
    /// there are fewer, those of the next epochs follow.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] for a setting that no run could have, [`TrainError::Data`], [`TrainError::Memory`].
    pub fn of_run(
        experiment: &Experiment,
        source: &DataSource,
        selection: &Selection,
        seed: u64,
    ) -> Result<Self, TrainError> {
        experiment.check()?;
        whole("seed", seed as usize, SEED)?;
        let images =
            Dataset::open(source, &experiment.net, &Selection { judge_test: false, ..*selection })?.train;
        let (channels, size) = (images.channels, images.size);
        let length = channels * size * size;
        let edge = SIDE * (size + GAP) + GAP;
        let mut sheet = Self { channels, size: edge, pixels: filled(channels * edge * edge, GREY)? };

        let by = experiment.augmentation.as_ref();
        let mut preparing = Preparing::new(Isa::best(), [channels, size], by)?;
        let mut prepared = zeros(LANES * length)?;
        let plain = Normalisation { mean: 0.0, deviation: 1.0 };
        let stream = |purpose, epoch| Stream::new(seed, purpose).at(epoch);
        let mut place = 0;
        for epoch in 0.. {
            let augmentation = by.map(|by| (by, stream(Purpose::Augmentation, epoch)));
            let order = stream(Purpose::Order, epoch);
            for batch in Batches::new(&images, plain, augmentation, experiment.batch_size, order) {
                let batch = batch?;
                for first in (0..batch.len()).step_by(LANES) {
                    let count = LANES.min(batch.len() - first);
                    batch.prepare(first, &mut preparing, &mut prepared[..count * length]);
                    for image in prepared[..count * length].chunks_exact(length) {
                        sheet.put(image, size, place);
                        place += 1;
                        if place == SIDE * SIDE {
                            return Ok(sheet);
                        }
                    }
                }
            }
        }
        Ok(sheet)
    }

    /// Writes an image `[channels, size, size]` of values from 0 to 1 at a place, row by row.
    fn put(&mut self, image: &[f32], size: usize, place: usize) {
        let [top, left] = [place / SIDE, place % SIDE].map(|step| GAP + step * (size + GAP));
        for (row, values) in image.chunks_exact(size).enumerate() {
            let (channel, row) = (row / size, row % size);
            let start = (channel * self.size + top + row) * self.size + left;
            for (pixel, value) in self.pixels[start..][..size].iter_mut().zip(values) {
                *pixel = (value * 255.0).round() as u8;
            }
        }
    }
}
