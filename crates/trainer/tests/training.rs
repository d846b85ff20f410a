//! Whole runs on generated data: reproducibility, training, how a run ends.

mod common;

use common::{ALL, adamw, bars, block, experiment, final_net, options, sgd};
use stepladder_trainer::data::transforms::Ranges;
use stepladder_trainer::data::{Augmentation, Selection};
use stepladder_trainer::engine::FusedAlone;
use stepladder_trainer::net::{BlockSpec, LayerSpec, NetSpec, Norm, Plan, Quantize};
use stepladder_trainer::optim::{Averaging, Schedule};
use stepladder_trainer::{
    Answer, BatchProgress, DataSource, EpochRow, Experiment, Flow, Model, Outcome, RunOptions, TrainError,
    Unwatched, Watch, train,
};

/// Bits of the training loss, correct training images, bits of the test loss, correct test images.
type EpochBits = (u64, usize, u64, usize);

/// Everything that a run computes, bit by bit: its scores, and the bytes of its model.
fn bits(experiment: &Experiment, options: &RunOptions) -> (Vec<EpochBits>, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let options = RunOptions { model_path: Some(path.clone()), ..options.clone() };
    let Outcome { epochs, .. } = train(experiment, &options, &FusedAlone, &mut Unwatched).unwrap();
    let row = |row: &EpochRow| {
        let (train, test) = (row.train, row.test.unwrap());
        (train.loss_sum.to_bits(), train.correct, test.loss_sum.to_bits(), test.correct)
    };
    (epochs.iter().map(row).collect(), std::fs::read(path).unwrap())
}

fn everything_random() -> Experiment {
    Experiment {
        augmentation: Some(Augmentation::Ranges(Ranges {
            rotation: 10.0,
            translation: 0.1,
            scale_min: 0.9,
            scale_max: 1.1,
            shear: 5.0,
            brightness: 0.2,
            contrast: 0.2,
        })),
        averaging: Some(Averaging { decay: 0.9 }),
        quantize: Some(Quantize::Int8),
        label_smoothing: 0.05,
        epochs: 2,
        ..experiment()
    }
}

#[test]
fn a_seed_repeats_to_the_bit_and_another_does_not() {
    let data = bars(70, 30);
    let experiment = everything_random();
    let options = options(data.path());
    let first = bits(&experiment, &options);
    assert_eq!(first, bits(&experiment, &options));
    let other = bits(&experiment, &RunOptions { seed: 2, ..options });
    assert_ne!(first.0, other.0);
    assert_ne!(first.1, other.1);
}

#[test]
fn the_learning_rates_of_a_run_are_known_without_it() {
    let data = bars(70, 30);
    let schedule = Schedule::OneCycle {
        max_learning_rate: 0.1,
        pct_start: 0.3,
        div_factor: 25.0,
        final_div_factor: 1e4,
        cycle_momentum: None,
    };
    let experiment = Experiment { schedule, epochs: 3, ..experiment() };
    let Outcome { epochs, .. } =
        train(&experiment, &options(data.path()), &FusedAlone, &mut Unwatched).unwrap();
    let reported: Vec<f64> = epochs.iter().map(|row| row.learning_rate).collect();
    assert_eq!(experiment.learning_rates(70), reported);
}

#[test]
fn two_runs_in_one_process_do_not_touch() {
    let data = bars(70, 30);
    let experiment = everything_random();
    let alone = bits(&experiment, &options(data.path()));
    std::thread::scope(|scope| {
        let runs = [1, 2].map(|seed| {
            let options = RunOptions { seed, ..options(data.path()) };
            let experiment = &experiment;
            scope.spawn(move || bits(experiment, &options))
        });
        let [first, _] = runs.map(|run| run.join().unwrap());
        assert_eq!(first, alone);
    });
}

