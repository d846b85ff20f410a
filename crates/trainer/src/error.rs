use std::path::PathBuf;

/// An error of the trainer. [`code`](TrainError::code) is stable; the sentences may change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A setting is invalid. `setting` is spelled as the caller wrote it.
    #[error("`{setting}` should be {expected}, got {got}")]
    Setting {
        /// Path of the setting, such as `schedule.maxLearningRate`.
        setting: String,
        /// The valid values.
        expected: String,
        /// The value given.
        got: String,
    },
    /// A layer was given a shape that it cannot take.
    #[error("layer `{layer}` ({operation}) expects {expected}, got {}", shape(.got))]
    Shape {
        /// The layer's place, such as `head.0`.
        layer: String,
        /// The layer's operation.
        operation: String,
        /// The shapes it takes.
        expected: String,
        /// The shape that came: channels, height, width.
        got: [usize; 3],
    },
    /// A data file is missing, damaged or not what its header says.
    #[error("{}: expected {expected}, found {found}", .path.display())]
    Data {
        /// The file, or the folder that should hold it.
        path: PathBuf,
        /// The expected content.
        expected: String,
        /// The found content.
        found: String,
    },
    /// A model file that this program cannot use.
    #[error("{} is not a model that `stepladder train` saved: {reason}", .path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// Why it can't be used.
        reason: String,
    },
    /// A checkpoint that this run cannot resume from.
    #[error("{} can’t be resumed: {reason}; start the run again", .path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The loss stopped being a finite number.
    #[error(
        "the loss became {loss} in epoch {epoch}, batch {batch}, at a learning rate of {learning_rate}: \
         the run diverged; try a lower rate"
    )]
    Diverged {
        /// 1 for the first.
        epoch: usize,
        /// 0 for the first of its epoch.
        batch: usize,
        /// The loss met.
        loss: f64,
        /// The rate of the step that met it.
        learning_rate: f64,
    },
    /// The device asked for can't be had.
    #[error("device `{device}` is not available: {reason}")]
    Device {
        /// As asked for.
        device: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// A file could not be written.
    #[error("could not write {}: {source}; choose a place that can be written", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// An allocation failed.
    #[error("there is no memory for {} MiB more; take a smaller batch or net, or fewer runs at once", bytes >> 20)]
    Memory {
        /// The bytes that were requested.
        bytes: usize,
    },
    /// The run was cancelled by its [`Watch`](crate::Watch).
    #[error("the run was cancelled")]
    Cancelled,
    /// libtorch refused an operation.
    #[error("libtorch failed: {0}")]
    Torch(String),
    /// A bug of ours.
    #[error("the trainer failed in a way it should not: {0}; please report it")]
    Internal(String),
}

impl TrainError {
    /// Returns a name by which programs distinguish errors. Never changes for a given variant.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Setting { .. } => "setting",
            Self::Shape { .. } => "shape",
            Self::Data { .. } => "data",
            Self::Model { .. } => "model",
            Self::Checkpoint { .. } => "checkpoint",
            Self::Diverged { .. } => "diverged",
            Self::Device { .. } => "device",
            Self::Write { .. } => "write",
            Self::Memory { .. } => "memory",
            Self::Cancelled => "cancelled",
            Self::Torch(_) => "torch",
            Self::Internal(_) => "internal",
        }
    }

    /// Makes a [`TrainError::Setting`].
    pub fn setting(setting: impl Into<String>, expected: impl Into<String>, got: impl ToString) -> Self {
        Self::Setting { setting: setting.into(), expected: expected.into(), got: got.to_string() }
    }
}

fn shape(got: &[usize; 3]) -> String {
    let [channels, height, width] = got;
    format!("{channels} x {height} x {width}")
}
