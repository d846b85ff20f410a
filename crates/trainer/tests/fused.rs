//! The fused engine by itself: the same bits however it is run, and gradients that finite differences confirm.

mod common;

use common::{
    Inputs, adamw, bars, block, experiment, final_net, of_net, options, request, standing, trained_state,
};
use proptest::prelude::*;
use stepladder_trainer::data::transforms::Ranges;
use stepladder_trainer::data::{Augmentation, Batch};
use stepladder_trainer::engine::{Engine, Fused, FusedAlone, Isa};
use stepladder_trainer::net::{BlockPart, LayerSpec, NetSpec, Norm, Plan, Quantize};
use stepladder_trainer::{
    DeviceChoice, EngineChoice, Experiment, RunOptions, TrainError, Unwatched, WeightSet, train,
};

#[test]
fn gradients_are_what_finite_differences_say() {
    let mut net = final_net();
    net.block.norm = Norm::None;
    net.block.dropout = 0.2;
    (net.size, net.classes) = (7, 3);
    net.body = vec![LayerSpec::block(4, 3, 1), LayerSpec::average_pool(2), LayerSpec::block(3, 2, 0)];
    net.head = vec![LayerSpec::conv(3, 2, 0, true)];
    let plan = Plan::of(&net).unwrap();
    let inputs = Inputs::random(&net, 20, 3);
    let experiment = of_net(&net, 0.1);
    let loss = |moved: &[f64]| {
        let mut state = trained_state(&plan, 3);
        for (value, change) in state.weights.parameters.iter_mut().zip(moved) {
            *value += *change as f32;
        }
        let mut engine = Fused::start(&request(&experiment, &plan, 1), state, Isa::best()).unwrap();
        let loss = engine.step(&inputs.batch(), &standing(3)).unwrap().loss();
        (loss, engine.gradients().to_vec())
    };
    let (_, gradients) = loss(&[]);
    for planned in &plan.parameters {
        let gradient: Vec<f64> = gradients[planned.range.clone()].iter().map(|&x| f64::from(x)).collect();
        let squared: f64 = gradient.iter().map(|x| x * x).sum();
        let step = 1e-3 / squared.sqrt();
        let moved = |factor: f64| {
            let mut moved = vec![0.0; planned.range.end];
            for (to, x) in moved[planned.range.clone()].iter_mut().zip(&gradient) {
                *to = x * factor;
            }
            loss(&moved).0
        };
        let slope = (moved(step) - moved(-step)) / (2.0 * step);
        // The loss is known to about 1e-7; over a change of 1e-3 along the gradient that leaves three digits.
        assert!((slope / squared - 1.0).abs() < 2e-2, "{}: {slope} {squared}", planned.name);
    }
}

/// Returns score, gradients, statistics and logits of a batch as bits.
fn bits(net: &NetSpec, count: usize, threads: usize, isa: Isa) -> Vec<u32> {
    bits_of(&of_net(net, 0.05), count, threads, isa)
}

fn bits_of(experiment: &Experiment, count: usize, threads: usize, isa: Isa) -> Vec<u32> {
    let plan = experiment.check().unwrap();
    let inputs = Inputs::random(&experiment.net, count, 5);
    let mut engine =
        Fused::start(&request(experiment, &plan, threads), trained_state(&plan, 5), isa).unwrap();
    if experiment.quantize.is_some() {
        engine.step(&inputs.batch(), &standing(4)).unwrap(); // whose ranges the next step rounds by
    }
    let score = engine.step(&inputs.batch(), &standing(5)).unwrap();
    let logits = engine.logits(WeightSet::Evaluation, &inputs.batch()).unwrap();
    let lists = [engine.gradients(), &engine.weights().statistics, &logits].concat();
    let loss = score.loss_sum.to_bits();
    lists
        .into_iter()
        .map(f32::to_bits)
        .chain([loss as u32, (loss >> 32) as u32, score.correct as u32])
        .collect()
}

#[test]
fn threads_and_instruction_sets_change_no_bit() {
    let first = bits(&final_net(), 77, 1, Isa::best());
    for isa in Isa::available() {
        for threads in [1, 2, 4] {
            assert!(bits(&final_net(), 77, threads, isa) == first, "{} with {threads} threads", isa.name());
        }
    }
}

