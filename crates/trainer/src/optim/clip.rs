//! Gradient clipping, as PyTorch's `clip_grad_norm_` defines it: by the norm of all gradients as one vector.

/// Added to the norm, as PyTorch does.
const EPSILON: f64 = 1e-6;

/// Returns the factor of all gradients that leaves them a norm of at most `most`; 1 if it is no larger.
#[must_use]
pub fn clip_factor(norm: f64, most: f64) -> f64 {
    (most / (norm + EPSILON)).min(1.0)
}

/// Returns the sum of squares, added up in a fixed order, so that it has the same bits on every machine.
#[must_use]
pub fn sum_of_squares(values: &[f32]) -> f64 {
    const LANES: usize = 8; // chains of additions that the CPU runs at the same time
    let mut sums = [0.0; LANES];
    for chunk in values.chunks(LANES) {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(value) * f64::from(value);
        }
    }
    sums.iter().sum()
}
