//! Images: from files, in batches, augmented.

mod augment;
mod batches;
mod dataset;
mod idx;

pub use augment::{Affine, Augmentation, adjust, warp};
pub use batches::{Batch, Batches};
pub use dataset::{Dataset, Images, Normalisation};
pub use idx::{IdxImages, IdxLabels, read_images, read_labels};
