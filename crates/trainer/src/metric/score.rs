use serde::{Deserialize, Serialize};

use super::LogSumExp;

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
    /// Returns the mean loss per sample.
    #[must_use]
    pub fn loss(&self) -> f64 {
        self.loss_sum / self.total as f64
    }

    /// Adds the score of further samples.
    pub fn add(&mut self, other: Self) {
        self.loss_sum += other.loss_sum;
        self.correct += other.correct;
        self.total += other.total;
    }

    /// Scores logits `[samples, classes]` against labels, by cross entropy without smoothing, in the order of the
    /// samples.
    #[must_use]
    pub fn of(logits: &[f32], labels: impl ExactSizeIterator<Item = u8>) -> Self {
        let mut score = Self { total: labels.len(), ..Self::default() };
        for (row, label) in logits.chunks_exact(logits.len() / labels.len()).zip(labels) {
            let label = usize::from(label);
            score.loss_sum += LogSumExp::of(row).value - f64::from(row[label]);
            score.correct += usize::from(argmax(row) == label);
        }
        score
    }
}

/// Returns the index of the largest number; of equal ones the first.
#[must_use]
pub fn argmax(row: &[f32]) -> usize {
    let mut best = 0;
    for (i, x) in row.iter().enumerate() {
        if *x > row[best] {
            best = i;
        }
    }
    best
}

/// Returns the rank of an entry, 1 for the largest; of equal ones the first ranks first, so rank 1 is that of [`argmax`].
#[must_use]
pub fn rank_of(row: &[f32], index: usize) -> usize {
    let before = |(other, x): (usize, &f32)| *x > row[index] || (*x == row[index] && other < index);
    1 + row.iter().enumerate().filter(|&entry| before(entry)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_a_permutation_that_begins_with_the_largest() {
        let row = [0.5, 2.0, -1.0, 2.0, 0.5];
        let ranks: Vec<usize> = (0..row.len()).map(|index| rank_of(&row, index)).collect();
        assert_eq!(ranks, [3, 1, 5, 2, 4]);
        assert_eq!(ranks[argmax(&row)], 1);
    }
}
