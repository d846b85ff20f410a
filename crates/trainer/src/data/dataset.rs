use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::idx::{IdxImages, IdxLabels, read_images, read_labels};
use super::survey::{Finding, Part, Survey};
use crate::TrainError;
use crate::config::DataSource;
use crate::net::NetSpec;

/// Training and test images with their labels.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The images to train on.
    pub train: Images,
    /// The held-out images, for validation.
    pub holdout: Option<Images>,
    /// The test images; `None` if they are not evaluated, and their files not opened.
    pub test: Option<Images>,
    /// Of the training images.
    pub normalisation: Normalisation,
    /// sha256 of the files that were read, unpacked: training images, training labels, then test images and test labels
    /// where there are any. Limits change nothing in them.
    pub hashes: Vec<String>,
}

/// Square images and their labels.
#[derive(Debug, Clone)]
pub struct Images {
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Height and width.
    pub size: usize,
    /// `[N, channels, size, size]`, 0 for black.
    pub pixels: Vec<u8>,
    /// `[N]`.
    pub labels: Vec<u8>,
}

/// The normalisation of pixels in `[0, 1]`: `(x - mean) / deviation`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Mean of all pixels.
    pub mean: f64,
    /// Standard deviation of all pixels.
    pub deviation: f64,
}

/// The content of the four files of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Of each image.
    pub channels: usize,
    /// Height and width.
    pub size: usize,
    /// One more than the largest label.
    pub classes: usize,
    /// Training images.
    pub train: usize,
    /// Validation images, the last ones of the files of training images.
    pub validation: usize,
    /// Test images.
    pub test: usize,
    /// sha256 of the four files, unpacked: training images, training labels, test images, test labels.
    pub hashes: [String; 4],
    /// The number of images of each label, of training, validation and test images.
    pub counts: [[usize; 256]; 3],
    /// What stands out in the images.
    pub findings: Vec<Finding>,
}

/// The beginnings of the files' names, images before labels.
const SETS: [&str; 2] = ["train", "t10k"];

impl Dataset {
    /// Reads the files and checks them against the net. Limits keep the first images of each set; the last `holdout` of
    /// the remaining training images are held out. The test images' files are opened only if `limit_test` is `Some`:
    /// otherwise they need not exist.
    ///
    /// # Errors
    ///
    /// [`TrainError::Data`] with the file, the expected and the found content; [`TrainError::Setting`] if no
    /// image would be left to train on.
    pub fn open(
        source: &DataSource,
        net: &NetSpec,
        limit_train: Option<usize>,
        limit_test: Option<Option<usize>>,
        holdout: usize,
    ) -> Result<Self, TrainError> {
        let [train_files, test_files] = files(source);
        let (mut train, hashes) = open_set(train_files, net, limit_train)?;
        let mut hashes = hashes.to_vec();
        let test = match limit_test {
            Some(limit) => {
                let (test, of_test) = open_set(test_files, net, limit)?;
                hashes.extend(of_test);
                Some(test)
            }
            None => None,
        };
        if holdout >= train.len() && holdout > 0 {
            let expected = format!("less than the {} training images", train.len());
            return Err(TrainError::setting("holdout", expected, holdout));
        }
        let holdout = (holdout > 0).then(|| train.split_off(train.len() - holdout));
        let normalisation = Normalisation::of(&train.pixels);
        Ok(Self { train, holdout, test, normalisation, hashes })
    }

    /// Returns the paths of a folder's test images and their labels.
    #[must_use]
    pub fn test_files(folder: &Path) -> [PathBuf; 2] {
        let [_, test] = files(&DataSource { folder: folder.to_owned(), hashes: None });
        [test.images, test.labels]
    }

