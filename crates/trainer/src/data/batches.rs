use std::borrow::Cow;

use stepladder_kernels::{Isa, LANES};

use super::pixels::Gathered;
use super::transforms::{Augmentation, Mix, Scratch, label_weights};
use super::{Images, Normalisation};
use crate::TrainError;
use crate::alloc::zeros;
use crate::random::Stream;

/// A batch of images, which are prepared on demand by the thread that needs them.
#[derive(Debug, Clone)]
pub struct Batch<'a> {
    source: Source<'a>,
    /// `[N]`; empty for images without labels.
    labels: Vec<u8>,
    /// The index of each image in its set, which keys its random streams.
    samples: Vec<u32>,
    /// How each image is mixed with those before it.
    mixes: Vec<Option<Mix>>,
    /// Of an image's target: the weight of its own label, of the label before it, and so on.
    label_weights: Vec<f64>,
    soft_targets: Option<SoftTargets>,
}

/// A teacher's answers for the images of a batch, and their part in the loss.
#[derive(Debug, Clone, PartialEq)]
pub struct SoftTargets {
    /// The teacher's logits, `[N, classes]`.
    pub logits: Vec<f32>,
    /// The temperature: logits of both nets are divided by it.
    pub temperature: f64,
    /// The weight of the teacher's part in the loss; that of the labels is the rest of 1.
    pub weight: f64,
}

/// What the net should answer for an image: a weight for each label, 1 in all.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    batch: &'a Batch<'a>,
    index: usize,
}

/// A thread's buffers for preparing images.
#[derive(Debug)]
pub struct Preparing {
    /// `None` if nothing is augmented.
    scratch: Option<Scratch>,
    /// Images to be mixed, those before the first ones among them, `[N, C, H, W]`.
    mixed: Vec<f32>,
}

impl Preparing {
    /// Allocates buffers for square images of `[channels, size]`, in batches that are augmented as `augmentation` says or not
    /// at all.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`].
    pub fn new(
        isa: Isa,
        [channels, size]: [usize; 2],
        augmentation: Option<&Augmentation>,
    ) -> Result<Self, TrainError> {
        let scratch = augmentation.map(|_| Scratch::new(isa, size)).transpose()?;
        let before = augmentation.map_or(0, Augmentation::most_mixed);
        let images = if before > 0 { LANES + before } else { 0 };
        Ok(Self { scratch, mixed: zeros(images * channels * size * size)? })
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
        Ok(Self::new(source, labels, samples))
    }

    /// Makes a batch of images without labels, `[N, channels, size, size]` bytes.
    #[must_use]
    pub fn of_pixels(pixels: &'a [u8], channels: usize, size: usize, normalisation: Normalisation) -> Self {
        let samples: Vec<u32> = (0..(pixels.len() / (channels * size * size)) as u32).collect();
        let (pixels, places) = (Cow::Borrowed(pixels), samples.clone());
        let source = Source::Set { pixels, places, size, channels, normalisation, augmentation: None };
        Self::new(source, vec![], samples)
    }

    /// Makes a batch of prepared images `[N, C, H, W]`.
    #[must_use]
    pub fn ready(images: &'a [f32], labels: Vec<u8>, samples: Vec<u32>) -> Self {
        Self::new(Source::Ready(images), labels, samples)
    }

    fn new(source: Source<'a>, labels: Vec<u8>, samples: Vec<u32>) -> Self {
        Self { source, labels, samples, mixes: vec![], label_weights: vec![1.0], soft_targets: None }
    }

