//! Augmentation: a list of transforms, each in its file, that change training images at random before they are normalised.
//!
//! A transform draws from a stream of its own: a function of seed, epoch, image (or batch, for those that mix images), its
//! kind, and its number among those of its kind. So a transform that is added to a list changes no draw of the others.

mod affine;
mod beta;
mod blur;
mod colour;
mod crop;
mod cutmix;
mod elastic;
mod erase;
mod fill;
mod flip;
mod mix;
mod mixup;
mod noise;
mod ranges;
mod scratch;

use std::fmt::{self, Display, Formatter};

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

pub use self::affine::{Affine, AffineTransform};
pub use self::blur::BlurTransform;
pub use self::colour::{ColourChange, ColourTransform};
pub use self::crop::{Crop, CropTransform};
pub use self::cutmix::CutmixTransform;
pub use self::elastic::ElasticTransform;
pub use self::erase::{EraseTransform, Rectangle};
pub use self::fill::{Colour, Fill};
pub use self::flip::{Direction, FlipTransform};
pub use self::mix::{Mix, label_weights};
pub use self::mixup::MixupTransform;
pub use self::noise::NoiseTransform;
pub use self::ranges::Ranges;
pub use self::scratch::{Picture, Scratch};
use crate::TrainError;
use crate::config::{Range, number};
use crate::net::NetSpec;
use crate::random::Stream;

/// The augmentation of training images.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Augmentation {
    /// The first form: an object.
    Ranges(Ranges),
    /// Transforms, applied in their order.
    List(Vec<Transform>),
}

/// A transform of images, with torchvision's definition and defaults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Transform {
    /// Rotation, translation, scale and shear.
    Affine(AffineTransform),
    /// A mirror image.
    Flip(FlipTransform),
    /// A part of the image with a border.
    Crop(CropTransform),
    /// An erased rectangle.
    Erase(EraseTransform),
    /// Pixels that are moved by smooth distances.
    Elastic(ElasticTransform),
    /// Brightness, contrast, saturation and hue.
    Colour(ColourTransform),
    /// A number added to each value.
    Noise(NoiseTransform),
    /// A Gaussian blur.
    Blur(BlurTransform),
    /// Images of a batch that are blended in pairs.
    Mixup(MixupTransform),
    /// Images of a batch into which a rectangle of another is pasted.
    Cutmix(CutmixTransform),
}

/// Transforms in one list.
const MOST_TRANSFORMS: usize = 32;

/// The part of an epoch's stream from which streams of batches are taken: no image has so high an index.
const BATCHES: u64 = 1 << 32;

impl Augmentation {
    /// Checks every setting, for the images of a net in batches of a size.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`], for the first thing wrong.
    pub(crate) fn check(&self, net: &NetSpec, batch_size: usize) -> Result<(), TrainError> {
        let list = match self {
            Self::Ranges(ranges) => return ranges.check(),
            Self::List(list) => list,
        };
        if !(1..=MOST_TRANSFORMS).contains(&list.len()) {
            let expected = format!("a list of 1 to {MOST_TRANSFORMS} transforms, or left out");
            return Err(TrainError::setting("augmentation", expected, format!("{} of them", list.len())));
        }
        for (index, transform) in list.iter().enumerate() {
            transform.check(Setting { index: Some(index), ..Setting::whole("augmentation") }, net)?;
            if transform.is_mixing() && batch_size < 2 {
                let expected = format!("at least 2, since `augmentation.{index}` mixes images of a batch");
                return Err(TrainError::setting("batchSize", expected, batch_size));
            }
        }
        Ok(())
    }

    fn list(&self) -> &[Transform] {
        match self {
            Self::Ranges(_) => &[],
            Self::List(list) => list,
        }
    }

    /// Returns the most images before it that become part of an image.
    pub(super) fn most_mixed(&self) -> usize {
        self.list().iter().filter(|transform| transform.is_mixing()).count()
    }

    /// Draws how the images of a batch are mixed, one entry for each transform that mixes images; `None` for one that leaves
    /// this batch as it is. `epoch` is the epoch's stream.
    pub(super) fn draw_mixes(&self, epoch: Stream, batch: usize, size: usize) -> Vec<Option<Mix>> {
        let stream = epoch.at(BATCHES).at(batch as u64);
        let streams = own_streams(self.list(), stream);
        streams
            .filter_map(|(transform, stream)| match transform {
                Transform::Mixup(mixup) => Some(mixup.draw(stream)),
                Transform::Cutmix(cutmix) => Some(cutmix.draw(stream, size)),
                _ => None,
            })
            .collect()
    }

    /// Augments consecutive images of a batch, `[N, channels, size, size]`, each by its stream. The first images, one for each
    /// mix that is not `None`, serve those behind them alone: they stay unfinished.
    pub(super) fn apply(
        &self,
        images: &mut [f32],
        [channels, size]: [usize; 2],
        stream_of: impl Fn(usize) -> Stream,
        mixes: &[Option<Mix>],
        scratch: &mut Scratch,
    ) {
        let length = channels * size * size;
        if let Self::Ranges(ranges) = self {
            for (index, values) in images.chunks_exact_mut(length).enumerate() {
                ranges.apply(stream_of(index), &mut Picture { values, size }, scratch);
            }
            return;
        }
        let mut mixes = mixes.iter();
        let mut first = 0;
        for (place, transform) in self.list().iter().enumerate() {
            if transform.is_mixing() {
                let Some(Some(mix)) = mixes.next() else { continue };
                first += 1;
                // From the last on, so that the one before is not mixed yet.
                for index in (first..images.len() / length).rev() {
                    let (before, rest) = images.split_at_mut(index * length);
                    mix.apply(&mut rest[..length], &before[(index - 1) * length..], size);
                }
                continue;
            }
            let key = key_of(self.list(), place);
            for (index, values) in images.chunks_exact_mut(length).enumerate().skip(first) {
                transform.apply(own_stream(stream_of(index), key), &mut Picture { values, size }, scratch);
            }
        }
    }
}