    /// Describes the files of a source, independent of a net. The last `validation` images of the training files are for
    /// validation.
    ///
    /// # Errors
    ///
    /// [`TrainError::Data`] for the first file that is missing, damaged, or does not match the others;
    /// [`TrainError::Setting`] if no image would be left to train on.
    pub fn describe(source: &DataSource, validation: usize) -> Result<Description, TrainError> {
        let [train_files, test_files] = files(source);
        let test_images = test_files.images.clone();
        let (train, [first, second]) = read_set(train_files, 256)?;
        let (test, [third, fourth]) = read_set(test_files, 256)?;
        if (train.channels, train.size) != (test.channels, test.size) {
            return Err(TrainError::Data {
                path: test_images,
                expected: format!(
                    "images of {} x {} x {}, as those for training",
                    train.channels, train.size, train.size
                ),
                found: format!("{} x {} x {}", test.channels, test.size, test.size),
            });
        }
        let Some(trained) = train.len().checked_sub(validation).filter(|&trained| trained > 0) else {
            let expected = format!("less than the {} images of the training files", train.len());
            return Err(TrainError::setting("validation", expected, validation));
        };
        let most = train.labels.iter().chain(&test.labels).max().copied().unwrap_or_default();
        let mut survey = Survey::of(train.len() + test.len());
        let mut counts = [[0; 256]; 3];
        for (images, parts) in [
            (&train, [(Part::Train, 0..trained), (Part::Validation, trained..train.len())].as_slice()),
            (&test, &[(Part::Test, 0..test.len())]),
        ] {
            for (part, range) in parts {
                for index in range.clone() {
                    let label = images.labels[index];
                    counts[*part as usize][usize::from(label)] += 1;
                    survey.add(*part, label, images.image(index), images.channels);
                }
            }
        }
        Ok(Description {
            channels: train.channels,
            size: train.size,
            classes: usize::from(most) + 1,
            train: trained,
            validation,
            test: test.len(),
            hashes: [first, second, third, fourth],
            counts,
            findings: survey.findings(),
        })
    }
}

/// The two files of a set, and their expected hashes, if any.
struct SetFiles {
    images: PathBuf,
    labels: PathBuf,
    hashes: Option<[String; 2]>,
}

fn files(source: &DataSource) -> [SetFiles; 2] {
    let hashes = source.hashes.clone().map(|[a, b, c, d]| [[a, b], [c, d]]);
    [0, 1].map(|i| SetFiles {
        images: find(
            &source.folder,
            &[format!("{}-images-idx3-ubyte", SETS[i]), format!("{}-images-idx4-ubyte", SETS[i])],
        ),
        labels: find(&source.folder, &[format!("{}-labels-idx1-ubyte", SETS[i])]),
        hashes: hashes.as_ref().map(|hashes| hashes[i].clone()),
    })
}

/// Returns the first of the names that exists, plain or as `.gz`; the first name if none does.
fn find(folder: &Path, names: &[String]) -> PathBuf {
    names
        .iter()
        .flat_map(|name| [folder.join(name), folder.join(format!("{name}.gz"))])
        .find(|path| path.exists())
        .unwrap_or_else(|| folder.join(&names[0]))
}

/// Reads a set that is square and has a label for each image.
fn read_set(files: SetFiles, classes: usize) -> Result<(Images, [String; 2]), TrainError> {
    let [images_hash, labels_hash] = files.hashes.map_or([None, None], |hashes| hashes.map(Some));
    let IdxImages { count, channels, rows, columns, pixels, sha256: of_images } =
        read_images(&files.images, images_hash.as_deref())?;
    let IdxLabels { labels, sha256: of_labels } =
        read_labels(&files.labels, classes, labels_hash.as_deref())?;
    if rows != columns || ![1, 3].contains(&channels) {
        return Err(TrainError::Data {
            path: files.images,
            expected: "square images of one channel or three".into(),
            found: format!("{channels} x {rows} x {columns} (channels, height, width)"),
        });
    }
    if labels.len() != count {
        return Err(TrainError::Data {
            path: files.labels,
            expected: format!("{count} labels, one for each image in {}", files.images.display()),
            found: format!("{} labels", labels.len()),
        });
    }
    Ok((Images { channels, size: rows, pixels, labels }, [of_images, of_labels]))
}

/// Reads the first images of a set and checks their shape against a net.
fn open_set(
    files: SetFiles,
    net: &NetSpec,
    limit: Option<usize>,
) -> Result<(Images, [String; 2]), TrainError> {
    let path = files.images.clone();
    let (mut images, hashes) = read_set(files, net.classes)?;
    let &NetSpec { channels, size, .. } = net;
    if (images.channels, images.size) != (channels, size) {
        return Err(TrainError::Data {
            path,
            expected: format!("images of {channels} x {size} x {size}, which the net takes"),
            found: format!("{} x {} x {}", images.channels, images.size, images.size),
        });
    }
    let count = limit.unwrap_or(images.len()).min(images.len());
    let _ = images.split_off(count);
    Ok((images, hashes))
}

impl Images {
    /// Returns the number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Keeps the first `count` images, and returns the others.
    fn split_off(&mut self, count: usize) -> Self {
        let pixels = self.pixels.split_off(count * self.length());
        Self { channels: self.channels, size: self.size, pixels, labels: self.labels.split_off(count) }
    }

    /// Returns the pixels of one image.
    #[must_use]
    pub fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * self.length()..][..self.length()]
    }

    /// Returns the number of values of an image.
    fn length(&self) -> usize {
        self.channels * self.size * self.size
    }
}

impl Normalisation {
    /// Computes it over all pixels; the deviation is 1 if they are all equal.
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
