//! Weights to start from: files of PyTorch and of this program, and layers that are not trained.

mod common;

use std::path::{Path, PathBuf};

use common::{adamw, bars, experiment, fixture, floats, options, sgd};
use stepladder_trainer::data::Selection;
use stepladder_trainer::engine::{EngineName, FusedAlone};
use stepladder_trainer::net::{LayerSpec, LinearLayer, Plan};
use stepladder_trainer::optim::Averaging;
use stepladder_trainer::{
    BatchProgress, EpochRow, Experiment, Flow, LoadedWeights, Model, RunOptions, Start, TrainError,
    Unwatched, Watch, train,
};

/// A `state_dict` that PyTorch wrote.
fn state_dict() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/start_weights.safetensors")
}

fn start(freeze: &[&str]) -> Option<Start> {
    let freeze = freeze.iter().map(|&path| path.to_owned()).collect();
    Some(Start { from: "start".into(), sha256: None, freeze: Some(freeze) })
}

/// Trains the net of the fixture for an epoch.
fn of_fixture() -> Experiment {
    let net = serde_json::from_value(fixture("start_weights")["net"].clone()).unwrap();
    Experiment { net, start: start(&[]), ..experiment() }
}

#[derive(Default)]
struct Seen(Option<LoadedWeights>, usize);

impl Watch for Seen {
    fn loaded(&mut self, weights: &LoadedWeights) {
        self.0 = Some(weights.clone());
    }

    fn started(&mut self, _engine: EngineName, epochs_done: usize) {
        self.1 = epochs_done;
    }

    fn batch(&mut self, _progress: &BatchProgress) -> Flow {
        Flow::Continue
    }

    fn epoch(&mut self, _row: &EpochRow) -> Flow {
        Flow::Continue
    }
}

/// Trains from a file, and returns the loaded tensors and the model.
fn run(experiment: &Experiment, file: &Path) -> Result<(LoadedWeights, Model), TrainError> {
    let data = bars(40, 10);
    let model_path = data.path().join("model.safetensors");
    let options = RunOptions {
        start_path: Some(file.to_owned()),
        model_path: Some(model_path.clone()),
        ..options(data.path())
    };
    let mut seen = Seen::default();
    train(experiment, &options, &FusedAlone, &mut seen)?;
    Ok((seen.0.unwrap(), Model::load(&model_path).unwrap()))
}

#[test]
fn a_state_dict_of_pytorch_is_loaded_whole_and_frozen_layers_stay_as_they_were() {
    let tensors = &fixture("start_weights")["tensors"];
    for optimizer in [sgd(0.9, true, 0.1), adamw()] {
        let averaging = Some(Averaging { decay: 0.9 });
        let experiment = Experiment { start: start(&["body"]), optimizer, averaging, ..of_fixture() };
        let plan = Plan::of(&experiment.net).unwrap();
        let (loaded, model) = run(&experiment, &state_dict()).unwrap();
        assert_eq!((loaded.loaded, loaded.fresh, loaded.unused), (7, vec![], vec![]));
        for (name, _, got) in model.weights().named(&plan) {
            let is_same = got == floats(&tensors[&name]);
            let stays = name.starts_with("body") && !name.contains("running");
            assert_eq!(is_same, stays, "{name}");
        }
    }
}

#[test]
fn a_head_with_other_classes_starts_as_without_a_file() {
    let mut experiment = of_fixture();
    experiment.start = start(&["body", "head.2"]);
    let linear = |features| LayerSpec::Linear(LinearLayer { features, bias: None, activation: None });
    experiment.net.head = vec![LayerSpec::GlobalAveragePool, linear(4), linear(10)];
    let (loaded, model) = run(&experiment, &state_dict()).unwrap();
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let fresh = ["head.1.linear.weight", "head.1.linear.bias", "head.2.linear.weight", "head.2.linear.bias"];
    assert_eq!((loaded.loaded, loaded.fresh), (5, names(&fresh)));
    assert_eq!(loaded.unused, names(&["head.1.linear.bias", "head.1.linear.weight"]));
    let plan = Plan::of(&experiment.net).unwrap();
    let drawn = stepladder_trainer::net::Weights::init(&plan, 1).unwrap();
    for (parameter, (_, _, got)) in plan.parameters.iter().zip(model.weights().named(&plan)) {
        if parameter.name.starts_with("head.2") {
            assert_eq!(got, &drawn.parameters[parameter.range.clone()], "{}", parameter.name);
        }
    }
}

