//! Helpers of several tests.
#![allow(dead_code, missing_docs)] // each test binary uses its part

use std::path::Path;

use serde_json::Value;
use stepladder_trainer::data::{Batch, Selection, SoftTargets};
use stepladder_trainer::engine::{Engine, Request, Step};
use stepladder_trainer::net::{BlockPart, BlockSpec, LayerSpec, NetSpec, Norm, Plan};
use stepladder_trainer::optim::{Optimizer, Schedule, Sgd, Steps, Update};
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
    let (activation, norm_momentum, norm_epsilon) = (None, None, None);
    BlockSpec { order, bias: false, norm, dropout, activation, norm_momentum, norm_epsilon }
}

/// The final net of the ladder.
pub fn final_net() -> NetSpec {
    let block_of = |channels, kernel| LayerSpec::block(channels, kernel, 0);
    NetSpec {
        channels: 1,
        size: 28,
        classes: 10,
        block: block(Norm::Batch, 0.03),
        body: vec![
            block_of(8, 3),
            block_of(16, 3),
            LayerSpec::max_pool(2),
            block_of(8, 1),
            block_of(8, 3),
            block_of(16, 3),
            block_of(20, 3),
        ],
        head: vec![
            LayerSpec::average_pool(6),
            block_of(19, 1),
            LayerSpec::conv(10, 1, 0, false),
            LayerSpec::Flatten,
        ],
    }
}

pub fn sgd(momentum: f64, nesterov: bool, weight_decay: f64) -> Optimizer {
    Optimizer::Sgd(Sgd { momentum, nesterov, weight_decay, decayed: None, clip_norm: None })
}

/// An optimizer that uses all that there is: it clips gradients in most steps, and its weights alone decay.
pub fn adamw() -> Optimizer {
    let settings = r#"{"kind": "adamw", "weightDecay": 0.1, "decayed": "weights", "clipNorm": 1}"#;
    serde_json::from_str(settings).unwrap()
}

/// The final net, trained as the first steps are.
pub fn experiment() -> Experiment {
    Experiment {
        net: final_net(),
        start: None,
        augmentation: None,
        optimizer: sgd(0.9, true, 1e-4),
        schedule: Schedule::Constant { learning_rate: 0.01 },
        averaging: None,
        label_smoothing: 0.0,
        quantize: None,
        loss: None,
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
        start_path: None,
        teacher_path: None,
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
        optimizer: sgd(0.0, false, 0.0),
        label_smoothing,
        batch_size: 128,
        ..experiment()
    }
}

pub fn request<'a>(experiment: &'a Experiment, plan: &'a Plan, threads: usize) -> Request<'a> {
    let (engine, device) = (EngineChoice::Auto, DeviceChoice::Cpu);
    Request { experiment, plan, class_weights: None, engine, device, threads }
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
    let mut state = TrainingState::init(plan, &experiment(), seed).unwrap();
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
    let update = Update { index: 0, learning_rate: 0.0, momentum: None };
    Step { update, dropout: Stream::new(seed, Purpose::Dropout).at(0) }
}

/// A small net that PyTorch trained on one batch: `trained()` of `make_fixtures.py`.
pub struct Trained {
    pub experiment: Experiment,
    pub plan: Plan,
    pub start: TrainingState,
    /// The weight of each class in the loss.
    class_weights: Option<Vec<f64>>,
    /// The answers of the teacher, if the loss has one.
    soft_targets: Option<SoftTargets>,
    images: Vec<f32>,
    labels: Vec<u8>,
    /// Before each step.
    losses: Vec<f64>,
    /// After the last step, by name.
    parameters: Value,
    /// The running ranges after the last step.
    ranges: Vec<Vec<f32>>,
}

