use std::any::Any;
use std::cell::Cell;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::TrainError;

/// A pool of threads that work on one step together.
pub(super) struct WorkerPool {
    threads: usize,
    pool: Option<rayon::ThreadPool>,
    handles: Vec<JoinHandle<()>>,
}

/// A thread of the pool at work.
pub(super) struct Worker<'a> {
    /// 0 for the first.
    pub index: usize,
    /// Lists that it has processed so far.
    lists: Cell<usize>,
    barrier: &'a Barrier,
    claims: &'a [AtomicUsize],
}

/// Where threads wait for each other.
struct Barrier {
    threads: usize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    failed: AtomicBool,
    /// The payload of the first panic.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    waiters: AtomicUsize,
    lock: Mutex<()>,
    wake: Condvar,
}

/// Rounds of spinning before a waiting thread yields its core, and of yielding before it sleeps: a norm's wait is
/// shorter than waking up would be, unless another thread lost its core.
const SPINS: usize = 2000;
const YIELDS: usize = 200;

impl WorkerPool {
    /// Starts `threads` threads; none if that is 1, since the calling thread does the work then.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] if the system can't start that many threads.
    pub fn new(threads: usize) -> Result<Self, TrainError> {
        let mut workers = Self { threads, pool: None, handles: vec![] };
        if threads == 1 {
            return Ok(workers);
        }
        let handles = &mut workers.handles;
        let start = |thread: rayon::ThreadBuilder| {
            handles.push(thread::Builder::new().spawn(|| thread.run())?);
            Ok(())
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).spawn_handler(start).build();
        workers.pool = Some(pool.map_err(|error| {
            let expected = format!("fewer: the system could not start {threads} ({error})");
            TrainError::setting("threads", expected, threads)
        })?);
        Ok(workers)
    }

    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Runs `work` on every thread at once, for lists of at most `items` items.
    ///
    /// # Panics
    ///
    /// If `work` panics on any thread, with its payload.
    pub fn run(&self, items: usize, work: impl Fn(&Worker) + Sync) {
        let claims: Vec<AtomicUsize> = (0..items).map(|_| AtomicUsize::new(0)).collect();
        let barrier = Barrier::of(self.threads);
        let worker = |index| Worker { index, lists: Cell::new(0), barrier: &barrier, claims: &claims };
        let Some(pool) = &self.pool else { return work(&worker(0)) };
        pool.broadcast(|context| {
            // A thread that panicked must not leave the others waiting for it.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(&worker(context.index())))) {
                barrier.fail(panic);
            }
        });
        if let Some(panic) = barrier.panic.into_inner().unwrap_or_else(PoisonError::into_inner) {
            resume_unwind(panic);
        }
    }

    /// Runs independent tasks on all threads.
    pub fn each<Task: Send>(&self, tasks: &mut [Task], work: impl Fn(&mut Task) + Sync + Send) {
        use rayon::prelude::*;
        match &self.pool {
            Some(pool) if tasks.len() > self.threads => {
                pool.install(|| tasks.par_iter_mut().for_each(work));
            }
            _ => tasks.iter_mut().for_each(work),
        }
    }
}

impl Drop for WorkerPool {
    /// Joins its threads: one that ends while the process does would crash it.
    fn drop(&mut self) {
        self.pool = None; // makes them end
        for handle in self.handles.drain(..) {
            let _ = handle.join(); // its panic has been reported by `run`
        }
    }
}

impl Worker<'_> {
    /// Processes a list of `count` items together with the other threads, each item once. A thread begins with the same
    /// part of every list, which its cache may still hold, and then helps the others.
    pub fn each(&self, count: usize, mut work: impl FnMut(usize)) {
        let list = self.lists.get() + 1;
        self.lists.set(list);
        let threads = self.barrier.threads;
        let (start, end) = (self.index * count / threads, (self.index + 1) * count / threads);
        for item in (start..end).chain((0..start).chain(end..count).rev()) {
            if self.claims[item].fetch_max(list, Ordering::Relaxed) < list {
                work(item);
            }
        }
    }

    /// Waits until every thread has arrived; the last one runs `work` for all.
    pub fn synchronize(&self, work: impl FnOnce()) {
        let barrier = self.barrier;
        let round = barrier.round.load(Ordering::SeqCst);
        if barrier.arrived.fetch_add(1, Ordering::SeqCst) + 1 == barrier.threads {
            work();
            barrier.arrived.store(0, Ordering::SeqCst);
            barrier.round.store(round + 1, Ordering::SeqCst);
            barrier.wake_all();
        } else {
            barrier.wait(round);
        }
    }
}

impl Barrier {
    fn of(threads: usize) -> Self {
        Self {
            threads,
            arrived: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            panic: Mutex::new(None),
            waiters: AtomicUsize::new(0),
            lock: Mutex::new(()),
            wake: Condvar::new(),
        }
    }

    fn wait(&self, round: usize) {
        let over = || self.round.load(Ordering::SeqCst) != round || self.failed.load(Ordering::SeqCst);
        let looked = |times: usize, between: fn()| {
            (0..times).any(|_| {
                between();
                over()
            })
        };
        if !looked(SPINS, spin_loop) && !looked(YIELDS, thread::yield_now) {
            let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            self.waiters.fetch_add(1, Ordering::SeqCst);
            drop(self.wake.wait_while(guard, |()| !over()).unwrap_or_else(PoisonError::into_inner));
            self.waiters.fetch_sub(1, Ordering::SeqCst);
        }
        assert!(!self.failed.load(Ordering::SeqCst), "another thread of this step panicked");
    }

    fn wake_all(&self) {
        if self.waiters.load(Ordering::SeqCst) > 0 {
            // A waiter that has been counted but doesn't sleep yet still holds the lock.
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.wake.notify_all();
        }
    }

    fn fail(&self, panic: Box<dyn Any + Send>) {
        self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
        self.failed.store(true, Ordering::SeqCst);
        self.wake_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_processed_once_and_no_thread_passes_a_barrier_early() {
        for threads in [1, 2, 3, 8] {
            let workers = WorkerPool::new(threads).unwrap();
            let counts: Vec<AtomicUsize> = (0..23).map(|_| AtomicUsize::new(0)).collect();
            let met = AtomicUsize::new(0);
            workers.run(counts.len(), |worker| {
                for round in 0..200 {
                    worker.each(counts.len(), |item| {
                        counts[item].fetch_add(1, Ordering::Relaxed);
                    });
                    worker.synchronize(|| {
                        assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == round + 1));
                        met.fetch_add(1, Ordering::Relaxed);
                    });
                }
            });
            assert_eq!(met.into_inner(), 200);
        }
    }

    #[test]
    fn a_panic_on_one_thread_ends_the_others_and_keeps_its_message() {
        let workers = WorkerPool::new(3).unwrap();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            workers.run(1, |worker| {
                worker.each(1, |_| panic!("the first item is broken"));
                worker.synchronize(|| {});
            });
        }));
        let panic = outcome.unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"the first item is broken"));
    }
}
