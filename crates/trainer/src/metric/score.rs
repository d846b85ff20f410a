use serde::{Deserialize, Serialize};

/// Sums over samples; the mean loss and the accuracy are read from them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Score {
    /// Sum of the losses.
    pub loss_sum: f64,
    /// Samples whose largest logit is their label's; of equal ones the first counts.
    pub correct: usize,
    /// Samples.
    pub total: usize,
}

impl Score {
    /// Mean loss of a sample.
    #[must_use]
    pub fn loss(&self) -> f64 {
        self.loss_sum / self.total as f64
    }

    /// Takes in the score of further samples.
    pub fn add(&mut self, other: Self) {
        self.loss_sum += other.loss_sum;
        self.correct += other.correct;
        self.total += other.total;
    }

    /// Scores logits `[samples, classes]` against labels, by cross entropy without smoothing.
    ///
    /// Computed in f64 by portable functions, in the order of the samples: the same bits on every machine.
    #[must_use]
    pub fn of(logits: &[f32], labels: &[u8]) -> Self {
        let classes = logits.len() / labels.len();
        let mut score = Self { total: labels.len(), ..Self::default() };
        for (row, &label) in logits.chunks_exact(classes).zip(labels) {
            let largest = row.iter().fold(f64::NEG_INFINITY, |most, &x| most.max(f64::from(x)));
            let sum: f64 = row.iter().map(|&x| libm::exp(f64::from(x) - largest)).sum();
            score.loss_sum += largest + libm::log(sum) - f64::from(row[usize::from(label)]);
            score.correct += usize::from(argmax(row) == usize::from(label));
        }
        score
    }
}

/// Logits of one sample as probabilities that sum to 1.
#[must_use]
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().fold(f64::NEG_INFINITY, |most, &x| most.max(f64::from(x)));
    let powers: Vec<f64> = logits.iter().map(|&x| libm::exp(f64::from(x) - largest)).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| (power / sum) as f32).collect()
}

/// Position of the largest number; of equal ones the first.
pub(crate) fn argmax(row: &[f32]) -> usize {
    let mut best = 0;
    for (i, x) in row.iter().enumerate() {
        if *x > row[best] {
            best = i;
        }
    }
    best
}
