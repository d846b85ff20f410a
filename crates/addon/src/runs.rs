//! The runs of an environment, which end before it does: a thread that trains while Node takes memory and libraries down
//! around it would crash the process.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread::JoinHandle;

use napi::Env;
use napi_derive::napi;

use crate::run::Shared;

struct UnderWay {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

thread_local! {
    /// Nothing until the first run: each environment of Node has a thread of its own.
    static RUNS: RefCell<Option<Vec<UnderWay>>> = const { RefCell::new(None) };
}

/// Has a run cancelled and joined when its environment is taken down, as that of a worker is by `terminate()`.
pub(crate) fn join_before_teardown(
    env: &Env,
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
) -> napi::Result<()> {
    RUNS.with_borrow_mut(|runs| {
        if runs.is_none() {
            env.add_env_cleanup_hook((), |()| end_runs())?;
        }
        let runs = runs.get_or_insert_default();
        runs.retain(|run| !run.thread.is_finished());
        runs.push(UnderWay { shared, thread });
        Ok(())
    })
}

/// Cancels every run of this thread's environment, and waits until each has ended, which takes as long as a batch. To be
/// called before the process exits: Node takes no environment down then, and libtorch would be under its threads.
#[napi]
pub fn end_runs() {
    let runs = RUNS.with_borrow_mut(|runs| runs.take().unwrap_or_default());
    for run in &runs {
        run.shared.cancel();
    }
    for run in runs {
        let _ = run.thread.join(); // what it panicked with has been told
    }
}
