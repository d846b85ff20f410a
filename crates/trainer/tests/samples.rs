//! Files as earlier versions of this program wrote them, kept for ever.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::options;
use stepladder_trainer::engine::{EngineName, FusedAlone};
use stepladder_trainer::{
    BatchProgress, EpochRow, Experiment, Flow, Model, RunOptions, TrainError, Watch, train,
};

/// The formats there have been; the last is the one that is written.
const FORMATS: [u32; 2] = [1, 2];

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/samples")
}

/// Of a format: `checkpoint.safetensors` after two of three epochs, and `model.safetensors` after the third.
fn sample(format: u32, file: &str) -> PathBuf {
    samples().join(format!("format-{format}")).join(file)
}

/// The experiment of the samples.
fn experiment() -> Experiment {
    serde_json::from_str(&fs::read_to_string(samples().join("squares/experiment.json")).unwrap()).unwrap()
}

/// Notes how many epochs a checkpoint brought, and stops after one of them.
struct Watched {
    epochs_done: usize,
    stop_after: usize,
}

impl Watch for Watched {
    fn started(&mut self, _engine: EngineName, epochs_done: usize) {
        self.epochs_done = epochs_done;
    }

    fn batch(&mut self, _progress: &BatchProgress) -> Flow {
        Flow::Continue
    }

    fn epoch(&mut self, row: &EpochRow) -> Flow {
        if row.epoch == self.stop_after { Flow::Stop } else { Flow::Continue }
    }
}

/// Trains to a model with a checkpoint, and returns how many epochs that brought.
fn resume(checkpoint: &Path, model: &Path, stop_after: usize) -> Result<usize, TrainError> {
    let mut watched = Watched { epochs_done: 0, stop_after };
    let (checkpoint_path, model_path) = (Some(checkpoint.to_owned()), Some(model.to_owned()));
    let options = RunOptions { checkpoint_path, model_path, ..options(&samples().join("squares")) };
    train(&experiment(), &options, &FusedAlone, &mut watched)?;
    Ok(watched.epochs_done)
}

#[test]
#[ignore = "a sample is made once, by the version that writes its format"]
fn make_the_sample_of_the_present_format() {
    let [checkpoint, model] = ["checkpoint", "model"]
        .map(|name| sample(FORMATS[FORMATS.len() - 1], &format!("{name}.safetensors")));
    assert!(matches!(resume(&checkpoint, &model, 2), Err(TrainError::Cancelled)));
    let kept = fs::read(&checkpoint).unwrap();
    resume(&checkpoint, &model, 0).unwrap();
    fs::write(checkpoint, kept).unwrap();
}

#[test]
fn a_checkpoint_of_any_format_is_resumed_or_refused_by_both_versions() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let [checkpoint, model] = ["checkpoint", "model"].map(|name| folder.path().join(name));
        let kept = fs::read(sample(format, "checkpoint.safetensors")).unwrap();
        fs::write(&checkpoint, &kept).unwrap();
        let text = String::from_utf8_lossy(&kept).replace('\\', "");
        let version = text.split(r#""version":""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
        let outcome = resume(&checkpoint, &model, 0);
        if version == env!("CARGO_PKG_VERSION") {
            assert_eq!(outcome.unwrap(), 2, "format {format}");
            let unbroken = Model::load(&sample(format, "model.safetensors")).unwrap();
            // Running statistics after so few steps were not yet those of the training images.
            let (resumed, unbroken) = (Model::load(&model).unwrap(), unbroken.weights());
            assert_eq!(resumed.weights().parameters, unbroken.parameters, "format {format}");
        } else {
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains(&format!("{version} and not {}", env!("CARGO_PKG_VERSION"))), "{error}");
            assert_eq!(fs::read(&checkpoint).unwrap(), kept);
        }
    }
}

#[test]
fn a_model_of_any_format_predicts() {
    let images = fs::read(samples().join("squares/t10k-images-idx3-ubyte")).unwrap();
    for format in FORMATS {
        let mut model = Model::load(&sample(format, "model.safetensors")).unwrap();
        let predictions = model.predict(&images[16..]).unwrap();
        let correct = predictions.iter().enumerate().filter(|(i, it)| it.label == i % 4).count();
        assert!(correct > 10, "format {format}: {correct} of 20"); // 5 by chance
    }
}

#[test]
fn a_file_of_a_later_format_is_refused_by_both_versions() {
    let bytes = fs::read(sample(2, "model.safetensors")).unwrap();
    let at = bytes.windows(11).position(|window| window == br#"format\":2,"#).unwrap();
    let mut later = bytes;
    later[at + 9] = b'9';
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), later).unwrap();
    let error = Model::load(file.path()).unwrap_err().to_string();
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!("it has format 9, of a later version of this program; version {version} reads");
    assert!(error.contains(&expected), "{error}");
}
