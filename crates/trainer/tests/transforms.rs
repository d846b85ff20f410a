//! Transforms: against torchvision for given parameters (`scripts/reference/make_transforms.py`), their draws, and what a
//! batch becomes of them.

mod common;

use common::{assert_close, bars, experiment, fixture, floats, options};
use proptest::prelude::*;
use serde_json::{Value, json};
use stepladder_kernels::{Bordered, displace, warp};
use stepladder_trainer::data::transforms::{
    Affine, BlurTransform, Colour, ColourChange, Crop, Direction, EraseTransform, Fill, Mix, Picture, Ranges,
    Rectangle, Scratch, label_weights,
};
use stepladder_trainer::data::{Augmentation, Batches, Images, Normalisation, Preparing};
use stepladder_trainer::engine::{FusedAlone, Isa};
use stepladder_trainer::metric::{BatchLoss, cross_entropy};
use stepladder_trainer::random::{Purpose, Stream};
use stepladder_trainer::{Experiment, RunOptions, Unwatched, train};

const SIZE: usize = 7;

/// The fixture's image.
fn image(start: usize) -> Vec<f32> {
    (0..3 * SIZE * SIZE).map(|i| ((start + i) * 37 % 256) as f32 / 255.0).collect()
}

fn scratch() -> Scratch {
    Scratch::new(Isa::best(), SIZE).unwrap()
}

/// Compares an image that `change` changed with a case's.
#[track_caller]
fn assert_changed(what: &str, change: impl FnOnce(&mut Picture), expected: &Value, tolerance: f32) {
    let mut values = image(0);
    change(&mut Picture { values: &mut values, size: SIZE });
    assert_close(what, &values, &floats(expected), tolerance);
}

fn fill(case: &Value) -> Fill {
    serde_json::from_value(case["fill"].clone()).unwrap()
}

fn cases(of: &str) -> Vec<Value> {
    fixture("transforms")[of].as_array().unwrap().clone()
}

#[test]
fn pixels_outside_a_warped_image_have_its_edges_or_a_colour() {
    for case in cases("affine") {
        let number = |name: &str| case["affine"][name].as_f64().unwrap();
        let affine = Affine {
            rotation: number("rotation"),
            translation: [0, 1].map(|axis| case["affine"]["translation"][axis].as_f64().unwrap()),
            scale: number("scale"),
            shear: number("shear"),
        };
        // torchvision computes the places that it reads in f32.
        let change = |picture: &mut Picture| affine.apply(fill(&case), picture, &mut scratch());
        assert_changed(&format!("{affine:?} {}", case["fill"]), change, &case["pixels"], 2e-5);
    }
}

#[test]
fn flips_are_torchvisions() {
    let expected = &fixture("transforms")["flips"];
    assert_changed("horizontal", |image| Direction::Horizontal.apply(image), &expected["horizontal"], 1e-6);
    assert_changed("vertical", |image| Direction::Vertical.apply(image), &expected["vertical"], 1e-6);
}

#[test]
fn crops_are_padded_cut_and_enlarged_as_by_torchvision() {
    for case in cases("crop") {
        let size = case["size"].as_u64().unwrap() as usize;
        let from = [0, 1].map(|axis| case["from"][axis].as_i64().unwrap() as isize);
        let change = |picture: &mut Picture| Crop { size, from }.apply(fill(&case), picture, &mut scratch());
        assert_changed(&format!("{size} {from:?} {}", case["fill"]), change, &case["pixels"], 2e-6);
    }
}

#[test]
fn an_erased_rectangle_is_torchvisions() {
    let colour = Colour::try_from("#1080c0".to_owned()).unwrap();
    let rectangle = Rectangle { top: 2, left: 3, height: 4, width: 3 };
    assert_changed(
        "erase",
        |picture| rectangle.apply(colour, picture),
        &fixture("transforms")["erase"],
        1e-6,
    );
}

