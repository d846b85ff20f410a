//! Images that are drawn class by class: those that `scripts/reference/make_draws.py` draws, in any order of the files.

mod common;

use std::path::Path;

use common::{ALL, final_net, fixture, idx};
use serde_json::Value;
use stepladder_trainer::DataSource;
use stepladder_trainer::data::{Dataset, Images, Selection};
use stepladder_trainer::net::NetSpec;

/// An image of 2 x 2 pixels with its label.
type Labelled = ([u8; 4], u8);

fn numbers(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as usize).collect()
}

fn images(fixture: &Value) -> Vec<Labelled> {
    let images = fixture["images"].as_array().unwrap().iter();
    let pixels =
        images.map(|image| <[u8; 4]>::try_from(numbers(image).iter().map(|&p| p as u8).collect::<Vec<_>>()));
    pixels.map(Result::unwrap).zip(numbers(&fixture["labels"]).into_iter().map(|label| label as u8)).collect()
}

fn write(folder: &Path, images: &[Labelled]) {
    let count = images.len() as u32;
    let pixels: Vec<u8> = images.iter().flat_map(|(image, _)| *image).collect();
    let labels: Vec<u8> = images.iter().map(|&(_, label)| label).collect();
    for set in ["train", "t10k"] {
        std::fs::write(folder.join(format!("{set}-images-idx3-ubyte")), idx(2051, &[count, 2, 2], &pixels))
            .unwrap();
        std::fs::write(folder.join(format!("{set}-labels-idx1-ubyte")), idx(2049, &[count], &labels))
            .unwrap();
    }
}

fn open(folder: &Path, selection: &Selection) -> Dataset {
    let net = NetSpec { size: 2, classes: 3, ..final_net() };
    Dataset::open(&DataSource::new(folder), &net, selection).unwrap()
}

fn indices(images: &Images) -> Vec<usize> {
    images.indices().iter().map(|&index| index as usize).collect()
}

/// The images of a view in any order.
fn contents(images: &Images) -> Vec<Labelled> {
    let mut buffer = vec![];
    let mut all: Vec<Labelled> = (0..images.len())
        .map(|index| (images.image(index, &mut buffer).unwrap().try_into().unwrap(), images.labels[index]))
        .collect();
    all.sort_unstable();
    all
}

fn selections(fixture: &Value) -> impl Iterator<Item = (Selection, &Value)> {
    fixture["cases"].as_array().unwrap().iter().map(|case| {
        let limit_train = case["limit"].as_u64().map(|limit| limit as usize);
        let holdout = case["holdout"].as_array().unwrap().len();
        (Selection { limit_train, holdout, draw_seed: case["seed"].as_u64(), ..ALL }, case)
    })
}

#[test]
fn images_are_drawn_class_by_class_as_python_draws_them() {
    let fixture = fixture("draws");
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &images(&fixture));
    for (selection, case) in selections(&fixture) {
        let data = open(folder.path(), &selection);
        assert_eq!(indices(&data.train), numbers(&case["train"]), "{selection:?}");
        let holdout = data.holdout.as_ref().map(indices).unwrap_or_default();
        assert_eq!(holdout, numbers(&case["holdout"]), "{selection:?}");
        if selection.holdout == 0 {
            let limits = Selection { limit_train: None, limit_test: selection.limit_train, ..selection };
            let test = open(folder.path(), &limits).test.unwrap();
            assert_eq!(indices(&test), numbers(&case["train"]), "{limits:?}");
        }
    }
}

#[test]
fn the_order_of_the_files_changes_no_draw() {
    let fixture = fixture("draws");
    let [sorted, mixed] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let all = images(&fixture);
    write(sorted.path(), &all);
    let shuffled: Vec<Labelled> = (0..all.len()).map(|i| all[i * 29 % all.len()]).collect();
    write(mixed.path(), &shuffled);
    for (selection, _) in selections(&fixture) {
        let [one, other] = [&sorted, &mixed].map(|folder| open(folder.path(), &selection));
        assert_eq!(contents(&one.train), contents(&other.train), "{selection:?}");
        assert_eq!(one.holdout.as_ref().map(contents), other.holdout.as_ref().map(contents), "{selection:?}");
    }
}

#[test]
fn classes_are_counted_by_the_labels_alone() {
    let fixture = fixture("draws");
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &images(&fixture));
    let of = |images: &Images| {
        let mut counts = vec![0; 256];
        images.labels.iter().for_each(|&label| counts[usize::from(label)] += 1);
        counts
    };
    let in_order = Selection { holdout: 5, ..ALL };
    let opened: Vec<_> = selections(&fixture)
        .map(|(selection, _)| selection)
        .chain([in_order, Selection { judge_test: false, ..in_order }])
        .map(|selection| (selection, open(folder.path(), &selection)))
        .collect();
    for file in ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"] {
        std::fs::remove_file(folder.path().join(file)).unwrap();
    }
    for (selection, data) in opened {
        let counts = Dataset::class_counts(&DataSource::new(folder.path()), &selection).unwrap();
        assert_eq!(counts.train, of(&data.train), "{selection:?}");
        assert_eq!(counts.holdout, data.holdout.as_ref().map(of), "{selection:?}");
        assert_eq!(counts.test, data.test.as_ref().map(of), "{selection:?}");
    }
}
