use std::ops::RangeInclusive;
use std::path::Path;

use napi_derive::napi;
use stepladder_trainer::config::{LIMIT, SEED, THREADS, as_whole_within};
use stepladder_trainer::data::Selection;
use stepladder_trainer::{DataSource, TrainError};

use crate::SOURCES;

/// Data, device, engine and output files of a run.
#[napi(object)]
pub struct RunOptions {
    /// Determines initial weights, order, augmentation and dropout.
    pub seed: f64,
    /// The folder with the four IDX files.
    pub data_dir: String,
    /// sha256 of training images, training labels, test images and test labels: other files are refused.
    pub data_hashes: Option<Vec<String>>,
    /// The last so many images of the training files are a validation set; none where left out.
    pub data_validation: Option<f64>,
    /// The names of the classes, in the order of their labels.
    pub class_names: Vec<String>,
    /// The form of the images, for the model file: `mnist-digits`; left out where unknown.
    pub image_form: Option<String>,
    /// How the images were brought to a square, as JSON, for the model file; left out where unknown.
    pub image_preparation: Option<String>,
    /// The images to use, and for what; all where left out, without held-out ones.
    pub images: Option<ImageSelection>,
    /// The device to train on.
    pub device: DeviceChoice,
    /// The engine that computes losses and gradients.
    pub engine: EngineChoice,
    /// Threads of one run; as many as there are cores where left out.
    pub threads: Option<f64>,
    /// File for the model of the last epoch; it is not saved where left out.
    pub model_path: Option<String>,
    /// File for a checkpoint after each epoch; a run whose checkpoint exists resumes from it.
    pub checkpoint_path: Option<String>,
    /// The file of weights to start from, if the experiment has one.
    pub start_path: Option<String>,
    /// The model file of the teacher, if the experiment has one.
    pub teacher_path: Option<String>,
    /// The build of libtorch and the type of CPU, which the results of `aten` depend on: part of its checkpoints' identity.
    pub platform: Option<String>,
}

/// The images of a data set to use, and for what.
#[napi(object)]
#[derive(Default)]
pub struct ImageSelection {
    /// Number of training images, held-out ones among them; all where left out.
    pub limit_train: Option<f64>,
    /// Number of test images; all where left out.
    pub limit_test: Option<f64>,
    /// Number of training images that are held out for validation; none where left out.
    pub holdout: Option<f64>,
    /// The seed by which limited and held-out images are drawn from each class. Where left out, limits keep the first images,
    /// and the last ones are held out.
    pub draw_seed: Option<f64>,
    /// Whether to evaluate on the test images; where `false`, their files are not opened.
    ///
    /// @default true
    pub judge_test: Option<bool>,
}

/// The device to train on.
#[napi(string_enum = "kebab-case")]
pub enum DeviceChoice {
    Auto,
    Cpu,
    Cuda,
}

/// The engine that computes losses and gradients.
#[napi(string_enum = "kebab-case")]
pub enum EngineChoice {
    Auto,
    Aten,
    Fused,
}

impl TryFrom<RunOptions> for stepladder_trainer::RunOptions {
    type Error = TrainError;

    fn try_from(js: RunOptions) -> Result<Self, TrainError> {
        Ok(Self {
            seed: as_whole_within("seed", js.seed, SEED)? as u64,
            data: data_source(js.data_dir, js.data_hashes, js.data_validation)?,
            class_names: js.class_names,
            image_form: js.image_form,
            image_preparation: js.image_preparation,
            selection: js.images.unwrap_or_default().try_into()?,
            device: match js.device {
                DeviceChoice::Auto => stepladder_trainer::DeviceChoice::Auto,
                DeviceChoice::Cpu => stepladder_trainer::DeviceChoice::Cpu,
                DeviceChoice::Cuda => stepladder_trainer::DeviceChoice::Cuda,
            },
            engine: match js.engine {
                EngineChoice::Auto => stepladder_trainer::EngineChoice::Auto,
                EngineChoice::Aten => stepladder_trainer::EngineChoice::Aten,
                EngineChoice::Fused => stepladder_trainer::EngineChoice::Fused,
            },
            threads: optional("threads", js.threads, THREADS)?,
            model_path: js.model_path.map(Into::into),
            checkpoint_path: js.checkpoint_path.map(Into::into),
            start_path: js.start_path.map(Into::into),
            teacher_path: js.teacher_path.map(Into::into),
            sources: Some(SOURCES.into()),
            platform: js.platform,
        })
    }
}

impl TryFrom<ImageSelection> for Selection {
    type Error = TrainError;

    fn try_from(js: ImageSelection) -> Result<Self, TrainError> {
        Ok(Self {
            limit_train: optional("limitTrain", js.limit_train, LIMIT)?,
            limit_test: optional("limitTest", js.limit_test, LIMIT)?,
            holdout: optional("holdout", js.holdout, 0..=*LIMIT.end())?.unwrap_or(0),
            draw_seed: optional("drawSeed", js.draw_seed, SEED)?.map(|seed| seed as u64),
            judge_test: js.judge_test.unwrap_or(true),
        })
    }
}

fn optional(
    name: &str,
    value: Option<f64>,
    range: RangeInclusive<usize>,
) -> Result<Option<usize>, TrainError> {
    value.map(|value| as_whole_within(name, value, range)).transpose()
}

/// Describes a folder of four files, the hashes that they must have, and the size of their validation set.
pub(crate) fn data_source(
    folder: String,
    hashes: Option<Vec<String>>,
    validation: Option<f64>,
) -> Result<DataSource, TrainError> {
    let hashes = hashes
        .map(|hashes| {
            <[String; 4]>::try_from(hashes)
                .map_err(|hashes| TrainError::setting("dataHashes", "four hashes", hashes.len()))
        })
        .transpose()?;
    let validation = optional("data.validation", validation, 0..=*LIMIT.end())?.unwrap_or(0);
    Ok(DataSource { hashes, validation, ..DataSource::new(Path::new(&folder)) })
}
