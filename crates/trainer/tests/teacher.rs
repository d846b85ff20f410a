//! Knowledge distillation: whole runs with a teacher, and models that can't be one.

mod common;

use std::path::Path;

use common::{adamw, bars, block, experiment, final_net, options, request, trained_state};
use stepladder_trainer::data::{Batches, Images, Normalisation, Preparing};
use stepladder_trainer::engine::{Engine, Fused, FusedAlone, Isa};
use stepladder_trainer::metric::Loss;
use stepladder_trainer::net::{LayerSpec, NetSpec, Norm, Plan};
use stepladder_trainer::optim::{Averaging, Schedule};
use stepladder_trainer::random::{Purpose, Stream};
use stepladder_trainer::{
    Experiment, Model, RunOptions, Start, Teacher, TrainError, Unwatched, WeightSet, train,
};

fn teacher(temperature: f64, weight: f64) -> Option<Loss> {
    let teacher = Teacher {
        from: "teacher".into(),
        sha256: None,
        temperature: Some(temperature),
        weight: Some(weight),
    };
    Some(Loss { class_weights: None, teacher: Some(teacher) })
}

/// Trains a small net that computes the same in training and in evaluation.
fn small() -> Experiment {
    let net = NetSpec {
        block: block(Norm::None, 0.0),
        body: vec![LayerSpec::max_pool(4), LayerSpec::block(4, 3, 0)],
        head: vec![LayerSpec::conv(10, 5, 0, true), LayerSpec::Flatten],
        ..final_net()
    };
    Experiment { net, optimizer: adamw(), averaging: Some(Averaging { decay: 0.9 }), ..experiment() }
}

fn all_augmented(experiment: Experiment) -> Experiment {
    let augmentation = serde_json::from_str(
        r#"[{"kind": "affine", "rotation": 20}, {"kind": "flip"}, {"kind": "mixup"}, {"kind": "noise"},
            {"kind": "cutmix", "probability": 0.5}]"#,
    );
    Experiment { augmentation: Some(augmentation.unwrap()), ..experiment }
}

/// Trains a teacher, and returns the options of runs with it.
fn taught(data: &Path, teacher: &Experiment) -> RunOptions {
    let path = data.join("teacher.safetensors");
    let options = options(data);
    let first = RunOptions { seed: 5, model_path: Some(path.clone()), ..options.clone() };
    train(teacher, &first, &FusedAlone, &mut Unwatched).unwrap();
    RunOptions { teacher_path: Some(path), ..options }
}

fn losses(experiment: &Experiment, options: &RunOptions) -> Vec<f64> {
    let outcome = train(experiment, options, &FusedAlone, &mut Unwatched).unwrap();
    outcome.epochs.iter().map(|row| row.train.loss()).collect()
}

#[test]
fn a_net_with_the_weights_of_its_teacher_has_no_loss_on_the_same_augmented_and_mixed_images() {
    let data = bars(40, 10);
    let options = taught(data.path(), &Experiment { epochs: 3, ..small() });
    let options = RunOptions { start_path: options.teacher_path.clone(), ..options };
    let standing = Experiment {
        start: Some(Start { from: "teacher".into(), sha256: None, freeze: None }),
        schedule: Schedule::Constant { learning_rate: 1e-30 },
        loss: teacher(3.0, 1.0),
        ..all_augmented(small())
    };
    let [loss] = losses(&standing, &options)[..] else { panic!("one epoch") };
    assert!(loss.abs() < 1e-10, "{loss}");
    let [labels] = losses(&Experiment { loss: None, ..standing.clone() }, &options)[..] else {
        panic!("one epoch")
    };
    let [half] = losses(&Experiment { loss: teacher(3.0, 0.5), ..standing }, &options)[..] else {
        panic!("one epoch")
    };
    assert!(labels > 0.1 && (half - labels / 2.0).abs() < 1e-9, "{labels} {half}");
}

#[test]
fn a_net_learns_from_its_teacher_alone() {
    let data = bars(80, 10);
    let options = taught(data.path(), &Experiment { epochs: 20, ..small() });
    let schedule = Schedule::Constant { learning_rate: 0.02 };
    let learning = Experiment { loss: teacher(2.0, 1.0), epochs: 30, schedule, ..small() };
    let losses = losses(&learning, &options);
    assert!(losses[29] < losses[0] / 4.0, "{losses:?}");
}

