use std::sync::{Mutex, MutexGuard, PoisonError};

use stepladder_trainer::TrainError;

/// A claim on libtorch's number of threads, until it is dropped. libtorch has one number for the whole process, and its
/// results depend on it: runs side by side must use the same.
#[derive(Debug)]
pub(crate) struct Threads(pub usize);

/// The number of claims, and of threads.
static CLAIMED: Mutex<(usize, usize)> = Mutex::new((0, 0));

fn claimed() -> MutexGuard<'static, (usize, usize)> {
    CLAIMED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Threads {
    /// Claims a number of threads and sets it in libtorch.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] while another run uses another number.
    pub fn of(threads: usize) -> Result<Self, TrainError> {
        let mut claimed = claimed();
        if claimed.0 > 0 && claimed.1 != threads {
            let expected = format!("{}, as the other `aten` run in this process has", claimed.1);
            return Err(TrainError::setting("threads", expected, threads));
        }
        tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
        *claimed = (claimed.0 + 1, threads);
        Ok(Self(threads))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        claimed().0 -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_side_by_side_have_the_same_number_of_threads() {
        let first = Threads::of(2).unwrap();
        let second = Threads::of(2).unwrap();
        let error = Threads::of(3).unwrap_err().to_string();
        assert_eq!(error, "`threads` should be 2, as the other `aten` run in this process has, got 3");
        drop((first, second));
        Threads::of(3).unwrap();
    }
}
