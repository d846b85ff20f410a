//! Helpers of several tests.
#![allow(dead_code, missing_docs)] // each test binary uses its part

use std::path::Path;

use serde_json::Value;
use stepladder_trainer::data::{Batch, Selection};
use stepladder_trainer::engine::{Request, Step};
use stepladder_trainer::net::{BlockPart, BlockSpec, LayerSpec, NetSpec, Norm, Plan};
use stepladder_trainer::optim::{Optimizer, Schedule};
use stepladder_trainer::random::{Purpose, Stream};
use stepladder_trainer::{DataSource, DeviceChoice, EngineChoice, Experiment, RunOptions, TrainingState};

/// Figures that `scripts/reference/make_fixtures.py` made with PyTorch.
pub fn fixture(name: &str) -> Value {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../trainer/tests/fixtures").join(format!("{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

/// Asserts that two lists agree within `tolerance` of the largest expected number.
#[track_caller]
pub fn assert_close(what: &str, got: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-3_f32, |most, x| most.max(x.abs()));
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!((g - e).abs() <= tolerance * largest, "{what}[{i}]: got {g}, expected {e}");
    }
}

pub fn block(norm: Norm, dropout: f64) -> BlockSpec {
    let order = vec![BlockPart::Conv, BlockPart::Norm, BlockPart::Relu, BlockPart::Dropout];
    BlockSpec { order, bias: false, norm, dropout }
}

/// The final net of the ladder.
pub fn final_net() -> NetSpec {
    let block_of = |channels, kernel| LayerSpec::Block { channels, kernel, padding: 0 };
    NetSpec {
        channels: 1,
        size: 28,
        classes: 10,
        block: block(Norm::Batch, 0.03),
        body: vec![
            block_of(8, 3),
            block_of(16, 3),
            LayerSpec::MaxPool { kernel: 2 },
            block_of(8, 1),
            block_of(8, 3),
            block_of(16, 3),
            block_of(20, 3),
        ],
        head: vec![
            LayerSpec::AveragePool { kernel: 6 },
            block_of(19, 1),
            LayerSpec::Conv { channels: 10, kernel: 1, padding: 0, bias: false },
            LayerSpec::Flatten,
        ],
    }
}

/// The final net, trained as the first steps are.
pub fn experiment() -> Experiment {
    Experiment {
        net: final_net(),
        augmentation: None,
        optimizer: Optimizer { momentum: 0.9, nesterov: true, weight_decay: 1e-4 },
        schedule: Schedule::Constant { learning_rate: 0.01 },
        averaging: None,
        label_smoothing: 0.0,
        batch_size: 16,
        epochs: 1,
    }
}

/// All images, the test images evaluated.
pub const ALL: Selection =
    Selection { limit_train: None, limit_test: None, holdout: 0, judge_test: true, draw_seed: None };

pub fn options(data: &Path) -> RunOptions {
    RunOptions {
        seed: 1,
        data: DataSource::new(data),
        class_names: vec![],
        image_form: None,
        image_preparation: None,
        selection: ALL,
        device: DeviceChoice::Cpu,
        engine: EngineChoice::Fused,
        threads: Some(1),
        model_path: None,
        checkpoint_path: None,
        sources: None,
        platform: None,
    }
}

/// An IDX file: its magic number, its dimensions, its bytes.
pub fn idx(magic: u32, dimensions: &[u32], body: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = magic.to_be_bytes().to_vec();
    bytes.extend(dimensions.iter().flat_map(|n| n.to_be_bytes()));
    bytes.extend(body);
    bytes
}

/// A folder of four IDX files: 28 x 28 images, each with a bright bar whose place gives its label, in some noise.
pub fn bars(train: u32, test: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (prefix, count) in [("train", train), ("t10k", test)] {
        let mut pixels = vec![];
        let mut labels = vec![];
        for i in 0..count {
            let label = i % 10;
            labels.push(label as u8);
            for pixel in 0..28 * 28_u32 {
                let noise = (pixel.wrapping_mul(2_654_435_761) ^ i.wrapping_mul(40_503)) >> 26;
                let bright = (pixel / 28).abs_diff(4 + 2 * label) < 2;
                pixels.push((if bright { 180 } else { 0 }) + noise as u8);
            }
        }
        let write = |name: &str, bytes| std::fs::write(folder.path().join(name), bytes).unwrap();
        write(&format!("{prefix}-images-idx3-ubyte"), idx(2051, &[count, 28, 28], &pixels));
        write(&format!("{prefix}-labels-idx1-ubyte"), idx(2049, &[count], &labels));
    }
    folder
}

/// An experiment of a net whose first step is the gradient itself, so that gradients can be compared.
pub fn of_net(net: &NetSpec, label_smoothing: f64) -> Experiment {
    Experiment {
        net: net.clone(),
        optimizer: Optimizer { momentum: 0.0, nesterov: false, weight_decay: 0.0 },
        label_smoothing,
        batch_size: 128,
        ..experiment()
    }
}

pub fn request<'a>(experiment: &'a Experiment, plan: &'a Plan, threads: usize) -> Request<'a> {
    let (engine, device) = (EngineChoice::Auto, DeviceChoice::Cpu);
    Request { experiment, plan, engine, device, threads }
}

/// Images `[N, C, H, W]` around zero, with labels, and places in a large set.
pub struct Inputs {
    pub images: Vec<f32>,
    pub labels: Vec<u8>,
    pub samples: Vec<u32>,
}

impl Inputs {
    pub fn random(net: &NetSpec, count: usize, seed: u64) -> Self {
        let stream = Stream::new(seed, Purpose::Order);
        let pixels = net.channels * net.size * net.size;
        Self {
            images: (0..(count * pixels) as u64).map(|i| stream.at(1).uniform(i, -1.5, 1.5) as f32).collect(),
            labels: (0..count as u64).map(|i| stream.at(2).below(i, net.classes as u64) as u8).collect(),
            samples: (0..count as u64).map(|i| stream.at(3).below(i, 60_000) as u32).collect(),
        }
    }

    pub fn batch(&self) -> Batch<'_> {
        Batch::ready(&self.images, self.labels.clone(), self.samples.clone())
    }
}

/// Returns a state as in the middle of a run, norms included.
pub fn trained_state(plan: &Plan, seed: u64) -> TrainingState {
    let mut state = TrainingState::init(plan, seed, false).unwrap();
    let stream = Stream::new(seed, Purpose::Weights).at(99);
    for (index, planned) in plan.parameters.iter().enumerate() {
        if planned.name.contains("norm") {
            let around = if planned.name.ends_with("weight") { 1.0 } else { 0.0 };
            for (i, value) in state.weights.parameters[planned.range.clone()].iter_mut().enumerate() {
                *value = stream.at(index as u64).uniform(i as u64, around - 0.5, around + 0.5) as f32;
            }
        }
    }
    state
}

/// A step that changes no weight.
pub fn standing(seed: u64) -> Step {
    Step { learning_rate: 0.0, momentum: None, dropout: Stream::new(seed, Purpose::Dropout).at(0) }
}
