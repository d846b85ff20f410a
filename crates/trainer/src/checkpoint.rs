use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::config::{Experiment, RunOptions};
use crate::data::{Dataset, Images, Selection};
use crate::engine::{Device, Engine, EngineName};
use crate::net::Plan;
use crate::tensor_file::{self, Named, NamedMut, TensorFile};
use crate::training_state::TrainingState;
use crate::watch::EpochRow;

/// What a run is, as far as its bits depend on it: a checkpoint of any other run is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Identity {
    /// Of this program.
    version: String,
    /// [`RunOptions::sources`]; left out by programs before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sources: Option<String>,
    experiment: Experiment,
    /// sha256 of the file that its weights start from; left out where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    /// sha256 of its teacher's file; left out where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    teacher: Option<String>,
    seed: u64,
    limit_train: Option<usize>,
    limit_test: Option<usize>,
    holdout: usize,
    /// [`Selection::used_draw_seed`](crate::data::Selection::used_draw_seed); left out by programs before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    draw_seed: Option<u64>,
    /// [`DataSource::validation`](crate::DataSource::validation); left out where there is none.
    #[serde(default, skip_serializing_if = "is_zero")]
    validation: usize,
    /// As [`Dataset::hashes`].
    data: Vec<String>,
    engine: EngineName,
    /// Device and threads, which the bits of `aten` depend on; `None` on `fused`.
    aten: Option<(Device, usize)>,
    /// [`RunOptions::platform`], on `aten` alone; left out by programs before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
}

/// The files of weights that a run reads, by their sha256 in hex; `None` where it reads none.
#[derive(Debug, Clone, Default)]
pub(crate) struct WeightFiles {
    /// That of the weights to start from.
    pub start: Option<String>,
    /// That of the teacher.
    pub teacher: Option<String>,
}

/// The metadata of a checkpoint.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct About {
    run: Identity,
    epochs: Vec<EpochRow>,
    /// Steps averaged so far; `None` without averages.
    averaged_steps: Option<usize>,
}

impl Identity {
    pub(crate) fn new(
        experiment: &Experiment,
        options: &RunOptions,
        data: &Dataset,
        WeightFiles { start, teacher }: WeightFiles,
        engine: &dyn Engine,
    ) -> Self {
        let &RunOptions { seed, ref selection, .. } = options;
        let &Selection { limit_train, limit_test, holdout, .. } = selection;
        let name = engine.name();
        let is_aten = name == EngineName::Aten;
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            sources: options.sources.clone(),
            experiment: experiment.clone(),
            start,
            teacher,
            seed,
            limit_train,
            limit_test,
            holdout,
            draw_seed: selection.used_draw_seed(),
            validation: options.data.validation,
            data: data.hashes.clone(),
            engine: name,
            aten: is_aten.then(|| (engine.device(), engine.threads())),
            platform: options.platform.clone().filter(|_| is_aten),
        }
    }

    /// Describes the first difference to another run, as the end of a sentence.
    fn difference(&self, other: &Self) -> Option<String> {
        let (version, ours) = (&self.version, &other.version);
        if version != ours {
            return Some(format!("version of this program, {version} and not {ours}"));
        }
        let known = |text: &Option<String>| text.as_deref().unwrap_or("unknown").to_owned();
        if self.sources != other.sources {
            let [theirs, ours] = [&self.sources, &other.sources].map(known);
            return Some(format!("build of this program, from the sources {theirs} and not {ours}"));
        }
        let pairs = [
            (self.experiment != other.experiment, "experiment"),
            (self.start != other.start, "file of weights to start from"),
            (self.teacher != other.teacher, "teacher"),
            (self.seed != other.seed, "seed"),
            (self.data != other.data, "set of images or labels"),
            (
                (self.limit_train, self.limit_test, self.holdout, self.validation)
                    != (other.limit_train, other.limit_test, other.holdout, other.validation),
                "number of images",
            ),
            (self.draw_seed != other.draw_seed, "draw of images"),
            (self.engine != other.engine, "engine"),
            (self.aten != other.aten, "device or number of threads"),
        ];
        let difference = pairs.into_iter().find_map(|(differs, what)| differs.then(|| what.into()));
        difference.or_else(|| {
            let [theirs, ours] = [&self.platform, &other.platform].map(known);
            (theirs != ours).then(|| format!("libtorch or type of CPU, {theirs} and not {ours}"))
        })
    }
}

/// Saves the training state and all epochs so far.
///
/// # Errors
///
/// [`TrainError::Write`].
pub(crate) fn save(
    path: &Path,
    plan: &Plan,
    state: &TrainingState,
    run: &Identity,
    epochs: &[EpochRow],
) -> Result<(), TrainError> {
    let averaged_steps = state.averages.as_ref().map(|averages| averages.steps);
    let about = About { run: run.clone(), epochs: epochs.to_vec(), averaged_steps };
    let mut tensors: Vec<Named> = state.weights.named(plan).collect();
    for slot in &state.slots {
        tensors.extend(plan.parameters.iter().map(|parameter| {
            let values = &slot.values[parameter.range.clone()];
            (name_in(slot.name, &parameter.name), parameter.shape.clone(), values)
        }));
    }
    if let Some(averages) = &state.averages {
        let named = averages.weights.named(plan);
        tensors.extend(named.map(|(name, shape, values)| (name_in(AVERAGE, &name), shape, values)));
    }
    tensor_file::write(path, tensors, &about)
}

