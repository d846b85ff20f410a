use super::Rectangle;

/// How each image of a batch is mixed with the one before it; the first with the last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mix {
    /// Of each value, an image's share; the rest is of the one before it.
    Blend {
        /// From 0 to 1.
        share: f64,
    },
    /// A rectangle of the image before it.
    Paste(Rectangle),
}

impl Mix {
    /// Returns the share of an image in what becomes of it.
    #[must_use]
    pub fn share(&self, size: usize) -> f64 {
        match self {
            Self::Blend { share } => *share,
            Self::Paste(Rectangle { height, width, .. }) => {
                1.0 - (height * width) as f64 / (size * size) as f64
            }
        }
    }

    /// Mixes an image with the one before it, `[channels, size, size]` both.
    pub fn apply(&self, image: &mut [f32], before: &[f32], size: usize) {
        match *self {
            Self::Blend { share } => {
                let (own, other) = (share as f32, (1.0 - share) as f32);
                for (value, before) in image.iter_mut().zip(before) {
                    *value = before * other + *value * own;
                }
            }
            Self::Paste(Rectangle { top, left, height, width }) => {
                let rows = image.chunks_exact_mut(size).zip(before.chunks_exact(size)).enumerate();
                for (_, (row, before)) in rows.filter(|(row, _)| (top..top + height).contains(&(row % size)))
                {
                    row[left..left + width].copy_from_slice(&before[left..left + width]);
                }
            }
        }
    }
}

/// Returns the weights of a mixed image's labels: that of the image, of the one before it, and so on.
#[must_use]
pub fn label_weights(mixes: &[Mix], size: usize) -> Vec<f64> {
    let mut weights = vec![1.0];
    for mix in mixes {
        let share = mix.share(size);
        weights.push(0.0);
        for place in (0..weights.len()).rev() {
            let before = if place > 0 { weights[place - 1] } else { 0.0 };
            weights[place] = share * weights[place] + (1.0 - share) * before;
        }
    }
    weights
}