#[test]
fn rounded_weights_and_values_are_the_same_by_any_threads_and_instruction_sets_and_not_those_in_floats() {
    let float = of_net(&final_net(), 0.05);
    let rounded = Experiment { quantize: Some(Quantize::Int8), ..float.clone() };
    let first = bits_of(&rounded, 77, 1, Isa::best());
    for isa in Isa::available() {
        for threads in [1, 2, 4] {
            assert!(bits_of(&rounded, 77, threads, isa) == first, "{} with {threads} threads", isa.name());
        }
    }
    assert!(bits_of(&float, 77, 1, Isa::best())[..6_720] != first[..6_720]);
}

/// Asserts that each of 16 images has the same logits alone as among the others, to the bit.
fn check_single_images(net: &NetSpec) {
    let plan = Plan::of(net).unwrap();
    let inputs = Inputs::random(net, 16, 5);
    let length = inputs.images.len() / 16;
    for isa in Isa::available() {
        let mut engine = Fused::for_evaluation(&plan, trained_state(&plan, 5), isa).unwrap();
        let mut logits = |batch: &Batch| {
            let logits = engine.logits(WeightSet::Evaluation, batch).unwrap();
            logits.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        let together = logits(&inputs.batch());
        for (index, (image, expected)) in
            inputs.images.chunks_exact(length).zip(together.chunks_exact(net.classes)).enumerate()
        {
            let single = logits(&Batch::ready(image, vec![], vec![inputs.samples[index]]));
            assert_eq!(single, expected, "image {index} on {}", isa.name());
        }
        for few in 2..16 {
            let samples = inputs.samples[..few].to_vec();
            let some = logits(&Batch::ready(&inputs.images[..few * length], vec![], samples));
            assert_eq!(some, together[..few * net.classes], "{few} images on {}", isa.name());
        }
    }
}

#[test]
fn an_image_alone_has_the_logits_that_it_has_among_others() {
    check_single_images(&final_net());
    let mut padded = final_net();
    padded.body = vec![
        LayerSpec::block(9, 5, 2),
        LayerSpec::max_pool(2),
        LayerSpec::block(12, 3, 1),
        LayerSpec::conv(5, 3, 1, true),
        LayerSpec::conv(7, 3, 1, false),
    ];
    padded.head = vec![LayerSpec::conv(10, 14, 0, true)];
    check_single_images(&padded);
}

#[test]
fn a_whole_run_gives_the_same_bits_for_any_number_of_threads() {
    let data = bars(200, 50);
    let augmentation = Augmentation::Ranges(Ranges {
        rotation: 10.0,
        translation: 0.1,
        scale_min: 0.9,
        scale_max: 1.1,
        shear: 5.0,
        brightness: 0.0,
        contrast: 0.0,
    });
    for (optimizer, quantize) in [(experiment().optimizer, None), (adamw(), Some(Quantize::Int8))] {
        let experiment = Experiment {
            quantize,
            augmentation: Some(augmentation.clone()),
            optimizer,
            epochs: 2,
            batch_size: 48,
            ..experiment()
        };
        let run = |threads: usize| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("model.safetensors");
            let options = RunOptions {
                engine: EngineChoice::Fused,
                threads: Some(threads),
                model_path: Some(path.clone()),
                ..options(data.path())
            };
            let outcome = train(&experiment, &options, &FusedAlone, &mut Unwatched).unwrap();
            let losses: Vec<_> =
                outcome.epochs.iter().map(|row| row.test.unwrap().loss_sum.to_bits()).collect();
            (losses, std::fs::read(path).unwrap())
        };
        let first = run(1);
        assert!(run(2) == first && run(4) == first);
    }
}

#[test]
fn a_run_inside_a_pool_of_its_caller_uses_its_own_threads() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let inside = pool.install(|| bits(&final_net(), 40, 1, Isa::best()));
    assert!(inside == bits(&final_net(), 40, 1, Isa::best()));
}

