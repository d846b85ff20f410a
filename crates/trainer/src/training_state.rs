use crate::TrainError;
use crate::alloc::zeros;
use crate::config::Experiment;
use crate::net::{Plan, Weights};
use crate::optim::Averages;
#[cfg(doc)]
use crate::optim::Optimizer;

/// Weights, the optimizer's numbers and averages: the state that training carries from one step to the next. Random streams
/// have no state: they are keyed by epoch and sample.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingState {
    /// The weights after the last step.
    pub weights: Weights,
    /// The numbers that the optimizer keeps, a list for each of [`Optimizer::slots`].
    pub slots: Vec<Slot>,
    /// The average of the weights, if the experiment has one.
    pub averages: Option<Averages>,
}

/// Numbers that an optimizer keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The name of these numbers, such as `velocity`.
    pub name: &'static str,
    /// One per parameter.
    pub values: Vec<f32>,
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
    /// Returns initial weights with an optimizer that has taken no step; their average starts from the same weights.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`].
    pub fn init(plan: &Plan, experiment: &Experiment, seed: u64) -> Result<Self, TrainError> {
        let weights = Weights::init(plan, seed)?;
        let slots = experiment
            .optimizer
            .slots()
            .iter()
            .map(|name| Ok(Slot { name, values: zeros(plan.parameter_count())? }))
            .collect::<Result<_, TrainError>>()?;
        let averages = experiment.averaging.map(|_| Weights::init(plan, seed)).transpose()?;
        let averages = averages.map(|weights| Averages { steps: 0, weights });
        Ok(Self { weights, slots, averages })
    }

    /// Starts from other weights; their average does, too.
    pub(crate) fn replace_weights(&mut self, weights: Weights) {
        if let Some(averages) = &mut self.averages {
            averages.weights.clone_from(&weights);
        }
        self.weights = weights;
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
