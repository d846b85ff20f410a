use std::path::Path;
use std::sync::Arc;

use napi::Either;
use napi::bindgen_prelude::{AsyncTask, Object, ObjectFinalize, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;
use stepladder_trainer as trainer;

use crate::predictions::Predictor;
use crate::{Failure, guarded};

/// A trained net, ready to predict.
#[napi(custom_finalize)]
pub struct Model {
    predictor: Arc<Predictor>,
    size: usize,
    channels: usize,
    classes: usize,
    class_names: Vec<String>,
    image_form: Option<String>,
    image_preparation: Option<String>,
    parameters: usize,
    /// Memory reported to V8, which would see a small object otherwise, and let thousands wait to be collected.
    external_bytes: i64,
}

impl ObjectFinalize for Model {
    fn finalize(self, env: Env) -> napi::Result<()> {
        env.adjust_external_memory(-self.external_bytes).map(drop)
    }
}

#[napi]
impl Model {
    /// Height and width of its images, in pixels.
    #[napi(getter)]
    pub fn size(&self) -> f64 {
        self.size as f64
    }

    /// Channels of its images: 1 for grey, 3 for RGB.
    #[napi(getter)]
    pub fn channels(&self) -> f64 {
        self.channels as f64
    }

    /// The names of the classes, in the order of their labels; empty where the model file has none.
    #[napi(getter)]
    pub fn class_names(&self) -> Vec<String> {
        self.class_names.clone()
    }

    /// The form of its training images: `mnist-digits`, or `null` where the model file has none.
    #[napi(getter)]
    pub fn image_form(&self) -> Option<String> {
        self.image_form.clone()
    }

    /// How the images that it learned were brought to a square, as JSON; undefined where unknown.
    #[napi(getter)]
    pub fn image_preparation(&self) -> Option<String> {
        self.image_preparation.clone()
    }

    /// Number of classes.
    #[napi(getter)]
    pub fn classes(&self) -> f64 {
        self.classes as f64
    }

    /// Number of learned parameters.
    #[napi(getter)]
    pub fn parameters(&self) -> f64 {
        self.parameters as f64
    }

    /// Predicts images `[N, channels, size, size]`, a byte a value, 0 for black, in the order of the calls: on a thread of the
    /// model's own, or before it returns where that is quicker. The caller may change or transfer the array at once.
    #[napi(ts_return_type = "Promise<Array<Prediction> | Failure>")]
    pub fn predict<'env>(&self, env: &'env Env, pixels: Uint8Array) -> napi::Result<Object<'env>> {
        self.predictor.predict(env, &pixels)
    }

    /// Computes the logits of images, `[N, classes]`, whose softmax [`predict`](Self::predict) gives.
    #[napi(ts_return_type = "Promise<Float32Array | Failure>")]
    pub fn logits<'env>(&self, env: &'env Env, pixels: Uint8Array) -> napi::Result<Object<'env>> {
        self.predictor.logits(env, pixels.to_vec())
    }
}

/// Reads a model file, on a thread of libuv's pool.
#[napi(ts_return_type = "Promise<Model | Failure>")]
pub fn load_model(path: String) -> AsyncTask<Loading> {
    AsyncTask::new(Loading { path })
}

/// The task of [`load_model`].
pub struct Loading {
    path: String,
}

impl Task for Loading {
    type Output = Result<trainer::Model, Failure>;
    type JsValue = Either<Model, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(guarded(|| trainer::Model::load(Path::new(&self.path))))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(match output {
            Ok(model) => Either::A(Model {
                external_bytes: report_memory(&env, model.bytes())?,
                size: model.net().size,
                channels: model.net().channels,
                class_names: model.class_names().to_vec(),
                image_form: model.image_form().map(Into::into),
                image_preparation: model.image_preparation().map(Into::into),
                classes: model.net().classes,
                parameters: model.parameter_count(),
                predictor: Arc::new(Predictor::new(model)),
            }),
            Err(failure) => Either::B(failure),
        })
    }
}

/// Reports memory that V8 does not see, and returns the bytes reported.
fn report_memory(env: &Env, bytes: u64) -> napi::Result<i64> {
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    env.adjust_external_memory(bytes)?;
    Ok(bytes)
}
