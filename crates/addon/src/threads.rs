//! Threads that work for an environment of Node, which is the main thread's or a worker's. They end before it does: a
//! thread that computes while Node unmaps memory and unloads libraries would crash the process.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};

use napi::Env;
use napi_derive::napi;

struct ActiveThread {
    cancelled: Arc<AtomicBool>,
    handle: JoinHandle<()>,
}

thread_local! {
    /// `None` until the environment has a cleanup hook. Each environment of Node has a thread of its own.
    static ACTIVE: RefCell<Option<Vec<ActiveThread>>> = const { RefCell::new(None) };
}

/// Spawns a thread that is joined when its environment ends, as that of a worker does by `terminate()`. `cancelled` is set
/// first: the work should end soon then.
///
/// # Errors
///
/// The outer error is Node's, which refused the cleanup hook: no thread was spawned then. The inner one is the operating
/// system's, which has no thread to give.
pub(crate) fn spawn(
    env: &Env,
    name: &str,
    cancelled: &Arc<AtomicBool>,
    work: impl FnOnce() + Send + 'static,
) -> napi::Result<io::Result<()>> {
    ACTIVE.with_borrow_mut(|active| {
        if active.is_none() {
            env.add_env_cleanup_hook((), |()| stop_threads())?; // first: without it, a thread would outlive Node
        }
        let active = active.get_or_insert_default();
        active.retain(|thread| !thread.handle.is_finished());
        Ok(Builder::new().name(name.into()).spawn(work).map(|handle| {
            active.push(ActiveThread { cancelled: Arc::clone(cancelled), handle });
        }))
    })
}

/// Cancels all runs and predictions of this thread's environment, and waits for their threads, which takes as long as a
/// batch. Must be called before the process exits: Node runs no cleanup hooks then, and unloads libtorch under its threads.
#[napi]
pub fn stop_threads() {
    let active = ACTIVE.with_borrow_mut(Option::take).unwrap_or_default();
    for thread in &active {
        thread.cancelled.store(true, Ordering::Relaxed);
    }
    for thread in active {
        let _ = thread.handle.join(); // a panic is caught on the thread, and becomes a failure
    }
}
