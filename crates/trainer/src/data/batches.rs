use std::borrow::Cow;

use stepladder_kernels::{Bordered, Isa, warp};

use super::pixels::Gathered;
use super::{Augmentation, Images, Normalisation, adjust};
use crate::TrainError;
use crate::random::Stream;

/// A batch of images, which are prepared on demand by the thread that needs them.
#[derive(Debug, Clone)]
pub struct Batch<'a> {
    source: Source<'a>,
    /// `[N]`; empty for images without labels.
    labels: Vec<u8>,
    /// The index of each image in its set, which keys its random streams.
    samples: Vec<u32>,
}

/// A thread's buffers for preparing images.
#[derive(Debug)]
pub struct Preparing {
    isa: Isa,
    source: Bordered,
}

impl Preparing {
    /// Allocates buffers for square images of a size.
    #[must_use]
    pub fn new(isa: Isa, size: usize) -> Self {
        Self { isa, source: Bordered::new(size) }
    }
}

#[derive(Debug, Clone)]
enum Source<'a> {
    /// Images as they are in the files.
    Set {
        /// Whole images, those of the batch among them.
        pixels: Cow<'a, [u8]>,
        /// The index of each image of the batch among them.
        places: Vec<u32>,
        size: usize,
        channels: usize,
        normalisation: Normalisation,
        augmentation: Option<(&'a Augmentation, Stream)>,
    },
    /// The images of this batch, `[N, C, H, W]`, as the net sees them.
    Ready(&'a [f32]),
}

impl<'a> Batch<'a> {
    /// Makes a batch of images of a set by their indices, unaugmented. Images that are not in memory are read.
    ///
    /// # Errors
    ///
    /// [`TrainError::Data`] if their file can't be read any more, or has changed; [`TrainError::Memory`].
    pub fn of(
        images: &'a Images,
        normalisation: Normalisation,
        samples: Vec<u32>,
    ) -> Result<Self, TrainError> {
        let labels = samples.iter().map(|&sample| images.labels[sample as usize]).collect();
        let &Images { channels, size, .. } = images;
        let Gathered { pixels, places } = images.gather(&samples)?;
        let source = Source::Set { pixels, places, size, channels, normalisation, augmentation: None };
        Ok(Self { source, labels, samples })
    }

    /// Makes a batch of images without labels, `[N, channels, size, size]` bytes.
    #[must_use]
    pub fn of_pixels(pixels: &'a [u8], channels: usize, size: usize, normalisation: Normalisation) -> Self {
        let samples: Vec<u32> = (0..(pixels.len() / (channels * size * size)) as u32).collect();
        let (pixels, places) = (Cow::Borrowed(pixels), samples.clone());
        let source = Source::Set { pixels, places, size, channels, normalisation, augmentation: None };
        Self { source, labels: vec![], samples }
    }

    /// Makes a batch of prepared images `[N, C, H, W]`.
    #[must_use]
    pub fn ready(images: &'a [f32], labels: Vec<u8>, samples: Vec<u32>) -> Self {
        Self { source: Source::Ready(images), labels, samples }
    }

    /// Returns the number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether the batch is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Returns the label of each image; empty for images without labels.
    #[must_use]
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Returns the index of each image in its set.
    #[must_use]
    pub fn samples(&self) -> &[u32] {
        &self.samples
    }

    /// Prepares one image, `[C, H, W]`: augmented in training, and normalised.
    pub fn image(&self, index: usize, preparing: &mut Preparing, image: &mut [f32]) {
        let (pixels, size, normalisation, augmentation) = match self.source {
            Source::Ready(images) => {
                return image.copy_from_slice(&images[index * image.len()..][..image.len()]);
            }
            Source::Set { ref pixels, ref places, size, channels, normalisation, augmentation } => {
                let length = channels * size * size;
                (&pixels[places[index] as usize * length..][..length], size, normalisation, augmentation)
            }
        };
        let Some((augmentation, epoch)) = augmentation else {
            for (value, &pixel) in image.iter_mut().zip(pixels) {
                *value = normalisation.apply(f32::from(pixel) / 255.0);
            }
            return;
        };
        let stream = epoch.at(u64::from(self.samples[index]));
        let Preparing { isa, source } = preparing;
        let shade = |pixel: &u8| f32::from(*pixel) / 255.0;
        let adjusted = (augmentation.brightness > 0.0 || augmentation.contrast > 0.0).then(|| {
            let mut adjusted: Vec<f32> = pixels.iter().map(shade).collect();
            adjust(&mut adjusted, pixels.len() / (size * size), augmentation.draw_factors(stream));
            adjusted
        });
        for (channel, warped) in image.chunks_exact_mut(size * size).enumerate() {
            let start = channel * size * size;
            if let Some(adjusted) = &adjusted {
                for (row, from) in source.rows_mut().zip(adjusted[start..].chunks_exact(size)) {
                    row.copy_from_slice(from);
                }
            } else {
                for (row, from) in source.rows_mut().zip(pixels[start..].chunks_exact(size)) {
                    row.iter_mut().zip(from).for_each(|(value, pixel)| *value = shade(pixel));
                }
            }
            warp(*isa, source, &augmentation.draw(stream, size).inverse(), warped);
        }
        for value in image {
            *value = normalisation.apply(*value);
        }
    }

    /// Prepares all images, `[N, C, H, W]`, of `length` numbers each.
    #[must_use]
    pub fn images(&self, preparing: &mut Preparing, length: usize) -> Vec<f32> {
        let mut images = vec![0.0; self.len() * length];
        for (index, image) in images.chunks_exact_mut(length).enumerate() {
            self.image(index, preparing, image);
        }
        images
    }
}

/// The batches of one epoch; each image is in one of them.
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
}

impl<'a> Iterator for Batches<'a> {
    type Item = Result<Batch<'a>, TrainError>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = (self.next + self.batch_size).min(self.order.len());
        let samples = self.order[self.next..end].to_vec();
        self.next = end;
        if samples.is_empty() {
            return None;
        }
        let mut batch = Batch::of(self.images, self.normalisation, samples);
        if let Ok(Batch { source: Source::Set { augmentation, .. }, .. }) = &mut batch {
            *augmentation = self.augmentation;
        }
        Some(batch)
    }
}

impl ExactSizeIterator for Batches<'_> {
    fn len(&self) -> usize {
        (self.order.len() - self.next).div_ceil(self.batch_size)
    }
}

/// Returns 0 to `count - 1` in a uniformly random order (Fisher and Yates).
fn shuffled(count: usize, stream: Stream) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    for i in (1..count).rev() {
        order.swap(i, stream.below(i as u64, i as u64 + 1) as usize);
    }
    order
}
