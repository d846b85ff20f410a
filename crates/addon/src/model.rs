use std::path::Path;
use std::sync::Arc;

use napi::Either;
use napi::bindgen_prelude::{AsyncTask, Object, ObjectFinalize, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;
use stepladder_trainer as trainer;

use crate::predictions::Predictor;
use crate::{Failure, guarded};

/// A trained net with all it takes to predict.
#[napi(custom_finalize)]
pub struct Model {
    predictor: Arc<Predictor>,
    size: usize,
    channels: usize,
    classes: usize,
    class_names: Vec<String>,
    image_form: Option<String>,
    parameters: usize,
    /// What V8 was told that it holds: without, it sees a small object, and lets thousands wait to be collected.
    bytes: i64,
}

impl ObjectFinalize for Model {
    fn finalize(self, env: Env) -> napi::Result<()> {
        env.adjust_external_memory(-self.bytes).map(drop)
    }
}

#[napi]
impl Model {
    /// Height and width of the images it takes.
    #[napi(getter)]
    pub fn size(&self) -> f64 {
        self.size as f64
    }

    /// Of the images it takes: 1 for grey, 3 for red, green and blue.
    #[napi(getter)]
    pub fn channels(&self) -> f64 {
        self.channels as f64
    }

    /// What each class is called; none where nobody said.
    #[napi(getter)]
    pub fn class_names(&self) -> Vec<String> {
        self.class_names.clone()
    }

    /// How the images that it learned were made: `mnist-digits`; nothing where nobody said.
    #[napi(getter)]
    pub fn image_form(&self) -> Option<String> {
        self.image_form.clone()
    }

    /// How many labels it tells apart.
    #[napi(getter)]
    pub fn classes(&self) -> f64 {
        self.classes as f64
    }

    /// How many numbers it learned.
    #[napi(getter)]
    pub fn parameters(&self) -> f64 {
        self.parameters as f64
    }

    /// Predicts images `[N, channels, size, size]`, a byte a value, 0 for black, on a thread of the model's own, in the order
    /// of the calls. The pixels are copied: the caller may change or transfer the array at once.
    #[napi(ts_return_type = "Promise<Array<Prediction> | Failure>")]
    pub fn predict<'env>(&self, env: &'env Env, pixels: Uint8Array) -> napi::Result<Object<'env>> {
        self.predictor.predict(env, pixels.to_vec())
    }
}

/// Reads a model file, on a thread of the pool.
#[napi(ts_return_type = "Promise<Model | Failure>")]
pub fn load_model(path: String) -> AsyncTask<Loading> {
    AsyncTask::new(Loading { path })
}

/// A model file being read.
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
                bytes: told_of(&env, model.bytes())?,
                size: model.net().size,
                channels: model.net().channels,
                class_names: model.class_names().to_vec(),
                image_form: model.image_form().map(Into::into),
                classes: model.net().classes,
                parameters: model.parameter_count(),
                predictor: Arc::new(Predictor::new(model)),
            }),
            Err(failure) => Either::B(failure),
        })
    }
}

/// Tells V8 of memory that it does not see, and returns what it was told.
fn told_of(env: &Env, bytes: u64) -> napi::Result<i64> {
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    env.adjust_external_memory(bytes)?;
    Ok(bytes)
}