#[test]
fn pixels_are_displaced_as_torchvisions_elastic_displaces_them() {
    for case in cases("elastic") {
        let shifts = floats(&case["shifts"]);
        let (right, down) = shifts.split_at(SIZE * SIZE);
        let mut expected = floats(&case["pixels"]);
        // #1080c0
        let colour = [0x10, 0x80, 0xc0].map(|level: u8| f32::from(level) / 255.0);
        for (channel, (plane, expected)) in
            image(0).chunks_exact(SIZE * SIZE).zip(expected.chunks_exact_mut(SIZE * SIZE)).enumerate()
        {
            let mut source = Bordered::new(SIZE);
            source.rows_mut().zip(plane.chunks_exact(SIZE)).for_each(|(row, from)| row.copy_from_slice(from));
            match fill(&case) {
                Fill::Edge => source.repeat_edges(),
                Fill::Colour(_) => source.surround(colour[channel]),
            }
            let mut displaced = vec![0.0; SIZE * SIZE];
            displace(Isa::best(), &source, [right, down], &mut displaced);
            assert_close(&format!("{} {channel}", case["fill"]), &displaced, expected, 5e-6);
        }
    }
}

#[test]
fn colours_change_as_torchvision_changes_them() {
    for case in cases("colour") {
        let by = case["by"].as_f64().unwrap();
        let change = match case["change"].as_str().unwrap() {
            "brightness" => ColourChange::Brightness(by),
            "contrast" => ColourChange::Contrast(by),
            "saturation" => ColourChange::Saturation(by),
            _ => ColourChange::Hue(by),
        };
        assert_changed(&format!("{change:?}"), |picture| change.apply(picture), &case["pixels"], 3e-6);
    }
}

#[test]
fn a_blur_is_torchvisions() {
    for case in cases("blur") {
        let kernel = case["kernel"].as_u64().unwrap() as usize;
        let sigma = case["sigma"].as_f64().unwrap();
        let blur = BlurTransform { kernel, sigma_min: sigma, sigma_max: sigma };
        let change = |picture: &mut Picture| blur.apply(sigma, picture, &mut scratch());
        assert_changed(&format!("{kernel} {sigma}"), change, &case["pixels"], 2e-6);
    }
}

#[test]
fn images_and_labels_of_a_batch_are_mixed_as_by_torchvision() {
    let (batch, labels) = ([0, 500, 1000].map(image), [2, 0, 2]);
    for case in cases("mixing") {
        let mix = match case["share"].as_f64() {
            Some(share) => Mix::Blend { share },
            None => {
                let centre = [0, 1].map(|axis| case["centre"][axis].as_u64().unwrap() as usize);
                Mix::Paste(Rectangle::around(centre, case["drawnShare"].as_f64().unwrap(), SIZE))
            }
        };
        let mut mixed = vec![];
        let mut targets = vec![0.0; 3 * 4];
        let weights = label_weights(&[mix], SIZE);
        for index in 0..3 {
            let before = (index + 2) % 3;
            let mut image = batch[index].clone();
            mix.apply(&mut image, &batch[before], SIZE);
            mixed.extend(image);
            targets[4 * index + labels[index]] += weights[0] as f32;
            targets[4 * index + labels[before]] += weights[1] as f32;
        }
        assert_close(&format!("{mix:?}"), &mixed, &floats(&case["pixels"]), 2e-6);
        assert_close(&format!("{mix:?}, targets"), &targets, &floats(&case["targets"]), 2e-6);
    }
}

#[test]
fn cross_entropy_with_targets_of_several_classes_is_pytorchs() {
    let expected = &fixture("transforms")["softTargets"];
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    };
    let (logits, targets) = (floats(&expected["logits"]), numbers(&expected["targets"]));
    for case in expected["cases"].as_array().unwrap() {
        let smoothing = case["smoothing"].as_f64().unwrap();
        let of_batch = BatchLoss { smoothing, class_weights: None, divisor: 5.0 };
        let (mut loss, mut gradient) = (0.0, vec![]);
        for (logits, target) in logits.chunks_exact(4).zip(targets.chunks_exact(4)) {
            loss += cross_entropy(
                logits,
                |class| target[class],
                &of_batch,
                |_, slope| {
                    gradient.push(slope / of_batch.divisor);
                },
            );
        }
        assert!((loss / 5.0 - case["loss"].as_f64().unwrap()).abs() < 1e-6, "{loss}"); // logits in f32
        for (got, expected) in gradient.iter().zip(numbers(&case["gradient"])) {
            assert!((got - expected).abs() < 1e-7, "{got} {expected}");
        }
    }
}

/// Images that differ, of some size.
fn images(count: usize, channels: usize, size: usize) -> Images {
    let pixels = (0..count * channels * size * size).map(|i| (i * 7919 % 251) as u8).collect();
    Images::new(channels, size, pixels, (0..count).map(|i| (i % 5) as u8).collect())
}

