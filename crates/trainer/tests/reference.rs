//! Against PyTorch and torchvision: `scripts/reference/make_fixtures.py` made the expected figures.

mod common;

use common::{Trained, assert_close, block, fixture, floats, of_net, request, standing};
use serde_json::Value;
use stepladder_kernels::{Bordered, warp};
use stepladder_trainer::data::Batch;
use stepladder_trainer::data::transforms::{Affine, ColourChange, Picture};
use stepladder_trainer::engine::{Engine, Fused, Isa};
use stepladder_trainer::metric::Score;
use stepladder_trainer::net::{LayerSpec, NetSpec, Norm, Plan};
use stepladder_trainer::optim::{Optimizer, Schedule, Steps, Update};
use stepladder_trainer::{Experiment, TrainingState, WeightSet};

#[test]
fn one_cycle_gives_the_rates_and_momenta_of_pytorch_at_every_step() {
    for case in fixture("one_cycle")["cases"].as_array().unwrap() {
        let schedule: Schedule = serde_json::from_value(case["schedule"].clone()).unwrap();
        let rates = case["rates"].as_array().unwrap();
        for (step, expected) in rates.iter().enumerate() {
            let steps = Steps { epochs: 1, per_epoch: rates.len() };
            let (got, expected) = (schedule.learning_rate(step, steps), expected.as_f64().unwrap());
            // The cosines of two maths libraries may differ in the last bit.
            assert!((got - expected).abs() <= 1e-15 + 1e-12 * expected, "step {step}: {got} {expected}");
            let momentum = schedule.momentum(step, steps);
            match case["momenta"].get(step).and_then(Value::as_f64) {
                Some(expected) => assert!((momentum.unwrap() - expected).abs() < 1e-14, "step {step}"),
                None => assert_eq!(momentum, None),
            }
        }
    }
}

#[test]
fn the_other_schedules_give_the_rates_of_pytorch_at_every_step() {
    for case in fixture("schedules")["cases"].as_array().unwrap() {
        let schedule: Schedule = serde_json::from_value(case["schedule"].clone()).unwrap();
        let whole = |name: &str| case[name].as_u64().unwrap() as usize;
        let steps = Steps { epochs: whole("epochs"), per_epoch: whole("perEpoch") };
        for (step, expected) in case["rates"].as_array().unwrap().iter().enumerate() {
            let (got, expected) = (schedule.learning_rate(step, steps), expected.as_f64().unwrap());
            // PyTorch multiplies one rate by the next, and so rounds at each step.
            assert!(
                (got - expected).abs() <= 1e-12 * expected.max(1.0),
                "{schedule:?}, step {step}: {got} {expected}"
            );
        }
    }
}

#[test]
fn sgd_moves_as_pytorchs_does_with_momentum_nesterov_and_decay() {
    for case in fixture("sgd")["cases"].as_array().unwrap() {
        let Optimizer::Sgd(sgd) = serde_json::from_value(case["optimizer"].clone()).unwrap() else {
            panic!("an optimizer without a kind is `sgd`")
        };
        let mut parameters = floats(&case["start"]);
        let mut velocities = vec![0.0; parameters.len()];
        let gradients = case["gradients"].as_array().unwrap();
        for (index, gradient) in gradients.iter().enumerate() {
            let update =
                Update { index, learning_rate: case["rates"][index].as_f64().unwrap(), momentum: None };
            let slots = [velocities.as_mut_slice(), &mut []];
            let gradient = floats(gradient);
            Optimizer::Sgd(sgd).step(&mut parameters, &gradient, slots, sgd.weight_decay, &update);
            assert_close(
                &format!("{sgd:?} step {index}"),
                &parameters,
                &floats(&case["values"][index]),
                1e-6,
            );
        }
    }
}

#[test]
fn a_net_is_trained_as_pytorchs_optimizers_train_it() {
    follow("optimizers", 1e-4);
}

#[test]
fn class_weights_count_as_in_pytorchs_loss() {
    follow("class_weights", 1e-4);
}

#[test]
fn a_teacher_counts_as_in_pytorchs_tutorial_of_knowledge_distillation() {
    follow("teacher", 1e-4);
}

/// A value that lies between two whole numbers may round to either: f32 and f64 differ.
const OF_ROUNDING: f32 = 5e-3;

