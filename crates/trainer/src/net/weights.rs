use std::ops::Range;

use super::{Init, Plan};
use crate::TrainError;
use crate::alloc::zeros;
use crate::random::{Purpose, Stream};

/// The parameters of a net, and the running statistics of its norms and values. Flat, in the order of the [`Plan`], which
/// has each one's name, shape and range.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// All parameters, one after another.
    pub parameters: Vec<f32>,
    /// Running mean and variance of each norm, one norm after another, then the running ranges of values.
    pub statistics: Vec<f32>,
}

impl Weights {
    /// Allocates zeros.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`].
    pub fn zeros(plan: &Plan) -> Result<Self, TrainError> {
        Ok(Self { parameters: zeros(plan.parameter_count())?, statistics: zeros(plan.statistics_count())? })
    }

    /// Initialises by PyTorch's defaults, drawn from this project's own streams.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`].
    pub fn init(plan: &Plan, seed: u64) -> Result<Self, TrainError> {
        let mut weights = Self::zeros(plan)?;
        let stream = Stream::new(seed, Purpose::Weights);
        for (index, parameter) in plan.parameters.iter().enumerate() {
            let values = &mut weights.parameters[parameter.range.clone()];
            match parameter.init {
                Init::FanIn(fan_in) => {
                    let bound = 1.0 / (fan_in as f64).sqrt();
                    let stream = stream.at(index as u64);
                    for (i, value) in values.iter_mut().enumerate() {
                        *value = stream.uniform(i as u64, -bound, bound) as f32;
                    }
                }
                Init::Ones => values.fill(1.0),
                Init::Zeros => {}
            }
        }
        for norm in &plan.statistics {
            weights.statistics[norm.variance.clone()].fill(1.0);
        }
        Ok(weights)
    }

    /// Returns every tensor of a plan with its name in a model file, its shape and its numbers.
    pub fn named<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = (String, Vec<usize>, &'a [f32])> {
        let parameters = plan
            .parameters
            .iter()
            .map(|p| (p.name.clone(), p.shape.clone(), &self.parameters[p.range.clone()]));
        let statistics =
            statistics_of(plan).map(|(name, range)| (name, vec![range.len()], &self.statistics[range]));
        parameters.chain(statistics)
    }

    /// Refuses numbers that no training ends with.
    ///
    /// # Errors
    ///
    /// Names the tensor.
    pub(crate) fn check_numbers(&self, plan: &Plan) -> Result<(), String> {
        for (name, _, values) in self.named(plan) {
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return Err(format!("the tensor `{name}` holds {value}, which is no finite number"));
            }
        }
        for norm in &plan.statistics {
            if let Some(value) = self.statistics[norm.variance.clone()].iter().find(|value| **value < 0.0) {
                return Err(format!(
                    "the tensor `{}.running_var` holds {value}, which is no variance",
                    norm.name
                ));
            }
        }
        for planned in &plan.ranges {
            let [low, high] = [0, 1].map(|place| self.statistics[planned.range.start + place]);
            if !(low <= 0.0 && high >= 0.0) {
                return Err(format!(
                    "the tensor `{}` holds {low} and {high}, which is no range with 0 in it",
                    planned.name
                ));
            }
        }
        Ok(())
    }

    /// Returns every tensor of a plan, in the order of [`named`](Self::named), to change in place.
    pub(crate) fn named_mut<'a>(
        &'a mut self,
        plan: &'a Plan,
    ) -> impl Iterator<Item = (String, Vec<usize>, &'a mut [f32])> {
        let parameters = plan.parameters.iter().map(|p| (p.name.clone(), p.shape.clone(), p.range.len()));
        let statistics = statistics_of(plan).map(|(name, range)| (name, vec![range.len()], range.len()));
        split(&mut self.parameters, parameters).chain(split(&mut self.statistics, statistics))
    }
}

/// Returns the names and places of running means, variances and ranges.
fn statistics_of(plan: &Plan) -> impl Iterator<Item = (String, Range<usize>)> + '_ {
    let norms = plan.statistics.iter().flat_map(|norm| {
        [
            (format!("{}.running_mean", norm.name), norm.mean.clone()),
            (format!("{}.running_var", norm.name), norm.variance.clone()),
        ]
    });
    norms.chain(plan.ranges.iter().map(|planned| (planned.name.clone(), planned.range.clone())))
}

/// Splits a list into consecutive tensors.
fn split<'a>(
    mut rest: &'a mut [f32],
    tensors: impl Iterator<Item = (String, Vec<usize>, usize)> + 'a,
) -> impl Iterator<Item = (String, Vec<usize>, &'a mut [f32])> {
    tensors.map(move |(name, shape, count)| {
        let (values, after) = std::mem::take(&mut rest).split_at_mut(count);
        rest = after;
        (name, shape, values)
    })
}