#[test]
fn sixteen_images_can_be_overfitted() {
    let data = bars(16, 16);
    let mut experiment =
        Experiment { epochs: 60, schedule: Schedule::Constant { learning_rate: 0.05 }, ..experiment() };
    experiment.net.block.dropout = 0.0;
    let outcome = train(&experiment, &options(data.path()), &FusedAlone, &mut Unwatched).unwrap();
    assert_eq!(outcome.train_clean.correct, 16);
    assert!(outcome.train_clean.loss() < 0.05, "{}", outcome.train_clean.loss());
}

#[test]
fn a_net_without_norm_learns_too() {
    let data = bars(160, 40);
    let mut experiment = Experiment { epochs: 15, ..experiment() };
    experiment.net.block = BlockSpec { bias: true, ..block(Norm::None, 0.0) };
    let features = LayerSpec::block(8, 3, 1);
    experiment.net.body = vec![features, LayerSpec::max_pool(4)];
    experiment.net.head = vec![LayerSpec::conv(10, 7, 0, true)];
    let outcome = train(&experiment, &options(data.path()), &FusedAlone, &mut Unwatched).unwrap();
    assert!(outcome.train_clean.correct > 120, "{:?}", outcome.train_clean);
}

#[test]
fn a_last_batch_of_one_image_leaves_statistics_finite() {
    // 17 = 16 + 1: in the last batch a norm over 1 x 1 activations sees one value a channel.
    let data = bars(17, 10);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let options = RunOptions { model_path: Some(path.clone()), ..options(data.path()) };
    train(&experiment(), &options, &FusedAlone, &mut Unwatched).unwrap();
    let model = Model::load(&path).unwrap();
    assert!(model.weights().statistics.iter().all(|value| value.is_finite()));
}

#[test]
fn a_rate_that_is_far_too_high_ends_as_diverged() {
    let data = bars(64, 10);
    let mut experiment = experiment();
    experiment.net.block = block(Norm::None, 0.0);
    experiment.schedule = Schedule::Constant { learning_rate: 1e6 };
    experiment.epochs = 3;
    let error = train(&experiment, &options(data.path()), &FusedAlone, &mut Unwatched).unwrap_err();
    assert!(matches!(error, TrainError::Diverged { epoch: 1, .. }), "{error}");
}

#[test]
fn weights_that_diverge_in_the_last_step_end_as_diverged_too() {
    let data = bars(64, 10);
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = folder.path().join("checkpoint.safetensors");
    let mut experiment = Experiment { batch_size: 54, ..experiment() };
    experiment.net.block = block(Norm::None, 0.0);
    experiment.schedule = Schedule::Constant { learning_rate: 1e6 };
    experiment.optimizer = sgd(0.9, true, 1.0); // makes each weight a million times as large, and logits overflow
    let options = RunOptions {
        selection: Selection { holdout: 10, ..ALL },
        checkpoint_path: Some(checkpoint.clone()),
        ..options(data.path())
    };
    let error = train(&experiment, &options, &FusedAlone, &mut Unwatched).unwrap_err();
    assert!(matches!(error, TrainError::Diverged { epoch: 1, batch: 0, .. }), "{error}");
    assert!(!checkpoint.exists());
}

/// Stops after a number of batches.
struct StopAfter(usize);

impl Watch for StopAfter {
    fn batch(&mut self, _progress: &BatchProgress) -> Flow {
        self.0 -= 1;
        if self.0 == 0 { Flow::Stop } else { Flow::Continue }
    }

    fn epoch(&mut self, _row: &EpochRow) -> Flow {
        panic!("the run went on");
    }
}