const PLAIN: Normalisation = Normalisation { mean: 0.0, deviation: 1.0 };

fn list(value: Value) -> Augmentation {
    serde_json::from_value(value).unwrap()
}

/// The images of an epoch, batch by batch, and their samples.
fn augmented(images: &Images, by: &Augmentation, batch_size: usize, isa: Isa) -> Vec<(u32, Vec<f32>)> {
    let epoch = Stream::new(1, Purpose::Augmentation).at(0);
    let length = images.channels * images.size * images.size;
    let batches = Batches::new(images, PLAIN, Some((by, epoch)), batch_size, Stream::new(1, Purpose::Order));
    batches
        .flat_map(|batch| {
            let batch = batch.unwrap();
            let mut preparing = Preparing::new(isa, [images.channels, images.size], Some(by)).unwrap();
            let pixels = batch.images(&mut preparing, length);
            let samples = batch.samples().to_vec();
            samples.into_iter().zip(pixels.chunks_exact(length).map(<[f32]>::to_vec).collect::<Vec<_>>())
        })
        .collect()
}

fn everything() -> Value {
    json!([
        {"kind": "affine", "rotation": 20, "translation": 0.1, "scaleMin": 0.8, "shear": 5, "fill": "edge"},
        {"kind": "flip"},
        {"kind": "flip", "direction": "vertical"},
        {"kind": "mixup", "alpha": 0.4},
        {"kind": "crop", "padding": 2, "size": 10, "fill": "#804020"},
        {"kind": "erase"},
        {"kind": "elastic", "alpha": 8, "sigma": 1},
        {"kind": "colour", "brightness": 0.3, "contrast": 0.3, "saturation": 0.3, "hue": 0.2},
        {"kind": "noise"},
        {"kind": "cutmix"},
        {"kind": "blur", "kernel": 3},
    ])
}

#[test]
fn every_instruction_set_gives_the_same_images() {
    let images = images(40, 3, 12);
    let first = augmented(&images, &list(everything()), 20, Isa::best());
    for isa in Isa::available() {
        assert!(augmented(&images, &list(everything()), 20, isa) == first, "{}", isa.name());
    }
    assert!(first.iter().flat_map(|(_, image)| image).all(|value| (0.0..=1.0).contains(value)));
}

/// Leaves a list without one kind.
fn without(list: &Value, kind: &str) -> Value {
    list.as_array().unwrap().iter().filter(|transform| transform["kind"] != kind).cloned().collect()
}

#[test]
fn a_transform_more_changes_no_draw_of_the_others() {
    let images = images(40, 3, 12);
    // Each of these draws, but changes nothing.
    for silent in [
        json!({"kind": "erase", "probability": 0}),
        json!({"kind": "noise", "sigma": 0}),
        json!({"kind": "elastic", "alpha": 0, "sigma": 1}),
        json!({"kind": "mixup", "probability": 0}),
        json!({"kind": "cutmix", "probability": 0}),
        json!({"kind": "crop", "padding": 0}),
    ] {
        let others = without(&everything(), silent["kind"].as_str().unwrap());
        let expected = augmented(&images, &list(others.clone()), 20, Isa::best());
        for place in 0..=others.as_array().unwrap().len() {
            let mut with = others.clone();
            with.as_array_mut().unwrap().insert(place, silent.clone());
            assert!(augmented(&images, &list(with), 20, Isa::best()) == expected, "{silent} at {place}");
        }
    }
}

#[test]
fn transforms_of_one_kind_draw_independently() {
    let images = images(200, 1, 4);
    let flips = |list: Value| augmented(&images, &self::list(list), 50, Isa::best());
    let flip = json!({"kind": "flip"});
    let (once, twice) = (flips(json!([flip])), flips(json!([flip, flip])));
    let original = flips(json!([{"kind": "flip", "probability": 0}]));
    let both = once.iter().zip(&twice).filter(|(one, two)| one == two).count();
    let mirrored = once.iter().zip(&original).filter(|(one, two)| one != two).count();
    // Four standard errors of a share of one half over 200 images: 4 * 0.5 / sqrt(200).
    assert!(both.abs_diff(100) < 29 && mirrored.abs_diff(100) < 29, "{both} {mirrored}");
}

