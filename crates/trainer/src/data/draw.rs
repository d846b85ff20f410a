//! Draws images class by class, by their contents: the same images whatever the order of the files.

use std::cmp::Reverse;

use sha2::{Digest, Sha256};

use crate::TrainError;
use crate::random::{Purpose, Stream};

/// Returns the rank of an image in a draw: uniformly random, and a function of the draw's seed, the image's class and
/// its pixels alone.
pub(super) fn rank(seed: u64, label: u8, pixels: &[u8]) -> u64 {
    let hash = Sha256::digest(pixels);
    let fingerprint = hash.iter().take(8).fold(0, |word, &byte| word << 8 | u64::from(byte));
    Stream::new(seed, Purpose::Draw).at(u64::from(label)).bits(fingerprint)
}

/// Images by class, those of a class in the order of their ranks.
#[derive(Debug)]
pub(super) struct Strata {
    classes: Vec<Vec<u32>>,
}

impl Strata {
    /// Sorts the first images of a set. Equal ranks stay in the order of the images.
    ///
    /// # Errors
    ///
    /// Those of `rank`, which is called with the index of each image.
    pub(super) fn new(
        labels: &[u8],
        mut rank: impl FnMut(usize) -> Result<u64, TrainError>,
    ) -> Result<Self, TrainError> {
        let mut ranked = vec![vec![]; 1 + usize::from(labels.iter().copied().max().unwrap_or_default())];
        for (index, &label) in labels.iter().enumerate() {
            ranked[usize::from(label)].push((rank(index)?, index as u32));
        }
        let classes = ranked.into_iter().map(|mut class| {
            class.sort_unstable();
            class.into_iter().map(|(_, index)| index).collect()
        });
        Ok(Self { classes: classes.collect() })
    }

    /// Takes `count` images of the lowest ranks out, from each class its share; see [`shares`] for the other arguments.
    pub(super) fn take(&mut self, count: usize, least: usize, left: usize) -> Self {
        let counts: Vec<usize> = self.classes.iter().map(Vec::len).collect();
        let shares = shares(&counts, count, least, left);
        let classes = self.classes.iter_mut().zip(shares).map(|(class, share)| {
            let rest = class.split_off(share);
            std::mem::replace(class, rest)
        });
        Self { classes: classes.collect() }
    }

    /// Returns the indices of all images, ascending.
    pub(super) fn indices(self) -> Vec<u32> {
        let mut indices = self.classes.concat();
        indices.sort_unstable();
        indices
    }
}

/// Divides `wanted` among classes in proportion to their counts, by the largest remainders (of equal ones the lower
/// class has precedence). Each class gives at least `least`, or 1, where it has them and `wanted` suffices for all
/// classes; and keeps `left` where the others have enough without these.
fn shares(counts: &[usize], wanted: usize, least: usize, left: usize) -> Vec<usize> {
    let keeping: Vec<usize> = counts.iter().map(|count| count.saturating_sub(left)).collect();
    let most = if keeping.iter().sum::<usize>() < wanted { counts.to_vec() } else { keeping };
    let at_least = |least| most.iter().map(|&most| most.min(least)).collect::<Vec<usize>>();
    let fitting = (0..=least).rev().map(at_least).find(|shares| shares.iter().sum::<usize>() <= wanted);
    let least = fitting.unwrap_or_default(); // zeros fit

    let total = counts.iter().sum::<usize>() as i128;
    let quota = |class: usize| wanted as i128 * counts[class] as i128; // times `total`
    let mut shares: Vec<usize> = (0..counts.len())
        .map(|class| ((quota(class) / total) as usize).clamp(least[class], most[class]))
        .collect();
    loop {
        let remainder = |class: usize| quota(class) - shares[class] as i128 * total;
        let given = shares.iter().sum::<usize>();
        let classes = 0..counts.len();
        if given < wanted {
            let open = classes.filter(|&class| shares[class] < most[class]);
            let Some(next) = open.max_by_key(|&class| (remainder(class), Reverse(class))) else { break };
            shares[next] += 1;
        } else if given > wanted {
            let open = classes.filter(|&class| shares[class] > least[class]);
            let Some(next) = open.min_by_key(|&class| (remainder(class), Reverse(class))) else { break };
            shares[next] -= 1;
        } else {
            break;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_follow_the_largest_remainders() {
        // The example of Wikipedia's page on the largest remainder method.
        assert_eq!(shares(&[47_000, 16_000, 15_900, 12_000, 6_000, 3_100], 10, 0, 0), [5, 2, 1, 1, 1, 0]);
        assert_eq!(shares(&[50, 50], 5, 0, 0), [3, 2]);
    }

    #[test]
    fn a_rare_class_gives_one_and_keeps_one() {
        assert_eq!(shares(&[950, 50], 10, 1, 1), [9, 1]);
        assert_eq!(shares(&[9_990, 8, 2], 10, 1, 1), [8, 1, 1]);
        assert_eq!(shares(&[9_990, 8, 1], 10, 1, 1), [9, 1, 0]);
        assert_eq!(shares(&[10, 10, 10], 2, 1, 0), [1, 1, 0]);
        assert_eq!(shares(&[2, 2], 3, 1, 1), [2, 1]); // no class can keep one
        assert_eq!(shares(&[100, 0, 3], 20, 2, 0), [18, 0, 2]);
    }

    proptest! {
        #[test]
        fn shares_are_as_many_as_wanted_and_near_their_quotas(
            counts in prop::collection::vec(1_usize..500, 1..30),
            part in 0.0_f64..1.0,
            least in 0_usize..3,
            left in 0_usize..2,
        ) {
            let total: usize = counts.iter().sum();
            let wanted = (part * total as f64) as usize;
            let found = shares(&counts, wanted, least, left);
            prop_assert_eq!(found.iter().sum::<usize>(), wanted);
            prop_assert!(found.iter().zip(&counts).all(|(share, count)| share <= count));
            if wanted >= counts.len() && left == 0 && least > 0 {
                prop_assert!(found.iter().all(|&share| share > 0));
            }
            for (share, count) in shares(&counts, wanted, 0, 0).into_iter().zip(counts) {
                prop_assert!((share as f64 - (wanted * count) as f64 / total as f64).abs() < 1.0);
            }
        }
    }
}
