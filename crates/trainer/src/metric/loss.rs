use super::argmax;
use crate::data::{Batch, SoftTargets, Target};

/// `log(sum(exp(x / temperature)))` of one sample's logits, computed in f64 by portable functions: the same bits on every machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogSumExp {
    temperature: f64,
    largest: f64,
    sum: f64,
    /// The logarithm itself.
    pub value: f64,
}

impl LogSumExp {
    /// Computes it from logits, one per class, at a temperature of 1; not finite if a logit is not.
    #[must_use]
    pub fn of(logits: &[f32]) -> Self {
        Self::at(logits, 1.0)
    }

    /// Computes it from logits, one per class, at a temperature; not finite if a logit is not.
    #[must_use]
    pub fn at(logits: &[f32], temperature: f64) -> Self {
        let largest = f64::from(logits[argmax(logits)]);
        let sum: f64 = logits.iter().map(|&x| libm::exp((f64::from(x) - largest) / temperature)).sum();
        Self { temperature, largest, sum, value: largest / temperature + libm::log(sum) }
    }

    /// Returns the probability of a class from its logit.
    #[must_use]
    pub fn probability(&self, logit: f32) -> f64 {
        libm::exp((f64::from(logit) - self.largest) / self.temperature) / self.sum
    }

    /// Returns the logarithm of the probability of a class from its logit.
    fn log_probability(&self, logit: f32) -> f64 {
        f64::from(logit) / self.temperature - self.value
    }
}

/// How the loss of a batch is computed from those of its samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchLoss<'a> {
    /// The fraction of each label that is spread over all classes.
    pub smoothing: f64,
    /// The weight of each class; 1 each if `None`.
    pub class_weights: Option<&'a [f64]>,
    /// The number by which the sum of the samples' losses is divided.
    pub divisor: f64,
}

impl<'a> BatchLoss<'a> {
    /// Returns that of a batch: as in PyTorch, a mean weighted by the classes of its labels, but over all images where these are
    /// mixed.
    #[must_use]
    pub fn of(smoothing: f64, class_weights: Option<&'a [f64]>, batch: &Batch) -> Self {
        let divisor = match class_weights {
            Some(weights) if !batch.is_mixed() => {
                batch.labels().iter().map(|&label| weights[usize::from(label)]).sum()
            }
            _ => batch.len() as f64,
        };
        Self { smoothing, class_weights, divisor }
    }

    /// Computes the loss of an image of the batch, as a term of the sum that is divided by [`divisor`](Self::divisor): the cross
    /// entropy of its labels and, if it has a teacher, the divergence from that. Sets `slopes` to the derivatives by its logits.
    ///
    /// The mean of the divergence is over the images, without weights of classes.
    pub fn of_image(&self, logits: &[f32], target: &Target, slopes: &mut [f64]) -> f64 {
        let cross_entropy =
            cross_entropy(logits, |class| target.weight(class), self, |class, slope| slopes[class] = slope);
        let Some((&SoftTargets { temperature, weight, .. }, teacher)) = target.soft() else {
            return cross_entropy;
        };
        let (of_labels, of_teacher) = (1.0 - weight, weight * self.divisor / target.images() as f64);
        slopes.iter_mut().for_each(|slope| *slope *= of_labels);
        let divergence =
            divergence(logits, teacher, temperature, |class, slope| slopes[class] += of_teacher * slope);
        of_labels * cross_entropy + of_teacher * divergence
    }
}

/// Computes the cross entropy of one sample's logits and its target, the share of each class, `smoothing` of which is spread over
/// all classes; the term of each class is multiplied by its weight. Calls `gradient` with each class and the derivative by its
/// logit.
pub fn cross_entropy(
    logits: &[f32],
    share_of: impl Fn(usize) -> f64,
    &BatchLoss { smoothing, class_weights, .. }: &BatchLoss,
    mut gradient: impl FnMut(usize, f64),
) -> f64 {
    let sum = LogSumExp::of(logits);
    let target_of = |class: usize| {
        let share = share_of(class) * (1.0 - smoothing) + smoothing / logits.len() as f64;
        share * class_weights.map_or(1.0, |weights| weights[class])
    };
    let targets = class_weights.map_or(1.0, |_| (0..logits.len()).map(target_of).sum());
    let mut loss = 0.0;
    for (class, &logit) in logits.iter().enumerate() {
        let target = target_of(class);
        loss += target * (sum.value - f64::from(logit));
        gradient(class, targets * sum.probability(logit) - target);
    }
    loss
}

/// Computes how far one sample's logits are from a teacher's: `temperature² KL(teacher || student)`, the probabilities of both taken
/// from logits divided by the temperature (Hinton et al. 2015; as `kl_div` in PyTorch's tutorial of knowledge distillation). Calls
/// `gradient` with each class and the derivative by its logit.
pub fn divergence(
    logits: &[f32],
    teacher: &[f32],
    temperature: f64,
    mut gradient: impl FnMut(usize, f64),
) -> f64 {
    let [of_student, of_teacher] = [logits, teacher].map(|logits| LogSumExp::at(logits, temperature));
    let mut divergence = 0.0;
    for (class, (&logit, &expected)) in logits.iter().zip(teacher).enumerate() {
        let probability = of_teacher.probability(expected);
        divergence +=
            probability * (of_teacher.log_probability(expected) - of_student.log_probability(logit));
        gradient(class, temperature * (of_student.probability(logit) - probability));
    }
    temperature * temperature * divergence
}

/// Converts logits of one sample to probabilities that sum to 1.
#[must_use]
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let sum = LogSumExp::of(logits);
    logits.iter().map(|&logit| sum.probability(logit) as f32).collect()
}
