use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::TrainError;
use crate::config::{Experiment, RunOptions};
use crate::data::Normalisation;
use crate::engine::EngineName;
use crate::net::{Plan, Weights};
use crate::optim::{Averages, Sgd};
use crate::tensor_file;
use crate::watch::EpochRow;

/// All that learning remembers from one epoch to the next. Random streams need no place here: they are keyed by the
/// epoch, not drawn on.
#[derive(Debug)]
pub(crate) struct Learned {
    pub weights: Weights,
    pub sgd: Sgd,
    pub averages: Option<Averages>,
}

/// What a run is, as far as its bits depend on it: a checkpoint of any other run is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Identity {
    experiment: Experiment,
    seed: u64,
    limit_train: Option<usize>,
    limit_test: Option<usize>,
    holdout: usize,
    /// Stands for the training images, of which it is computed.
    normalisation: Normalisation,
    engine: EngineName,
}

/// What a checkpoint says beside its tensors.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct About {
    run: Identity,
    epochs: Vec<EpochRow>,
    /// Steps that the averages have taken in, where there are averages.
    averaged_steps: Option<usize>,
}

impl Identity {
    pub(crate) fn new(
        experiment: &Experiment,
        options: &RunOptions,
        normalisation: Normalisation,
        engine: EngineName,
    ) -> Self {
        let &RunOptions { seed, limit_train, limit_test, holdout, .. } = options;
        let experiment = experiment.clone();
        Self { experiment, seed, limit_train, limit_test, holdout, normalisation, engine }
    }
}

impl Learned {
    /// The weights that are judged and kept: their average where there is one.
    pub(crate) fn judged(&self) -> &Weights {
        self.averages.as_ref().map_or(&self.weights, |averages| &averages.weights)
    }

    /// Keeps everything after an epoch.
    ///
    /// # Errors
    ///
    /// [`TrainError::Write`].
    pub(crate) fn save(
        &self,
        path: &Path,
        plan: &Plan,
        run: &Identity,
        epochs: &[EpochRow],
    ) -> Result<(), TrainError> {
        let averaged_steps = self.averages.as_ref().map(|averages| averages.steps);
        let about = About { run: run.clone(), epochs: epochs.to_vec(), averaged_steps };
        let velocities = plan.parameters.iter().map(|parameter| velocity_of(&parameter.name));
        let mut tensors = self.weights.named(plan);
        tensors.extend(velocities.zip(&self.sgd.velocities));
        if let Some(averages) = &self.averages {
            tensors
                .extend(averages.weights.named(plan).into_iter().map(|(name, it)| (average_of(&name), it)));
        }
        tensor_file::write(path, &tensors, &about)
    }

    /// Takes everything back from where [`save`](Self::save) kept it, and returns the epochs that are done.
    ///
    /// # Errors
    ///
    /// [`TrainError::Checkpoint`] for a file of another run, or one that is damaged.
    pub(crate) fn restore(
        &mut self,
        path: &Path,
        plan: &Plan,
        run: &Identity,
    ) -> Result<Vec<EpochRow>, TrainError> {
        let wrong = |reason: String| TrainError::Checkpoint { path: path.to_owned(), reason };
        let bytes = tensor_file::read(path).map_err(wrong)?;
        let (about, file) = tensor_file::parse::<About>(&bytes).map_err(wrong)?;
        if about.run != *run || about.averaged_steps.is_some() != self.averages.is_some() {
            return Err(wrong("it was kept by a run with another experiment, seed, data or engine".into()));
        }
        if about.epochs.len() > run.experiment.epochs {
            return Err(wrong("it has more epochs than the run".into()));
        }
        let velocities = plan.parameters.iter().map(|parameter| velocity_of(&parameter.name));
        let mut tensors: Vec<(String, &mut Tensor)> = self.weights.named_mut(plan).collect();
        tensors.extend(velocities.zip(&mut self.sgd.velocities));
        if let Some(averages) = &mut self.averages {
            averages.steps = about.averaged_steps.unwrap_or_default();
            tensors.extend(averages.weights.named_mut(plan).map(|(name, it)| (average_of(&name), it)));
        }
        tensor_file::fill(&file, tensors).map_err(wrong)?;
        Ok(about.epochs)
    }
}

fn velocity_of(name: &str) -> String {
    format!("velocity.{name}")
}

fn average_of(name: &str) -> String {
    format!("average.{name}")
}
