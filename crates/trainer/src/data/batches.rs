use super::{Augmentation, Images, Normalisation, adjust, warp};
use crate::random::Stream;

/// What an engine learns from in one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Augmented and normalised, `[N, 1, size, size]`.
    pub images: Vec<f32>,
    /// `[N]`.
    pub labels: Vec<u8>,
    /// Where each image stands in the training set: what its random streams are keyed by.
    pub samples: Vec<u32>,
}

/// The batches of one epoch, each image in one of them.
#[derive(Debug)]
pub struct Batches<'a> {
    images: &'a Images,
    normalisation: Normalisation,
    augmentation: Option<(&'a Augmentation, Stream)>,
    order: Vec<u32>,
    batch_size: usize,
    next: usize,
}

impl<'a> Batches<'a> {
    /// Shuffles by `order`; `augmentation` comes with the stream of the epoch.
    #[must_use]
    pub fn new(
        images: &'a Images,
        normalisation: Normalisation,
        augmentation: Option<(&'a Augmentation, Stream)>,
        batch_size: usize,
        order: Stream,
    ) -> Self {
        let order = shuffled(images.len(), order);
        Self { images, normalisation, augmentation, order, batch_size, next: 0 }
    }

    fn push_image(&self, sample: u32, images: &mut Vec<f32>) {
        let pixels = self.images.image(sample as usize);
        let Some((augmentation, epoch)) = self.augmentation else {
            images.extend(pixels.iter().map(|&pixel| self.normalisation.apply(f32::from(pixel) / 255.0)));
            return;
        };
        let stream = epoch.at(u64::from(sample));
        let mut image: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
        if augmentation.brightness > 0.0 || augmentation.contrast > 0.0 {
            adjust(&mut image, augmentation.draw_factors(stream));
        }
        let start = images.len();
        images.resize(start + image.len(), 0.0);
        let size = self.images.size;
        warp(&image, size, &augmentation.draw(stream, size), &mut images[start..]);
        for value in &mut images[start..] {
            *value = self.normalisation.apply(*value);
        }
    }
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let end = (self.next + self.batch_size).min(self.order.len());
        let samples = self.order[self.next..end].to_vec();
        self.next = end;
        if samples.is_empty() {
            return None;
        }
        let mut images = Vec::with_capacity(samples.len() * self.images.size * self.images.size);
        for &sample in &samples {
            self.push_image(sample, &mut images);
        }
        let labels = samples.iter().map(|&sample| self.images.labels[sample as usize]).collect();
        Some(Batch { images, labels, samples })
    }
}

impl ExactSizeIterator for Batches<'_> {
    fn len(&self) -> usize {
        (self.order.len() - self.next).div_ceil(self.batch_size)
    }
}

/// 0 to `count - 1` in an order where every one is as likely (Fisher and Yates).
fn shuffled(count: usize, stream: Stream) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    for i in (1..count).rev() {
        order.swap(i, stream.below(i as u64, i as u64 + 1) as usize);
    }
    order
}
