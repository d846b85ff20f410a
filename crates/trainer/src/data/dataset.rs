use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Images;
use super::draw::{Strata, rank};
use super::idx::{IdxLabels, open_images, read_labels};
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

/// The normalisation of pixels in `[0, 1]`: `(x - mean) / deviation`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Mean of all pixels.
    pub mean: f64,
    /// Standard deviation of all pixels.
    pub deviation: f64,
}

/// Which images of a data set are used, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Selection {
    /// Use only so many training images, the held-out ones among them; all if `None`.
    pub limit_train: Option<usize>,
    /// Use only so many test images; all if `None`.
    pub limit_test: Option<usize>,
    /// Hold out so many training images for validation. 0 if the source has a validation set of its own, which is held out
    /// then.
    pub holdout: usize,
    /// Whether test images are evaluated. If not, their files are not opened.
    pub judge_test: bool,
    /// The seed by which limited and held-out images are drawn from each class, in proportion. `None` takes the first images
    /// for limits and the last for the holdout, as programs before this was kept.
    pub draw_seed: Option<u64>,
}

/// The number of images of each class, by label, in the parts of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassCounts {
    /// To train on.
    pub train: Vec<usize>,
    /// Held out for validation, if any are.
    pub holdout: Option<Vec<usize>>,
    /// To test with, if test images are evaluated.
    pub test: Option<Vec<usize>>,
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
    /// Reads the files, checks them against the net, and selects images.
    ///
    /// # Errors
    ///
    /// [`TrainError::Data`] with the file, the expected and the found content; [`TrainError::Setting`] if no
    /// image would be left to train on.
    pub fn open(source: &DataSource, net: &NetSpec, selection: &Selection) -> Result<Self, TrainError> {
        let [train_files, test_files] = files(source);
        let (all, hashes) = open_set(train_files, net, source.in_memory)?;
        let mut hashes = hashes.to_vec();
        let Parts { train, holdout } = training_parts(source, &all.labels, selection, ranking(&all))?;
        let test = if selection.judge_test {
            let (test, of_test) = open_set(test_files, net, source.in_memory)?;
            hashes.extend(of_test);
            Some(test.view(&test_part(&test.labels, selection, ranking(&test))?))
        } else {
            None
        };
        let train = all.view(&train);
        let holdout = (!holdout.is_empty()).then(|| all.view(&holdout));
        let normalisation = Normalisation::of(&train)?;
        Ok(Self { train, holdout, test, normalisation, hashes })
    }

    /// Counts the images of each class that [`open`](Self::open) would select. Reads labels alone.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open), as far as labels show them.
    pub fn class_counts(source: &DataSource, selection: &Selection) -> Result<ClassCounts, TrainError> {
        let [train_files, test_files] = files(source);
        let unranked = |_, _| Ok(0); // a class's share does not depend on the ranks
        let labels = train_files.read_labels(256)?.labels;
        let Parts { train, holdout } = training_parts(source, &labels, selection, unranked)?;
        let test = if selection.judge_test {
            let labels = test_files.read_labels(256)?.labels;
            Some(counted(&labels, &test_part(&labels, selection, unranked)?))
        } else {
            None
        };
        let holdout = (!holdout.is_empty()).then(|| counted(&labels, &holdout));
        Ok(ClassCounts { train: counted(&labels, &train), holdout, test })
    }

    /// Returns the paths of a folder's test images and their labels.
    #[must_use]
    pub fn test_files(folder: &Path) -> [PathBuf; 2] {
        let [_, test] = files(&DataSource::new(folder));
        [test.images, test.labels]
    }

    /// Describes the files of a source, independent of a net.
    ///
    /// # Errors
    ///
    /// [`TrainError::Data`] for the first file that is missing, damaged, or does not match the others;
    /// [`TrainError::Setting`] if no image would be left to train on.
    pub fn describe(source: &DataSource) -> Result<Description, TrainError> {
        let [train_files, test_files] = files(source);
        let test_images = test_files.images.clone();
        let (train, [first, second]) = read_set(train_files, 256, source.in_memory)?;
        let (test, [third, fourth]) = read_set(test_files, 256, source.in_memory)?;
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
        let trained = train.len() - checked_validation(source, train.len())?;
        let most = train.labels.iter().chain(&test.labels).max().copied().unwrap_or_default();
        let mut survey = Survey::of(train.len() + test.len());
        let mut counts = [[0; 256]; 3];
        let mut buffer = vec![];
        for (images, parts) in [
            (&train, [(Part::Train, 0..trained), (Part::Validation, trained..train.len())].as_slice()),
            (&test, &[(Part::Test, 0..test.len())]),
        ] {
            for (part, range) in parts {
                for index in range.clone() {
                    let label = images.labels[index];
                    counts[*part as usize][usize::from(label)] += 1;
                    survey.add(*part, label, images.image(index, &mut buffer)?, images.channels);
                }
            }
        }
        Ok(Description {
            channels: train.channels,
            size: train.size,
            classes: usize::from(most) + 1,
            train: trained,
            validation: source.validation,
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

impl SetFiles {
    fn read_labels(&self, classes: usize) -> Result<IdxLabels, TrainError> {
        read_labels(&self.labels, classes, self.hashes.as_ref().map(|[_, labels]| labels.as_str()))
    }
}

/// Reads a set that is square and has a label for each image.
fn read_set(files: SetFiles, classes: usize, in_memory: u64) -> Result<(Images, [String; 2]), TrainError> {
    let images_hash = files.hashes.as_ref().map(|[images, _]| images.as_str());
    let ([count, channels, rows, columns], pixels, of_images) =
        open_images(&files.images, images_hash, in_memory)?;
    let IdxLabels { labels, sha256: of_labels } = files.read_labels(classes)?;
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
    Ok((Images::of(channels, rows, pixels, labels), [of_images, of_labels]))
}

/// Reads a set and checks its shape against a net.
fn open_set(files: SetFiles, net: &NetSpec, in_memory: u64) -> Result<(Images, [String; 2]), TrainError> {
    let path = files.images.clone();
    let (images, hashes) = read_set(files, net.classes, in_memory)?;
    let &NetSpec { channels, size, .. } = net;
    if (images.channels, images.size) != (channels, size) {
        return Err(TrainError::Data {
            path,
            expected: format!("images of {channels} x {size} x {size}, which the net takes"),
            found: format!("{} x {} x {}", images.channels, images.size, images.size),
        });
    }
    Ok((images, hashes))
}

impl Selection {
    /// Returns the seed of the draws, if any image is drawn.
    #[must_use]
    pub fn used_draw_seed(&self) -> Option<u64> {
        let draws = self.limit_train.is_some() || self.limit_test.is_some() || self.holdout > 0;
        self.draw_seed.filter(|_| draws)
    }
}

/// Returns the number of validation images, which leaves some of the images of the training files to train on.
fn checked_validation(
    &DataSource { validation, .. }: &DataSource,
    images: usize,
) -> Result<usize, TrainError> {
    if validation < images {
        return Ok(validation);
    }
    let expected = format!("fewer than the {images} images of the training files");
    Err(TrainError::setting("data.validation", expected, validation))
}

/// Indices of training and held-out images.
struct Parts {
    train: Vec<u32>,
    holdout: Vec<u32>,
}

/// Selects from the images of the training files, by their labels. `ranked` returns the rank of an image in the draw of a
/// seed, by its index.
fn training_parts(
    source: &DataSource,
    labels: &[u8],
    selection: &Selection,
    mut ranked: impl FnMut(u64, usize) -> Result<u64, TrainError>,
) -> Result<Parts, TrainError> {
    let &Selection { limit_train, holdout, draw_seed, .. } = selection;
    let validation = checked_validation(source, labels.len())?;
    if validation > 0 && holdout > 0 {
        let expected = format!("left out, since the data have a validation set of {validation} images");
        return Err(TrainError::setting("holdout", expected, holdout));
    }
    let trained = labels.len() - validation;
    let limit = limit_train.unwrap_or(trained).min(trained);
    if holdout >= limit && holdout > 0 {
        let expected = format!("less than the {limit} training images");
        return Err(TrainError::setting("holdout", expected, holdout));
    }
    let range = |from: usize, to: usize| (from as u32..to as u32).collect::<Vec<u32>>();
    let own = range(trained, labels.len());
    Ok(match draw_seed {
        Some(seed) if limit < trained || holdout > 0 => {
            let mut all = Strata::new(&labels[..trained], |index| ranked(seed, index))?;
            let of_each = if holdout > 0 { 2 } else { 1 };
            let mut train = all.take(limit, of_each, 0);
            let drawn = train.take(holdout, 1, 1);
            Parts { train: train.indices(), holdout: if holdout > 0 { drawn.indices() } else { own } }
        }
        _ => {
            let drawn = range(limit - holdout, limit);
            Parts { train: range(0, limit - holdout), holdout: if holdout > 0 { drawn } else { own } }
        }
    })
}

/// Selects from the images of the test files, as [`training_parts`] does.
fn test_part(
    labels: &[u8],
    selection: &Selection,
    mut ranked: impl FnMut(u64, usize) -> Result<u64, TrainError>,
) -> Result<Vec<u32>, TrainError> {
    let limit = selection.limit_test.unwrap_or(labels.len()).min(labels.len());
    match selection.draw_seed {
        Some(seed) if limit < labels.len() => {
            Ok(Strata::new(labels, |index| ranked(seed, index))?.take(limit, 1, 0).indices())
        }
        _ => Ok((0..limit as u32).collect()),
    }
}

/// Ranks images by their pixels.
fn ranking(images: &Images) -> impl FnMut(u64, usize) -> Result<u64, TrainError> {
    let mut buffer = vec![];
    move |seed, index| Ok(rank(seed, images.labels[index], images.image(index, &mut buffer)?))
}

fn counted(labels: &[u8], indices: &[u32]) -> Vec<usize> {
    let mut counts = vec![0; 256];
    for &index in indices {
        counts[usize::from(labels[index as usize])] += 1;
    }
    counts
}

impl Normalisation {
    /// Computes it over all pixels; the deviation is 1 if they are all equal.
    ///
    /// # Errors
    ///
    /// [`TrainError::Data`] if the images are in a file that can't be read any more.
    pub fn of(images: &Images) -> Result<Self, TrainError> {
        // Whole numbers, so exact whatever the order: 2^48 pixels of 255^2 stay below 2^64.
        let (mut sum, mut squares, mut count) = (0_u64, 0_u64, 0_usize);
        let mut buffer = vec![];
        for index in 0..images.len() {
            let pixels = images.image(index, &mut buffer)?;
            count += pixels.len();
            for &pixel in pixels {
                sum += u64::from(pixel);
                squares += u64::from(pixel) * u64::from(pixel);
            }
        }
        let mean = sum as f64 / count as f64;
        let deviation = (squares as f64 / count as f64 - mean * mean).max(0.0).sqrt();
        Ok(Self { mean: mean / 255.0, deviation: if deviation > 0.0 { deviation / 255.0 } else { 1.0 } })
    }

    /// Normalises a pixel in `[0, 1]`.
    #[must_use]
    pub fn apply(&self, value: f32) -> f32 {
        (value - self.mean as f32) / self.deviation as f32
    }
}