#[test]
fn a_run_with_a_teacher_gives_the_same_bits_for_any_number_of_threads() {
    let data = bars(42, 10); // two images in the last batch, which the teacher evaluates one by one
    let experiment = all_augmented(Experiment { batch_size: 40, ..experiment() });
    let options = taught(data.path(), &experiment);
    let learning = Experiment { loss: teacher(2.0, 0.5), epochs: 2, ..experiment };
    let first = losses(&learning, &options);
    for threads in [2, 3] {
        assert_eq!(first, losses(&learning, &RunOptions { threads: Some(threads), ..options.clone() }));
    }
}

#[test]
fn the_answers_of_a_teacher_have_the_same_bits_on_every_instruction_set() {
    let experiment = all_augmented(Experiment { batch_size: 40, ..experiment() });
    let plan = Plan::of(&experiment.net).unwrap();
    let pixels = (0..50 * 784).map(|i| (i * 7919 % 251) as u8).collect();
    let images = Images::new(1, 28, pixels, (0..50).map(|i| i % 10).collect());
    let by = experiment.augmentation.as_ref().map(|by| (by, Stream::new(1, Purpose::Augmentation).at(0)));
    let answers = |threads: usize, isa: Isa| -> Vec<u32> {
        let request = request(&experiment, &plan, threads);
        let mut engine = Fused::for_teacher(&request, &plan, trained_state(&plan, 5), isa).unwrap();
        let normalisation = Normalisation { mean: 0.5, deviation: 0.3 };
        Batches::new(&images, normalisation, by, 40, Stream::new(1, Purpose::Order))
            .flat_map(|batch| engine.logits(WeightSet::Evaluation, &batch.unwrap()).unwrap())
            .map(f32::to_bits)
            .collect()
    };
    let first = answers(1, Isa::best());
    assert_eq!(first.len(), 500);
    for isa in Isa::available() {
        for threads in [1, 2, 3] {
            assert!(answers(threads, isa) == first, "{} with {threads} threads", isa.name());
        }
    }
}

#[test]
fn a_batch_with_another_normalisation_has_the_same_augmented_images() {
    let pixels = (0..20 * 784).map(|i| (i * 7919 % 251) as u8).collect();
    let images = Images::new(1, 28, pixels, (0..20).map(|i| i % 10).collect());
    let augmentation = all_augmented(experiment()).augmentation.unwrap();
    let by = Some((&augmentation, Stream::new(1, Purpose::Augmentation).at(0)));
    let batches = |mean, deviation| {
        Batches::new(&images, Normalisation { mean, deviation }, by, 20, Stream::new(1, Purpose::Order))
    };
    let mut preparing = Preparing::new(Isa::best(), [1, 28], Some(&augmentation)).unwrap();
    let [ours, theirs] = [batches(0.1, 0.3), batches(0.4, 0.2)].map(|mut batches| batches.next().unwrap());
    let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
    let normalisation = Normalisation { mean: 0.4, deviation: 0.2 };
    let expected = theirs.images(&mut preparing, 784);
    assert_ne!(ours.images(&mut preparing, 784), expected);
    assert_eq!(ours.with_normalisation(normalisation).images(&mut preparing, 784), expected);
}

#[test]
fn the_teacher_belongs_to_a_checkpoint_and_to_its_hash() {
    let data = bars(40, 10);
    let options = taught(data.path(), &small());
    let first = options.teacher_path.clone().unwrap();
    let second = data.path().join("second");
    let other =
        RunOptions { seed: 6, model_path: Some(second.clone()), teacher_path: None, ..options.clone() };
    train(&small(), &other, &FusedAlone, &mut Unwatched).unwrap();

    let learning = Experiment { loss: teacher(2.0, 0.5), ..small() };
    let checkpoint_path = Some(data.path().join("checkpoint"));
    let further = RunOptions { checkpoint_path, ..options.clone() };
    let unbroken = losses(&learning, &further);
    assert_eq!(losses(&learning, &further), unbroken);
    let elsewhere = RunOptions { teacher_path: Some(second.clone()), ..further };
    let error = train(&learning, &elsewhere, &FusedAlone, &mut Unwatched).unwrap_err().to_string();
    assert!(error.contains("it was saved by a run with another teacher"), "{error}");

    let pinned = |path: &Path| {
        let mut learning = learning.clone();
        let teacher = learning.loss.as_mut().and_then(|loss| loss.teacher.as_mut());
        teacher.unwrap().sha256 = Some("0".repeat(64));
        let options = RunOptions { teacher_path: Some(path.to_owned()), ..options.clone() };
        train(&learning, &options, &FusedAlone, &mut Unwatched).unwrap_err().to_string()
    };
    let error = pinned(&first);
    assert!(
        error.contains(&format!("expected the file of sha256 {}, found one of ", "0".repeat(64))),
        "{error}"
    );
}

