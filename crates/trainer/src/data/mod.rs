//! Images: from files, in batches, augmented.

mod augment;
mod batches;
mod dataset;
mod draw;
mod idx;
mod pixels;
mod prepare;

pub use augment::{Affine, Augmentation, adjust};
pub use batches::{Batch, Batches, Preparing};
pub use dataset::{ClassCounts, Dataset, Description, Normalisation, Selection};
pub use idx::{IdxImages, IdxLabels, read_image, read_images, read_labels};
pub use pixels::Images;
pub use prepare::{Decoded, Fit, Preparation, brightest, prepare, visible_brightness};
