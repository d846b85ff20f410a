use crate::TrainError;
use crate::alloc::zeros;
use crate::net::{Plan, Weights};
use crate::optim::Averages;

/// All that learning remembers from one step to the next. Random streams need no place here: they are keyed by epoch
/// and sample, not drawn on.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingState {
    /// What the last step left.
    pub weights: Weights,
    /// Of the optimizer, one for each parameter.
    pub velocities: Vec<f32>,
    /// The average of the weights, where there is one.
    pub averages: Option<Averages>,
}

/// WeightSet weights are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightSet {
    /// What the last step left.
    Last,
    /// What is judged and kept: the average where there is one, else the last.
    Evaluation,
}

impl TrainingState {
    /// Initial weights at rest; their average starts from them.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`].
    pub fn init(plan: &Plan, seed: u64, averaged: bool) -> Result<Self, TrainError> {
        let weights = Weights::init(plan, seed)?;
        let velocities = zeros(plan.parameter_count())?;
        let averages = averaged.then(|| Weights::init(plan, seed)).transpose()?;
        let averages = averages.map(|weights| Averages { steps: 0, weights });
        Ok(Self { weights, velocities, averages })
    }

    /// The weights that are meant.
    #[must_use]
    pub fn of(&self, which: WeightSet) -> &Weights {
        match (which, &self.averages) {
            (WeightSet::Evaluation, Some(averages)) => &averages.weights,
            _ => &self.weights,
        }
    }
}