#[test]
fn a_watcher_ends_a_run_within_a_batch_and_leaves_no_model() {
    let data = bars(160, 10);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let options = RunOptions { model_path: Some(path.clone()), ..options(data.path()) };
    let error = train(&experiment(), &options, &FusedAlone, &mut StopAfter(3)).unwrap_err();
    assert!(matches!(error, TrainError::Cancelled), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn averaged_weights_are_evaluated_and_saved() {
    let data = bars(160, 40);
    let options = options(data.path());
    let plain = bits(&experiment(), &options);
    let averaged =
        bits(&Experiment { averaging: Some(Averaging { decay: 0.999 }), ..experiment() }, &options);
    // The same training, another evaluation.
    assert_eq!((plain.0[0].0, plain.0[0].1), (averaged.0[0].0, averaged.0[0].1));
    assert_ne!(plain.0[0].2, averaged.0[0].2);
    assert_ne!(plain.1, averaged.1);
}

fn refusal(change: impl FnOnce(&mut NetSpec)) -> String {
    let mut net = final_net();
    change(&mut net);
    Plan::of(&net).unwrap_err().to_string()
}

#[test]
fn a_net_whose_shapes_do_not_fit_names_the_layer_and_both_shapes() {
    let too_large = refusal(|net| net.head[0] = LayerSpec::average_pool(7));
    assert_eq!(
        too_large,
        "layer `head.0` (average pool 7) expects an image of at least 7 x 7 (20 x 7 x 7), got 20 x 6 x 6"
    );
    let wide = refusal(|net| net.body[0] = LayerSpec::block(8, 29, 0));
    assert!(wide.contains("`body.0`") && wide.contains("29 x 29") && wide.contains("1 x 28 x 28"), "{wide}");
    let classes = refusal(|net| net.classes = 7);
    assert!(classes.contains("7 x 1 x 1") && classes.contains("10 x 1 x 1"), "{classes}");
    let vast = refusal(|net| net.body[0] = LayerSpec::block(65_536, 1000, 1000));
    assert!(vast.contains("parameters"), "{vast}");
    let none = refusal(|net| (net.body, net.head) = (vec![], vec![]));
    assert!(none.contains("at least one convolution"), "{none}");
}

/// Stops before the epoch after the first so many.
struct StopAfterEpochs(usize);

impl Watch for StopAfterEpochs {
    fn batch(&mut self, _progress: &BatchProgress) -> Flow {
        Flow::Continue
    }

    fn epoch(&mut self, row: &EpochRow) -> Flow {
        if row.epoch == self.0 { Flow::Stop } else { Flow::Continue }
    }
}

#[test]
fn a_resumed_run_ends_with_the_bits_of_an_uninterrupted_one() {
    let data = bars(70, 30);
    for optimizer in [experiment().optimizer, adamw()] {
        let folder = tempfile::tempdir().unwrap();
        let experiment = Experiment { epochs: 4, optimizer, ..everything_random() };
        let checkpoint = folder.path().join("checkpoint.safetensors");
        let options = RunOptions { selection: Selection { holdout: 10, ..ALL }, ..options(data.path()) };
        let unbroken = bits(&experiment, &options);
        let options = RunOptions { checkpoint_path: Some(checkpoint.clone()), ..options };
        for epoch in [1, 3] {
            let error = train(&experiment, &options, &FusedAlone, &mut StopAfterEpochs(epoch)).unwrap_err();
            assert!(matches!(error, TrainError::Cancelled), "{error}");
        }
        assert_eq!(bits(&experiment, &options), unbroken);
        // A finished run has nothing left to learn, and says the same once more.
        assert_eq!(bits(&experiment, &options), unbroken);
    }
}

#[test]
fn a_checkpoint_of_another_run_or_a_damaged_one_is_refused() {
    let data = bars(70, 30);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let options = RunOptions { checkpoint_path: Some(path.clone()), ..options(data.path()) };
    train(&everything_random(), &options, &FusedAlone, &mut Unwatched).unwrap();

    let refused = |experiment: &Experiment, options: &RunOptions, reason: &str| {
        let error = train(experiment, options, &FusedAlone, &mut Unwatched).unwrap_err();
        assert!(matches!(error, TrainError::Checkpoint { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    };
    refused(&everything_random(), &RunOptions { seed: 2, ..options.clone() }, "another seed");
    refused(
        &everything_random(),
        &RunOptions { selection: Selection { holdout: 5, ..ALL }, ..options.clone() },
        "another number of images",
    );
    let of_a_draw = Selection { limit_test: Some(30), draw_seed: Some(1), ..ALL };
    let limited = RunOptions { selection: of_a_draw, ..options.clone() };
    refused(&everything_random(), &limited, "another number of images");
    let undrawn = RunOptions { selection: Selection { draw_seed: Some(2), ..ALL }, ..options.clone() };
    train(&everything_random(), &undrawn, &FusedAlone, &mut Unwatched).unwrap();
    refused(&Experiment { label_smoothing: 0.1, ..everything_random() }, &options, "another experiment");
    let rebuilt = RunOptions { sources: Some("0123abcd".into()), ..options.clone() };
    refused(&everything_random(), &rebuilt, "from the sources unknown and not 0123abcd; start the run again");
    for name in ["train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte", "t10k-images-idx3-ubyte"] {
        let file = data.path().join(name);
        let whole = std::fs::read(&file).unwrap();
        let mut changed = whole.clone();
        let end = changed.len();
        changed[end - 20..].rotate_left(1); // labels stay labels
        std::fs::write(&file, changed).unwrap();
        refused(&everything_random(), &options, "another set of images or labels");
        std::fs::write(&file, whole).unwrap();
    }
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    refused(&everything_random(), &options, "bytes of numbers");
    for part in 0..40 {
        let mut damaged = bytes.clone();
        damaged[8 + part * (bytes.len() - 8) / 40] ^= 1 << (part % 8);
        std::fs::write(&path, &damaged).unwrap();
        refused(&everything_random(), &options, "can’t be resumed");
        assert_eq!(std::fs::read(&path).unwrap(), damaged);
    }
}

#[test]
fn a_checkpoint_goes_on_with_the_same_sources_alone_and_on_any_cpu() {
    let data = bars(70, 30);
    let folder = tempfile::tempdir().unwrap();
    let checkpoint_path = Some(folder.path().join("checkpoint.safetensors"));
    let built = |sources: &str, cpu: &str| RunOptions {
        sources: Some(sources.into()),
        platform: Some(cpu.into()),
        checkpoint_path: checkpoint_path.clone(),
        ..options(data.path())
    };
    let run = |options: &RunOptions| train(&everything_random(), options, &FusedAlone, &mut Unwatched);
    run(&built("1234", "a cpu")).unwrap();
    run(&built("1234", "another cpu")).unwrap(); // `fused` has the same bits on each
    let error = run(&built("5678", "a cpu")).unwrap_err().to_string();
    let expected =
        "with another build of this program, from the sources 1234 and not 5678; start the run again";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_checkpoint_of_another_draw_is_refused() {
    let data = bars(70, 30);
    let folder = tempfile::tempdir().unwrap();
    let checkpoint_path = Some(folder.path().join("checkpoint.safetensors"));
    let run = |draw_seed| {
        let selection = Selection { holdout: 10, draw_seed, ..ALL };
        let options =
            RunOptions { selection, checkpoint_path: checkpoint_path.clone(), ..options(data.path()) };
        train(&experiment(), &options, &FusedAlone, &mut Unwatched)
    };
    run(Some(1)).unwrap();
    run(Some(1)).unwrap();
    for other in [Some(2), None] {
        let error = run(other).unwrap_err().to_string();
        assert!(error.contains("a run with another draw of images"), "{error}");
    }
}

#[test]
fn a_validation_set_is_evaluated_and_not_trained_on() {
    let data = bars(70, 30);
    let outcome = |validation, selection| {
        let options = RunOptions { selection, ..options(data.path()) };
        let data = DataSource { validation, ..options.data.clone() };
        train(&experiment(), &RunOptions { data, ..options }, &FusedAlone, &mut Unwatched)
    };
    let own = outcome(20, ALL).unwrap();
    let last = outcome(0, Selection { holdout: 20, ..ALL }).unwrap(); // the same images
    let figures = |row: &EpochRow| (row.train, row.holdout, row.test);
    assert_eq!(
        own.epochs.iter().map(figures).collect::<Vec<_>>(),
        last.epochs.iter().map(figures).collect::<Vec<_>>()
    );

    let limited = outcome(20, Selection { limit_train: Some(30), draw_seed: Some(1), ..ALL }).unwrap();
    assert_eq!(limited.epochs[0].train.total, 30);
    assert_eq!(limited.epochs[0].holdout.map(|score| score.total), Some(20));
    assert!(outcome(20, Selection { judge_test: false, ..ALL }).is_ok());

    let both = outcome(20, Selection { holdout: 5, ..ALL }).unwrap_err().to_string();
    assert_eq!(
        both,
        "`holdout` should be left out, since the data have a validation set of 20 images, got 5"
    );
    let all = outcome(70, ALL).unwrap_err().to_string();
    assert!(all.contains("fewer than the 70 images of the training files, got 70"), "{all}");
}

#[test]
fn a_file_that_is_read_in_place_gives_the_same_bits() {
    let data = bars(70, 30);
    let whole = options(data.path());
    let in_place = RunOptions { data: DataSource { in_memory: 0, ..whole.data.clone() }, ..whole.clone() };
    assert_eq!(bits(&everything_random(), &in_place), bits(&everything_random(), &whole));
    let drawn =
        Selection { limit_train: Some(40), holdout: 10, limit_test: Some(20), draw_seed: Some(3), ..ALL };
    let of = |options: RunOptions| RunOptions { selection: drawn, ..options };
    assert_eq!(bits(&everything_random(), &of(in_place)), bits(&everything_random(), &of(whole)));
}

/// Changes a file once the first epoch has begun.
struct Change<'a>(Option<&'a dyn Fn()>);

impl Watch for Change<'_> {
    fn batch(&mut self, _progress: &BatchProgress) -> Flow {
        if let Some(change) = self.0.take() {
            change();
        }
        Flow::Continue
    }

    fn epoch(&mut self, _row: &EpochRow) -> Flow {
        Flow::Continue
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_in_place_ends_the_run_by_name() {
    let data = bars(70, 30);
    let path = data.path().join("train-images-idx3-ubyte");
    let whole = std::fs::read(&path).unwrap();
    let options = options(data.path());
    let options = RunOptions { data: DataSource { in_memory: 0, ..options.data.clone() }, ..options };
    let cut_off = || std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(500).unwrap();
    let rewritten = || {
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    };
    let changes: [(&dyn Fn(), &str); 2] =
        [(&cut_off, "a file that was cut off since it was opened"), (&rewritten, "changes since then")];
    for (change, reason) in changes {
        std::fs::write(&path, &whole).unwrap();
        let error = train(&experiment(), &options, &FusedAlone, &mut Change(Some(change))).unwrap_err();
        assert!(matches!(&error, TrainError::Data { path: named, .. } if *named == path), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn held_out_images_are_evaluated_and_not_trained_on() {
    let data = bars(70, 30);
    let experiment = Experiment { epochs: 1, ..experiment() };
    let outcome = |holdout, limit_train| {
        let options =
            RunOptions { selection: Selection { holdout, limit_train, ..ALL }, ..options(data.path()) };
        train(&experiment, &options, &FusedAlone, &mut Unwatched).unwrap()
    };
    let (aside, without) = (outcome(20, None), outcome(0, Some(50)));
    assert_eq!(aside.epochs[0].holdout.map(|score| score.total), Some(20));
    assert_eq!(
        (aside.epochs[0].train, aside.epochs[0].test),
        (without.epochs[0].train, without.epochs[0].test)
    );
    assert_eq!((aside.train_clean, without.epochs[0].holdout), (without.train_clean, None));

    let options = RunOptions { selection: Selection { holdout: 70, ..ALL }, ..options(data.path()) };
    let error = train(&experiment, &options, &FusedAlone, &mut Unwatched).unwrap_err().to_string();
    assert_eq!(error, "`holdout` should be less than the 70 training images, got 70");
}

#[test]
fn without_test_images_their_files_are_not_opened_and_the_same_is_learned() {
    let data = bars(70, 30);
    let experiment = everything_random();
    let outcome = |judge_test| {
        let options =
            RunOptions { selection: Selection { holdout: 20, judge_test, ..ALL }, ..options(data.path()) };
        train(&experiment, &options, &FusedAlone, &mut Unwatched)
    };
    let with = outcome(true).unwrap();
    for name in ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"] {
        std::fs::remove_file(data.path().join(name)).unwrap();
    }
    let without = outcome(false).unwrap();
    assert!(outcome(true).is_err());
    assert!(without.test_answers.is_empty());
    assert_eq!(with.train_clean, without.train_clean);
    for (with, without) in with.epochs.iter().zip(&without.epochs) {
        assert_eq!((with.train, with.holdout), (without.train, without.holdout));
        assert_eq!((with.test.is_some(), without.test), (true, None));
    }

    let options = RunOptions { selection: Selection { judge_test: false, ..ALL }, ..options(data.path()) };
    let error = train(&experiment, &options, &FusedAlone, &mut Unwatched).unwrap_err().to_string();
    assert_eq!(error, "`holdout` should be at least 1, since no test images are evaluated, got 0");
}

#[test]
fn images_learned_in_a_few_steps_are_predicted() {
    let data = bars(40, 10);
    let one_batch_an_epoch = Experiment {
        net: NetSpec { block: block(Norm::Batch, 0.0), ..final_net() },
        schedule: Schedule::Constant { learning_rate: 0.05 },
        batch_size: 40,
        epochs: 20,
        ..experiment()
    };
    for averaging in [None, Some(Averaging { decay: 0.5 })] {
        let experiment = Experiment { averaging, ..one_batch_an_epoch.clone() };
        let outcomes = (1..=4).map(|seed| {
            let options = RunOptions { seed, ..options(data.path()) };
            train(&experiment, &options, &FusedAlone, &mut Unwatched).unwrap()
        });
        let correct: Vec<usize> = outcomes.map(|outcome| outcome.train_clean.correct).collect();
        assert_eq!(correct, [40; 4], "{averaging:?}");
    }
}

#[test]
fn counts_by_class_and_ranks_agree_with_the_predictions() {
    let data = bars(70, 30);
    let outcome = train(&everything_random(), &options(data.path()), &FusedAlone, &mut Unwatched).unwrap();
    let answers = &outcome.test_answers;
    let row = outcome.epochs.last().unwrap();
    let counts = row.test_by_class.as_ref().unwrap();
    for class in 0..counts.count.len() {
        let those = |keep: &dyn Fn(&Answer) -> bool| answers.iter().filter(|answer| keep(answer)).count();
        let found = (counts.count[class], counts.predicted[class], counts.correct[class]);
        let expected = (
            those(&|answer| usize::from(answer.expected) == class),
            those(&|answer| usize::from(answer.label) == class),
            those(&|answer| usize::from(answer.label) == class && answer.label == answer.expected),
        );
        assert_eq!(found, expected);
    }
    assert_eq!(answers.len(), 30);
    assert_eq!(row.test.unwrap().correct, counts.correct.iter().sum::<usize>());
    assert!(answers.iter().all(|answer| (answer.rank == 1) == (answer.label == answer.expected)));
    assert!(answers.iter().any(|answer| answer.rank > 1), "some image is predicted wrong");
    assert!(answers.iter().all(|answer| answer.rank <= counts.count.len()));
}
