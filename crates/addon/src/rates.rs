use napi::Either;
use napi::bindgen_prelude::Float64Array;
use napi_derive::napi;
use stepladder_trainer::TrainError;
use stepladder_trainer::config::as_whole;

use crate::{Experiment, Failure, guarded};

/// The learning rate of each epoch's last step, over so many training images, as a run would tell it.
#[napi]
pub fn learning_rates(experiment: Experiment, images: f64) -> Either<Float64Array, Failure> {
    let rates = guarded(|| {
        let images = as_whole("images", images)?;
        if !(1..=1 << 40).contains(&images) {
            return Err(TrainError::setting("images", "a whole number, at least 1", images));
        }
        let experiment = stepladder_trainer::Experiment::try_from(experiment)?;
        experiment.check()?;
        Ok(experiment.learning_rates(images))
    });
    match rates {
        Ok(rates) => Either::A(rates.into()),
        Err(failure) => Either::B(failure),
    }
}