#[test]
fn models_that_cannot_teach_are_refused_before_any_image_is_read() {
    let data = bars(40, 10);
    let options = taught(data.path(), &small());
    let whole = std::fs::read(options.teacher_path.as_ref().unwrap()).unwrap();
    let nowhere = data.path().join("nowhere");
    let refusal = |experiment: &Experiment, teacher: &Path| {
        let mut options = RunOptions { teacher_path: Some(teacher.to_owned()), ..options.clone() };
        options.data.folder.clone_from(&nowhere);
        let experiment = Experiment { loss: crate::teacher(2.0, 0.5), ..experiment.clone() };
        train(&experiment, &options, &FusedAlone, &mut Unwatched).unwrap_err()
    };
    let path = data.path().join("teacher.safetensors");
    for change in [
        |net: &mut NetSpec| net.channels = 3,
        |net: &mut NetSpec| {
            net.size = 32;
            net.head[0] = LayerSpec::conv(10, 6, 0, true);
        },
        |net: &mut NetSpec| {
            net.classes = 12;
            net.head[0] = LayerSpec::conv(12, 5, 0, true);
        },
    ] {
        let mut experiment = small();
        change(&mut experiment.net);
        let NetSpec { channels, size, classes, .. } = experiment.net;
        assert_eq!(
            refusal(&experiment, &path).to_string(),
            format!(
                "`loss.teacher.from` should be a model of images of {channels} x {size} x {size} in {classes} classes, \
                 as the net is, got a model of images of 1 x 28 x 28 in 10 classes"
            )
        );
    }

    let names = |names: [&str; 2]| names.map(str::to_owned).to_vec();
    let named = data.path().join("named");
    let model_path = Some(named.clone());
    let cats = RunOptions { class_names: names(["cat", "dog"]), model_path, ..common::options(data.path()) };
    train(&small(), &cats, &FusedAlone, &mut Unwatched).unwrap();
    let learning = Experiment { loss: teacher(2.0, 0.5), ..small() };
    let taught = |class_names| {
        let options = RunOptions { class_names, teacher_path: Some(named.clone()), ..options.clone() };
        train(&learning, &options, &FusedAlone, &mut Unwatched).map(drop)
    };
    assert_eq!(
        taught(names(["dog", "cat"])).unwrap_err().to_string(),
        "`loss.teacher.from` should be a model whose class 0 is `dog`, as in the data, got one whose class 0 is `cat`"
    );
    assert!(taught(names(["cat", "dog"])).is_ok() && taught(vec![]).is_ok());

    let state_dict = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/start_weights.safetensors");
    for no_model in [&nowhere, &state_dict, &data.path().to_owned()] {
        let error = refusal(&small(), no_model);
        assert!(matches!(&error, TrainError::Model { path, .. } if path == no_model), "{error}");
    }

    let damaged = data.path().join("damaged");
    for end in [0, 1] {
        let mut bytes = whole.clone();
        *bytes.last_mut().unwrap() ^= 1;
        bytes.truncate(whole.len() - end);
        std::fs::write(&damaged, bytes).unwrap();
        let options = RunOptions { teacher_path: Some(damaged.clone()), ..options.clone() };
        let learning = Experiment { loss: teacher(2.0, 0.5), ..small() };
        let error = train(&learning, &options, &FusedAlone, &mut Unwatched).unwrap_err();
        assert!(matches!(&error, TrainError::Model { path, .. } if *path == damaged), "{error}");
    }
    assert!(Model::load(&path).is_ok());
}

#[test]
fn a_teacher_without_effect_and_temperatures_out_of_range_are_refused() {
    let refusal = |temperature, weight| {
        Experiment { loss: teacher(temperature, weight), ..small() }.check().unwrap_err().to_string()
    };
    assert_eq!(
        refusal(0.0, 0.5),
        "`loss.teacher.temperature` should be a number at least 0.1 and at most 100, got 0"
    );
    assert!(refusal(f64::NAN, 0.5).contains("got NaN"));
    assert_eq!(refusal(2.0, 0.0), "`loss.teacher.weight` should be a number above 0 and at most 1, got 0");
    assert!(refusal(2.0, 1.5).contains("`loss.teacher.weight`"));
    assert!(Experiment { loss: teacher(0.1, 1.0), ..small() }.check().is_ok());
}
