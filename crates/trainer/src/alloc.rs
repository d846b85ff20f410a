use crate::TrainError;

/// So many zeros, or an error where the machine has no room for them.
///
/// # Errors
///
/// [`TrainError::Memory`].
pub fn zeros(count: usize) -> Result<Vec<f32>, TrainError> {
    filled(count, 0.0)
}

/// A list of equal values, or an error where the machine has no room for it.
///
/// # Errors
///
/// [`TrainError::Memory`].
pub fn filled<Value: Clone>(count: usize, value: Value) -> Result<Vec<Value>, TrainError> {
    let mut values = vec![];
    let bytes = count.saturating_mul(size_of::<Value>());
    values.try_reserve_exact(count).map_err(|_| TrainError::Memory { bytes })?;
    values.resize(count, value);
    Ok(values)
}

/// Left for the small lists that are allocated without asking, where to have no room would end the process.
const SPARE: usize = 64 << 20;

/// Fails where the machine has no room for so many bytes, before they are taken piece by piece.
///
/// # Errors
///
/// [`TrainError::Memory`].
pub(crate) fn check_available(bytes: usize) -> Result<(), TrainError> {
    let mut room: Vec<u8> = vec![];
    room.try_reserve_exact(bytes.saturating_add(SPARE)).map_err(|_| TrainError::Memory { bytes })
}
