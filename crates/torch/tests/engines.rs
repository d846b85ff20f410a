//! The fused engine against libtorch's autograd, on nets, shapes, inputs and seeds of all kinds, and whole runs on
//! both engines.

#[path = "../../trainer/tests/common/mod.rs"]
mod common;

use common::{
    Inputs, Trained, adamw, bars, experiment, final_net, of_net, options, request, sgd, standing,
    trained_state,
};
use proptest::prelude::*;
use stepladder_torch::{Aten, Precision, WithTorch};
use stepladder_trainer::data::{Batch, Batches, Images, Normalisation, SoftTargets};
use stepladder_trainer::engine::{Engine, Fused, Isa, Request};
use stepladder_trainer::metric::Score;
use stepladder_trainer::net::{
    BlockLayer, BlockPart, BlockSpec, ConvLayer, LayerSpec, NetSpec, Norm, Plan, PoolLayer,
};
use stepladder_trainer::optim::{Averaging, Update};
use stepladder_trainer::random::{Purpose, Stream};
use stepladder_trainer::{
    DeviceChoice, EngineChoice, EpochRow, Experiment, Flow, RunOptions, Start, TrainError, TrainingState,
    Unwatched, Watch, WeightSet, train,
};
use tch::Device;

/// The device of libtorch in every test here: `STEPLADDER_TEST_DEVICE`, the CPU if it is not set.
fn device() -> (DeviceChoice, Device) {
    match std::env::var("STEPLADDER_TEST_DEVICE").as_deref() {
        Err(_) | Ok("cpu") => (DeviceChoice::Cpu, Device::Cpu),
        Ok("cuda") => {
            let problem = stepladder_torch::cuda_problem().unwrap_or_default();
            assert!(stepladder_torch::cuda_is_available(), "libtorch finds no CUDA device {problem}");
            (DeviceChoice::Cuda, Device::Cuda(0))
        }
        Ok(other) => panic!("STEPLADDER_TEST_DEVICE should be `cpu` or `cuda`, got `{other}`"),
    }
}

/// Threads of libtorch in every test here: runs side by side must agree on it.
const THREADS: usize = 1;

/// An engine's outputs for a batch: all that training and evaluation read.
struct Made {
    score: Score,
    gradients: Vec<Vec<f64>>,
    statistics: Vec<Vec<f64>>,
    logits: Vec<f64>,
    /// The running statistics once a share of the batch's has been blended in.
    blended: Vec<Vec<f64>>,
}

/// The share that is blended in.
const SHARE: f64 = 0.3;

fn by_aten(
    experiment: &Experiment,
    plan: &Plan,
    inputs: &Inputs,
    seed: u64,
    state: &TrainingState,
    precision: Precision,
) -> Made {
    let request = request(experiment, plan, THREADS);
    let mut engine = Aten::start(&request, state, device().1, precision).unwrap();
    let score = engine.step(&inputs.batch(), &standing(seed)).unwrap();
    let statistics = engine.statistics().unwrap();
    let logits = engine.exact_logits(WeightSet::Evaluation, &inputs.batch()).unwrap();
    engine.blend_statistics(&inputs.batch(), SHARE).unwrap();
    let (gradients, blended) = (engine.gradients().unwrap(), engine.statistics().unwrap());
    Made { score, gradients, statistics, logits, blended }
}

fn by_fused(
    experiment: &Experiment,
    plan: &Plan,
    inputs: &Inputs,
    seed: u64,
    threads: usize,
    isa: Isa,
) -> Made {
    let mut engine =
        Fused::start(&request(experiment, plan, threads), trained_state(plan, seed), isa).unwrap();
    let score = engine.step(&inputs.batch(), &standing(seed)).unwrap();
    let doubles = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    let statistics_of = |engine: &Fused| {
        let norms = plan.statistics.iter().flat_map(|norm| [norm.mean.clone(), norm.variance.clone()]);
        norms.map(|range| doubles(&engine.weights().statistics[range])).collect()
    };
    let gradients = plan.parameters.iter().map(|p| doubles(&engine.gradients()[p.range.clone()])).collect();
    let statistics = statistics_of(&engine);
    let logits = doubles(&engine.logits(WeightSet::Evaluation, &inputs.batch()).unwrap());
    engine.blend_statistics(&inputs.batch(), SHARE).unwrap();
    Made { score, gradients, statistics, logits, blended: statistics_of(&engine) }
}

