//! Trains small convolutional nets over plain memory. Knows no JavaScript and no libtorch.
//!
//! Three types to know: an [`Experiment`] defines net and training, [`RunOptions`] where and how it is run, and a
//! [`Watch`] receives its events and can end it. [`train`] puts them together, the whole loop in one file.
//! `fused`, the engine for the CPU, is in here; others come from elsewhere as [`Engines`](engine::Engines).
//!
//! ```no_run
//! use std::path::Path;
//!
//! use stepladder_trainer::data::Selection;
//! use stepladder_trainer::engine::FusedAlone;
//! use stepladder_trainer::{DataSource, DeviceChoice, EngineChoice, Experiment, RunOptions, Unwatched, train};
//!
//! let experiment: Experiment = serde_json::from_str(&std::fs::read_to_string("experiment.json")?)?;
//! let options = RunOptions {
//!     seed: 1,
//!     data: DataSource::new(Path::new("mnist")),
//!     class_names: vec![],
//!     image_form: None,
//!     image_preparation: None,
//!     selection: Selection { judge_test: true, ..Selection::default() },
//!     device: DeviceChoice::Auto,
//!     engine: EngineChoice::Auto,
//!     threads: None,
//!     model_path: Some("model.safetensors".into()),
//!     checkpoint_path: None,
//!     start_path: None,
//!     teacher_path: None,
//!     sources: None,
//!     platform: None,
//! };
//! let outcome = train(&experiment, &options, &FusedAlone, &mut Unwatched)?;
//! println!("{} of {} right", outcome.train_clean.correct, outcome.train_clean.total);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod alloc;
mod checkpoint;
pub mod config;
pub mod data;
pub mod engine;
mod error;
mod evaluate;
pub mod metric;
mod model;
pub mod net;
pub mod optim;
pub mod random;
mod start;
mod summary;
mod teacher;
mod tensor_file;
mod train;
mod training_state;
mod watch;

pub use config::{DataSource, DeviceChoice, EngineChoice, Experiment, RunOptions};
pub use error::TrainError;
pub use evaluate::{Answer, Evaluation, answer, evaluate};
pub use model::{Model, Prediction};
pub use start::{LoadedWeights, Start};
pub use summary::{Summary, SummaryRow, summarize};
pub use teacher::Teacher;
pub use train::{Outcome, train};
pub use training_state::{Slot, TrainingState, WeightSet};
pub use watch::{BatchProgress, EpochRow, Flow, Unwatched, Watch};