/// Restores the training state that [`save`] wrote, and returns the epochs that are done. `state` is unchanged if the
/// file is refused.
///
/// # Errors
///
/// [`TrainError::Checkpoint`] for a file of another run, or one that is damaged.
pub(crate) fn restore(
    path: &Path,
    plan: &Plan,
    state: &mut TrainingState,
    run: &Identity,
    data: &Dataset,
) -> Result<Vec<EpochRow>, TrainError> {
    let wrong = |reason: String| TrainError::Checkpoint { path: path.to_owned(), reason };
    let mut file = TensorFile::open(path).map_err(wrong)?;
    let about: About = file.about().map_err(wrong)?;
    if let Some(what) = about.run.difference(run) {
        return Err(wrong(format!("it was saved by a run with another {what}")));
    }
    if about.averaged_steps.is_some() != state.averages.is_some() {
        return Err(wrong("its averages are not those of its experiment".into()));
    }
    if about.epochs.len() > run.experiment.epochs {
        return Err(wrong("it has more epochs than the run".into()));
    }
    if let Some(row) = about
        .epochs
        .iter()
        .zip(1..)
        .position(|(row, epoch)| !fits(row, epoch, data, run.experiment.net.classes))
    {
        return Err(wrong(format!("row {} of its epochs does not match the run", row + 1)));
    }
    let (parameters, statistics) = (plan.parameter_count(), plan.statistics_count());
    let of_averages = if state.averages.is_some() { parameters + statistics } else { 0 };
    let TrainingState { weights, slots, averages } = state;
    let numbers = (1 + slots.len()) * parameters + statistics + of_averages;
    let file = file.read(numbers).map_err(wrong)?;
    let mut tensors: Vec<NamedMut> = weights.named_mut(plan).collect();
    for slot in slots {
        let mut rest = slot.values.as_mut_slice();
        for parameter in &plan.parameters {
            let (values, after) = rest.split_at_mut(parameter.range.len());
            tensors.push((name_in(slot.name, &parameter.name), parameter.shape.clone(), values));
            rest = after;
        }
    }
    if let Some(averages) = averages.as_mut() {
        let named = averages.weights.named_mut(plan);
        tensors.extend(named.map(|(name, shape, values)| (name_in(AVERAGE, &name), shape, values)));
    }
    tensor_file::fill(&file, tensors).map_err(wrong)?;
    if let Some((averages, steps)) = averages.as_mut().zip(about.averaged_steps) {
        averages.steps = steps;
    }
    Ok(about.epochs)
}

/// Whether a row can be of this run: it counts all of its images, and its figures are finite.
fn fits(row: &EpochRow, epoch: usize, data: &Dataset, classes: usize) -> bool {
    let scores = [
        (Some(row.train), Some(data.train.len())),
        (row.holdout, data.holdout.as_ref().map(Images::len)),
        (row.test, data.test.as_ref().map(Images::len)),
    ];
    let evaluated = scores.into_iter().all(|(score, total)| {
        score.map(|score| score.total) == total
            && score.is_none_or(|score| score.correct <= score.total && score.loss_sum.is_finite())
    });
    let counted = match (&row.test, &row.test_by_class) {
        (Some(test), Some(by_class)) => by_class.fit(test.correct, test.total, classes),
        (_, by_class) => by_class.is_none(), // checkpoints of earlier versions have none
    };
    let figures = [row.learning_rate, row.seconds];
    row.epoch == epoch
        && evaluated
        && counted
        && figures.iter().all(|figure| figure.is_finite() && *figure >= 0.0)
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The prefix of averages, beside those of the optimizer's slots.
const AVERAGE: &str = "average";

fn name_in(prefix: &str, name: &str) -> String {
    format!("{prefix}.{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Fused, Request, instruction_set};
    use crate::{DataSource, DeviceChoice, EngineChoice};

    #[test]
    fn a_checkpoint_that_lacks_a_tensor_changes_nothing() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/samples/squares");
        let experiment = std::fs::read_to_string(samples.join("experiment.json")).unwrap();
        let experiment: Experiment = serde_json::from_str(&experiment).unwrap();
        let plan = experiment.check().unwrap();
        let options = RunOptions {
            seed: 1,
            data: DataSource::new(&samples),
            class_names: vec![],
            image_form: None,
            image_preparation: None,
            selection: Selection { judge_test: true, ..Selection::default() },
            device: DeviceChoice::Cpu,
            engine: EngineChoice::Fused,
            threads: Some(1),
            model_path: None,
            checkpoint_path: None,
            start_path: None,
            teacher_path: None,
            sources: None,
            platform: None,
        };
        let data = Dataset::open(&options.data, &experiment.net, &options.selection).unwrap();
        let state = |seed| TrainingState::init(&plan, &experiment, seed).unwrap();
        let (engine, device) = (options.engine, options.device);
        let request =
            Request { experiment: &experiment, plan: &plan, class_weights: None, engine, device, threads: 1 };
        let engine = Fused::start(&request, state(1), instruction_set().unwrap()).unwrap();
        let run = Identity::new(&experiment, &options, &data, WeightFiles::default(), &engine);

        let mut kept = state(1);
        kept.averages.as_mut().unwrap().steps = 7;
        let mut renamed = plan.clone();
        renamed.parameters[0].name = "another".into();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        save(&path, &renamed, &kept, &run, &[]).unwrap();
        let mut restored = state(2);
        let error = restore(&path, &plan, &mut restored, &run, &data).unwrap_err().to_string();
        assert!(error.contains("it lacks the tensor"), "{error}");
        assert_eq!(restored, state(2));
        restore(&path, &renamed, &mut restored, &run, &data).unwrap();
        assert_eq!(restored, kept);
    }
}