fn length(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    length(a.iter().zip(b).map(|(a, b)| a - b))
}

/// Repetitions with perturbed weights, which measure how far off rounding takes a computation.
const REPETITIONS: u64 = 4;

/// Returns a state with each weight changed by up to 4 f32 epsilons, which changes results about as much as rounding does.
fn perturbed(plan: &Plan, seed: u64, repetition: u64) -> TrainingState {
    let mut state = trained_state(plan, seed);
    let stream = Stream::new(seed, Purpose::Weights).at(1000 + repetition);
    for (i, value) in state.weights.parameters.iter_mut().enumerate() {
        *value *= 1.0 + stream.uniform(i as u64, -4.0, 4.0) as f32 * f32::EPSILON;
    }
    state
}

/// Returns the error that `fused` may have: 8 times the largest error of autograd in f32 over perturbed weights, since it
/// may be exact by luck; 8 times the largest change by perturbing the weights, which is large where terms cancel; and 32
/// epsilons of `terms`, the norm of the exact values or a given least. A wrong index or factor is off by far more.
fn allowed(autograd: f64, perturbation: f64, terms: f64) -> f64 {
    8.0 * autograd + 8.0 * perturbation + 32.0 * f64::from(f32::EPSILON) * terms
}

/// Compares both engines in f32 with autograd in f64 on one batch: loss, each gradient, statistics and logits of `fused`
/// may each be off by [`allowed`].
fn agree(net: &NetSpec, count: usize, seed: u64, smoothing: f64, threads: usize, isa: Isa) {
    let plan = Plan::of(net).unwrap();
    let (experiment, inputs) = (of_net(net, smoothing), Inputs::random(net, count, seed));
    let aten =
        |state: &TrainingState, precision| by_aten(&experiment, &plan, &inputs, seed, state, precision);
    let exact = aten(&trained_state(&plan, seed), Precision::Double);
    let others: Vec<[Made; 2]> = (0..REPETITIONS)
        .map(|repetition| perturbed(&plan, seed, repetition))
        .map(|state| [aten(&state, Precision::Double), aten(&state, Precision::Single)])
        .collect();
    let got = by_fused(&experiment, &plan, &inputs, seed, threads, isa);

    assert_eq!(got.score.total, exact.score.total);
    let check = |what: &str, least: f64, values: &dyn Fn(&Made) -> Vec<f64>| {
        let expected = values(&exact);
        let off = distance(&values(&got), &expected);
        let most = |of: &dyn Fn(&[Made; 2]) -> f64| others.iter().map(of).fold(0.0, f64::max);
        let autograd = most(&|[double, single]| distance(&values(single), &values(double)));
        let perturbation = most(&|[double, _]| distance(&values(double), &expected));
        let own = length(expected.iter().copied());
        assert!(
            off <= allowed(autograd, perturbation, own.max(least)),
            "{what}: off by {off} of {own}, autograd by {autograd}, perturbed by {perturbation}"
        );
    };
    check("loss", 0.0, &|made| vec![made.score.loss()]);
    let whole = length(exact.gradients.iter().flatten().copied());
    for (i, planned) in plan.parameters.iter().enumerate() {
        // Before and in a norm, all terms may cancel: what is left is rounding of the gradients behind them. They all do for a
        // convolution of one weight a channel, whose scale the norm behind it takes back.
        let convolution = net.block.order == usual_order() && planned.name.ends_with("conv.weight");
        let is_scale = planned.shape[1..].iter().product::<usize>() == 1;
        let least = if convolution && !is_scale { whole / 1024.0 } else { 32.0 * whole };
        check(&planned.name, least, &|made| made.gradients[i].clone());
    }
    for i in 0..exact.statistics.len() {
        check("running statistics", 1.0, &|made| made.statistics[i].clone());
        check("blended statistics", 1.0, &|made| made.blended[i].clone());
    }
    check("logits", 0.0, &|made| made.logits.clone());
}

/// Layers as most nets have them, padded by less than the kernel.
fn usual_layer() -> impl Strategy<Value = LayerSpec> {
    prop_oneof![
        4 => (1_usize..12, 1_usize..4).prop_flat_map(|(channels, kernel)| {
            (0..kernel).prop_map(move |padding| LayerSpec::block(channels, kernel, padding))
        }),
        1 => (2_usize..4).prop_map(LayerSpec::max_pool),
        1 => (2_usize..4).prop_map(LayerSpec::average_pool),
    ]
}

