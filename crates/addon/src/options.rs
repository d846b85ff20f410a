use std::ops::RangeInclusive;

use napi_derive::napi;
use stepladder_trainer::config::{LIMIT, SEED, THREADS, as_whole_within};
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
    /// The names of the classes, in the order of their labels.
    pub class_names: Vec<String>,
    /// The form of the images, for the model file: `mnist-digits`; left out where unknown.
    pub image_form: Option<String>,
    /// How the images were brought to a square, as JSON, for the model file; left out where unknown.
    pub image_preparation: Option<String>,
    /// Number of training images, from the first; all where left out.
    pub limit_train: Option<f64>,
    /// Number of test images, from the first; all where left out.
    pub limit_test: Option<f64>,
    /// Number of training images, from the last, that are held out for validation; none where left out.
    pub holdout: Option<f64>,
    /// Whether to evaluate on the test images; where `false`, their files are not opened.
    ///
    /// @default true
    pub judge_test: Option<bool>,
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
    /// The build of libtorch and the type of CPU, which the results of `aten` depend on: part of its checkpoints' identity.
    pub platform: Option<String>,
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
        let optional = |name, value: Option<f64>, range: RangeInclusive<usize>| {
            value.map(|value| as_whole_within(name, value, range)).transpose()
        };
        Ok(Self {
            seed: as_whole_within("seed", js.seed, SEED)? as u64,
            data: data_source(js.data_dir, js.data_hashes)?,
            class_names: js.class_names,
            image_form: js.image_form,
            image_preparation: js.image_preparation,
            limit_train: optional("limitTrain", js.limit_train, LIMIT)?,
            limit_test: optional("limitTest", js.limit_test, LIMIT)?,
            holdout: optional("holdout", js.holdout, 0..=*LIMIT.end())?.unwrap_or(0),
            judge_test: js.judge_test.unwrap_or(true),
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
            sources: Some(SOURCES.into()),
            platform: js.platform,
        })
    }
}

/// Pairs a folder with the hashes that its four files must have.
pub(crate) fn data_source(folder: String, hashes: Option<Vec<String>>) -> Result<DataSource, TrainError> {
    let hashes = hashes
        .map(|hashes| {
            <[String; 4]>::try_from(hashes)
                .map_err(|hashes| TrainError::setting("dataHashes", "four hashes", hashes.len()))
        })
        .transpose()?;
    Ok(DataSource { folder: folder.into(), hashes })
}
