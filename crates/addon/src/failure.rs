use std::panic::{AssertUnwindSafe, catch_unwind};

use napi_derive::napi;
use stepladder_trainer::TrainError;

/// An error as a value: a stable code, a sentence, and the fields that belong to the code.
#[napi(object)]
#[derive(Debug, Clone)]
pub struct Failure {
    /// `setting`, `shape`, `data`, `model`, `checkpoint`, `diverged`, `device`, `write`, `memory`, `cancelled`, `torch` or `internal`.
    pub code: String,
    /// The expected value, the actual one, and the remedy.
    pub message: String,
    /// The setting (`setting`) or the layer (`shape`).
    pub setting: Option<String>,
    /// The file (`data`, `model`, `checkpoint`, `write`).
    pub path: Option<String>,
    /// The expected value (`setting`, `shape`, `data`).
    pub expected: Option<String>,
    /// The actual value (`setting`, `shape`, `data`), or the reason (`model`, `checkpoint`).
    pub got: Option<String>,
    /// The epoch in which the loss stopped being finite, from 1 (`diverged`).
    pub epoch: Option<f64>,
    /// The batch in which the loss stopped being finite, from 0 (`diverged`).
    pub batch: Option<f64>,
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        let mut failure = Self {
            code: error.code().into(),
            message: error.to_string(),
            setting: None,
            path: None,
            expected: None,
            got: None,
            epoch: None,
            batch: None,
        };
        let text = |path: &std::path::Path| Some(path.display().to_string());
        match error {
            TrainError::Setting { setting, expected, got } => {
                failure.setting = Some(setting);
                failure.expected = Some(expected);
                failure.got = Some(got);
            }
            TrainError::Shape { layer, expected, got, .. } => {
                failure.setting = Some(layer);
                failure.expected = Some(expected);
                failure.got = Some(got.map(|n| n.to_string()).join(" x "));
            }
            TrainError::Data { path, expected, found } => {
                failure.path = text(&path);
                failure.expected = Some(expected);
                failure.got = Some(found);
            }
            TrainError::Model { path, reason } | TrainError::Checkpoint { path, reason } => {
                failure.path = text(&path);
                failure.got = Some(reason);
            }
            TrainError::Write { path, .. } => failure.path = text(&path),
            TrainError::Diverged { epoch, batch, .. } => {
                failure.epoch = Some(epoch as f64);
                failure.batch = Some(batch as f64);
            }
            _ => {}
        }
        failure
    }
}

/// Runs trainer code, and turns its errors and panics into failures.
#[allow(clippy::result_large_err)] // a failure is made once a call, and moved into a JavaScript object
pub(crate) fn guarded<Value>(work: impl FnOnce() -> Result<Value, TrainError>) -> Result<Value, Failure> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(Failure::from),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(TrainError::Internal(text.unwrap_or_else(|| "a panic without a message".into())).into())
        }
    }
}
