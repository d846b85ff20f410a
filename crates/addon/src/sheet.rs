use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi::{Either, Env, Task};
use napi_derive::napi;
use stepladder_trainer::TrainError;
use stepladder_trainer::config::{SEED, as_whole_within};
use stepladder_trainer::data;

use crate::experiment::Plain;
use crate::options::data_source;
use crate::{Failure, ImageSelection, guarded};

/// Images side by side, in a square.
#[napi(object)]
pub struct Sheet {
    /// 1 for grey, 3 for RGB.
    pub channels: f64,
    /// Height and width in pixels.
    pub size: f64,
    /// `[channels, size, size]`, a byte each.
    pub pixels: Uint8Array,
}

/// Draws 8 x 8 training images as the first epoch of a run shows them to the net, on a thread of libuv's pool: `folder`,
/// `hashes`, `validation` and `images` are as in `countClasses`.
#[napi(ts_return_type = "Promise<Sheet | Failure>")]
pub fn augmented_sheet(
    #[napi(ts_arg_type = "object")] experiment: Plain,
    folder: String,
    hashes: Vec<String>,
    validation: Option<f64>,
    images: ImageSelection,
    seed: f64,
) -> AsyncTask<DrawingSheet> {
    AsyncTask::new(DrawingSheet {
        asked: Some(Asked { experiment, folder, hashes, validation, images, seed }),
    })
}

/// The task of [`augmented_sheet`].
pub struct DrawingSheet {
    asked: Option<Asked>,
}

/// The arguments of [`augmented_sheet`].
struct Asked {
    experiment: Plain,
    folder: String,
    hashes: Vec<String>,
    validation: Option<f64>,
    images: ImageSelection,
    seed: f64,
}

impl Task for DrawingSheet {
    type Output = Result<data::Sheet, Failure>;
    type JsValue = Either<Sheet, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(guarded(|| {
            let Asked { experiment, folder, hashes, validation, images, seed } =
                self.asked.take().ok_or_else(|| TrainError::Internal("a task ran twice".into()))?;
            let source = data_source(folder, Some(hashes), validation)?;
            let seed = as_whole_within("seed", seed, SEED)? as u64;
            data::Sheet::of_run(&experiment.parse("")?, &source, &images.try_into()?, seed)
        }))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(match output {
            Ok(data::Sheet { channels, size, pixels }) => {
                Either::A(Sheet { channels: channels as f64, size: size as f64, pixels: pixels.into() })
            }
            Err(failure) => Either::B(failure),
        })
    }
}
