use stepladder_kernels::{Lanes, Pixels};

use crate::TrainError;

/// Allocates `count` zeros.
///
/// # Errors
///
/// [`TrainError::Memory`] if there is no memory for them.
pub fn zeros(count: usize) -> Result<Vec<f32>, TrainError> {
    filled(count, 0.0)
}

/// Allocates a list of `count` equal values.
///
/// # Errors
///
/// [`TrainError::Memory`] if there is no memory for them.
pub fn filled<Value: Clone>(count: usize, value: Value) -> Result<Vec<Value>, TrainError> {
    let mut values = vec![];
    let bytes = count.saturating_mul(size_of::<Value>());
    values.try_reserve_exact(count).map_err(|_| TrainError::Memory { bytes })?;
    values.resize(count, value);
    Ok(values)
}

/// Allocates `count` pixels of zeros.
///
/// # Errors
///
/// [`TrainError::Memory`] if there is no memory for them.
pub fn pixels(count: usize) -> Result<Pixels, TrainError> {
    Pixels::zeros(count).ok_or(TrainError::Memory { bytes: count.saturating_mul(size_of::<Lanes>()) })
}

/// Bytes left for small lists, whose allocation would end the process if it failed.
const SPARE: usize = 64 << 20;

/// Checks that so many bytes can be allocated, before they are allocated piece by piece.
///
/// # Errors
///
/// [`TrainError::Memory`].
pub(crate) fn check_available(bytes: usize) -> Result<(), TrainError> {
    let mut probe: Vec<u8> = vec![];
    probe.try_reserve_exact(bytes.saturating_add(SPARE)).map_err(|_| TrainError::Memory { bytes })
}
