use std::ops::RangeInclusive;

use napi_derive::napi;
use stepladder_trainer::config::{LIMIT, SEED, THREADS, as_whole_within};
use stepladder_trainer::{DataSource, TrainError};

use crate::SOURCES;

/// Where and how an experiment is run.
#[napi(object)]
pub struct RunOptions {
    /// Decides initial weights, order, augmentation and dropout.
    pub seed: f64,
    /// The folder with the four IDX files.
    pub data_dir: String,
    /// sha256 of training images, training labels, test images and test labels, where only those will do.
    pub data_hashes: Option<Vec<String>>,
    /// What each class is called.
    pub class_names: Vec<String>,
    /// How the images were made, for the model file: `mnist-digits`; nothing where nobody said.
    pub image_form: Option<String>,
    /// The first so many training images; all where left out.
    pub limit_train: Option<f64>,
    /// The first so many test images; all where left out.
    pub limit_test: Option<f64>,
    /// The last so many training images are kept aside, to choose by; none where left out.
    pub holdout: Option<f64>,
    /// Whether test images are judged: their files are not even opened where it is `false`.
    ///
    /// @default true
    pub judge_test: Option<bool>,
    /// The device that learns.
    pub device: DeviceChoice,
    /// What computes losses and gradients.
    pub engine: EngineChoice,
    /// Threads of one run; as many as there are cores where left out.
    pub threads: Option<f64>,
    /// Where the model of the last epoch is kept; nowhere where left out.
    pub model_path: Option<String>,
    /// Where all that learning needs is kept after each epoch; a run whose checkpoint is there goes on from it.
    pub checkpoint_path: Option<String>,
    /// The build of libtorch and the type of CPU, which the results of `aten` depend on: part of its checkpoints' identity.
    pub platform: Option<String>,
}

/// The device that learns.
#[napi(string_enum = "kebab-case")]
pub enum DeviceChoice {
    Auto,
    Cpu,
    Cuda,
}

/// What computes losses and gradients.
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

/// A folder, and the hashes that its four files must have.
pub(crate) fn data_source(folder: String, hashes: Option<Vec<String>>) -> Result<DataSource, TrainError> {
    let hashes = hashes
        .map(|hashes| {
            <[String; 4]>::try_from(hashes)
                .map_err(|hashes| TrainError::setting("dataHashes", "four hashes", hashes.len()))
        })
        .transpose()?;
    Ok(DataSource { folder: folder.into(), hashes })
}
