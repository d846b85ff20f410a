//! Model files: reading them back, and refusing those that this program did not write.

mod common;

use std::path::Path;
use std::process::Command;

use common::{bars, block, experiment, final_net, options};
use proptest::prelude::*;
use serde_json::json;
use stepladder_trainer::engine::{FusedAlone, check_evaluation};
use stepladder_trainer::net::{BlockPart, BlockSpec, LayerSpec, NetSpec, Norm, Op, Plan, Quantize};
use stepladder_trainer::{Experiment, Model, RunOptions, TrainError, Unwatched, summarize, train};

#[test]
fn a_model_predicts_after_a_round_trip_what_it_scored_in_the_run() {
    let data = bars(160, 40);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let options = RunOptions { model_path: Some(path.clone()), ..options(data.path()) };
    let outcome =
        train(&Experiment { epochs: 3, ..experiment() }, &options, &FusedAlone, &mut Unwatched).unwrap();
    let mut model = Model::load(&path).unwrap();
    assert_eq!(model.net(), &final_net());
    let images = std::fs::read(data.path().join("t10k-images-idx3-ubyte")).unwrap();
    let predictions = model.predict(&images[16..]).unwrap();
    let correct = predictions.iter().enumerate().filter(|(i, p)| p.label == i % 10).count();
    assert_eq!(correct, outcome.epochs[2].test.unwrap().correct);
    for prediction in predictions {
        assert!((prediction.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
    assert!(model.predict(&images[16..100]).is_err());
}

#[test]
fn a_net_that_was_trained_for_whole_numbers_predicts_in_floats_and_its_file_has_ranges() {
    let data = bars(160, 40);
    let path = data.path().join("model.safetensors");
    let options = RunOptions { model_path: Some(path.clone()), ..options(data.path()) };
    let experiment = Experiment { epochs: 3, quantize: Some(Quantize::Int8), ..experiment() };
    let outcome = train(&experiment, &options, &FusedAlone, &mut Unwatched).unwrap();
    let mut model = Model::load(&path).unwrap();
    let images = std::fs::read(data.path().join("t10k-images-idx3-ubyte")).unwrap();
    let predictions = model.predict(&images[16..]).unwrap();
    for (prediction, answer) in predictions.iter().zip(&outcome.test_answers) {
        assert_eq!(prediction.label, usize::from(answer.label));
        assert_eq!(prediction.probabilities[prediction.label].to_bits(), answer.probability.to_bits());
    }
    let plan = experiment.check().unwrap();
    assert_eq!(model.plan(), &plan);
    assert_eq!(plan.ranges.len(), 8); // behind seven ReLUs and the pool
    for planned in &plan.ranges {
        let [low, high] = model.weights().statistics[planned.range.clone()] else { panic!() };
        assert!(low == 0.0 && high > 0.0, "{}: {low} {high}", planned.name);
    }
}

#[test]
fn damaged_model_files_are_refused_without_a_crash() {
    let data = bars(32, 10);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let options = RunOptions { model_path: Some(path.clone()), ..options(data.path()) };
    train(&experiment(), &options, &FusedAlone, &mut Unwatched).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let mut renamed = whole.clone();
    let at = whole.windows(8).position(|window| window == b"channels").unwrap();
    renamed[at] = b'k';
    let cases: [(&str, Vec<u8>); 5] = [
        ("cut short", whole[..whole.len() / 2].to_vec()),
        ("cut in its header", whole[..20].to_vec()),
        ("empty", vec![]),
        ("text", b"not safetensors at all".to_vec()),
        ("another net", renamed),
    ];
    for (what, bytes) in cases {
        let path = folder.path().join("damaged");
        std::fs::write(&path, bytes).unwrap();
        let error = Model::load(&path).unwrap_err();
        assert!(matches!(error, TrainError::Model { .. }), "{what}: {error}");
    }
    assert!(matches!(Model::load(&folder.path().join("none")), Err(TrainError::Model { .. })));
}

/// A whole safetensors file that describes a net in any words, and holds `zeros` bytes in a tensor of no net.
fn file_saying(about: &str, zeros: usize) -> Vec<u8> {
    let tensor = json!({"dtype": "U8", "shape": [zeros], "data_offsets": [0, zeros]});
    let header = json!({"__metadata__": {"stepladder": about}, "filler": tensor}).to_string();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    bytes.resize(bytes.len() + zeros, 0);
    bytes
}

fn about(net: &NetSpec) -> String {
    json!({"net": net, "normalisation": {"mean": 0.1307, "deviation": 0.3081}}).to_string()
}

/// Why a file of these bytes can't be loaded.
fn refusal(bytes: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    match Model::load(file.path()) {
        Err(TrainError::Model { reason, .. }) => reason,
        Err(error) => panic!("{error}"),
        Ok(model) => panic!("it was loaded: {:?}", model.net()),
    }
}

/// 4096 pixels and 10,000 channels: a few weights, and terabytes of activations.
fn wide() -> NetSpec {
    NetSpec {
        channels: 1,
        size: 4096,
        classes: 10,
        block: block(Norm::None, 0.0),
        body: vec![LayerSpec::conv(10_000, 1, 0, true)],
        head: vec![
            LayerSpec::average_pool(1024),
            LayerSpec::average_pool(4),
            LayerSpec::conv(10, 1, 0, false),
            LayerSpec::Flatten,
        ],
    }
}

#[test]
fn a_small_file_of_a_net_that_needs_terabytes_is_refused() {
    let bytes = file_saying(&about(&wide()), 440_000);
    let reason = refusal(&bytes);
    assert!(reason.contains("a net that fits 16 GiB with 16 images"), "{reason}");
}

#[test]
fn a_file_without_the_weights_of_its_net_is_refused() {
    let reason = refusal(&file_saying(&about(&final_net()), 100));
    assert!(reason.contains("bytes of numbers"), "{reason}");
}

#[test]
fn a_file_that_claims_what_it_does_not_hold_is_refused_by_its_header_alone() {
    let of = |body: Vec<LayerSpec>| {
        let head = vec![LayerSpec::conv(10, 1, 0, false), LayerSpec::Flatten];
        NetSpec { channels: 1, size: 1, classes: 10, block: block(Norm::None, 0.0), body, head }
    };
    let conv = |channels| LayerSpec::conv(channels, 1, 0, false);
    let reason = refusal(&file_saying(&about(&of(vec![conv(16_384), conv(16_000)])), 100));
    assert!(reason.contains("its net has 1049281536 bytes of numbers, the file 100"), "{reason}");
    let reason = refusal(&file_saying(&about(&of(vec![conv(1); 200_000])), 100));
    assert!(reason.contains("`net.layers` should be a whole number from 0 to 1024"), "{reason}");
    let reason = refusal(&file_saying(&about(&of(vec![conv(1); 400_000])), 100));
    assert!(reason.contains("those of this program at most"), "{reason}");

    let sparse = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(sparse.path(), sample_model()).unwrap();
    sparse.as_file().set_len(1 << 40).unwrap();
    let reason = Model::load(sparse.path()).unwrap_err().to_string();
    assert!(reason.contains("bytes of numbers"), "{reason}");
}

/// Of a format without a checksum; its last numbers are a norm's variances.
fn sample_model() -> Vec<u8> {
    let path = "../../test/samples/format-1/model.safetensors";
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn weights_that_training_never_ends_with_are_refused() {
    let with_last = |number: f32| {
        let mut bytes = sample_model();
        let at = bytes.len() - 4;
        bytes[at..].copy_from_slice(&number.to_le_bytes());
        bytes
    };
    for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let reason = refusal(&with_last(number));
        assert!(reason.contains("which is no finite number"), "{reason}");
    }
}

#[test]
fn weights_whose_predictions_are_not_finite_are_refused_by_predict() {
    let mut bytes = sample_model();
    let header = 8 + u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    for number in bytes[header..].chunks_exact_mut(4) {
        number.copy_from_slice(&3e38_f32.to_le_bytes());
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let error = Model::load(file.path()).unwrap().predict(&[255; 64]).unwrap_err();
    assert!(
        matches!(&error, TrainError::Model { reason, .. } if reason.contains("predictions are not finite")),
        "{error}"
    );
}

#[test]
fn a_net_that_no_machine_could_run_is_summarised_all_the_same() {
    let summary = summarize(&wide()).unwrap();
    assert_eq!(summary.parameters, 20_000 + 100_000);
    assert_eq!(summary.rows[1].activations, 4096 * 4096 * 10_000);

    let block = block(Norm::Batch, 0.0);
    let layer = LayerSpec::block(64, 3, 1);
    let deep = NetSpec { block, body: vec![layer; 1018], ..wide() };
    let summary = summarize(&NetSpec { size: 4096, ..deep }).unwrap();
    assert_eq!(summary.rows.len(), 1022);
    assert_eq!(summary.rows[1017].field_out, 1 + 2 * 1018);
}

#[cfg(unix)]
#[test]
fn a_device_without_end_and_a_pipe_without_a_writer_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [Path::new("/dev/zero"), &pipe] {
        let error = Model::load(path).unwrap_err().to_string();
        assert!(error.contains("it is not a file"), "{error}");
    }
}

/// Whole numbers of a hostile header: at the bounds of the allowed ranges, and beyond.
fn number() -> impl Strategy<Value = usize> {
    let borders = [0, 1, 2, 3, 28, 256, 257, 1024, 1025, 4096, 4097, 65_536, 65_537, 1 << 32, usize::MAX];
    prop_oneof![1_usize..12, proptest::sample::select(borders.to_vec())]
}

fn layer() -> impl Strategy<Value = LayerSpec> {
    prop_oneof![
        (number(), number(), number())
            .prop_map(|(channels, kernel, padding)| LayerSpec::block(channels, kernel, padding)),
        (number(), number(), number(), any::<bool>()).prop_map(|(channels, kernel, padding, bias)| {
            LayerSpec::conv(channels, kernel, padding, bias)
        }),
        number().prop_map(LayerSpec::max_pool),
        number().prop_map(LayerSpec::average_pool),
        Just(LayerSpec::Flatten),
    ]
}

fn net() -> impl Strategy<Value = NetSpec> {
    let parts = vec![BlockPart::Conv, BlockPart::Norm, BlockPart::Relu, BlockPart::Dropout];
    let order = prop_oneof![
        8 => Just(parts.clone()).prop_shuffle(),
        1 => proptest::collection::vec(proptest::sample::select(parts), 0..6),
    ];
    let norm = prop_oneof![Just(Norm::None), Just(Norm::Batch)];
    let dropout = prop_oneof![8 => Just(0.1), 1 => Just(f64::MAX), 1 => Just(-1.0)];
    let block = (order, any::<bool>(), norm, dropout);
    let layers = || proptest::collection::vec(layer(), 0..5);
    (block, number(), number(), number(), layers(), layers()).prop_map(
        |((order, bias, norm, dropout), channels, size, classes, body, mut head)| {
            let block = BlockSpec { order, bias, ..common::block(norm, dropout) };
            // Many of them end as a net must, so that the rest of the way is walked too.
            head.push(LayerSpec::Flatten);
            head.push(LayerSpec::conv(classes, 1, 0, bias));
            NetSpec { channels, size, classes, block, body, head }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn a_net_of_any_numbers_is_refused_or_fits_its_memory(net in net()) {
        let Ok(plan) = Plan::of(&net) else {
            return Ok(());
        };
        prop_assert!(summarize(&net).is_ok());
        let made = |shape: [usize; 3]| shape.iter().map(|&n| n as u128).product::<u128>();
        // A stage's input and output are in memory together, and in training every input of a convolution.
        let nodes = || plan.graph.nodes().map(|(_, node)| (node, made(plan.graph.shape(node.inputs[0]))));
        let largest = nodes().map(|(_, input)| input).max().unwrap_or(0);
        let kept = nodes().filter(|(node, _)| matches!(node.op, Op::Conv { .. })).map(|(_, input)| input);
        let parameters = plan.parameter_count() as u128;
        prop_assert!(check_evaluation(&plan).is_err() || 4 * (16 * largest + 2 * parameters) <= 16 << 30);
        let experiment = Experiment { net, ..experiment() };
        let bytes = 4 * (16 * kept.sum::<u128>() + 5 * parameters);
        prop_assert!(experiment.check().is_err() || bytes <= 16 << 30);
    }

    #[test]
    fn a_file_that_describes_any_net_without_its_weights_is_refused(net in net()) {
        refusal(&file_saying(&about(&net), 0));
    }
}

/// The corpus holds what a header says of its net, as text; `cargo bolero test` looks for more.
#[test]
fn a_file_that_describes_its_net_in_any_bytes_is_refused() {
    bolero::check!().with_iterations(4096).for_each(|about: &[u8]| {
        refusal(&file_saying(&String::from_utf8_lossy(about), 64));
    });
}

/// The same for all bytes of a file.
#[test]
fn a_file_of_any_bytes_is_refused() {
    bolero::check!().with_iterations(4096).for_each(|bytes: &[u8]| {
        refusal(bytes);
    });
}