    /// Returns the same images, augmented alike, with another normalisation; those of [`Batch::ready`] stay as they are.
    #[must_use]
    pub fn with_normalisation(&self, normalisation: Normalisation) -> Batch<'_> {
        let source = match &self.source {
            Source::Ready(images) => Source::Ready(images),
            Source::Set { pixels, places, size, channels, augmentation, .. } => Source::Set {
                pixels: Cow::Borrowed(&**pixels),
                places: places.clone(),
                size: *size,
                channels: *channels,
                normalisation,
                augmentation: *augmentation,
            },
        };
        let (mixes, label_weights) = (self.mixes.clone(), self.label_weights.clone());
        Batch { mixes, label_weights, ..Batch::new(source, self.labels.clone(), self.samples.clone()) }
    }

    /// Sets the answers of a teacher, which the loss of the batch then compares with those of the net.
    pub fn set_soft_targets(&mut self, soft_targets: SoftTargets) {
        self.soft_targets = Some(soft_targets);
    }

    /// Returns the answers of a teacher; `None` without one.
    #[must_use]
    pub fn soft_targets(&self) -> Option<&SoftTargets> {
        self.soft_targets.as_ref()
    }

    /// Augments images of a set by the stream of an epoch; `place` is the batch's in it.
    fn augment(&mut self, by: &'a Augmentation, epoch: Stream, place: usize) {
        if let Source::Set { augmentation, size, .. } = &mut self.source {
            *augmentation = Some((by, epoch));
            self.mixes = by.draw_mixes(epoch, place, *size);
            let drawn: Vec<Mix> = self.mixes.iter().flatten().copied().collect();
            self.label_weights = label_weights(&drawn, *size);
        }
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

    /// Returns the label of each image, as it is before images are mixed; empty for images without labels.
    #[must_use]
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Returns the index of each image in its set.
    #[must_use]
    pub fn samples(&self) -> &[u32] {
        &self.samples
    }

    /// Whether targets may have more than one label.
    #[must_use]
    pub fn is_mixed(&self) -> bool {
        self.label_weights.len() > 1
    }

    /// Returns the target of an image with a label.
    #[must_use]
    pub fn target(&self, index: usize) -> Target<'_> {
        Target { batch: self, index }
    }

    /// Returns the index of the image that stands so many places before another; before the first stands the last.
    fn before(&self, index: usize, places: usize) -> usize {
        (index + places * (self.len() - 1)) % self.len()
    }

    /// Prepares the images from `first` on, at most 16, `[N, C, H, W]`: augmented in training, and normalised.
    ///
    /// # Panics
    ///
    /// If the buffers are not those of the batch's augmentation.
    pub fn prepare(&self, first: usize, preparing: &mut Preparing, images: &mut [f32]) {
        let (pixels, places, [channels, size], normalisation, augmentation) = match self.source {
            Source::Ready(ready) => {
                let length = ready.len() / self.len();
                return images.copy_from_slice(&ready[first * length..][..images.len()]);
            }
            Source::Set { ref pixels, ref places, size, channels, normalisation, augmentation } => {
                (pixels, places, [channels, size], normalisation, augmentation)
            }
        };
        let length = channels * size * size;
        let shade = |index: usize, image: &mut [f32]| {
            let pixels = &pixels[places[index] as usize * length..][..length];
            for (value, &pixel) in image.iter_mut().zip(pixels) {
                *value = f32::from(pixel) / 255.0;
            }
        };
        let Preparing { scratch, mixed } = preparing;
        assert!(augmentation.is_none() || scratch.is_some(), "buffers for the augmentation of this batch");
        let (Some((augmentation, epoch)), Some(scratch)) = (augmentation, scratch) else {
            for (index, image) in images.chunks_exact_mut(length).enumerate() {
                shade(first + index, image);
            }
            return images.iter_mut().for_each(|value| *value = normalisation.apply(*value));
        };
        let stream_of = |index: usize| epoch.at(u64::from(self.samples[index]));
        let before = self.label_weights.len() - 1;
        if before == 0 {
            for (index, image) in images.chunks_exact_mut(length).enumerate() {
                shade(first + index, image);
                let stream = |_| stream_of(first + index);
                augmentation.apply(image, [channels, size], stream, &self.mixes, scratch);
                image.iter_mut().for_each(|value| *value = normalisation.apply(*value));
            }
            return;
        }
        let place = |index: usize| self.before(first + index, before);
        let mixed = &mut mixed[..images.len() + before * length];
        for (index, image) in mixed.chunks_exact_mut(length).enumerate() {
            shade(place(index), image);
        }
        let stream = |index| stream_of(place(index));
        augmentation.apply(mixed, [channels, size], stream, &self.mixes, scratch);
        for (value, &mixed) in images.iter_mut().zip(&mixed[before * length..]) {
            *value = normalisation.apply(mixed);
        }
    }

    /// Prepares all images, `[N, C, H, W]`, of `length` numbers each.
    #[must_use]
    pub fn images(&self, preparing: &mut Preparing, length: usize) -> Vec<f32> {
        let mut images = vec![0.0; self.len() * length];
        for (part, images) in images.chunks_mut(LANES * length).enumerate() {
            self.prepare(part * LANES, preparing, images);
        }
        images
    }
}

impl<'a> Target<'a> {
    /// Returns the teacher's logits for the image, with the answers that they belong to; `None` without a teacher.
    #[must_use]
    pub fn soft(&self) -> Option<(&'a SoftTargets, &'a [f32])> {
        let soft_targets = self.batch.soft_targets.as_ref()?;
        let classes = soft_targets.logits.len() / self.batch.len();
        Some((soft_targets, &soft_targets.logits[self.index * classes..][..classes]))
    }

    /// Returns the number of images of its batch.
    #[must_use]
    pub fn images(&self) -> usize {
        self.batch.len()
    }

    /// Returns the weight of a label.
    #[must_use]
    pub fn weight(&self, label: usize) -> f64 {
        let Batch { labels, label_weights, .. } = self.batch;
        let of = |&(places, _): &(usize, &f64)| {
            usize::from(labels[self.batch.before(self.index, places)]) == label
        };
        label_weights.iter().enumerate().filter(of).map(|(_, weight)| weight).sum()
    }

    /// Returns the label of the largest weight, the lowest one of equals: the label by which predictions count as correct.
    #[must_use]
    pub fn label(&self) -> u8 {
        let Batch { labels, label_weights, .. } = self.batch;
        let candidates = (0..label_weights.len()).map(|places| labels[self.batch.before(self.index, places)]);
        let better = |best: Option<(u8, f64)>, label: u8| {
            let weight = self.weight(usize::from(label));
            match best {
                Some((other, most)) if most > weight || (most == weight && other <= label) => best,
                _ => Some((label, weight)),
            }
        };
        candidates.fold(None, better).map_or(0, |(label, _)| label)
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
        let place = self.next / self.batch_size;
        self.next = end;
        if samples.is_empty() {
            return None;
        }
        let mut batch = Batch::of(self.images, self.normalisation, samples);
        if let (Ok(batch), Some((augmentation, epoch))) = (&mut batch, self.augmentation) {
            batch.augment(augmentation, epoch, place);
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
