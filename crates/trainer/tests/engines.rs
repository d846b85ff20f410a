//! The fused engine against libtorch's autograd, on nets, shapes, inputs and seeds of all kinds.

mod common;

use common::{bars, experiment, final_net, options};
use proptest::prelude::*;
use stepladder_trainer::data::{Augmentation, Batch};
use stepladder_trainer::engine::{Aten, Engine, Fused, Isa};
use stepladder_trainer::metric::Score;
use stepladder_trainer::net::{BlockPart, BlockSpec, LayerSpec, NetSpec, Norm, Plan, Weights};
use stepladder_trainer::random::{Purpose, Stream};
use stepladder_trainer::{EngineChoice, Experiment, RunOptions, TrainError, Unwatched, train};
use tch::{Device, Kind, Tensor};

fn values(tensor: &Tensor) -> Vec<f64> {
    Vec::<f64>::try_from(tensor.to_kind(Kind::Double).flatten(0, -1)).unwrap()
}

fn batch(net: &NetSpec, count: usize, seed: u64) -> Batch {
    let stream = Stream::new(seed, Purpose::Order);
    let pixels = net.channels * net.size * net.size;
    Batch {
        images: (0..(count * pixels) as u64).map(|i| stream.at(1).uniform(i, -1.5, 1.5) as f32).collect(),
        labels: (0..count as u64).map(|i| stream.at(2).below(i, net.classes as u64) as u8).collect(),
        samples: (0..count as u64).map(|i| stream.at(3).below(i, 60_000) as u32).collect(),
    }
}

/// Weights as they might stand in the middle of a run, norms included.
fn weights(plan: &Plan, seed: u64) -> Weights {
    let mut weights = Weights::init(plan, seed, Device::Cpu).unwrap();
    let stream = Stream::new(seed, Purpose::Weights).at(99);
    for (index, (tensor, planned)) in weights.parameters.iter_mut().zip(&plan.parameters).enumerate() {
        if planned.name.contains("norm") {
            let around = if planned.name.ends_with("weight") { 1.0 } else { 0.0 };
            let count = tensor.numel() as u64;
            let numbers: Vec<f32> = (0..count)
                .map(|i| stream.at(index as u64).uniform(i, around - 0.5, around + 0.5) as f32)
                .collect();
            tensor.copy_(&Tensor::from_slice(&numbers));
        }
    }
    weights
}

/// What an engine makes of a batch: everything that training and evaluation read.
struct Made {
    score: Score,
    gradients: Vec<Vec<f64>>,
    statistics: Vec<Vec<f64>>,
    logits: Vec<f64>,
}

fn made(engine: &mut dyn Engine, plan: &Plan, batch: &Batch, seed: u64) -> Made {
    made_by(engine, weights(plan, seed), batch, seed)
}

fn made_by(engine: &mut dyn Engine, mut weights: Weights, batch: &Batch, seed: u64) -> Made {
    let dropout = Stream::new(seed, Purpose::Dropout).at(0);
    let score = engine.learn(&mut weights, batch, dropout).unwrap();
    let gradients = engine.gradients().iter().map(values).collect();
    let logits = engine.logits(&weights, &batch.images).unwrap().into_iter().map(f64::from).collect();
    let statistics = weights.statistics.iter().flatten().map(values).collect();
    Made { score, gradients, statistics, logits }
}

/// The same weights in double precision.
fn doubled(mut weights: Weights) -> Weights {
    for tensor in weights.parameters.iter_mut().chain(weights.statistics.iter_mut().flatten()) {
        *tensor = tensor.to_kind(Kind::Double);
    }
    weights
}

fn length(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    length(a.iter().zip(b).map(|(a, b)| a - b))
}

/// How far off a computation in f32 may be that is as good as autograd's in f32: some times what autograd is off by
/// (two sums of the same terms in other orders are off by unlike amounts), and the rounding of some hundred operations
/// one after another, since autograd may be right by luck. A wrong index or factor is off by a thousand times as much.
fn allowed(autograd: f64, terms: f64) -> f64 {
    8.0 * autograd + 128.0 * f64::from(f32::EPSILON) * terms
}

