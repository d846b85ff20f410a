//! The settings of a run, and their checks.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::TrainError;
#[cfg(doc)]
use crate::data::Dataset;
use crate::data::{Augmentation, Selection};
use crate::engine::check_training;
use crate::metric::{ClassWeights, Loss};
use crate::net::{NetSpec, ParameterPlan, Plan, Quantize};
use crate::optim::{Averaging, Optimizer, Schedule, Steps};
use crate::start::Start;
use crate::teacher::Teacher;

/// Allowed epochs.
pub const EPOCHS: RangeInclusive<usize> = 1..=10_000;
/// Allowed samples per step.
pub const BATCH_SIZE: RangeInclusive<usize> = 1..=65_536;
/// Allowed seeds.
pub const SEED: RangeInclusive<usize> = 0..=u32::MAX as usize;
/// Allowed limits of images.
pub const LIMIT: RangeInclusive<usize> = 1..=u32::MAX as usize;
/// Allowed threads of a run.
pub const THREADS: RangeInclusive<usize> = 1..=1024;

/// Everything that decides the weights, apart from the seed and the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Experiment {
    /// The net.
    pub net: NetSpec,
    /// Weights to start from; drawn ones if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// Augmentation of training images.
    pub augmentation: Option<Augmentation>,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// The schedule of the learning rate.
    pub schedule: Schedule,
    /// Averaging of the weights over steps, if any.
    pub averaging: Option<Averaging>,
    /// The share of each training label that is spread over all classes, in `[0, 1)`.
    pub label_smoothing: f64,
    /// Whole numbers that the net is trained for, if any: weights and values are rounded to them in training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantize: Option<Quantize>,
    /// Further settings of the training loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// Samples in a step; the last of an epoch may have fewer.
    pub batch_size: usize,
    /// Passes over the training set.
    pub epochs: usize,
}

/// Where and how an experiment is run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOptions {
    /// Decides initial weights, order, augmentation and dropout.
    pub seed: u64,
    /// The images.
    pub data: DataSource,
    /// Names of the classes for the model file; empty for none.
    pub class_names: Vec<String>,
    /// The form of the images for the model file, such as `mnist-digits`, to which images to predict are fitted.
    pub image_form: Option<String>,
    /// How the images were brought to a square, for the model file: JSON for whoever predicts, which the trainer does not read.
    pub image_preparation: Option<String>,
    /// The images to use, and for what. Runs that evaluate no test images need held-out images instead.
    pub selection: Selection,
    /// The device.
    pub device: DeviceChoice,
    /// The engine.
    pub engine: EngineChoice,
    /// Threads of one run; as many as there are cores if `None`.
    pub threads: Option<usize>,
    /// Where the model of the last epoch is saved, if anywhere.
    pub model_path: Option<PathBuf>,
    /// Where a checkpoint is saved after each epoch, if anywhere. A run whose checkpoint exists resumes from it, and
    /// ends with the bits of an uninterrupted one.
    pub checkpoint_path: Option<PathBuf>,
    /// The file of [`Experiment::start`]; where that says if `None`.
    pub start_path: Option<PathBuf>,
    /// The file of [`Experiment::teacher`]; where that says if `None`.
    pub teacher_path: Option<PathBuf>,
    /// sha256 of the sources of the program that trains: a checkpoint of other sources is refused. `None` where unknown.
    pub sources: Option<String>,
    /// The build of libtorch and the type of CPU, which the results of `aten` depend on: its checkpoints of another platform
    /// are refused. `None` where unknown.
    pub platform: Option<String>,
}

/// Where images and labels come from: a folder with four IDX files, named as MNIST's are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSource {
    /// The folder.
    pub folder: PathBuf,
    /// Expected sha256 of the four files, in the order of [`Dataset::hashes`]; not checked if `None`.
    pub hashes: Option<[String; 4]>,
    /// The last so many images of the training files are a validation set: held out, and never trained on.
    pub validation: usize,
    /// Images of a file are read into memory if they are at most so many bytes, or the file is compressed. Others are read
    /// from the file in each epoch.
    pub in_memory: u64,
}

impl DataSource {
    /// The default of [`in_memory`](Self::in_memory): 1 GiB.
    pub const IN_MEMORY: u64 = 1 << 30;

    /// Returns the files of a folder, without a validation set, whatever their hashes.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), hashes: None, validation: 0, in_memory: Self::IN_MEMORY }
    }
}

/// The choice of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceChoice {
    /// CUDA if available, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// The first CUDA device.
    Cuda,
}

/// The choice of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineChoice {
    /// The fastest that can run the net on the device.
    Auto,
    /// libtorch's autograd.
    Aten,
    /// This project's own kernels for the CPU.
    Fused,
}

impl Experiment {
    /// Returns the number of steps of a run over so many training images.
    #[must_use]
    pub fn steps(&self, images: usize) -> Steps {
        Steps { epochs: self.epochs, per_epoch: images.div_ceil(self.batch_size) }
    }

    /// Returns the learning rate of each epoch's last step, over so many training images.
    #[must_use]
    pub fn learning_rates(&self, images: usize) -> Vec<f64> {
        let steps = self.steps(images);
        let last_of = |epoch: usize| epoch * steps.per_epoch - 1;
        (1..=self.epochs).map(|epoch| self.schedule.learning_rate(last_of(epoch), steps)).collect()
    }

