use stepladder_trainer::TrainError;
use tch::TchError;

/// An error of libtorch.
#[derive(Debug)]
pub(crate) struct Failed(TchError);

impl From<TchError> for Failed {
    fn from(error: TchError) -> Self {
        Self(error)
    }
}

impl From<Failed> for TrainError {
    fn from(Failed(error): Failed) -> Self {
        // libtorch appends its own C++ stack: the first line is what a person can use.
        Self::Torch(error.to_string().lines().next().unwrap_or_default().to_owned())
    }
}