#[test]
fn each_image_is_mixed_with_the_one_before_it_whatever_the_groups() {
    let images = images(45, 1, 6); // batches of 20, 20 and 5: groups of 16, 4 and 5
    let before = json!([{"kind": "flip"}, {"kind": "noise"}]);
    let plain = augmented(&images, &list(before.clone()), 20, Isa::best());
    let mut with = before;
    with.as_array_mut().unwrap().extend([json!({"kind": "mixup"}), json!({"kind": "cutmix"})]);
    let by = list(with);
    let mixed = augmented(&images, &by, 20, Isa::best());

    let epoch = Stream::new(1, Purpose::Augmentation).at(0);
    let batches = Batches::new(&images, PLAIN, Some((&by, epoch)), 20, Stream::new(1, Purpose::Order));
    for (place, batch) in batches.enumerate() {
        let batch = batch.unwrap();
        let count = batch.len();
        let plain: Vec<&Vec<f32>> = plain[20 * place..][..count].iter().map(|(_, image)| image).collect();
        // Every mixed image is a sum of three with the weights of its target, wherever nothing was pasted.
        let shared: Vec<f64> = {
            let target = |index: usize| (0..5).map(|label| batch.target(index).weight(label)).sum::<f64>();
            (0..count).map(target).collect()
        };
        assert!(shared.iter().all(|sum| (sum - 1.0).abs() < 1e-12), "{shared:?}");
        for index in 0..count {
            let image = &mixed[20 * place + index].1;
            let [own, one, two] = [0, 1, 2].map(|back| plain[(index + 2 * count - back) % count]);
            // Pasted pixels are a blend of the two before, the others one of the first two: with the same share.
            let share = |value: f32, own: f32, before: f32| (value - before) / (own - before);
            let mut shares: Vec<f32> = vec![];
            for pixel in 0..image.len() {
                let [value, own, one, two] = [image[pixel], own[pixel], one[pixel], two[pixel]];
                let candidates = [share(value, own, one), share(value, one, two)];
                shares.extend(candidates.iter().filter(|share| share.is_finite()));
            }
            shares.sort_by(f32::total_cmp);
            // The share that was drawn is the one that at least half of all candidates have.
            let most = (0..shares.len())
                .map(|first| {
                    shares[first..].iter().take_while(|&&share| share < shares[first] + 1e-3).count()
                })
                .max();
            assert!(most.unwrap() + 2 >= image.len(), "image {index} of batch {place}: {most:?}");
        }
    }
}

#[test]
fn predictions_count_by_the_label_of_the_largest_weight() {
    let images = images(30, 1, 4);
    let by = list(json!([{"kind": "mixup", "alpha": 5}]));
    let epoch = Stream::new(1, Purpose::Augmentation).at(0);
    let mut kinds = [0, 0];
    for batch in Batches::new(&images, PLAIN, Some((&by, epoch)), 6, Stream::new(1, Purpose::Order)) {
        let batch = batch.unwrap();
        assert!(batch.is_mixed());
        for index in 0..batch.len() {
            let target = batch.target(index);
            let weights: Vec<f64> = (0..5).map(|label| target.weight(label)).collect();
            let largest = weights.iter().copied().fold(0.0, f64::max);
            let expected = weights.iter().position(|&weight| weight == largest).unwrap();
            assert_eq!(usize::from(target.label()), expected, "{weights:?}");
            kinds[usize::from(target.label() == batch.labels()[index])] += 1;
        }
    }
    assert!(kinds.iter().all(|&count| count > 0), "{kinds:?}");
}

