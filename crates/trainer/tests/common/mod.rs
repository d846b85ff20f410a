//! What several tests share.
#![allow(dead_code, missing_docs)] // each test binary uses its part

use std::path::Path;

use serde_json::Value;
use stepladder_trainer::net::{BlockPart, BlockSpec, LayerSpec, NetSpec, Norm};
use stepladder_trainer::optim::{Optimizer, Schedule};
use stepladder_trainer::{DataSource, DeviceChoice, EngineChoice, Experiment, RunOptions};

/// Figures that `scripts/reference/make_fixtures.py` made with PyTorch.
pub fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format!("{name}.json"));
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

pub fn options(data: &Path) -> RunOptions {
    RunOptions {
        seed: 1,
        data: DataSource::Folder(data.to_owned()),
        limit_train: None,
        limit_test: None,
        holdout: 0,
        device: DeviceChoice::Cpu,
        engine: EngineChoice::Aten,
        threads: Some(1),
        model_path: None,
        checkpoint_path: None,
    }
}

/// An IDX file: its magic number, its dimensions, its bytes.
pub fn idx(magic: u32, dimensions: &[u32], body: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = magic.to_be_bytes().to_vec();
    bytes.extend(dimensions.iter().flat_map(|n| n.to_be_bytes()));
    bytes.extend(body);
    bytes
}

/// A folder of four IDX files: 28 x 28 images, each with a bright bar whose place tells its label, in some noise.
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
