use std::path::Path;

use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi::{Either, Env, Task};
use napi_derive::napi;
use stepladder_trainer::TrainError;
use stepladder_trainer::config::as_whole;
use stepladder_trainer::data::{self, Dataset, read_image, read_images, read_labels};

use crate::options::data_source;
use crate::{Failure, ImageSelection, guarded};

/// The images of an IDX file.
#[napi(object)]
pub struct IdxImages {
    /// Number of images.
    pub count: f64,
    /// 1 for grey, 3 for RGB.
    pub channels: f64,
    /// Height of each.
    pub rows: f64,
    /// Width of each.
    pub columns: f64,
    /// `[count, channels, rows, columns]`, a byte each.
    pub pixels: Uint8Array,
}

impl From<data::IdxImages> for IdxImages {
    fn from(images: data::IdxImages) -> Self {
        Self {
            count: images.count as f64,
            channels: images.channels as f64,
            rows: images.rows as f64,
            columns: images.columns as f64,
            pixels: images.pixels.into(),
        }
    }
}

/// Reads an IDX file of images, plain or `.gz`, on a thread of libuv's pool. Every field of the file is checked.
#[napi(ts_return_type = "Promise<IdxImages | Failure>")]
pub fn read_idx_images(path: String) -> AsyncTask<ReadingImages> {
    AsyncTask::new(ReadingImages { path })
}

/// The task of [`read_idx_images`].
pub struct ReadingImages {
    path: String,
}

impl Task for ReadingImages {
    type Output = Result<data::IdxImages, Failure>;
    type JsValue = Either<IdxImages, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(guarded(|| read_images(Path::new(&self.path), None)))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(match output {
            Ok(images) => Either::A(images.into()),
            Err(failure) => Either::B(failure),
        })
    }
}

/// Reads the test images of a folder of four IDX files, on the calling thread.
#[napi]
pub fn read_test_images(folder: String) -> Either<IdxImages, Failure> {
    match guarded(|| read_images(&Dataset::test_files(Path::new(&folder))[0], None)) {
        Ok(images) => Either::A(images.into()),
        Err(failure) => Either::B(failure),
    }
}

/// Reads one test image of a folder of four IDX files, on the calling thread: `channels * size * size` bytes.
#[napi]
pub fn read_test_image(folder: String, index: f64) -> Either<Uint8Array, Failure> {
    let images = &Dataset::test_files(Path::new(&folder))[0];
    match guarded(|| read_image(images, as_whole("index", index)?)) {
        Ok(image) => Either::A(image.into()),
        Err(failure) => Either::B(failure),
    }
}

/// Reads an IDX file of labels, plain or `.gz`, on the calling thread.
#[napi]
pub fn read_idx_labels(path: String) -> Either<Uint8Array, Failure> {
    labels_in(Path::new(&path))
}

/// Reads the labels of the test images of a folder of four IDX files, on the calling thread.
#[napi]
pub fn read_test_labels(folder: String) -> Either<Uint8Array, Failure> {
    labels_in(&Dataset::test_files(Path::new(&folder))[1])
}

fn labels_in(path: &Path) -> Either<Uint8Array, Failure> {
    match guarded(|| read_labels(path, 256, None)) {
        Ok(labels) => Either::A(labels.labels.into()),
        Err(failure) => Either::B(failure),
    }
}

/// The contents of four IDX files.
#[napi(object)]
pub struct DataDescription {
    /// Channels of each image: 1 or 3.
    pub channels: f64,
    /// Height and width of each image, in pixels.
    pub size: f64,
    /// One more than the largest label.
    pub classes: f64,
    /// Number of training images, without those for validation.
    pub train: f64,
    /// Number of validation images.
    pub validation: f64,
    /// Number of test images.
    pub test: f64,
    /// sha256 of training images, training labels, test images and test labels, unpacked.
    pub hashes: Vec<String>,
    /// For training, validation and test images: the number of images of each class.
    pub counts: Vec<Vec<f64>>,
    /// What stands out in the images.
    pub findings: Vec<Finding>,
}

/// A part of a data set.
#[napi(string_enum = "camelCase")]
pub enum Part {
    Train,
    Validation,
    Test,
}

/// Something that stands out in images: they are `blank`, `equal` to an earlier one of their part, equal to an earlier one of
/// another label (`conflicting`), or in two parts.
#[napi(string_enum = "camelCase")]
pub enum FindingKind {
    Blank,
    Equal,
    Conflicting,
    ValidationInTrain,
    TestInTrain,
    TestInValidation,
}

/// One image of a data set.
#[napi(object)]
pub struct Place {
    /// Where it lies.
    pub part: Part,
    /// Its position there, from 0.
    pub index: f64,
}

