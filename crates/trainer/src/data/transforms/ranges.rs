use serde::{Deserialize, Serialize};

use super::colour::{brighten, contrast};
use super::{AffineTransform, Fill, Picture, Scratch, Setting};
use crate::TrainError;
use crate::config::Range;
use crate::random::Stream;

/// The first form of augmentation, an object: brightness, then contrast, then one affine transformation on black. Its draws
/// are those of programs before there were lists.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ranges {
    /// As in [`AffineTransform`], and the four that follow.
    pub rotation: f64,
    /// Maximum translation along each axis.
    pub translation: f64,
    /// Smallest scale factor.
    pub scale_min: f64,
    /// Largest scale factor.
    pub scale_max: f64,
    /// Maximum shear.
    pub shear: f64,
    /// Brightness is multiplied by at most 1 + this and at least 1 - this.
    pub brightness: f64,
    /// The distance from the image's mean likewise.
    pub contrast: f64,
}

impl Ranges {
    pub(super) fn check(&self) -> Result<(), TrainError> {
        let at = Setting::whole("augmentation");
        self.affine().check(at)?;
        at.number("brightness", self.brightness, Range::at_least(0.0).at_most(10.0))?;
        at.number("contrast", self.contrast, Range::at_least(0.0).at_most(10.0))
    }

    fn affine(&self) -> AffineTransform {
        let &Self { rotation, translation, scale_min, scale_max, shear, .. } = self;
        AffineTransform { rotation, translation, scale_min, scale_max, shear, fill: Fill::default() }
    }

    /// Augments one image by its own stream.
    pub(super) fn apply(&self, stream: Stream, picture: &mut Picture, scratch: &mut Scratch) {
        if self.brightness > 0.0 || self.contrast > 0.0 {
            let factor = |position, range: f64| stream.uniform(position, (1.0 - range).max(0.0), 1.0 + range);
            brighten(picture, factor(5, self.brightness));
            contrast(picture, factor(6, self.contrast));
        }
        let affine = self.affine();
        affine.draw(stream, picture.size).apply(affine.fill, picture, scratch);
    }
}
