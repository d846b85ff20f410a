//! Images: from files, in batches, augmented.

mod augment;
mod batches;
mod dataset;
mod idx;
mod prepare;
mod survey;

pub use augment::{Affine, Augmentation, adjust};
pub use batches::{Batch, Batches, Preparing};
pub use dataset::{Dataset, Description, Images, Normalisation};
pub use idx::{IdxImages, IdxLabels, read_images, read_labels};
pub use prepare::{Decoded, Fit, Preparation, brightest, prepare, visible_brightness};
pub use survey::{Finding, FindingKind, Part, Place, Survey};
