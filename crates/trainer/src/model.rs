use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use tch::Device;

use crate::TrainError;
use crate::config::EngineChoice;
use crate::data::Normalisation;
use crate::engine::{self, Engine};
use crate::metric::{argmax, softmax};
use crate::net::{NetSpec, Plan, Weights, slice, slice_mut};

/// The one key of a model file's metadata: a second would make the order of the two depend on a hash map.
const KEY: &str = "stepladder";

/// A gigabyte of parameters, statistics and header, with room to spare.
const MOST_BYTES: u64 = 3 << 30;

/// A trained net with all it takes to predict.
pub struct Model {
    net: NetSpec,
    normalisation: Normalisation,
    plan: Plan,
    weights: Weights,
    engine: Box<dyn Engine>,
}

/// What a model file says of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    net: NetSpec,
    normalisation: Normalisation,
}

/// What a model makes of one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The likeliest class.
    pub label: usize,
    /// Of every class; they sum to 1.
    pub probabilities: Vec<f32>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Model").field("net", &self.net).finish_non_exhaustive()
    }
}

impl Model {
    /// A model of weights on any device; it predicts on the CPU.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] or [`TrainError::Shape`] where the net is not one.
    pub fn new(net: NetSpec, normalisation: Normalisation, mut weights: Weights) -> Result<Self, TrainError> {
        let plan = Plan::of(&net)?;
        for tensor in weights.tensors_mut() {
            *tensor = tensor.f_to_device(Device::Cpu)?.f_contiguous()?;
        }
        let (engine, _) = engine::start(EngineChoice::Auto, &plan, 0.0, Device::Cpu, 1)?;
        Ok(Self { net, normalisation, plan, weights, engine })
    }

    /// Reads a file that [`save`](Self::save) wrote.
    ///
    /// # Errors
    ///
    /// [`TrainError::Model`] for anything else.
    pub fn load(path: &Path) -> Result<Self, TrainError> {
        let wrong = |reason: String| TrainError::Model { path: path.to_owned(), reason };
        let length = fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
        if length > MOST_BYTES {
            return Err(wrong(format!("it has {length} bytes, more than any model of this program")));
        }
        let bytes = fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let unreadable =
            |error: safetensors::SafeTensorError| wrong(format!("it is no whole safetensors file ({error})"));
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(unreadable)?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(unreadable)?;
        let metadata = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let metadata = metadata.ok_or_else(|| wrong("it does not describe a net".into()))?;
        let Metadata { net, normalisation } = serde_json::from_str(metadata)
            .map_err(|error| wrong(format!("what it says of its net can't be read ({error})")))?;
        if !(normalisation.mean.is_finite() && normalisation.deviation > 0.0) {
            return Err(wrong("its normalisation divides by nothing".into()));
        }

        let plan = Plan::of(&net).map_err(|error| wrong(error.to_string()))?;
        let mut weights = Weights::init(&plan, 0, Device::Cpu)?;
        let names: Vec<String> = weights.named(&plan).into_iter().map(|(name, _)| name).collect();
        if tensors.len() != names.len() {
            return Err(wrong(format!("its net has {} tensors, it holds {}", names.len(), tensors.len())));
        }
        for (name, tensor) in names.iter().zip(weights.tensors_mut()) {
            let view = tensors.tensor(name).map_err(|_| wrong(format!("it lacks the tensor `{name}`")))?;
            let shape: Vec<usize> = tensor.size().iter().map(|&n| n as usize).collect();
            if view.dtype() != Dtype::F32 || view.shape() != shape {
                let (kind, found) = (view.dtype(), view.shape());
                return Err(wrong(format!(
                    "the tensor `{name}` should be f32 {shape:?}, it is {kind:?} {found:?}"
                )));
            }
            for (value, bytes) in slice_mut(tensor).iter_mut().zip(view.data().chunks_exact(4)) {
                *value = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
        }
        Self::new(net, normalisation, weights)
    }

    /// Writes the model beside its place, then renames it there.
    ///
    /// # Errors
    ///
    /// [`TrainError::Write`].
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        let named: Vec<(String, Vec<usize>, Vec<u8>)> = self
            .weights
            .named(&self.plan)
            .into_iter()
            .map(|(name, tensor)| {
                let shape = tensor.size().iter().map(|&n| n as usize).collect();
                (name, shape, slice(tensor).iter().flat_map(|value| value.to_le_bytes()).collect())
            })
            .collect();
        let views = named
            .iter()
            .map(|(name, shape, bytes)| {
                Ok((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes)?))
            })
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(|error| TrainError::Internal(error.to_string()))?;
        let metadata = Metadata { net: self.net.clone(), normalisation: self.normalisation };
        let metadata =
            serde_json::to_string(&metadata).map_err(|error| TrainError::Internal(error.to_string()))?;
        let bytes = safetensors::serialize(views, Some(HashMap::from([(KEY.to_owned(), metadata)])))
            .map_err(|error| TrainError::Internal(error.to_string()))?;
        write_atomically(path, &bytes)
    }

    /// What the model makes of images `[N, size, size]`, 0 for black; MNIST's digits are light on dark.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] where `pixels` is not a whole number of images.
    pub fn predict(&mut self, pixels: &[u8]) -> Result<Vec<Prediction>, TrainError> {
        let length = self.net.channels * self.net.size * self.net.size;
        if pixels.is_empty() || !pixels.len().is_multiple_of(length) {
            let expected = format!("whole images of {0} x {0} pixels, {length} bytes each", self.net.size);
            return Err(TrainError::setting("pixels", expected, format!("{} bytes", pixels.len())));
        }
        let mut predictions = vec![];
        for some in pixels.chunks(256 * length) {
            let logits = self.engine.logits(&self.weights, &self.normalisation.apply_bytes(some))?;
            predictions.extend(
                logits
                    .chunks_exact(self.net.classes)
                    .map(|row| Prediction { label: argmax(row), probabilities: softmax(row) }),
            );
        }
        Ok(predictions)
    }

    /// The net that was trained.
    #[must_use]
    pub fn net(&self) -> &NetSpec {
        &self.net
    }

    /// How many numbers it learned.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.plan.parameter_count()
    }

    /// Its weights, in the order of the net's plan.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.weights
    }
}

/// Fails where a file could not be written later on, before a long run rather than after it.
pub(crate) fn check_writable(path: &Path) -> Result<(), TrainError> {
    temporary_neighbour(path).map(drop)
}

fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let failed = |source| TrainError::Write { path: path.to_owned(), source };
    let mut file = temporary_neighbour(path)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// A file beside `path` that goes away unless it is renamed.
fn temporary_neighbour(path: &Path) -> Result<tempfile::NamedTempFile, TrainError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".model-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the umask, as usual
    builder.tempfile_in(folder).map_err(|source| TrainError::Write { path: path.to_owned(), source })
}
