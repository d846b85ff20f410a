use super::argmax;

/// `log(sum(exp(x)))` of one sample's logits, computed in f64 by portable functions: the same bits on every machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogSumExp {
    largest: f64,
    sum: f64,
    /// The logarithm itself.
    pub value: f64,
}

impl LogSumExp {
    /// Computes it from logits, one per class; not finite if a logit is not.
    #[must_use]
    pub fn of(logits: &[f32]) -> Self {
        let largest = f64::from(logits[argmax(logits)]);
        let sum: f64 = logits.iter().map(|&x| libm::exp(f64::from(x) - largest)).sum();
        Self { largest, sum, value: largest + libm::log(sum) }
    }

    /// Returns the probability of a class from its logit.
    #[must_use]
    pub fn probability(&self, logit: f32) -> f64 {
        libm::exp(f64::from(logit) - self.largest) / self.sum
    }
}

/// Computes the cross entropy of one sample's logits and its target: the weight of each class, `smoothing` of which is spread
/// over all classes. Calls `gradient` with each class and the derivative by its logit, which is its probability minus its target.
pub fn cross_entropy(
    logits: &[f32],
    weight_of: impl Fn(usize) -> f64,
    smoothing: f64,
    mut gradient: impl FnMut(usize, f64),
) -> f64 {
    let sum = LogSumExp::of(logits);
    let mut loss = 0.0;
    for (class, &logit) in logits.iter().enumerate() {
        let target = weight_of(class) * (1.0 - smoothing) + smoothing / logits.len() as f64;
        loss += target * (sum.value - f64::from(logit));
        gradient(class, sum.probability(logit) - target);
    }
    loss
}

/// Converts logits of one sample to probabilities that sum to 1.
#[must_use]
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let sum = LogSumExp::of(logits);
    logits.iter().map(|&logit| sum.probability(logit) as f32).collect()
}