/// Both engines in f32 against autograd in f64 on one batch: what the kernels make is as near to it as what autograd
/// makes in the same precision.
fn agree(net: &NetSpec, count: usize, seed: u64, smoothing: f64, threads: usize, isa: Isa) {
    let plan = Plan::of(net).unwrap();
    let batch = batch(net, count, seed);
    let mut aten = Aten::new(&plan, smoothing, Device::Cpu);
    let exact = made_by(&mut aten, doubled(weights(&plan, seed)), &batch, seed);
    let autograd = made(&mut aten, &plan, &batch, seed);
    let got = made(&mut Fused::new(&plan, smoothing, threads, isa).unwrap(), &plan, &batch, seed);

    assert_eq!(got.score.total, exact.score.total);
    let loss = |made: &Made| (made.score.loss() - exact.score.loss()).abs();
    assert!(
        loss(&got) <= allowed(loss(&autograd), exact.score.loss()),
        "loss {} {}",
        loss(&got),
        loss(&autograd)
    );

    // Where terms cancel, as in the bias before a norm, what is left is rounding of the gradients behind it.
    let whole = length(exact.gradients.iter().flatten().copied());
    for (i, planned) in plan.parameters.iter().enumerate() {
        let off = |made: &Made| distance(&made.gradients[i], &exact.gradients[i]);
        let most = allowed(off(&autograd), whole);
        assert!(off(&got) <= most, "{}: {} of {whole}, autograd {}", planned.name, off(&got), off(&autograd));
    }
    for (i, exact) in exact.statistics.iter().enumerate() {
        let off = |made: &Made| distance(&made.statistics[i], exact);
        assert!(
            off(&got) <= allowed(off(&autograd), length(exact.iter().copied()).max(1.0)),
            "{}",
            off(&got)
        );
    }
    let off = |made: &Made| distance(&made.logits, &exact.logits);
    let most = allowed(off(&autograd), length(exact.logits.iter().copied()));
    assert!(off(&got) <= most, "logits {}, autograd {}", off(&got), off(&autograd));
}

fn layer() -> impl Strategy<Value = LayerSpec> {
    prop_oneof![
        4 => (1_usize..12, 1_usize..4).prop_flat_map(|(channels, kernel)| {
            (0..kernel).prop_map(move |padding| LayerSpec::Block { channels, kernel, padding })
        }),
        1 => (2_usize..4).prop_map(|kernel| LayerSpec::MaxPool { kernel }),
        1 => (2_usize..4).prop_map(|kernel| LayerSpec::AveragePool { kernel }),
    ]
}

