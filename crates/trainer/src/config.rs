//! What a run is told: judged before anything happens.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::data::Augmentation;
#[cfg(doc)]
use crate::data::Dataset;
use crate::net::{NetSpec, Plan};
use crate::optim::{Averaging, Optimizer, Schedule};

/// Passes over the training set that a run may take.
pub const EPOCHS: RangeInclusive<usize> = 1..=10_000;
/// Samples that a step may take.
pub const BATCH_SIZE: RangeInclusive<usize> = 1..=65_536;
/// Seeds.
pub const SEED: RangeInclusive<usize> = 0..=u32::MAX as usize;
/// Images that a run may be limited to.
pub const LIMIT: RangeInclusive<usize> = 1..=u32::MAX as usize;
/// Threads that a run may take.
pub const THREADS: RangeInclusive<usize> = 1..=1024;

/// Everything that decides what is learned, apart from the seed and the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Experiment {
    /// The net.
    pub net: NetSpec,
    /// What is done to training images before the net sees them.
    pub augmentation: Option<Augmentation>,
    /// How gradients become steps.
    pub optimizer: Optimizer,
    /// How large the steps are, and when.
    pub schedule: Schedule,
    /// Averaging of the weights over steps.
    pub averaging: Option<Averaging>,
    /// The share of each training label that is spread over all classes, in `[0, 1)`.
    pub label_smoothing: f64,
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
    /// Where the images are.
    pub data: DataSource,
    /// What the model file is to call each class; none where not said.
    pub class_names: Vec<String>,
    /// What the model file is to say of how its images were made, such as `mnist-digits`: whoever predicts brings others
    /// to the same form.
    pub image_form: Option<String>,
    /// The first so many training images; all of them where not set.
    pub limit_train: Option<usize>,
    /// The first so many test images; all of them where not set.
    pub limit_test: Option<usize>,
    /// The last so many training images are kept aside, to choose by: nothing is learned from them.
    pub holdout: usize,
    /// Whether test images are judged. Where they are not, their files are not even opened: whatever is chosen by such
    /// runs, no test image had a part in it. They need images kept aside instead.
    pub judge_test: bool,
    /// The device that learns.
    pub device: DeviceChoice,
    /// What computes losses and gradients.
    pub engine: EngineChoice,
    /// Threads of one run; as many as the machine has cores where not set.
    pub threads: Option<usize>,
    /// Where the model of the last epoch is kept, if anywhere.
    pub model_path: Option<PathBuf>,
    /// Where all that learning needs is kept after each epoch, if anywhere. A run whose checkpoint is there already
    /// goes on from it, and ends with the bits of an unbroken one.
    pub checkpoint_path: Option<PathBuf>,
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
    /// sha256 of the four files, where only those will do: in the order of [`Dataset::hashes`].
    pub hashes: Option<[String; 4]>,
}

/// The device that learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceChoice {
    /// CUDA where it is available, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// The first CUDA device.
    Cuda,
}

/// What computes losses and gradients.
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
    /// Steps of an epoch over so many training images.
    #[must_use]
    pub fn steps_per_epoch(&self, images: usize) -> usize {
        images.div_ceil(self.batch_size)
    }

    /// The learning rate of each epoch's last step, over so many training images.
    #[must_use]
    pub fn learning_rates(&self, images: usize) -> Vec<f64> {
        let batches = self.steps_per_epoch(images);
        let steps = batches * self.epochs;
        (1..=self.epochs).map(|epoch| self.schedule.learning_rate(epoch * batches - 1, steps)).collect()
    }

    /// Judges every setting, then works the net out.
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
            augmentation.check()?;
        }
        let plan = Plan::of(&self.net)?;
        plan.check_training(self.batch_size)?;
        Ok(plan)
    }
}

impl RunOptions {
    /// Judges every setting that does not need the disk.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`], for the first thing wrong.
    pub fn check(&self) -> Result<(), TrainError> {
        whole("seed", self.seed as usize, SEED)?;
        if let Some(limit) = self.limit_train {
            whole("limitTrain", limit, LIMIT)?;
        }
        if let Some(limit) = self.limit_test {
            whole("limitTest", limit, LIMIT)?;
        }
        if let Some(threads) = self.threads {
            whole("threads", threads, THREADS)?;
        }
        if !self.judge_test && self.holdout == 0 {
            let expected = "at least 1, since no test images are judged";
            return Err(TrainError::setting("holdout", expected, 0));
        }
        Ok(())
    }
}

/// Judges a whole number.
pub(crate) fn whole(setting: &str, value: usize, range: RangeInclusive<usize>) -> Result<(), TrainError> {
    as_whole_within(setting, value as f64, range).map(drop)
}

/// The numbers that a setting may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    low: f64,
    low_included: bool,
    high: f64,
    high_included: bool,
}

/// Reads as a sentence: `Range::at_least(0.0).below(1.0)`.
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

/// Judges a number; NaN and infinities are in no range.
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

/// A number as JavaScript and the step files spell it.
fn shown(value: f64) -> String {
    if value.is_infinite() {
        format!("{}Infinity", if value < 0.0 { "-" } else { "" })
    } else {
        value.to_string()
    }
}

/// A number as a caller without integers typed it, as a whole one.
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

/// The same where the range is known: one sentence for all that is not in it.
///
/// # Errors
///
/// [`TrainError::Setting`] for what is no whole number, or out of the range.
pub fn as_whole_within(setting: &str, value: f64, range: RangeInclusive<usize>) -> Result<usize, TrainError> {
    let (low, high) = (*range.start(), *range.end());
    as_whole(setting, value).ok().filter(|whole| range.contains(whole)).ok_or_else(|| {
        TrainError::setting(setting, format!("a whole number from {low} to {high}"), shown(value))
    })
}