/// Returns each transform with its own stream, from that of an image or a batch.
fn own_streams(list: &[Transform], stream: Stream) -> impl Iterator<Item = (&Transform, Stream)> {
    list.iter()
        .enumerate()
        .map(move |(place, transform)| (transform, own_stream(stream, key_of(list, place))))
}

/// Returns a transform's kind, and its number among those of its kind.
fn key_of(list: &[Transform], place: usize) -> [u64; 2] {
    let kind = list[place].kind();
    [kind, list[..place].iter().filter(|other| other.kind() == kind).count() as u64]
}

fn own_stream(stream: Stream, [kind, ordinal]: [u64; 2]) -> Stream {
    stream.at(kind).at(ordinal)
}

impl Transform {
    fn check(&self, at: Setting, net: &NetSpec) -> Result<(), TrainError> {
        let &NetSpec { channels, size, .. } = net;
        let has_no_range = match *self {
            Self::Affine(affine) => {
                affine == AffineTransform { fill: affine.fill, ..AffineTransform::default() }
            }
            Self::Colour(colour) => colour == ColourTransform::default(),
            _ => false,
        };
        if has_no_range {
            let expected = "a transform with at least one of its ranges, since all are 0 or 1 by default";
            return Err(TrainError::setting(at.to_string(), expected, "none"));
        }
        match self {
            Self::Affine(affine) => affine.check(at),
            Self::Flip(flip) => flip.check(at),
            Self::Crop(crop) => crop.check(at, size),
            Self::Erase(erase) => erase.check(at, size),
            Self::Elastic(elastic) => elastic.check(at, size),
            Self::Colour(colour) => colour.check(at, channels),
            Self::Noise(noise) => noise.check(at),
            Self::Blur(blur) => blur.check(at, size),
            Self::Mixup(mixup) => mixup.check(at),
            Self::Cutmix(cutmix) => cutmix.check(at),
        }
    }

    /// Returns the part of a stream that is for its kind: a number that never changes.
    fn kind(&self) -> u64 {
        match self {
            Self::Affine(_) => 1,
            Self::Flip(_) => 2,
            Self::Crop(_) => 3,
            Self::Erase(_) => 4,
            Self::Elastic(_) => 5,
            Self::Colour(_) => 6,
            Self::Noise(_) => 7,
            Self::Blur(_) => 8,
            Self::Mixup(_) => 9,
            Self::Cutmix(_) => 10,
        }
    }

    /// Whether it mixes images of a batch.
    fn is_mixing(&self) -> bool {
        matches!(self, Self::Mixup(_) | Self::Cutmix(_))
    }

    /// Changes one image by draws from the transform's own stream.
    fn apply(&self, stream: Stream, picture: &mut Picture, scratch: &mut Scratch) {
        let size = picture.size;
        match self {
            Self::Affine(affine) => affine.draw(stream, size).apply(affine.fill, picture, scratch),
            Self::Flip(flip) => {
                if flip.draw(stream) {
                    flip.direction.apply(picture);
                }
            }
            Self::Crop(crop) => crop.draw(stream, size).apply(crop.fill, picture, scratch),
            Self::Erase(erase) => {
                if let Some(rectangle) = erase.draw(stream, size) {
                    rectangle.apply(erase.fill, picture);
                }
            }
            Self::Elastic(elastic) => {
                elastic.draw(stream, size, scratch);
                elastic.apply(picture, scratch);
            }
            Self::Colour(colour) => colour.draw(stream).for_each(|change| change.apply(picture)),
            Self::Noise(noise) => noise.apply(stream, picture),
            Self::Blur(blur) => blur.apply(blur.draw(stream), picture, scratch),
            Self::Mixup(_) | Self::Cutmix(_) => {} // they mix images of a batch
        }
    }
}

/// The setting that a transform is, for sentences.
#[derive(Debug, Clone, Copy)]
struct Setting {
    name: &'static str,
    /// Its place in a list.
    index: Option<usize>,
}

impl Setting {
    fn whole(name: &'static str) -> Self {
        Self { name, index: None }
    }

    /// Checks that a number is in a range.
    fn number(self, name: &str, value: f64, range: Range) -> Result<(), TrainError> {
        number(&format!("{self}.{name}"), value, range)
    }

    fn probability(self, value: f64) -> Result<(), TrainError> {
        self.number("probability", value, Range::at_least(0.0).at_most(1.0))
    }

    fn refuse(self, name: &str, expected: impl Into<String>, got: impl ToString) -> TrainError {
        TrainError::setting(format!("{self}.{name}"), expected, got)
    }
}

impl Display for Setting {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "{}.{index}", self.name),
            None => f.write_str(self.name),
        }
    }
}

impl<'de> Deserialize<'de> for Augmentation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;

        impl<'de> Visitor<'de> for Forms {
            type Value = Augmentation;

            fn expecting(&self, f: &mut Formatter) -> fmt::Result {
                f.write_str("a list of transforms, or an object of ranges")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Augmentation, A::Error> {
                Ranges::deserialize(MapAccessDeserializer::new(map)).map(Augmentation::Ranges)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Augmentation, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Augmentation::List)
            }
        }

        deserializer.deserialize_any(Forms)
    }
}
