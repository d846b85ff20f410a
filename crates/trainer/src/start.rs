//! Weights to start from, in place of drawn ones.

use std::path::Path;

use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::net::{ParameterPlan, Plan};
use crate::tensor_file;
use crate::training_state::TrainingState;

/// A file whose weights a run starts from: a model, or a safetensors file of another program with the same names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Start {
    /// The file as the caller named it. [`RunOptions::start_path`](crate::RunOptions::start_path) locates it.
    pub from: String,
    /// Its sha256 in hex; not compared if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Paths of layers whose parameters are not updated, such as `body.0`, or `body` for all in it; none if `None`.
    ///
    /// As with PyTorch's `requires_grad_(False)`, their norms still use the statistics of a batch in training, and update the
    /// running ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze: Option<Vec<String>>,
}

/// The tensors of a file that became weights of a net, and the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedWeights {
    /// sha256 of the file, in hex.
    pub sha256: String,
    /// Number of tensors with the name and the shape of one of the net.
    pub loaded: usize,
    /// The net's other tensors, which are initialised as without a file.
    pub fresh: Vec<String>,
    /// The file's other tensors.
    pub unused: Vec<String>,
}

impl Start {
    pub(crate) fn check(&self, plan: &Plan) -> Result<(), TrainError> {
        for (index, path) in self.freeze.iter().flatten().enumerate() {
            if !plan.parameters.iter().any(|parameter| is_within(&parameter.name, path)) {
                let expected = "the path of a layer with parameters, such as `body.0`";
                return Err(TrainError::setting(
                    format!("start.freeze.{index}"),
                    expected,
                    format!("`{path}`"),
                ));
            }
        }
        if plan.parameters.iter().all(|parameter| self.freezes(parameter)) {
            let expected = "paths that leave a layer to train";
            return Err(TrainError::setting("start.freeze", expected, "all of them"));
        }
        Ok(())
    }

    /// Returns whether a parameter stays as it starts.
    #[must_use]
    pub fn freezes(&self, parameter: &ParameterPlan) -> bool {
        self.freeze.iter().flatten().any(|path| is_within(&parameter.name, path))
    }

    /// Replaces initial weights by those of a file that have the same name and shape.
    ///
    /// # Errors
    ///
    /// [`TrainError::Data`] for a file that is missing, damaged or another than `sha256` says, and if it has no tensor of the net.
    /// `state` is unchanged then.
    pub(crate) fn load(
        &self,
        path: &Path,
        plan: &Plan,
        state: &mut TrainingState,
    ) -> Result<LoadedWeights, TrainError> {
        let wrong =
            |expected: String, found: String| TrainError::Data { path: path.to_owned(), expected, found };
        let unreadable = |reason| wrong("a safetensors file of weights to start from".into(), reason);
        let bytes = tensor_file::read_any(path).map_err(unreadable)?;
        let sha256 = tensor_file::sha256(&bytes);
        tensor_file::check_sha256(path, self.sha256.as_deref(), &sha256)?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| unreadable(error.to_string()))?;
        let mut weights = state.weights.clone();
        let (mut loaded, mut fresh) = (vec![], vec![]);
        for (name, shape, values) in weights.named_mut(plan) {
            let Some(view) = file.tensor(&name).ok().filter(|view| view.shape() == shape) else {
                if !plan.ranges.iter().any(|planned| planned.name == name) {
                    fresh.push(name); // ranges are measured
                }
                continue;
            };
            if view.dtype() != Dtype::F32 {
                let found = format!("{:?}; save it as float32", view.dtype());
                return Err(wrong(format!("f32 in the tensor `{name}`"), found));
            }
            for (value, bytes) in values.iter_mut().zip(view.data().chunks_exact(4)) {
                *value = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
            loaded.push(name);
        }
        if loaded.is_empty() {
            let example = plan.parameters.first();
            let example =
                example.map_or_else(String::new, |it| format!(", such as `{}` {:?}", it.name, it.shape));
            return Err(wrong(format!("tensors with names and shapes of the net{example}"), "none".into()));
        }
        weights.check_numbers(plan).map_err(|found| wrong("weights of a net".into(), found))?;
        state.replace_weights(weights);
        let mut unused = file.names().into_iter().map(str::to_owned).collect::<Vec<_>>();
        unused.retain(|name| !loaded.contains(name) && !is_counter(name));
        unused.sort();
        Ok(LoadedWeights { sha256, loaded: loaded.len(), fresh, unused })
    }
}

/// Whether a tensor's name is that of a layer, or of one within it.
fn is_within(name: &str, path: &str) -> bool {
    name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
}

/// Whether a tensor is PyTorch's count of a norm's batches, which nothing here needs.
fn is_counter(name: &str) -> bool {
    name.ends_with(".num_batches_tracked")
}