fn layer() -> impl Strategy<Value = LayerSpec> {
    prop_oneof![
        4 => (1_usize..12, 1_usize..4, 0_usize..5)
            .prop_map(|(channels, kernel, padding)| LayerSpec::block(channels, kernel, padding)),
        1 => (1_usize..6, 1_usize..3, 0_usize..3, any::<bool>())
            .prop_map(|(channels, kernel, padding, bias)| LayerSpec::conv(channels, kernel, padding, bias)),
        1 => (2_usize..4).prop_map(LayerSpec::max_pool),
        1 => (2_usize..4).prop_map(LayerSpec::average_pool),
    ]
}

fn usual_order() -> Vec<BlockPart> {
    vec![BlockPart::Conv, BlockPart::Norm, BlockPart::Relu, BlockPart::Dropout]
}

fn block(order: impl Strategy<Value = Vec<BlockPart>>) -> impl Strategy<Value = BlockSpec> {
    let norm = prop_oneof![Just(Norm::None), Just(Norm::Batch)];
    (order, any::<bool>(), norm, prop_oneof![Just(0.0), Just(0.1), Just(0.4)])
        .prop_map(|(order, bias, norm, dropout)| BlockSpec { order, bias, ..common::block(norm, dropout) })
}

/// Nets whose shapes fit: layers are taken while there is room, then a convolution over all that is left, or one after
/// a flattening.
fn net(
    block: impl Strategy<Value = BlockSpec>,
    layer: impl Strategy<Value = LayerSpec>,
) -> impl Strategy<Value = NetSpec> {
    let layers = proptest::collection::vec(layer, 1..5);
    (1_usize..4, 3_usize..14, 2_usize..12, block, layers, any::<bool>(), any::<bool>()).prop_map(
        |(channels, size, classes, block, layers, last_bias, flat)| {
            let mut net = NetSpec { channels, size, classes, block, body: vec![], head: vec![] };
            let mut left = size;
            for layer in layers {
                let after = match layer {
                    LayerSpec::Block(BlockLayer { kernel, padding, .. })
                    | LayerSpec::Conv(ConvLayer { kernel, padding, .. }) => {
                        (left + 2 * padding).checked_sub(kernel - 1)
                    }
                    LayerSpec::MaxPool(PoolLayer { kernel, .. })
                    | LayerSpec::AveragePool(PoolLayer { kernel, .. }) => Some(left / kernel),
                    _ => None,
                };
                if let Some(after @ 1..) = after {
                    left = after;
                    net.body.push(layer);
                }
            }
            let kernel = if flat { 1 } else { left };
            let last = LayerSpec::conv(classes, kernel, 0, last_bias);
            net.head = if flat { vec![LayerSpec::Flatten, last] } else { vec![last, LayerSpec::Flatten] };
            net
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn each_gradient_of_a_usual_net_agrees_with_autograd(
        net in net(block(Just(usual_order())), usual_layer()),
        count in prop_oneof![Just(1_usize), 2..40_usize],
        seed in 0_u64..1000,
        smoothing in prop_oneof![Just(0.0), Just(0.1)],
        threads in 1_usize..4,
    ) {
        for isa in Isa::available() {
            agree(&net, count, seed, smoothing, threads, isa);
        }
    }

    #[test]
    fn nets_of_any_order_and_padding_agree_with_autograd(
        net in net(block(Just(usual_order()).prop_shuffle()), layer()),
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn nested_nets_agree_with_autograd(
        net in common::nested::net(),
        count in prop_oneof![Just(1_usize), 2..40_usize],
        seed in 0_u64..1000,
        threads in 1_usize..4,
    ) {
        for isa in Isa::available() {
            agree(&net, count, seed, 0.0, threads, isa);
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
fn steps_with_momentum_decay_and_averages_lead_both_engines_to_the_same_place() {
    let experiment = Experiment {
        optimizer: sgd(0.9, true, 1e-3),
        averaging: Some(Averaging { decay: 0.9 }),
        ..of_net(&final_net(), 0.05)
    };
    let plan = Plan::of(&experiment.net).unwrap();
    let request = request(&experiment, &plan, THREADS);
    let start = || TrainingState::init(&plan, &experiment, 3).unwrap();
    let mut aten = Aten::start(&request, &start(), device().1, Precision::Single).unwrap();
    let mut fused = Fused::start(&request, start(), Isa::best()).unwrap();
    for step in 0..5 {
        let inputs = Inputs::random(&experiment.net, 32, step);
        let update = Update { index: step as usize, learning_rate: 0.05, momentum: None };
        let at = stepladder_trainer::engine::Step { update, ..standing(step) };
        aten.step(&inputs.batch(), &at).unwrap();
        fused.step(&inputs.batch(), &at).unwrap();
    }
    let (a, f) = (aten.state().unwrap().into_owned(), fused.state().unwrap().into_owned());
    let near = |what: &str, a: &[f32], f: &[f32]| {
        let doubles = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
        let (a, f) = (doubles(a), doubles(f));
        let off = distance(&a, &f) / length(a.iter().copied());
        assert!(off < 1e-4, "{what}: {off}");
    };
    near("parameters", &a.weights.parameters, &f.weights.parameters);
    near("statistics", &a.weights.statistics, &f.weights.statistics);
    near("velocities", &a.slots[0].values, &f.slots[0].values);
    let (a, f) = (a.averages.unwrap(), f.averages.unwrap());
    assert_eq!((a.steps, f.steps), (5, 5));
    near("averages", &a.weights.parameters, &f.weights.parameters);
    near("averaged statistics", &a.weights.statistics, &f.weights.statistics);
}

#[test]
fn frozen_layers_stay_and_the_others_are_clipped_without_them_on_both_engines() {
    let start = Start { from: "start".into(), sha256: None, freeze: Some(vec!["body.0".into()]) };
    let base = of_net(&final_net(), 0.0);
    let experiment = Experiment { start: Some(start), optimizer: adamw(), ..base };
    let plan = Plan::of(&experiment.net).unwrap();
    let request = request(&experiment, &plan, THREADS);
    let state = TrainingState::init(&plan, &experiment, 3).unwrap();
    let mut aten = Aten::start(&request, &state, device().1, Precision::Single).unwrap();
    let mut fused = Fused::start(&request, state.clone(), Isa::best()).unwrap();
    for step in 0..5 {
        let inputs = Inputs::random(&experiment.net, 32, step);
        let update = Update { index: step as usize, learning_rate: 0.01, momentum: None };
        let at = stepladder_trainer::engine::Step { update, ..standing(step) };
        aten.step(&inputs.batch(), &at).unwrap();
        fused.step(&inputs.batch(), &at).unwrap();
    }
    let (a, f) = (aten.state().unwrap(), fused.state().unwrap());
    for planned in &plan.parameters {
        let of = |state: &TrainingState| -> Vec<f64> {
            state.weights.parameters[planned.range.clone()].iter().map(|&x| f64::from(x)).collect()
        };
        let (a, f, first) = (of(&a), of(&f), of(&state));
        assert_eq!(f == first, planned.name.starts_with("body.0."), "{}", planned.name);
        assert_eq!(a == first, f == first, "{}", planned.name);
        let (off, norm) = (distance(&a, &f), length(a.iter().copied()));
        assert!(off <= 1e-2 * norm, "{}: {off} of {norm}", planned.name); // adamw divides rounding by small roots
    }
}

#[test]
fn a_net_is_trained_as_pytorchs_optimizers_and_loss_train_it() {
    for case in ["optimizers", "class_weights", "teacher"].into_iter().flat_map(Trained::of_fixture) {
        let request = case.request(THREADS);
        for (precision, tolerance) in [(Precision::Single, 1e-4), (Precision::Double, 1e-6)] {
            let mut engine = Aten::start(&request, &case.start, device().1, precision).unwrap();
            case.follow(&mut engine, tolerance);
        }
    }
}

#[test]
fn weights_and_values_are_rounded_in_training_as_pytorchs_fake_quantization_does() {
    for case in Trained::of_fixture("quantize") {
        let request = case.request(THREADS);
        for (precision, tolerance) in [(Precision::Single, 1e-3), (Precision::Double, 1e-3)] {
            let mut engine = Aten::start(&request, &case.start, device().1, precision).unwrap();
            case.follow(&mut engine, tolerance);
        }
    }
}

#[test]
fn mixed_images_give_both_engines_the_same_loss_count_and_gradients() {
    let net = final_net();
    let augmentation = serde_json::from_str(
        r#"[{"kind": "flip"}, {"kind": "mixup", "alpha": 0.5}, {"kind": "noise"}, {"kind": "cutmix"}]"#,
    );
    let experiment = Experiment { augmentation: Some(augmentation.unwrap()), ..of_net(&net, 0.1) };
    let plan = Plan::of(&net).unwrap();
    let state = trained_state(&plan, 4);
    let pixels = (0..50 * 784).map(|i| (i * 7919 % 251) as u8).collect();
    let images = Images::new(1, 28, pixels, (0..50).map(|i| i % 10).collect());
    let normalisation = Normalisation { mean: 0.5, deviation: 0.3 };
    let by = experiment.augmentation.as_ref().map(|by| (by, Stream::new(1, Purpose::Augmentation).at(0)));
    let class_weights: Vec<f64> = (1..=10).map(|class| 0.2 * f64::from(class)).collect();
    let soft_targets = |images: usize| SoftTargets {
        logits: (0..10 * images).map(|i| (i * 7919 % 13) as f32 - 6.0).collect(),
        temperature: 3.0,
        weight: 0.6,
    };
    for (class_weights, is_taught) in
        [(None, false), (Some(&*class_weights), false), (Some(&*class_weights), true)]
    {
        for batch in Batches::new(&images, normalisation, by, 40, Stream::new(1, Purpose::Order)) {
            let mut batch = batch.unwrap();
            assert!(batch.is_mixed());
            if is_taught {
                batch.set_soft_targets(soft_targets(batch.len()));
            }
            let request = Request { class_weights, ..request(&experiment, &plan, THREADS) };
            let mut aten = Aten::start(&request, &state, device().1, Precision::Double).unwrap();
            let mut fused = Fused::start(&request, state.clone(), Isa::best()).unwrap();
            let expected = aten.step(&batch, &standing(1)).unwrap();
            let got = fused.step(&batch, &standing(1)).unwrap();
            assert_eq!((got.correct, got.total), (expected.correct, expected.total));
            assert!((got.loss() - expected.loss()).abs() < 1e-5, "{} {}", got.loss(), expected.loss());
            for (planned, expected) in plan.parameters.iter().zip(aten.gradients().unwrap()) {
                let got: Vec<f64> =
                    fused.gradients()[planned.range.clone()].iter().map(|&x| f64::from(x)).collect();
                let allowed = 1e-4 * length(expected.iter().copied()) + 1e-5;
                assert!(distance(&got, &expected) <= allowed, "{}", planned.name);
            }
        }
    }
}

#[test]
fn a_run_has_the_same_teacher_on_both_engines() {
    let data = bars(70, 30);
    let teacher_path = Some(data.path().join("teacher.safetensors"));
    let teacher = RunOptions { model_path: teacher_path.clone(), ..aten(&data) };
    train(&experiment(), &teacher, &WithTorch, &mut Unwatched).unwrap();
    let loss = serde_json::from_str(r#"{"teacher": {"from": "teacher", "weight": 0.9}}"#).unwrap();
    let augmentation = serde_json::from_str(r#"[{"kind": "flip"}, {"kind": "mixup"}]"#).unwrap();
    let taught = Experiment { loss: Some(loss), augmentation: Some(augmentation), ..experiment() };
    let losses = [EngineChoice::Aten, EngineChoice::Fused].map(|engine| {
        let options = RunOptions {
            seed: 2,
            device: DeviceChoice::Cpu,
            engine,
            teacher_path: teacher_path.clone(),
            ..aten(&data)
        };
        train(&taught, &options, &WithTorch, &mut Unwatched).unwrap().epochs[0].train.loss()
    });
    assert!((losses[0] - losses[1]).abs() < 1e-3 * losses[0], "{losses:?}");
}

fn aten(data: &tempfile::TempDir) -> RunOptions {
    RunOptions {
        device: device().0,
        engine: EngineChoice::Aten,
        threads: Some(THREADS),
        ..options(data.path())
    }
}

/// Scores and model of a run, bit by bit.
fn bits(experiment: &Experiment, options: &RunOptions) -> (Vec<(u64, u64)>, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let options = RunOptions { model_path: Some(path.clone()), ..options.clone() };
    let outcome = train(experiment, &options, &WithTorch, &mut Unwatched).unwrap();
    let losses =
        outcome.epochs.iter().map(|row| (row.train.loss_sum.to_bits(), row.test.unwrap().loss_sum.to_bits()));
    (losses.collect(), std::fs::read(path).unwrap())
}

#[test]
fn libtorchs_own_generator_changes_nothing() {
    let data = bars(70, 30);
    tch::manual_seed(1);
    let first = bits(&experiment(), &aten(&data));
    tch::manual_seed(2);
    assert_eq!(first, bits(&experiment(), &aten(&data)));
}

struct StopAfterEpochs(usize);

impl Watch for StopAfterEpochs {
    fn batch(&mut self, _progress: &stepladder_trainer::BatchProgress) -> Flow {
        Flow::Continue
    }

    fn epoch(&mut self, row: &EpochRow) -> Flow {
        if row.epoch == self.0 { Flow::Stop } else { Flow::Continue }
    }
}

#[test]
fn a_resumed_run_on_aten_ends_with_the_bits_of_an_uninterrupted_one() {
    let data = bars(70, 30);
    let folder = tempfile::tempdir().unwrap();
    let experiment = Experiment { epochs: 4, averaging: Some(Averaging { decay: 0.9 }), ..experiment() };
    let unbroken = bits(&experiment, &aten(&data));
    let checkpoint_path = Some(folder.path().join("checkpoint.safetensors"));
    let options = RunOptions { checkpoint_path, ..aten(&data) };
    for epoch in [1, 3] {
        let error = train(&experiment, &options, &WithTorch, &mut StopAfterEpochs(epoch)).unwrap_err();
        assert!(matches!(error, TrainError::Cancelled), "{error}");
    }
    assert_eq!(bits(&experiment, &options), unbroken);

    let elsewhere = RunOptions { platform: Some("libtorch on another CPU".into()), ..options };
    let error = train(&experiment, &elsewhere, &WithTorch, &mut Unwatched).unwrap_err().to_string();
    let expected =
        "another libtorch or type of CPU, unknown and not libtorch on another CPU; start the run again";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn auto_is_fused_on_the_cpu() {
    let data = bars(32, 10);
    let run = |engine| {
        let options = RunOptions { device: DeviceChoice::Cpu, engine, ..aten(&data) };
        train(&experiment(), &options, &WithTorch, &mut Unwatched).unwrap().engine.as_str()
    };
    assert_eq!([run(EngineChoice::Auto), run(EngineChoice::Aten)], ["fused", "aten"]);
}

#[test]
fn cuda_that_is_not_there_is_refused_with_what_to_do() {
    let data = bars(32, 10);
    if stepladder_torch::cuda_is_available() {
        return;
    }
    let options = RunOptions { device: DeviceChoice::Cuda, ..aten(&data) };
    let error = train(&experiment(), &options, &WithTorch, &mut Unwatched).unwrap_err();
    assert!(matches!(error, TrainError::Device { .. }), "{error}");
    assert!(error.to_string().contains("use the device `cpu`"), "{error}");
}

#[test]
fn a_batch_of_bytes_is_what_both_engines_see_alike() {
    let net = final_net();
    let plan = Plan::of(&net).unwrap();
    let experiment = of_net(&net, 0.0);
    let pixels: Vec<u8> =
        (0..20 * 28 * 28_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let normalisation = stepladder_trainer::data::Normalisation { mean: 0.13, deviation: 0.31 };
    let batch = Batch::of_pixels(&pixels, 1, 28, normalisation);
    let request = request(&experiment, &plan, THREADS);
    let mut aten = Aten::start(&request, &trained_state(&plan, 1), device().1, Precision::Single).unwrap();
    let mut fused = Fused::start(&request, trained_state(&plan, 1), Isa::best()).unwrap();
    let (a, f) =
        (aten.logits(WeightSet::Last, &batch).unwrap(), fused.logits(WeightSet::Last, &batch).unwrap());
    assert_eq!(a.len(), 200);
    assert!(a.iter().zip(&f).all(|(a, f)| (a - f).abs() < 1e-4), "{a:?} {f:?}");
}