#[test]
fn the_first_form_draws_and_changes_as_it_always_did() {
    let ranges = Ranges {
        rotation: 10.0,
        translation: 0.1,
        scale_min: 0.9,
        scale_max: 1.1,
        shear: 5.0,
        brightness: 0.2,
        contrast: 0.3,
    };
    let text = r#"{"rotation":10.0,"translation":0.1,"scaleMin":0.9,"scaleMax":1.1,"shear":5.0,"brightness":0.2,"contrast":0.3}"#;
    assert_eq!(serde_json::from_str::<Augmentation>(text).unwrap(), Augmentation::Ranges(ranges));
    assert_eq!(serde_json::to_string(&Augmentation::Ranges(ranges)).unwrap(), text);
    let images = images(20, 3, 12);
    let mut buffer = vec![];
    for (sample, got) in augmented(&images, &Augmentation::Ranges(ranges), 8, Isa::best()) {
        let stream = Stream::new(1, Purpose::Augmentation).at(0).at(u64::from(sample));
        let pixels = images.image(sample as usize, &mut buffer).unwrap();
        let mut values: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
        let mut picture = Picture { values: &mut values, size: 12 };
        ColourChange::Brightness(stream.uniform(5, 0.8, 1.2)).apply(&mut picture);
        ColourChange::Contrast(stream.uniform(6, 0.7, 1.3)).apply(&mut picture);
        let shift = |position| stream.uniform(position, -0.1 * 12.0, 0.1 * 12.0).round_ties_even();
        let affine = Affine {
            rotation: stream.uniform(0, -10.0, 10.0),
            translation: [shift(1), shift(2)],
            scale: stream.uniform(3, 0.9, 1.1),
            shear: stream.uniform(4, -5.0, 5.0),
        };
        for (plane, got) in values.chunks_exact(144).zip(got.chunks_exact(144)) {
            let mut source = Bordered::new(12);
            source.rows_mut().zip(plane.chunks_exact(12)).for_each(|(row, from)| row.copy_from_slice(from));
            let mut warped = vec![0.0; 144];
            warp(Isa::best(), &source, &affine.inverse(), &mut warped);
            let warped: Vec<f32> = warped.iter().map(|&value| PLAIN.apply(value)).collect();
            assert!(got == warped, "image {sample}");
        }
    }
}

#[test]
fn noise_and_displacements_have_the_spread_that_they_should() {
    let images = Images::new(1, 20, vec![128; 500 * 400], vec![0; 500]);
    let noisy = augmented(&images, &list(json!([{"kind": "noise", "sigma": 0.1}])), 50, Isa::best());
    let values: Vec<f64> =
        noisy.iter().flat_map(|(_, image)| image).map(|&x| f64::from(x) - 128.0 / 255.0).collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|x| x * x).sum::<f64>() / count;
    // Four standard errors over 200,000 values.
    assert!(mean.abs() < 4.0 * 0.1 / count.sqrt(), "{mean}");
    assert!((variance / 0.01 - 1.0).abs() < 4.0 * (2.0 / count).sqrt(), "{variance}");

    // On a ramp of one level a column, the change of a pixel is its displacement to the right.
    let ramp = |count: usize| (0..count * 400).map(|i| (10 * (i % 20)) as u8).collect();
    let images = Images::new(1, 20, ramp(3000), vec![0; 3000]);
    let moved =
        augmented(&images, &list(json!([{"kind": "elastic", "alpha": 10, "sigma": 1.5}])), 50, Isa::best());
    // The middle pixel, far from the edges: alpha / 2 times uniform numbers from -1 to 1 in a normalised Gaussian.
    let taps: Vec<f64> = (-6..=6).map(|i: i32| (-0.5 * (f64::from(i) / 1.5).powi(2)).exp()).collect();
    let sum: f64 = taps.iter().sum();
    let kernel = taps.iter().map(|tap| (tap / sum).powi(2)).sum::<f64>();
    let expected = 25.0 / 3.0 * kernel * kernel;
    let shifts: Vec<f64> =
        moved.iter().map(|(_, image)| (f64::from(image[10 * 20 + 10]) * 255.0 - 100.0) / 10.0).collect();
    let mean = shifts.iter().sum::<f64>() / 3000.0;
    let variance = shifts.iter().map(|x| x * x).sum::<f64>() / 3000.0;
    assert!(mean.abs() < 4.0 * (expected / 3000.0).sqrt(), "{mean}");
    // Four standard errors: sums of uniform numbers have less kurtosis than a normal distribution's 3.
    assert!((variance / expected - 1.0).abs() < 4.0 * (2.0_f64 / 3000.0).sqrt(), "{variance} {expected}");
}

proptest! {
    #[test]
    fn erased_rectangles_have_an_area_and_a_ratio_in_their_ranges_and_leave_a_part(
        seed: u64, size in 4..40_usize, area_min in 0.01..0.4_f64, more in 0.0..0.4_f64,
    ) {
        let erase = EraseTransform { probability: 1.0, area_min, area_max: area_min + more, ..EraseTransform::default() };
        if let Some(Rectangle { top, left, height, width }) = erase.draw(Stream::new(seed, Purpose::Augmentation), size) {
            prop_assert!(top + height <= size && left + width <= size && height < size && width < size);
            let (high, wide) = (height as f64, width as f64);
            let all = (size * size) as f64;
            // Sides are rounded to whole pixels.
            prop_assert!((high - 0.5) * (wide - 0.5) <= (area_min + more) * all + 1e-9);
            prop_assert!((high + 0.5) * (wide + 0.5) >= area_min * all - 1e-9);
            prop_assert!((high - 0.5) / (wide + 0.5) <= 3.3 + 1e-9 && (high + 0.5) / (wide - 0.5).max(1e-9) >= 0.3 - 1e-9);
        }
    }
}

