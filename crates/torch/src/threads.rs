use std::sync::{Mutex, MutexGuard, PoisonError};

use stepladder_trainer::TrainError;

/// The right to use libtorch with a number of threads, as long as it is held. libtorch has one number for the whole
/// process, and its results depend on it: runs side by side must agree on it.
#[derive(Debug)]
pub(crate) struct Threads(pub usize);

/// How many hold the right, and for how many threads.
static HELD: Mutex<(usize, usize)> = Mutex::new((0, 0));

fn held() -> MutexGuard<'static, (usize, usize)> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Threads {
    /// # Errors
    ///
    /// [`TrainError::Setting`] while another run holds another number.
    pub fn of(threads: usize) -> Result<Self, TrainError> {
        let mut held = held();
        if held.0 > 0 && held.1 != threads {
            let expected = format!("{}, as the other `aten` run in this process has", held.1);
            return Err(TrainError::setting("threads", expected, threads));
        }
        tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
        *held = (held.0 + 1, threads);
        Ok(Self(threads))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        held().0 -= 1;
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