/// The number of images in which something stands out.
#[napi(object)]
pub struct Finding {
    pub kind: FindingKind,
    /// The number of images.
    pub count: f64,
    /// The first of them and, unless it is blank, the earlier image that it is equal to.
    pub example: Vec<Place>,
}

impl From<data::Description> for DataDescription {
    fn from(found: data::Description) -> Self {
        let counts = |of: &[usize; 256]| of[..found.classes].iter().map(|&count| count as f64).collect();
        Self {
            channels: found.channels as f64,
            size: found.size as f64,
            classes: found.classes as f64,
            train: found.train as f64,
            validation: found.validation as f64,
            test: found.test as f64,
            hashes: found.hashes.to_vec(),
            counts: found.counts.iter().map(counts).collect(),
            findings: found.findings.into_iter().map(Finding::from).collect(),
        }
    }
}

impl From<data::Finding> for Finding {
    fn from(data::Finding { kind, count, example }: data::Finding) -> Self {
        let kind = match kind {
            data::FindingKind::Blank => FindingKind::Blank,
            data::FindingKind::Equal => FindingKind::Equal,
            data::FindingKind::Conflicting => FindingKind::Conflicting,
            data::FindingKind::ValidationInTrain => FindingKind::ValidationInTrain,
            data::FindingKind::TestInTrain => FindingKind::TestInTrain,
            data::FindingKind::TestInValidation => FindingKind::TestInValidation,
        };
        let example = example.into_iter().map(|place| Place {
            part: match place.part {
                data::Part::Train => Part::Train,
                data::Part::Validation => Part::Validation,
                data::Part::Test => Part::Test,
            },
            index: place.index as f64,
        });
        Self { kind, count: count as f64, example: example.collect() }
    }
}

/// Reads the four files of a folder to their end and verifies their `hashes`, where given, on a thread of libuv's pool. The last
/// `validation` images of the training files are for validation; none where left out. Takes a tenth of a second for 70,000
/// images of 28 x 28.
#[napi(ts_return_type = "Promise<DataDescription | Failure>")]
pub fn describe_data(
    folder: String,
    hashes: Option<Vec<String>>,
    validation: Option<f64>,
) -> AsyncTask<DescribingData> {
    AsyncTask::new(DescribingData { folder, hashes, validation })
}

/// The task of [`describe_data`].
pub struct DescribingData {
    folder: String,
    hashes: Option<Vec<String>>,
    validation: Option<f64>,
}

impl Task for DescribingData {
    type Output = Result<data::Description, Failure>;
    type JsValue = Either<DataDescription, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let (folder, hashes) = (self.folder.clone(), self.hashes.clone());
        Ok(guarded(|| Dataset::describe(&data_source(folder, hashes, self.validation)?)))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(match output {
            Ok(found) => Either::A(found.into()),
            Err(failure) => Either::B(failure),
        })
    }
}

/// The number of images of each class, by label up to 255, in the parts of a data set.
#[napi(object)]
pub struct ClassCounts {
    /// To train on.
    pub train: Vec<f64>,
    /// Held out for validation; left out where none are.
    pub holdout: Option<Vec<f64>>,
    /// To test with; left out where test images are not evaluated.
    pub test: Option<Vec<f64>>,
}

/// Counts the images of each class that a run with a selection would use, on a thread of libuv's pool. Reads labels alone.
#[napi(ts_return_type = "Promise<ClassCounts | Failure>")]
pub fn count_classes(
    folder: String,
    hashes: Vec<String>,
    validation: Option<f64>,
    images: ImageSelection,
) -> AsyncTask<CountingClasses> {
    AsyncTask::new(CountingClasses { selected: Some((folder, hashes, validation, images)) })
}

/// The task of [`count_classes`].
pub struct CountingClasses {
    selected: Option<(String, Vec<String>, Option<f64>, ImageSelection)>,
}

impl Task for CountingClasses {
    type Output = Result<data::ClassCounts, Failure>;
    type JsValue = Either<ClassCounts, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(guarded(|| {
            let (folder, hashes, validation, images) =
                self.selected.take().ok_or_else(|| TrainError::Internal("a task ran twice".into()))?;
            let source = data_source(folder, Some(hashes), validation)?;
            Dataset::class_counts(&source, &images.try_into()?)
        }))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        let numbers = |counts: Vec<usize>| counts.into_iter().map(|count| count as f64).collect();
        Ok(match output {
            Ok(counts) => Either::A(ClassCounts {
                train: numbers(counts.train),
                holdout: counts.holdout.map(numbers),
                test: counts.test.map(numbers),
            }),
            Err(failure) => Either::B(failure),
        })
    }
}
