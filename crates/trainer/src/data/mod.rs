//! Images: from files, in batches, augmented.

mod batches;
mod dataset;
mod digit;
mod draw;
mod idx;
mod pixels;
mod prepare;
mod sheet;
mod survey;
pub mod transforms;

pub use batches::{Batch, Batches, Preparing, SoftTargets, Target};
pub use dataset::{ClassCounts, Dataset, Description, Normalisation, Selection};
pub use digit::{Digit, Found, separate_digit};
pub use idx::{IdxImages, IdxLabels, read_image, read_images, read_labels};
pub use pixels::Images;
pub use prepare::{Decoded, Fit, Preparation, brightest, prepare, visible_brightness};
pub use sheet::Sheet;
pub use survey::{Finding, FindingKind, Part, Place, Survey};
pub use transforms::Augmentation;