#[test]
fn weights_and_values_are_rounded_in_training_as_pytorchs_fake_quantization_does() {
    follow("quantize", OF_ROUNDING);
    let float = Trained::of_fixture("quantize").remove(0);
    let experiment = Experiment { quantize: None, ..float.experiment.clone() };
    let plan = experiment.check().unwrap();
    let state = TrainingState::init(&plan, &experiment, 1).unwrap();
    assert_eq!((plan.ranges.len(), state.weights.statistics.len()), (0, 18));
}

/// Trains as PyTorch did, on each instruction set.
#[track_caller]
fn follow(fixture: &str, tolerance: f32) {
    for case in Trained::of_fixture(fixture) {
        for isa in Isa::available() {
            let mut engine = Fused::start(&case.request(2), case.start.clone(), isa).unwrap();
            case.follow(&mut engine, tolerance);
        }
    }
}

fn small_net() -> NetSpec {
    let block_of = |channels, kernel, padding| LayerSpec::block(channels, kernel, padding);
    let mut block = block(Norm::Batch, 0.0);
    block.bias = true;
    NetSpec {
        channels: 1,
        size: 9,
        classes: 6,
        block,
        body: vec![block_of(3, 3, 1), LayerSpec::max_pool(2), block_of(5, 3, 0), block_of(4, 1, 0)],
        head: vec![LayerSpec::average_pool(2), LayerSpec::conv(6, 1, 0, false), LayerSpec::Flatten],
    }
}

#[test]
fn loss_gradients_statistics_and_evaluation_of_a_net_with_every_layer_are_pytorchs() {
    let expected = fixture("small_net");
    let plan = Plan::of(&small_net()).unwrap();
    let mut state = TrainingState::init(&plan, &of_net(&small_net(), 0.0), 1).unwrap();
    for planned in &plan.parameters {
        // PyTorch calls the bare convolution of the head `head.1`, we `head.1.conv`.
        let name = planned.name.replace("head.1.conv", "head.1");
        state.weights.parameters[planned.range.clone()].copy_from_slice(&floats(&expected["start"][name]));
    }
    let labels: Vec<u8> =
        expected["labels"].as_array().unwrap().iter().map(|x| x.as_u64().unwrap() as u8).collect();
    let images = floats(&expected["images"]);
    let batch = Batch::ready(&images, labels.clone(), (0..labels.len() as u32).collect());
    let start = |smoothing: f64, state: TrainingState| {
        let experiment = of_net(&small_net(), smoothing);
        Fused::start(&request(&experiment, &plan, 2), state, Isa::best()).unwrap()
    };

    for step in expected["steps"].as_array().unwrap() {
        let mut engine = start(step["labelSmoothing"].as_f64().unwrap(), state);
        let score = engine.step(&batch, &standing(1)).unwrap();
        assert!((score.loss() - step["loss"].as_f64().unwrap()).abs() < 1e-6);
        assert_eq!(score.correct as u64, step["correct"].as_u64().unwrap());
        for planned in &plan.parameters {
            let name = planned.name.replace("head.1.conv", "head.1");
            let got = &engine.gradients()[planned.range.clone()];
            let gradient = floats(&step["gradients"][&name]);
            // A bias before a norm changes nothing: what is left of its gradient is rounding.
            let tolerance = if name.ends_with("conv.bias") { 1e-3 } else { 1e-5 };
            assert_close(&name, got, &gradient, tolerance);
        }
        state = engine.state().unwrap().into_owned();
        for (name, _, got) in state.weights.named(&plan).filter(|(name, ..)| name.contains("running")) {
            assert_close(&name, got, &floats(&step["statistics"][&name]), 1e-6);
        }
    }

    let logits = start(0.0, state).logits(WeightSet::Evaluation, &batch).unwrap();
    assert_close("logits", &logits, &floats(&expected["evaluation"]["logits"]), 1e-5);
    let loss = Score::of(&logits, labels.iter().copied()).loss();
    assert!((loss - expected["evaluation"]["loss"].as_f64().unwrap()).abs() < 1e-5);
}