impl Trained {
    pub fn of_fixture(name: &str) -> Vec<Self> {
        let fixture = fixture(name);
        let labels: Vec<u8> =
            fixture["labels"].as_array().unwrap().iter().map(|x| x.as_u64().unwrap() as u8).collect();
        let cases = fixture["cases"].as_array().unwrap().iter();
        let trained = cases.map(|case| {
            let mut experiment = experiment();
            experiment.net = serde_json::from_value(fixture["net"].clone()).unwrap();
            experiment.optimizer = serde_json::from_value(case["optimizer"].clone()).unwrap();
            experiment.schedule = serde_json::from_value(case["schedule"].clone()).unwrap();
            experiment.label_smoothing = case["labelSmoothing"].as_f64().unwrap_or_default();
            experiment.loss = serde_json::from_value(case["loss"].clone()).unwrap();
            experiment.quantize = serde_json::from_value(case["quantize"].clone()).unwrap();
            experiment.batch_size = 24;
            let class_weights =
                experiment.class_weights().map(|weights| weights.resolve(experiment.net.classes, &labels));
            if let Some(weights) = &class_weights {
                let expected =
                    case["weights"].as_array().unwrap().iter().map(|weight| weight.as_f64().unwrap());
                assert!(weights.iter().copied().eq(expected), "{weights:?}");
            }
            let soft_targets = experiment.teacher().map(|teacher| SoftTargets {
                logits: floats(&case["teacherLogits"]),
                temperature: teacher.temperature(),
                weight: teacher.weight(),
            });
            let plan = experiment.check().unwrap();
            let mut start = TrainingState::init(&plan, &experiment, 1).unwrap();
            for planned in &plan.parameters {
                let values = floats(&fixture["start"][&planned.name]);
                start.weights.parameters[planned.range.clone()].copy_from_slice(&values);
            }
            Self {
                experiment,
                plan,
                start,
                class_weights,
                soft_targets,
                images: floats(&fixture["images"]),
                labels: labels.clone(),
                losses: case["losses"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect(),
                parameters: case["parameters"].clone(),
                ranges: case["ranges"].as_array().into_iter().flatten().map(floats).collect(),
            }
        });
        trained.collect()
    }

    pub fn request(&self, threads: usize) -> Request<'_> {
        Request {
            class_weights: self.class_weights.as_deref(),
            ..request(&self.experiment, &self.plan, threads)
        }
    }

    /// Trains on an engine, and compares each loss and the last parameters with PyTorch's in f64.
    #[track_caller]
    pub fn follow(&self, engine: &mut dyn Engine, tolerance: f32) {
        let Experiment { optimizer, schedule, label_smoothing, loss, .. } = &self.experiment;
        let case = format!("{optimizer:?} {schedule:?} {label_smoothing} {loss:?}");
        let samples = (0..self.labels.len() as u32).collect();
        let mut batch = Batch::ready(&self.images, self.labels.clone(), samples);
        if let Some(soft_targets) = &self.soft_targets {
            batch.set_soft_targets(soft_targets.clone());
        }
        let steps = Steps { epochs: 1, per_epoch: self.losses.len() };
        for (index, expected) in self.losses.iter().enumerate() {
            let update = self.experiment.schedule.update(index, steps);
            let loss = engine.step(&batch, &Step { update, ..standing(1) }).unwrap().loss();
            let off = (loss - expected).abs();
            assert!(off < f64::from(tolerance), "{case}, step {index}: {loss} {expected}");
        }
        let state = engine.state().unwrap();
        for planned in &self.plan.parameters {
            let got = &state.weights.parameters[planned.range.clone()];
            let expected = floats(&self.parameters[&planned.name]);
            assert_close(&format!("{case}, {}", planned.name), got, &expected, tolerance);
        }
        assert_eq!(self.plan.ranges.len(), self.ranges.len());
        for (planned, expected) in self.plan.ranges.iter().zip(&self.ranges) {
            let got = &state.weights.statistics[planned.range.clone()];
            assert_close(&format!("{case}, {}", planned.name), got, expected, tolerance);
        }
    }
}

/// Random nets with layers within layers; each is made to fit by its own sizes.
pub mod nested {
    use proptest::prelude::*;
    use stepladder_trainer::net::{
        Activation, BlockLayer, ConcatLayer, Groups, LayerSpec, LinearLayer, NetSpec, Norm, Plan, PoolLayer,
        RepeatLayer, ResidualLayer, SeparableLayer, Shortcut, SqueezeExciteLayer,
    };

    pub fn activation() -> impl Strategy<Value = Option<Activation>> {
        let all = [
            Activation::Relu,
            Activation::LeakyRelu,
            Activation::Elu,
            Activation::Relu6,
            Activation::HardSwish,
            Activation::Silu,
            Activation::Gelu,
            Activation::None,
        ];
        proptest::option::of(proptest::sample::select(all.to_vec()))
    }