/// The sentence with which an experiment of the final net is refused.
fn refusal(augmentation: Value, batch_size: usize) -> String {
    let experiment = Experiment { augmentation: Some(list(augmentation)), batch_size, ..experiment() };
    experiment.check().unwrap_err().to_string()
}

#[test]
fn a_wrong_transform_is_refused_by_a_sentence_that_names_its_setting() {
    let cases = [
        (json!([]), "`augmentation` should be a list of 1 to 32 transforms, or left out, got 0 of them"),
        (
            json!([{"kind": "flip"}, {"kind": "flip", "probability": 1.5}]),
            "`augmentation.1.probability` should be a number at least 0 and at most 1, got 1.5",
        ),
        (
            json!([{"kind": "flip"}, {"kind": "noise"}, {"kind": "crop", "padding": 2, "size": 40}]),
            "`augmentation.2.size` should be a whole number from 1 to 28, the size of the images, got 40",
        ),
        (
            json!([{"kind": "crop", "padding": 28}]),
            "`augmentation.0.padding` should be a whole number below 28, so that part of the image stays in sight, got 28",
        ),
        (
            json!([{"kind": "erase", "areaMin": 0.97, "areaMax": 0.99}]),
            "`augmentation.0.areaMin` should be smaller: no such rectangle leaves a part of an image of 28 x 28 in sight, \
             got 0.97",
        ),
        (
            json!([{"kind": "erase", "areaMax": 1}]),
            "`augmentation.0.areaMax` should be a number at least 0.02 and below 1, got 1",
        ),
        (
            json!([{"kind": "elastic", "sigma": 7}]),
            "`augmentation.0.sigma` should be a number above 0 and below 6.875, got 7",
        ),
        (
            json!([{"kind": "blur", "kernel": 4}]),
            "`augmentation.0.kernel` should be an odd number from 1 to 55, for images of 28 pixels, got 4",
        ),
        (
            json!([{"kind": "colour", "hue": 0.1}]),
            "`augmentation.0.hue` should be 0, since the images are grey, got 0.1",
        ),
        (
            json!([{"kind": "affine", "scaleMin": 2}]),
            "`augmentation.0.scaleMax` should be a number at least 2 and at most 10, got 1",
        ),
        (
            json!([{"kind": "noise"}, {"kind": "affine", "fill": "edge"}]),
            "`augmentation.1` should be a transform with at least one of its ranges, since all are 0 or 1 by default, got none",
        ),
        (
            json!([{"kind": "mixup", "alpha": 0}]),
            "`augmentation.0.alpha` should be a number at least 0.001 and at most 1000, got 0",
        ),
    ];
    for (augmentation, sentence) in cases {
        assert_eq!(refusal(augmentation, 16), sentence);
    }
    for kind in ["mixup", "cutmix"] {
        assert_eq!(
            refusal(json!([{"kind": "noise"}, {"kind": kind}]), 1),
            "`batchSize` should be at least 2, since `augmentation.1` mixes images of a batch, got 1"
        );
    }
}

#[test]
fn a_run_with_every_transform_gives_the_same_bits_for_any_number_of_threads() {
    let data = bars(100, 20);
    let mut all = everything();
    all.as_array_mut().unwrap().retain(|transform| transform["kind"] != "colour");
    let experiment = Experiment { augmentation: Some(list(all)), epochs: 2, batch_size: 48, ..experiment() };
    let run = |threads: usize| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let options =
            RunOptions { threads: Some(threads), model_path: Some(path.clone()), ..options(data.path()) };
        let outcome = train(&experiment, &options, &FusedAlone, &mut Unwatched).unwrap();
        let losses: Vec<_> = outcome.epochs.iter().map(|row| row.train.loss_sum.to_bits()).collect();
        (losses, std::fs::read(path).unwrap())
    };
    let first = run(1);
    assert!(run(2) == first && run(3) == first);
}
