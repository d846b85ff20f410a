use napi::Either;
use napi::bindgen_prelude::Float64Array;
use napi_derive::napi;
use stepladder_trainer::config::as_whole;
use stepladder_trainer::{Experiment, TrainError};

use crate::experiment::Plain;
use crate::{Failure, guarded};

/// Returns the learning rate of each epoch's last step over `images` training images, as a run reports it.
#[napi]
pub fn learning_rates(
    #[napi(ts_arg_type = "object")] experiment: Plain,
    images: f64,
) -> Either<Float64Array, Failure> {
    let rates = guarded(|| {
        let images = as_whole("images", images)?;
        if !(1..=1 << 40).contains(&images) {
            return Err(TrainError::setting("images", "a whole number, at least 1", images));
        }
        let experiment: Experiment = experiment.parse("")?;
        experiment.check()?;
        Ok(experiment.learning_rates(images))
    });
    match rates {
        Ok(rates) => Either::A(rates.into()),
        Err(failure) => Either::B(failure),
    }
}
