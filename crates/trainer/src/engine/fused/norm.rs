use std::ops::Range;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use stepladder_kernels as kernels;
use stepladder_kernels::{GradientSums, Lanes, Statistics};

use super::ops::{Share, Size, Source, Training, Workspace};
use crate::TrainError;
use crate::alloc::{filled, zeros};
use crate::net::Plan;

/// A norm of the net, with its state for a batch.
#[derive(Default)]
pub(super) struct Norm {
    weight: Range<usize>,
    bias: Range<usize>,
    /// The running ones.
    mean: Range<usize>,
    variance: Range<usize>,
    /// Values per channel of an image.
    pixels: usize,
    momentum: f64,
    epsilon: f64,
    state: RwLock<NormState>,
}

/// Each list is `[channels]`.
#[derive(Default)]
pub(super) struct NormState {
    mean: Vec<f32>,
    inverse_deviation: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    mean_gradient: Vec<f32>,
    mean_product: Vec<f32>,
    weight_gradient: Vec<f32>,
    bias_gradient: Vec<f32>,
}

/// Lists of a [`NormState`].
const LISTS: usize = 8;

impl Norm {
    /// `pixels` are the values per channel of an image.
    pub fn new(
        plan: &Plan,
        [weight, bias, statistics]: [usize; 3],
        pixels: usize,
        momentum: f64,
        epsilon: f64,
    ) -> Self {
        let [weight, bias] = [weight, bias].map(|index| plan.parameters[index].range.clone());
        let statistics = &plan.statistics[statistics];
        let (mean, variance) = (statistics.mean.clone(), statistics.variance.clone());
        Self { weight, bias, mean, variance, pixels, momentum, epsilon, state: RwLock::default() }
    }

    pub fn allocate(&mut self) -> Result<(), TrainError> {
        let list = || zeros(self.channels());
        self.state = RwLock::new(NormState {
            mean: list()?,
            inverse_deviation: list()?,
            scale: list()?,
            shift: list()?,
            mean_gradient: list()?,
            mean_product: list()?,
            weight_gradient: list()?,
            bias_gradient: list()?,
        });
        Ok(())
    }

    pub fn workspace(&self) -> Result<Workspace, TrainError> {
        let statistics = filled(self.channels(), Statistics::default())?;
        let sums = filled(self.channels(), GradientSums::default())?;
        Ok(Workspace { statistics, sums, ..Workspace::default() })
    }

    pub fn size(&self, training: Training) -> Size {
        let of_group = size_of::<Statistics>() + size_of::<GradientSums>();
        let group = if training == Training::Off { 0 } else { self.channels() * of_group / size_of::<f32>() };
        Size { shared: LISTS * self.channels(), group }
    }

    pub fn shares(&self) -> Vec<Share> {
        vec![
            Share { parameters: self.weight.clone(), source: Source::Norm(|state| &state.weight_gradient) },
            Share { parameters: self.bias.clone(), source: Source::Norm(|state| &state.bias_gradient) },
        ]
    }

    /// Returns the values of an image.
    pub fn values(&self) -> usize {
        self.channels() * self.pixels
    }

    pub fn channels(&self) -> usize {
        self.weight.len()
    }

    pub fn state(&self) -> RwLockReadGuard<'_, NormState> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, NormState> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Combines the groups' statistics into the batch's (Chan, Golub and LeVeque 1979), and blends a share of them into the
    /// running ones; the norm's momentum if `None`.
    /// `groups` yields each group's number of images, and its statistics.
    pub fn combine_statistics<'a>(
        &self,
        groups: impl Iterator<Item = (usize, &'a [Statistics])> + Clone,
        parameters: &[f32],
        running: &mut [f32],
        share: Option<f64>,
    ) {
        let share = share.unwrap_or(self.momentum);
        let mut state = self.state_mut();
        for channel in 0..self.channels() {
            let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
            for (images, statistics) in groups.clone() {
                let values = (self.pixels * images) as f64;
                let part = statistics[channel];
                let distance = f64::from(part.mean) - mean;
                let total = count + values;
                mean += distance * values / total;
                squares += f64::from(part.squares) + distance * distance * count * values / total;
                count = total;
            }
            self.set(&mut state, channel, mean, squares / count, parameters);
            if count > 1.0 {
                // One value per channel has no variance: running statistics are unchanged.
                let unbiased = squares / (count - 1.0);
                let mut blend = |place: usize, new: f64| {
                    let old = f64::from(running[place]);
                    running[place] = (old * (1.0 - share) + new * share) as f32;
                };
                blend(self.mean.start + channel, mean);
                blend(self.variance.start + channel, unbiased);
            }
        }
    }

    /// Sets scale and shift from the running statistics, for evaluation.
    pub fn use_running_statistics(&self, parameters: &[f32], running: &[f32]) {
        let mut state = self.state_mut();
        for channel in 0..self.channels() {
            let mean = running[self.mean.start + channel];
            let variance = running[self.variance.start + channel];
            self.set(&mut state, channel, f64::from(mean), f64::from(variance), parameters);
        }
    }

    fn set(&self, state: &mut NormState, channel: usize, mean: f64, variance: f64, parameters: &[f32]) {
        let inverse = 1.0 / (variance + self.epsilon).sqrt();
        let weight = f64::from(parameters[self.weight.start + channel]);
        let bias = f64::from(parameters[self.bias.start + channel]);
        state.mean[channel] = mean as f32;
        state.inverse_deviation[channel] = inverse as f32;
        state.scale[channel] = (weight * inverse) as f32;
        state.shift[channel] = (bias - mean * weight * inverse) as f32;
    }

    /// Combines the groups' sums into the gradients of weight and bias, and the means that each value's gradient needs.
    /// `images` is the number of images in the whole batch.
    pub fn combine_sums<'a>(&self, groups: impl Iterator<Item = &'a [GradientSums]> + Clone, images: usize) {
        let values = (self.pixels * images) as f64;
        let mut state = self.state_mut();
        for channel in 0..self.channels() {
            let (mut gradient, mut product) = (0.0, 0.0);
            for sums in groups.clone() {
                gradient += f64::from(sums[channel].gradient);
                product += f64::from(sums[channel].product);
            }
            state.weight_gradient[channel] = product as f32;
            state.bias_gradient[channel] = gradient as f32;
            state.mean_gradient[channel] = (gradient / values) as f32;
            state.mean_product[channel] = (product / values) as f32;
        }
    }
}

impl NormState {
    pub fn scaling(&self) -> kernels::Scaling<'_> {
        kernels::Scaling { scale: &self.scale, shift: &self.shift }
    }

    /// `values` is the norm's input.
    pub fn norm<'a>(&'a self, values: &'a [Lanes]) -> kernels::Norm<'a> {
        kernels::Norm { values, mean: &self.mean, inverse_deviation: &self.inverse_deviation }
    }

    /// `values` is the norm's input.
    pub fn gradient<'a>(&'a self, values: &'a [Lanes]) -> kernels::NormGradient<'a> {
        kernels::NormGradient {
            norm: self.norm(values),
            factor: &self.scale,
            mean_gradient: &self.mean_gradient,
            mean_product: &self.mean_product,
        }
    }
}