/// Nets whose shapes fit: layers are taken while there is room, then a convolution over all that is left.
fn net() -> impl Strategy<Value = NetSpec> {
    let block = (any::<bool>(), any::<bool>(), prop_oneof![Just(0.0), Just(0.1), Just(0.4)]);
    (1_usize..4, 3_usize..14, 2_usize..12, block, proptest::collection::vec(layer(), 1..5), any::<bool>())
        .prop_map(|(channels, size, classes, (bias, norm, dropout), layers, last_bias)| {
            let norm = if norm { Norm::Batch } else { Norm::None };
            let mut net = NetSpec {
                channels,
                size,
                classes,
                block: BlockSpec { bias, ..common::block(norm, dropout) },
                body: vec![],
                head: vec![],
            };
            let mut left = size;
            for layer in layers {
                let after = match layer {
                    LayerSpec::Block { kernel, padding, .. } => (left + 2 * padding).checked_sub(kernel - 1),
                    LayerSpec::MaxPool { kernel } | LayerSpec::AveragePool { kernel } => Some(left / kernel),
                    _ => None,
                };
                if let Some(after @ 1..) = after {
                    left = after;
                    net.body.push(layer);
                }
            }
            let last = LayerSpec::Conv { channels: classes, kernel: left, padding: 0, bias: last_bias };
            net.head = vec![last, LayerSpec::Flatten];
            net
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn losses_gradients_statistics_and_logits_agree_with_autograd(
        net in net(),
        count in prop_oneof![Just(1_usize), 2..40_usize],
        seed in 0_u64..1000,
        smoothing in prop_oneof![Just(0.0), Just(0.1)],
        threads in 1_usize..4,
    ) {
        for isa in Isa::available() {
            agree(&net, count, seed, smoothing, threads, isa);
        }
    }
}

#[test]
fn the_final_net_agrees_with_autograd_on_whole_and_short_batches() {
    for isa in Isa::available() {
        for count in [128, 96, 33, 16] {
            agree(&final_net(), count, 7, 0.0, 2, isa);
        }
    }
}

#[test]
fn gradients_are_what_finite_differences_say() {
    // A second opinion, without libtorch: the loss itself, moved along each gradient.
    let mut net = final_net();
    net.block.norm = Norm::None;
    net.block.dropout = 0.2;
    (net.size, net.classes) = (7, 3);
    net.body = vec![
        LayerSpec::Block { channels: 4, kernel: 3, padding: 1 },
        LayerSpec::AveragePool { kernel: 2 },
        LayerSpec::Block { channels: 3, kernel: 2, padding: 0 },
    ];
    net.head = vec![LayerSpec::Conv { channels: 3, kernel: 2, padding: 0, bias: true }];
    let plan = Plan::of(&net).unwrap();
    let batch = batch(&net, 20, 3);
    let dropout = Stream::new(3, Purpose::Dropout);
    let mut engine = Fused::new(&plan, 0.1, 1, Isa::best()).unwrap();
    let mut loss = |moved: Option<(usize, &[f64], f64)>| {
        let mut weights = weights(&plan, 3);
        if let Some((parameter, direction, step)) = moved {
            let tensor = &mut weights.parameters[parameter];
            let change = Tensor::from_slice(direction).view_as(tensor) * step;
            let sum = &*tensor + change;
            tensor.copy_(&sum);
        }
        let loss = engine.learn(&mut weights, &batch, dropout).unwrap().loss();
        (loss, engine.gradients().iter().map(values).collect::<Vec<_>>())
    };
    let (_, gradients) = loss(None);
    for (parameter, gradient) in gradients.iter().enumerate() {
        let step = 1e-3 / length(gradient.iter().copied());
        let up = loss(Some((parameter, gradient, step))).0;
        let down = loss(Some((parameter, gradient, -step))).0;
        let slope = (up - down) / (2.0 * step);
        let expected: f64 = gradient.iter().map(|x| x * x).sum();
        // The loss is known to about 1e-7; over a change of 1e-3 along the gradient that leaves three digits.
        assert!(
            (slope / expected - 1.0).abs() < 2e-2,
            "{}: {slope} {expected}",
            plan.parameters[parameter].name
        );
    }
}

#[test]
fn threads_and_instruction_sets_change_no_bit() {
    let plan = Plan::of(&final_net()).unwrap();
    let batch = batch(&final_net(), 77, 5);
    let bits = |threads: usize, isa: Isa| {
        let mut engine = Fused::new(&plan, 0.05, threads, isa).unwrap();
        let Made { score, gradients, statistics, logits } = made(&mut engine, &plan, &batch, 5);
        let lists = gradients.into_iter().chain(statistics).chain([logits]);
        let bits: Vec<Vec<u32>> =
            lists.map(|list| list.into_iter().map(|x| (x as f32).to_bits()).collect()).collect();
        (score.loss_sum.to_bits(), score.correct, bits)
    };
    let first = bits(1, Isa::best());
    for isa in Isa::available() {
        for threads in [1, 2, 4] {
            assert!(bits(threads, isa) == first, "{} with {threads} threads", isa.name());
        }
    }
}

#[test]
fn a_whole_run_gives_the_same_bits_for_any_number_of_threads() {
    let data = bars(200, 50);
    let augmentation = Augmentation {
        rotation: 10.0,
        translation: 0.1,
        scale_min: 0.9,
        scale_max: 1.1,
        shear: 5.0,
        brightness: 0.0,
        contrast: 0.0,
    };
    let experiment =
        Experiment { augmentation: Some(augmentation), epochs: 2, batch_size: 48, ..experiment() };
    let run = |threads: usize| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let options = RunOptions {
            engine: EngineChoice::Fused,
            threads: Some(threads),
            model_path: Some(path.clone()),
            ..options(data.path())
        };
        let outcome = train(&experiment, &options, &mut Unwatched).unwrap();
        let losses: Vec<_> = outcome.epochs.iter().map(|row| row.test.loss_sum.to_bits()).collect();
        (losses, std::fs::read(path).unwrap())
    };
    let first = run(1);
    assert!(run(2) == first && run(4) == first);
}

#[test]
fn a_net_that_fused_lacks_goes_to_aten_unless_fused_was_asked_for() {
    let data = bars(32, 10);
    let mut experiment = experiment();
    let engine = |experiment: &Experiment, engine| {
        let options = RunOptions { engine, ..options(data.path()) };
        train(experiment, &options, &mut Unwatched).map(|outcome| outcome.engine.as_str())
    };
    assert_eq!(engine(&experiment, EngineChoice::Auto).unwrap(), "fused");
    experiment.net.block.order = vec![BlockPart::Conv, BlockPart::Relu, BlockPart::Norm, BlockPart::Dropout];
    assert_eq!(engine(&experiment, EngineChoice::Auto).unwrap(), "aten");
    let error = engine(&experiment, EngineChoice::Fused).unwrap_err();
    assert!(matches!(error, TrainError::Setting { .. }), "{error}");
    assert!(error.to_string().contains("another order"), "{error}");
}