#[test]
fn a_model_of_this_program_is_a_start_and_its_hash_belongs_to_a_checkpoint() {
    let data = bars(40, 10);
    let [first, second, checkpoint] = ["first", "second", "checkpoint"].map(|name| data.path().join(name));
    let base = Experiment { start: None, ..of_fixture() };
    for (seed, path) in [(1, &first), (2, &second)] {
        let options = RunOptions { seed, model_path: Some(path.clone()), ..options(data.path()) };
        train(&base, &options, &FusedAlone, &mut Unwatched).unwrap();
    }
    let further = RunOptions {
        start_path: Some(first.clone()),
        checkpoint_path: Some(checkpoint),
        selection: Selection { judge_test: true, ..Selection::default() },
        ..options(data.path())
    };
    let mut seen = Seen::default();
    train(&of_fixture(), &further, &FusedAlone, &mut seen).unwrap();
    let loaded = seen.0.unwrap();
    assert_eq!((loaded.loaded, loaded.fresh.len(), loaded.unused.len()), (7, 0, 0));
    let mut again = Seen::default();
    train(&of_fixture(), &further, &FusedAlone, &mut again).unwrap();
    assert_eq!(again.1, 1);
    let other = RunOptions { start_path: Some(second.clone()), ..further.clone() };
    let error = train(&of_fixture(), &other, &FusedAlone, &mut Unwatched).unwrap_err().to_string();
    assert!(error.contains("a run with another file of weights to start from"), "{error}");

    let pinned = |sha256: &str| {
        let start = Start { sha256: Some(sha256.into()), ..start(&[]).unwrap() };
        let options = RunOptions { checkpoint_path: None, ..other.clone() };
        train(&Experiment { start: Some(start), ..of_fixture() }, &options, &FusedAlone, &mut Unwatched)
    };
    let error = pinned(&loaded.sha256).unwrap_err().to_string();
    assert!(
        error.contains(&format!("expected the file of sha256 {}, found one of ", loaded.sha256)),
        "{error}"
    );
}

#[test]
fn files_that_no_net_can_start_from_are_refused_by_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |bytes: &[u8]| {
        let path = folder.path().join("weights");
        std::fs::write(&path, bytes).unwrap();
        let error = run(&of_fixture(), &path).map(drop).unwrap_err();
        assert!(matches!(error, TrainError::Data { .. }), "{error}");
        error.to_string()
    };
    let whole = std::fs::read(state_dict()).unwrap();
    assert!(refused(b"").contains("not a whole safetensors file"));
    assert!(refused(&whole[..whole.len() - 1]).contains("not a whole safetensors file"));
    let text = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let header = 8 + u64::from_le_bytes(*whole.first_chunk().unwrap()) as usize;
        let changed = String::from_utf8(whole[8..header].to_vec()).unwrap().replace(from, to);
        [&whole[..8], changed.as_bytes(), &whole[header..]].concat()
    };
    let none = refused(&text(".", "_"));
    assert!(
        none.contains("names and shapes of the net, such as `body.0.conv.weight` [3, 1, 3, 3], found none"),
        "{none}"
    );
    let whole_numbers = refused(&text("F32", "I32"));
    assert!(
        whole_numbers
            .contains("expected f32 in the tensor `body.0.conv.weight`, found I32; save it as float32")
    );
    let mut nan = whole.clone();
    let end = nan.len();
    nan[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let nan = refused(&nan);
    assert!(nan.contains("holds NaN") || nan.contains("whole safetensors"), "{nan}");
    let missing = run(&of_fixture(), &folder.path().join("nowhere")).map(drop).unwrap_err().to_string();
    assert!(missing.contains("a safetensors file of weights to start from"), "{missing}");
    let of_folder = run(&of_fixture(), folder.path()).map(drop).unwrap_err().to_string();
    assert!(of_folder.contains("it is not a file"), "{of_folder}");
}

#[test]
fn freezing_nothing_or_everything_is_refused() {
    let refusal = |freeze: &[&str]| {
        Experiment { start: start(freeze), ..of_fixture() }.check().unwrap_err().to_string()
    };
    assert_eq!(
        refusal(&["body.0", "body.1"]),
        "`start.freeze.1` should be the path of a layer with parameters, such as `body.0`, got `body.1`"
    );
    assert!(refusal(&["bod"]).contains("`start.freeze.0`"));
    assert_eq!(
        refusal(&["body", "head"]),
        "`start.freeze` should be paths that leave a layer to train, got all of them"
    );
}