    fn groups() -> impl Strategy<Value = Option<Groups>> {
        let depthwise = Groups::Depthwise;
        proptest::sample::select(vec![
            None,
            Some(Groups::Number(2)),
            Some(Groups::Number(4)),
            Some(depthwise),
        ])
    }

    /// Layers that leave four or eight channels and, where `stays` says so, the shape of their input.
    fn leaf(stays: bool) -> impl Strategy<Value = LayerSpec> {
        let channels = if stays { vec![4] } else { vec![4, 8] };
        let stride = if stays { Just(None).boxed() } else { proptest::option::of(1_usize..4).boxed() };
        let sizes = prop_oneof![Just((1, 0, 1)), Just((3, 1, 1)), Just((5, 2, 1)), Just((3, 2, 2))];
        let block =
            (proptest::sample::select(channels.clone()), sizes, stride.clone(), groups(), activation())
                .prop_map(|(channels, (kernel, padding, dilation), stride, groups, activation)| {
                    let dilation = (dilation > 1).then_some(dilation);
                    LayerSpec::Block(BlockLayer {
                        channels,
                        kernel,
                        padding,
                        stride,
                        groups,
                        dilation,
                        activation,
                    })
                });
        let separable =
            (proptest::sample::select(channels), stride, activation(), proptest::option::of(any::<bool>()))
                .prop_map(|(channels, stride, activation, between)| {
                    let (kernel, padding, dilation) = (3, 1, None);
                    LayerSpec::Separable(SeparableLayer {
                        channels,
                        kernel,
                        padding,
                        stride,
                        dilation,
                        activation,
                        between,
                    })
                });
        let pool = any::<bool>().prop_map(|largest| {
            let pool = PoolLayer { kernel: 3, stride: Some(1), padding: Some(1) };
            if largest { LayerSpec::MaxPool(pool) } else { LayerSpec::AveragePool(pool) }
        });
        let squeeze =
            (1_usize..5).prop_map(|channels| LayerSpec::SqueezeExcite(SqueezeExciteLayer { channels }));
        prop_oneof![4 => block, 2 => separable, 1 => pool, 1 => squeeze]
    }

    fn layer() -> impl Strategy<Value = LayerSpec> {
        leaf(true).prop_recursive(3, 12, 3, |inner| {
            let layers = proptest::collection::vec(inner, 0..3);
            prop_oneof![
                (layers.clone(), activation(), any::<bool>()).prop_map(|(layers, activation, conv)| {
                    let shortcut = conv.then_some(Shortcut::Conv);
                    LayerSpec::Residual(ResidualLayer { layers, shortcut, activation, zero_init: None })
                }),
                (layers.clone(), 1_usize..4)
                    .prop_map(|(layers, times)| LayerSpec::Repeat(RepeatLayer { times, layers })),
                // Back to four channels, so that it can stand wherever the others can.
                proptest::collection::vec(layers, 1..3).prop_map(|branches| {
                    let concat = LayerSpec::Concat(ConcatLayer { branches });
                    let layers = vec![concat, LayerSpec::block(4, 1, 0)];
                    LayerSpec::Repeat(RepeatLayer { times: 1, layers })
                }),
            ]
        })
    }

    /// Nets of such layers, whatever their norm and their end.
    pub fn net() -> impl Strategy<Value = NetSpec> {
        let body = proptest::collection::vec(prop_oneof![3 => layer(), 1 => leaf(false)], 1..4);
        let block = (any::<bool>(), any::<bool>(), prop_oneof![Just(0.0), Just(0.2)], activation());
        (block, 1_usize..4, 1_usize..8, 2_usize..6, body, any::<bool>()).prop_filter_map(
            "a size that fits",
            |((batch, bias, dropout, activation), channels, size, classes, mut body, linear)| {
                let mut block = super::block(if batch { Norm::Batch } else { Norm::None }, dropout);
                (block.bias, block.activation) = (bias, activation);
                body.insert(0, LayerSpec::block(4, 3, 1));
                let head = if linear {
                    let (features, bias) = (classes, None);
                    vec![LayerSpec::Linear(LinearLayer { features, bias, activation: None })]
                } else {
                    vec![LayerSpec::GlobalAveragePool, LayerSpec::conv(classes, 1, 0, true)]
                };
                let net = NetSpec { channels, size, classes, block, body, head };
                Plan::of(&net).is_ok().then_some(net)
            },
        )
    }
}
