use crate::TrainError;
use crate::alloc::zeros;
use crate::net::{Plan, Weights};
use crate::optim::Averages;

/// Weights, velocities and averages: the state that training carries from one step to the next. Random streams have no
/// state: they are keyed by epoch and sample.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingState {
    /// The weights after the last step.
    pub weights: Weights,
    /// The optimizer's velocities, one per parameter.
    pub velocities: Vec<f32>,
    /// The average of the weights, if the experiment has one.
    pub averages: Option<Averages>,
}

/// Selects weights of a [`TrainingState`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightSet {
    /// The weights after the last step.
    Last,
    /// The weights that are evaluated and saved: the average if there is one, else the last.
    Evaluation,
}

impl TrainingState {
    /// Returns initial weights with velocities of zero; their average starts from the same weights.
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

    /// Returns the selected weights.
    #[must_use]
    pub fn of(&self, which: WeightSet) -> &Weights {
        match (which, &self.averages) {
            (WeightSet::Evaluation, Some(averages)) => &averages.weights,
            _ => &self.weights,
        }
    }

    /// Returns the selected weights, to change them.
    pub fn of_mut(&mut self, which: WeightSet) -> &mut Weights {
        match (which, &mut self.averages) {
            (WeightSet::Evaluation, Some(averages)) => &mut averages.weights,
            _ => &mut self.weights,
        }
    }
}
