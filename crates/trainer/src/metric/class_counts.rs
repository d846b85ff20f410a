use serde::{Deserialize, Serialize};

use super::argmax;

/// Counts of samples by class, from which precision, recall and F1 follow. Each list has an entry a class.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClassCounts {
    /// Samples of the class.
    pub count: Vec<usize>,
    /// Samples predicted as the class.
    pub predicted: Vec<usize>,
    /// Samples of the class that are predicted as it.
    pub correct: Vec<usize>,
}

impl ClassCounts {
    /// Adds samples by their logits `[samples, classes]` and labels.
    pub fn add(&mut self, logits: &[f32], labels: impl ExactSizeIterator<Item = u8>) {
        let classes = logits.len() / labels.len();
        for list in [&mut self.count, &mut self.predicted, &mut self.correct] {
            list.resize(classes, 0);
        }
        for (row, label) in logits.chunks_exact(classes).zip(labels) {
            let (label, predicted) = (usize::from(label), argmax(row));
            self.count[label] += 1;
            self.predicted[predicted] += 1;
            self.correct[label] += usize::from(label == predicted);
        }
    }

    /// Whether these can be counts of so many samples, so many of them predicted correctly.
    pub(crate) fn fit(&self, correct: usize, total: usize, classes: usize) -> bool {
        let lists = [(&self.count, total), (&self.predicted, total), (&self.correct, correct)];
        // Saturating, since counts that were read from a file may be of any size.
        let sum = |list: &[usize]| list.iter().fold(0usize, |sum, count| sum.saturating_add(*count));
        lists.iter().all(|(list, of)| list.len() == classes && sum(list) == *of)
            && (0..classes).all(|class| self.correct[class] <= self.count[class].min(self.predicted[class]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_counted_by_class_and_by_prediction() {
        let mut counts = ClassCounts::default();
        let logits = [[1.0, 0.0, 0.0], [0.0, 2.0, 1.0], [0.0, 2.0, 1.0], [5.0, 5.0, 0.0]];
        counts.add(&logits.concat(), [0, 1, 2, 1].into_iter());
        let expected = ClassCounts { count: vec![1, 2, 1], predicted: vec![2, 2, 0], correct: vec![1, 1, 0] };
        assert_eq!(counts, expected);
        assert!(counts.fit(2, 4, 3));
        assert!(!counts.fit(2, 4, 4) && !counts.fit(3, 4, 3) && !counts.fit(2, 5, 3));
        let swapped = ClassCounts { correct: vec![0, 1, 1], ..expected.clone() };
        assert!(!swapped.fit(2, 4, 3), "class 2 has more right than are predicted as it");
        let huge = ClassCounts { count: vec![usize::MAX, 5, 0], ..expected };
        assert!(!huge.fit(2, 4, 3));
    }
}
