use stepladder_trainer::TrainError;
use tch::TchError;

/// An error of libtorch, or of the trainer's code that prepares its tensors.
#[derive(Debug)]
pub(crate) enum Failed {
    Torch(TchError),
    Trainer(TrainError),
}

impl From<TchError> for Failed {
    fn from(error: TchError) -> Self {
        Self::Torch(error)
    }
}

impl From<TrainError> for Failed {
    fn from(error: TrainError) -> Self {
        Self::Trainer(error)
    }
}

impl From<Failed> for TrainError {
    fn from(failed: Failed) -> Self {
        match failed {
            // libtorch appends its own C++ stack: the first line is what a person can use.
            Failed::Torch(error) => {
                Self::Torch(error.to_string().lines().next().unwrap_or_default().to_owned())
            }
            Failed::Trainer(error) => error,
        }
    }
}