#[test]
fn loss_gradients_statistics_and_evaluation_of_each_layer_are_pytorchs() {
    for case in fixture("layers")["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let net: NetSpec = serde_json::from_value(case["net"].clone()).unwrap();
        let plan = Plan::of(&net).unwrap();
        let mut state = TrainingState::init(&plan, &of_net(&net, 0.0), 1).unwrap();
        let names = |tensors: &Value| tensors.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let mut ours: Vec<String> = plan.parameters.iter().map(|planned| planned.name.clone()).collect();
        ours.sort();
        assert_eq!(ours, names(&case["start"]), "{name}");
        for planned in &plan.parameters {
            let start = floats(&case["start"][&planned.name]);
            state.weights.parameters[planned.range.clone()].copy_from_slice(&start);
        }
        let labels: Vec<u8> =
            case["labels"].as_array().unwrap().iter().map(|x| x.as_u64().unwrap() as u8).collect();
        let images = floats(&case["images"]);
        let batch = Batch::ready(&images, labels.clone(), (0..labels.len() as u32).collect());
        let experiment = of_net(&net, 0.0);
        for isa in Isa::available() {
            let mut engine = Fused::start(&request(&experiment, &plan, 1), state.clone(), isa).unwrap();
            let score = engine.step(&batch, &standing(1)).unwrap();
            let loss = case["loss"].as_f64().unwrap();
            assert!((score.loss() - loss).abs() < 2e-6, "{name}: {} {loss}", score.loss());
            for planned in &plan.parameters {
                let got = &engine.gradients()[planned.range.clone()];
                let expected = floats(&case["gradients"][&planned.name]);
                assert_close(&format!("{name}, {}", planned.name), got, &expected, 1e-4);
            }
            for (tensor, _, got) in
                engine.weights().named(&plan).filter(|(name, ..)| name.contains("running"))
            {
                assert_close(&format!("{name}, {tensor}"), got, &floats(&case["statistics"][&tensor]), 1e-5);
            }
            let logits = engine.logits(WeightSet::Evaluation, &batch).unwrap();
            assert_close(&format!("{name}, logits"), &logits, &floats(&case["logits"]), 2e-5);
        }
    }
}

#[test]
fn a_digit_is_warped_as_torchvisions_affine_warps_it() {
    let expected = fixture("augmentation");
    let image = floats(&expected["image"]);
    for case in expected["warps"].as_array().unwrap() {
        let number = |name: &str| case["affine"][name].as_f64().unwrap();
        let affine = Affine {
            rotation: number("rotation"),
            translation: [0, 1].map(|axis| case["affine"]["translation"][axis].as_f64().unwrap()),
            scale: number("scale"),
            shear: number("shear"),
        };
        let mut source = Bordered::new(28);
        for (row, from) in source.rows_mut().zip(image.chunks_exact(28)) {
            row.copy_from_slice(from);
        }
        let mut warped = vec![0.0; image.len()];
        warp(Isa::best(), &source, &affine.inverse(), &mut warped);
        // torchvision computes the places that it reads in f32.
        assert_close(&format!("{affine:?}"), &warped, &floats(&case["pixels"]), 2e-5);
    }
}

fn adjust(image: &mut [f32], size: usize, [brightness, contrast]: [f64; 2]) {
    let mut picture = Picture { values: image, size };
    ColourChange::Brightness(brightness).apply(&mut picture);
    ColourChange::Contrast(contrast).apply(&mut picture);
}

#[test]
fn brightness_and_contrast_are_torchvisions() {
    let expected = fixture("augmentation");
    for case in expected["adjustments"].as_array().unwrap() {
        let mut image = floats(&expected["image"]);
        let factors = [0, 1].map(|i| case["factors"][i].as_f64().unwrap());
        adjust(&mut image, 28, factors);
        assert_close(&format!("{factors:?}"), &image, &floats(&case["pixels"]), 1e-6);
    }
}

#[test]
fn contrast_of_a_coloured_image_is_about_the_mean_of_its_grey() {
    // torchvision 0.28: adjust_contrast(adjust_brightness(image, 1.25), 0.6) of [3, 4, 4], the i-th value i * 37 % 256
    let mut image: Vec<f32> = (0..48).map(|i| (i * 37 % 256) as f32 / 255.0).collect();
    adjust(&mut image, 4, [1.25, 0.6]);
    let first =
        [0.218_590_9, 0.327_414_4, 0.436_238, 0.545_061_5, 0.653_885, 0.762_708_5, 0.818_590_9, 0.227_414_4];
    let last = [
        0.806_826_2,
        0.818_590_9,
        0.271_532_1,
        0.380_355_6,
        0.489_179_1,
        0.598_002_7,
        0.706_826_2,
        0.815_649_7,
    ];
    assert_close("first", &image[..8], &first, 1e-6);
    assert_close("last", &image[40..], &last, 1e-6);
}
