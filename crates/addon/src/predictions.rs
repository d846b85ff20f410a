//! The predictions of one model, computed one after another on a thread that exists while there are any. They stay off
//! libuv's thread pool, where four that wait for each other would stop files and DNS. A prediction of at most about a tenth of a
//! millisecond is computed on the caller's thread, if none is before it: handing it over would take a good part of that time.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::bindgen_prelude::{Float32Array, Object, PromiseRaw, ToNapiValue};
use napi::{Either, Env, JsDeferred, JsValue};
use napi_derive::napi;
use stepladder_trainer as trainer;
use stepladder_trainer::{Flow, TrainError};

use crate::{Failure, guarded, threads};

/// A model's answer for one image.
#[napi(object)]
pub struct Prediction {
    /// The most probable class.
    pub label: f64,
    /// The probability of each class; they sum to 1.
    pub probabilities: Vec<f64>,
}

type Outcome<Value> = Either<Value, Failure>;
type Promise<Value> = JsDeferred<Outcome<Value>, Box<dyn FnOnce(Env) -> napi::Result<Outcome<Value>>>>;

/// What a request is to be answered with.
enum Answer {
    Predictions(Promise<Vec<Prediction>>),
    Logits(Promise<Float32Array>),
}

/// A model and the predictions that it is asked for.
pub(crate) struct Predictor {
    /// Locked by the thread while there is one, else by the caller's.
    model: Mutex<trainer::Model>,
    queue: Mutex<Queue>,
    cancelled: Arc<AtomicBool>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Request>,
    /// Whether a thread takes requests from the queue.
    has_thread: bool,
}

struct Request {
    pixels: Vec<u8>,
    answer: Answer,
}

impl Predictor {
    pub(crate) fn new(model: trainer::Model) -> Self {
        Self { model: Mutex::new(model), queue: Mutex::default(), cancelled: Arc::default() }
    }

    /// Returns the promise of a prediction, computed at once or queued. A thread that can't be spawned is a [`Failure`] in the
    /// promise.
    pub(crate) fn predict<'env>(
        self: &Arc<Self>,
        env: &'env Env,
        pixels: &[u8],
    ) -> napi::Result<Object<'env>> {
        if let Some(predicted) = self.predict_at_once(pixels) {
            let promise = PromiseRaw::resolve(env, predicted)?;
            return Ok(Object::from_raw(env.raw(), promise.raw()));
        }
        let (promise, object) = env.create_deferred()?;
        self.request(env, Request { pixels: pixels.to_vec(), answer: Answer::Predictions(promise) })?;
        Ok(object)
    }

    /// Queues a computation of logits, as [`predict`](Self::predict) queues a prediction.
    pub(crate) fn logits<'env>(
        self: &Arc<Self>,
        env: &'env Env,
        pixels: Vec<u8>,
    ) -> napi::Result<Object<'env>> {
        let (promise, object) = env.create_deferred()?;
        self.request(env, Request { pixels, answer: Answer::Logits(promise) })?;
        Ok(object)
    }

    fn request(self: &Arc<Self>, env: &Env, request: Request) -> napi::Result<()> {
        let mut queue = self.queue();
        let spawned = if queue.has_thread { Ok(()) } else { self.spawn(env)? };
        queue.has_thread = spawned.is_ok();
        match spawned {
            Ok(()) => queue.waiting.push_back(request),
            Err(error) => {
                let expected =
                    format!("fewer: the system could not start a thread for a prediction ({error})");
                let failure = TrainError::setting("threads", expected, "one more than that").into();
                match request.answer {
                    Answer::Predictions(promise) => resolve(promise, Either::B(failure)),
                    Answer::Logits(promise) => resolve(promise, Either::B(failure)),
                }
            }
        }
        Ok(())
    }

    /// Predicts on the calling thread, if that is quick and no request is before it.
    fn predict_at_once(&self, pixels: &[u8]) -> Option<Outcome<Vec<Prediction>>> {
        if self.queue().has_thread {
            return None;
        }
        let mut model = self.model.try_lock().ok()?;
        model.is_quick(pixels).then(|| outcome(guarded(|| model.predict(pixels)), predictions))
    }

    fn spawn(self: &Arc<Self>, env: &Env) -> napi::Result<io::Result<()>> {
        let predictor = Arc::clone(self);
        threads::spawn(env, "stepladder-predict", &self.cancelled, move || predictor.work())
    }

    /// Answers requests until there are none.
    fn work(&self) {
        while let Some(Request { pixels, answer }) = self.next() {
            // A prediction that panics leaves no state that the next one reads.
            let mut model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
            match answer {
                Answer::Predictions(promise) => {
                    let predicted = guarded(|| model.predict_while(&pixels, &|| self.flow()));
                    resolve(promise, outcome(predicted, predictions));
                }
                Answer::Logits(promise) => {
                    let logits = guarded(|| model.logits_while(&pixels, &|| self.flow()));
                    resolve(promise, outcome(logits, Into::into));
                }
            }
        }
    }

    /// Takes the next request. Where there is none, the thread is to end, and the next request spawns another.
    fn next(&self) -> Option<Request> {
        let mut queue = self.queue();
        let next = queue.waiting.pop_front();
        queue.has_thread = next.is_some();
        next
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flow(&self) -> Flow {
        if self.cancelled.load(Ordering::Relaxed) { Flow::Stop } else { Flow::Continue }
    }
}

fn predictions(all: Vec<trainer::Prediction>) -> Vec<Prediction> {
    all.into_iter().map(Into::into).collect()
}

fn outcome<Made, Value>(made: Result<Made, Failure>, convert: impl FnOnce(Made) -> Value) -> Outcome<Value> {
    match made {
        Ok(made) => Either::A(convert(made)),
        Err(failure) => Either::B(failure),
    }
}

fn resolve<Value: ToNapiValue + Send + 'static>(promise: Promise<Value>, outcome: Outcome<Value>) {
    promise.resolve(Box::new(|_| Ok(outcome)));
}

impl From<trainer::Prediction> for Prediction {
    fn from(prediction: trainer::Prediction) -> Self {
        Self {
            label: prediction.label as f64,
            probabilities: prediction.probabilities.into_iter().map(f64::from).collect(),
        }
    }
}