    /// Returns whether a parameter stays as it starts.
    #[must_use]
    pub fn freezes(&self, parameter: &ParameterPlan) -> bool {
        self.start.as_ref().is_some_and(|start| start.freezes(parameter))
    }

    /// Returns the weights of classes in the training loss; `None` for 1 each.
    #[must_use]
    pub fn class_weights(&self) -> Option<&ClassWeights> {
        self.loss.as_ref()?.class_weights.as_ref()
    }

    /// Returns the model that the net also learns from, if any.
    #[must_use]
    pub fn teacher(&self) -> Option<&Teacher> {
        self.loss.as_ref()?.teacher.as_ref()
    }

    /// Checks every setting, then plans the net.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] or [`TrainError::Shape`], for the first thing wrong.
    pub fn check(&self) -> Result<Plan, TrainError> {
        whole("epochs", self.epochs, EPOCHS)?;
        whole("batchSize", self.batch_size, BATCH_SIZE)?;
        number("labelSmoothing", self.label_smoothing, Range::at_least(0.0).below(1.0))?;
        self.optimizer.check()?;
        self.schedule.check()?;
        if let Some(averaging) = &self.averaging {
            averaging.check()?;
        }
        if let Some(augmentation) = &self.augmentation {
            augmentation.check(&self.net, self.batch_size)?;
        }
        let plan = Plan::of(&self.net)?.quantized(self.quantize);
        if let Some(start) = &self.start {
            start.check(&plan)?;
        }
        if let Some(weights) = self.class_weights() {
            weights.check(self.net.classes)?;
        }
        if let Some(teacher) = self.teacher() {
            teacher.check()?;
        }
        check_training(&plan, &self.optimizer, self.batch_size)?;
        Ok(plan)
    }
}

impl RunOptions {
    /// Checks every setting that does not need the disk.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`], for the first thing wrong.
    pub fn check(&self) -> Result<(), TrainError> {
        whole("seed", self.seed as usize, SEED)?;
        if let Some(limit) = self.selection.limit_train {
            whole("limitTrain", limit, LIMIT)?;
        }
        if let Some(limit) = self.selection.limit_test {
            whole("limitTest", limit, LIMIT)?;
        }
        if let Some(seed) = self.selection.draw_seed {
            whole("drawSeed", seed as usize, SEED)?;
        }
        if let Some(threads) = self.threads {
            whole("threads", threads, THREADS)?;
        }
        if !self.selection.judge_test && self.selection.holdout == 0 && self.data.validation == 0 {
            let expected = "at least 1, since no test images are evaluated";
            return Err(TrainError::setting("holdout", expected, 0));
        }
        Ok(())
    }
}

/// Checks that a whole number is in a range.
pub(crate) fn whole(setting: &str, value: usize, range: RangeInclusive<usize>) -> Result<(), TrainError> {
    as_whole_within(setting, value as f64, range).map(drop)
}

/// The range of a setting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    low: f64,
    low_included: bool,
    high: f64,
    high_included: bool,
}

/// Built as in `Range::at_least(0.0).below(1.0)`.
impl Range {
    pub(crate) const fn at_least(low: f64) -> Self {
        Self { low, low_included: true, high: f64::MAX, high_included: true }
    }
    pub(crate) const fn above(low: f64) -> Self {
        Self { low, low_included: false, high: f64::MAX, high_included: true }
    }
    pub(crate) const fn below(self, high: f64) -> Self {
        Self { high, high_included: false, ..self }
    }
    pub(crate) const fn at_most(self, high: f64) -> Self {
        Self { high, high_included: true, ..self }
    }
}

/// Checks that a number is in a range; NaN and infinities are in none.
pub(crate) fn number(setting: &str, value: f64, range: Range) -> Result<(), TrainError> {
    let Range { low, low_included, high, high_included } = range;
    let above = if low_included { value >= low } else { value > low };
    let below = if high_included { value <= high } else { value < high };
    if above && below {
        return Ok(());
    }
    let from = if low_included { "at least" } else { "above" };
    let to = if high_included { "at most" } else { "below" };
    Err(TrainError::setting(setting, format!("a number {from} {low} and {to} {high}"), shown(value)))
}

/// Formats a number as JavaScript does.
fn shown(value: f64) -> String {
    if value.is_infinite() {
        format!("{}Infinity", if value < 0.0 { "-" } else { "" })
    } else {
        value.to_string()
    }
}

/// Converts a number of a caller without integer types to a whole number.
///
/// # Errors
///
/// [`TrainError::Setting`] for NaN, infinities, fractions, negative numbers and what exceeds 2^53.
pub fn as_whole(setting: &str, value: f64) -> Result<usize, TrainError> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53: beyond it f64 skips whole numbers
    if value.fract() == 0.0 && (0.0..=EXACT).contains(&value) {
        return Ok(value as usize);
    }
    Err(TrainError::setting(setting, "a whole number, at least 0", shown(value)))
}

/// Converts as [`as_whole`] does and checks the range, with one error message for both.
///
/// # Errors
///
/// [`TrainError::Setting`] for anything but a whole number in the range.
pub fn as_whole_within(setting: &str, value: f64, range: RangeInclusive<usize>) -> Result<usize, TrainError> {
    let (low, high) = (*range.start(), *range.end());
    as_whole(setting, value).ok().filter(|whole| range.contains(whole)).ok_or_else(|| {
        TrainError::setting(setting, format!("a whole number from {low} to {high}"), shown(value))
    })
}
