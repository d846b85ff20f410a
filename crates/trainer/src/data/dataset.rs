use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::idx::{IdxImages, IdxLabels, read_images, read_labels};
use crate::TrainError;
use crate::config::DataSource;
use crate::net::NetSpec;

/// Training and test images with their labels.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// What is learned from.
    pub train: Images,
    /// What was kept aside of it, to choose by.
    pub holdout: Option<Images>,
    /// What is judged on.
    pub test: Images,
    /// Of the training images.
    pub normalisation: Normalisation,
    /// sha256 of the four files, unpacked: training images, training labels, test images, test labels. Limits change
    /// nothing in them.
    pub hashes: [String; 4],
}

/// Square grey images and their labels.
#[derive(Debug, Clone)]
pub struct Images {
    /// Height and width.
    pub size: usize,
    /// `[N, size, size]`, 0 for black.
    pub pixels: Vec<u8>,
    /// `[N]`.
    pub labels: Vec<u8>,
}

/// What turns pixels in `[0, 1]` into what a net sees: `(x - mean) / deviation`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Mean of all pixels.
    pub mean: f64,
    /// Standard deviation of all pixels.
    pub deviation: f64,
}

/// MNIST's files, and the sha256 of each when unpacked.
const FILES: [(&str, &str); 4] = [
    ("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    ("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    ("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    ("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
];

impl Dataset {
    /// Reads the four files and holds them against the net; limits keep the first images of each set, and the last
    /// `holdout` of the training images that are left are kept aside.
    ///
    /// # Errors
    ///
    /// [`TrainError::Data`] naming the file, what was expected and what is there; [`TrainError::Setting`] where
    /// nothing would be left to learn from.
    pub fn open(
        source: &DataSource,
        net: &NetSpec,
        limit_train: Option<usize>,
        limit_test: Option<usize>,
        holdout: usize,
    ) -> Result<Self, TrainError> {
        let (folder, is_mnist) = match source {
            DataSource::Mnist(folder) => (folder, true),
            DataSource::Folder(folder) => (folder, false),
        };
        let [train_images, train_labels, test_images, test_labels] =
            FILES.map(|(name, sha256)| (find(folder, name), is_mnist.then_some(sha256)));
        let (mut train, [first, second]) = open_set(train_images, train_labels, net, limit_train)?;
        let (test, [third, fourth]) = open_set(test_images, test_labels, net, limit_test)?;
        if holdout >= train.len() && holdout > 0 {
            let expected = format!("less than the {} training images", train.len());
            return Err(TrainError::setting("holdout", expected, holdout));
        }
        let holdout = (holdout > 0).then(|| train.split_off(train.len() - holdout));
        let normalisation = Normalisation::of(&train.pixels);
        Ok(Self { train, holdout, test, normalisation, hashes: [first, second, third, fourth] })
    }

    /// Whether a folder holds MNIST's own four files.
    ///
    /// # Errors
    ///
    /// [`TrainError::Data`] for the first that is missing or differs.
    pub fn check_mnist(folder: &Path) -> Result<(), TrainError> {
        let [train_images, train_labels, test_images, test_labels] =
            FILES.map(|(name, sha256)| (find(folder, name), sha256));
        for (path, sha256) in [train_images, test_images] {
            read_images(&path, Some(sha256))?;
        }
        for (path, sha256) in [train_labels, test_labels] {
            read_labels(&path, 10, Some(sha256))?;
        }
        Ok(())
    }
}

/// The plain file, or its `.gz` where only that is there.
fn find(folder: &Path, name: &str) -> PathBuf {
    let plain = folder.join(name);
    let zipped = folder.join(format!("{name}.gz"));
    if !plain.exists() && zipped.exists() { zipped } else { plain }
}

fn open_set(
    (images_path, images_hash): (PathBuf, Option<&str>),
    (labels_path, labels_hash): (PathBuf, Option<&str>),
    net: &NetSpec,
    limit: Option<usize>,
) -> Result<(Images, [String; 2]), TrainError> {
    let IdxImages { count, rows, columns, mut pixels, sha256: of_images } =
        read_images(&images_path, images_hash)?;
    let IdxLabels { mut labels, sha256: of_labels } = read_labels(&labels_path, net.classes, labels_hash)?;
    let size = net.size;
    if (rows, columns) != (size, size) || net.channels != 1 {
        return Err(TrainError::Data {
            path: images_path,
            expected: format!("images of {} x {size} x {size}, which the net takes", net.channels),
            found: format!("1 x {rows} x {columns}"),
        });
    }
    if labels.len() != count {
        return Err(TrainError::Data {
            path: labels_path,
            expected: format!("{count} labels, one for each image in {}", images_path.display()),
            found: format!("{} labels", labels.len()),
        });
    }
    let count = limit.unwrap_or(count).min(count);
    pixels.truncate(count * size * size);
    labels.truncate(count);
    Ok((Images { size, pixels, labels }, [of_images, of_labels]))
}

impl Images {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Keeps the first `count` images, and returns the others.
    fn split_off(&mut self, count: usize) -> Self {
        let pixels = self.pixels.split_off(count * self.size * self.size);
        Self { size: self.size, pixels, labels: self.labels.split_off(count) }
    }

    /// The pixels of one image.
    #[must_use]
    pub fn image(&self, index: usize) -> &[u8] {
        let length = self.size * self.size;
        &self.pixels[index * length..][..length]
    }
}

impl Normalisation {
    /// Of all pixels together; images of a single shade are left undivided.
    #[must_use]
    pub fn of(pixels: &[u8]) -> Self {
        // Whole numbers, so exact whatever the order: 2^32 pixels of 255^2 stay below 2^48.
        let (sum, squares) = pixels.iter().fold((0_u64, 0_u64), |(sum, squares), &pixel| {
            (sum + u64::from(pixel), squares + u64::from(pixel) * u64::from(pixel))
        });
        let count = pixels.len() as f64;
        let mean = sum as f64 / count;
        let deviation = (squares as f64 / count - mean * mean).max(0.0).sqrt();
        Self { mean: mean / 255.0, deviation: if deviation > 0.0 { deviation / 255.0 } else { 1.0 } }
    }

    /// Normalises a pixel in `[0, 1]`.
    #[must_use]
    pub fn apply(&self, value: f32) -> f32 {
        (value - self.mean as f32) / self.deviation as f32
    }
}