#[test]
fn more_threads_than_groups_are_not_started() {
    let data = bars(32, 10);
    let options = RunOptions { threads: Some(64), ..options(data.path()) };
    let outcome =
        train(&Experiment { batch_size: 32, ..experiment() }, &options, &FusedAlone, &mut Unwatched);
    assert_eq!(outcome.unwrap().threads, 2);
}

#[test]
fn settings_that_need_libtorch_are_refused_by_name_without_it() {
    let data = bars(32, 10);
    let refusal =
        |options: RunOptions| train(&experiment(), &options, &FusedAlone, &mut Unwatched).unwrap_err();
    let aten = refusal(RunOptions { engine: EngineChoice::Aten, ..options(data.path()) });
    assert_eq!(
        aten.to_string(),
        "`engine` should be `auto` or `fused` in a build without libtorch, got `aten`"
    );
    let cuda = refusal(RunOptions { device: DeviceChoice::Cuda, ..options(data.path()) });
    assert!(matches!(cuda, TrainError::Device { .. }), "{cuda}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn every_order_of_a_blocks_parts_trains(order in Just(vec![
        BlockPart::Conv, BlockPart::Norm, BlockPart::Relu, BlockPart::Dropout,
    ]).prop_shuffle(), padding in 0_usize..5) {
        let mut net = final_net();
        net.block = block(Norm::Batch, 0.1);
        net.block.order = order;
        net.size = 6;
        net.body = vec![LayerSpec::block(3, 2, padding), LayerSpec::conv(2, 1, 0, true)];
        net.head = vec![LayerSpec::Flatten, LayerSpec::conv(10, 1, 0, false)];
        let first = bits(&net, 20, 1, Isa::best());
        for isa in Isa::available() {
            prop_assert!(bits(&net, 20, 2, isa) == first);
        }
    }

    #[test]
    fn threads_and_instruction_sets_change_no_bit_of_nested_nets(net in common::nested::net(), count in 1_usize..40) {
        let first = bits(&net, count, 1, Isa::best());
        for isa in Isa::available() {
            prop_assert!(bits(&net, count, 2, isa) == first, "{}", isa.name());
        }
    }

    #[test]
    fn an_image_alone_has_the_logits_that_it_has_among_others_in_nested_nets(
        net in common::nested::net(), larger in 0_usize..20,
    ) {
        let larger = NetSpec { size: net.size + larger, ..net };
        prop_assume!(Plan::of(&larger).is_ok());
        check_single_images(&larger);
    }
}

#[test]
fn a_batch_whose_values_are_all_equal_stays_finite_behind_many_norms() {
    let net: NetSpec = serde_json::from_value(serde_json::json!({
        "channels": 1, "size": 1, "classes": 2,
        "block": {
            "order": ["conv", "norm", "relu", "dropout"], "bias": false, "norm": "batch", "dropout": 0,
        },
        "body": [
            {"kind": "block", "channels": 4, "kernel": 1, "padding": 0},
            {"kind": "repeat", "times": 12, "layers": [
                {"kind": "block", "channels": 4, "kernel": 1, "padding": 0},
                {"kind": "residual", "layers": [{"kind": "block", "channels": 4, "kernel": 1, "padding": 0}]},
            ]},
        ],
        "head": [{"kind": "conv", "channels": 2, "kernel": 1, "padding": 0, "bias": true}],
    }))
    .unwrap();
    let plan = Plan::of(&net).unwrap();
    let experiment = of_net(&net, 0.0);
    for count in [1, 3, 17] {
        let inputs = Inputs { images: vec![0.7; count], ..Inputs::random(&net, count, 3) };
        for isa in Isa::available() {
            let request = request(&experiment, &plan, 1);
            let mut engine = Fused::start(&request, trained_state(&plan, 3), isa).unwrap();
            let loss = engine.step(&inputs.batch(), &standing(3)).unwrap().loss();
            assert!(loss.is_finite(), "{count} images, {isa:?}: {loss}");
            // Of several images they grow from norm to norm, in any engine.
            let is_finite = engine.gradients().iter().all(|x| x.is_finite());
            assert!(count > 1 || is_finite, "{isa:?}");
        }
    }
}
