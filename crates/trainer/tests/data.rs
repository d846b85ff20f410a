//! Files that are not what they say: each is refused by name, before anything is allocated for it.

mod common;

use std::io::Write;
use std::path::Path;

use common::{ALL, bars, final_net, idx};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use stepladder_trainer::data::{
    Batches, Dataset, Images, Normalisation, Preparing, Selection, read_image, read_images, read_labels,
};
use stepladder_trainer::engine::Isa;
use stepladder_trainer::random::{Purpose, Stream};
use stepladder_trainer::{DataSource, TrainError};

fn refusal(name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let error = if name.contains("idx3") {
        read_images(&path, None).map(drop).unwrap_err()
    } else {
        read_labels(&path, 10, None).map(drop).unwrap_err()
    };
    assert!(matches!(error, TrainError::Data { .. }), "{error}");
    let text = error.to_string();
    assert!(text.starts_with(&path.display().to_string()), "{text}");
    text[path.display().to_string().len()..].to_owned()
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(vec![], Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_file_that_ends_early_is_refused() {
    assert_eq!(refusal("idx3", &[0, 0]), ": expected a header of 16 bytes, found the file ends early");
    let short = idx(2051, &[2, 28, 28], &[0; 28 * 28]);
    assert_eq!(
        refusal("idx3", &short),
        ": expected 1568 bytes after a header of 2 x 28 x 28, found a file of 800 bytes"
    );
    let body: Vec<u8> = (0..28 * 28_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let one_of_two = zipped(&idx(2051, &[2, 28, 28], &body));
    assert!(refusal("idx3.gz", &one_of_two).contains("found 784 bytes"));
    let whole = zipped(&idx(2051, &[1, 28, 28], &body));
    assert!(refusal("idx3.gz", &whole[..whole.len() / 2]).contains("found the file ends early"));
}

#[test]
fn a_file_that_goes_on_is_refused() {
    let long = idx(2049, &[3], &[1, 2, 3, 4]);
    assert_eq!(refusal("idx1", &long), ": expected 3 bytes after a header of 3, found more");
    assert_eq!(refusal("idx1.gz", &zipped(&long)), ": expected 3 bytes after a header of 3, found more");
}

#[test]
fn a_header_that_lies_is_refused_before_anything_is_allocated() {
    let vast = idx(2051, &[u32::MAX, u32::MAX, u32::MAX], &[0; 64]);
    assert!(refusal("idx3", &vast).contains("found a file of 80 bytes"));
    assert!(refusal("idx3.gz", &zipped(&vast)).contains("bytes after a header of 4294967295 x"));
    let none = idx(2049, &[0], &[]);
    assert_eq!(refusal("idx1", &none), ": expected at least one of its labels, found a header of 0");
}

#[test]
fn a_file_of_the_other_kind_is_recognised() {
    let labels = idx(2049, &[30], &[1; 30]);
    assert_eq!(
        refusal("idx3", &labels),
        ": expected the magic number 2051 or 2052 of images, found 2049 (a file of labels)"
    );
    assert!(refusal("idx1", b"\x89PNG\r\n\x1a\n\0\0\0").contains("magic number 2049 of labels"));
}

#[test]
fn a_label_that_is_no_class_is_refused() {
    let labels = idx(2049, &[3], &[1, 10, 2]);
    assert_eq!(refusal("idx1", &labels), ": expected labels below 10, found 10 at position 1");
}

#[test]
fn a_folder_in_place_of_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = read_images(folder.path(), None).unwrap_err();
    assert!(matches!(error, TrainError::Data { .. }), "{error}");
}

fn pixels(images: &Images) -> Vec<u8> {
    let mut buffer = vec![];
    (0..images.len()).flat_map(|index| images.image(index, &mut buffer).unwrap().to_vec()).collect()
}

fn open(folder: &Path) -> Result<Dataset, TrainError> {
    Dataset::open(&DataSource::new(folder), &final_net(), &ALL)
}

#[test]
fn labels_are_checked_against_images_and_images_against_the_net() {
    let folder = bars(20, 10);
    assert!(open(folder.path()).is_ok());
    std::fs::write(folder.path().join("t10k-labels-idx1-ubyte"), idx(2049, &[9], &[0; 9])).unwrap();
    let error = open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("expected 10 labels, one for each image") && error.contains("found 9"), "{error}");
    let refused = |shape: [u32; 3]| {
        let images = idx(2051, &shape, &vec![0; shape.iter().product::<u32>() as usize]);
        std::fs::write(folder.path().join("t10k-images-idx3-ubyte"), images).unwrap();
        std::fs::write(folder.path().join("t10k-labels-idx1-ubyte"), idx(2049, &[10], &[0; 10])).unwrap();
        open(folder.path()).unwrap_err().to_string()
    };
    let error = refused([10, 28, 27]);
    assert!(error.contains("expected square images") && error.contains("found 1 x 28 x 27"), "{error}");
    let error = refused([10, 27, 27]);
    assert!(
        error.contains("1 x 28 x 28, which the net takes") && error.contains("found 1 x 27 x 27"),
        "{error}"
    );
}

#[test]
fn zipped_files_are_read_like_plain_ones() {
    let folder = bars(20, 10);
    let plain = open(folder.path()).unwrap();
    for name in ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"] {
        let path = folder.path().join(name);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(folder.path().join(format!("{name}.gz")), zipped(&bytes)).unwrap();
        std::fs::remove_file(path).unwrap();
    }
    let zipped = open(folder.path()).unwrap();
    assert_eq!(pixels(&plain.train), pixels(&zipped.train));
    assert_eq!(plain.test.unwrap().labels, zipped.test.unwrap().labels);
}

#[test]
fn files_are_checked_against_their_hashes() {
    let folder = bars(20, 10);
    let mut source = DataSource::new(folder.path());
    let hashes = Dataset::describe(&source).unwrap().hashes;
    source.hashes = Some(hashes);
    assert!(Dataset::open(&source, &final_net(), &ALL).is_ok());
    std::fs::write(folder.path().join("t10k-labels-idx1-ubyte"), idx(2049, &[10], &[3; 10])).unwrap();
    let error = Dataset::open(&source, &final_net(), &ALL).unwrap_err().to_string();
    assert!(error.contains("t10k-labels") && error.contains("damaged or replaced"), "{error}");
}

#[test]
fn a_folder_says_what_it_holds() {
    let folder = bars(20, 10);
    let source = DataSource::new(folder.path());
    let found = Dataset::describe(&source).unwrap();
    assert_eq!((found.channels, found.size, found.classes, found.train, found.test), (1, 28, 10, 20, 10));
    assert_eq!(found.hashes.to_vec(), open(folder.path()).unwrap().hashes);
    let parts = Dataset::describe(&DataSource { validation: 5, ..source.clone() }).unwrap();
    assert_eq!((parts.train, parts.validation, parts.test), (15, 5, 10));
    assert_eq!(parts.counts.map(|counts| counts.iter().sum::<usize>()), [15, 5, 10]);
    assert_eq!(parts.hashes, found.hashes);
    let error = Dataset::describe(&DataSource { validation: 20, ..source.clone() }).unwrap_err().to_string();
    assert!(error.contains("`data.validation` should be fewer than the 20 images"), "{error}");

    // Colour: four dimensions, `[count, channels, rows, columns]`.
    for (set, count) in [("train", 20_u32), ("t10k", 10)] {
        let pixels = vec![7; count as usize * 3 * 5 * 5];
        let name = folder.path().join(format!("{set}-images-idx3-ubyte"));
        std::fs::write(name, idx(2052, &[count, 3, 5, 5], &pixels)).unwrap();
    }
    let found = Dataset::describe(&source).unwrap();
    assert_eq!((found.channels, found.size, found.train), (3, 5, 20));
    std::fs::write(folder.path().join("t10k-images-idx3-ubyte"), idx(2052, &[10, 5, 5, 3], &[7; 750]))
        .unwrap();
    let error = Dataset::describe(&source).unwrap_err().to_string();
    assert!(error.contains("found 5 x 5 x 3 (channels, height, width)"), "{error}");
}

#[test]
fn without_a_draw_limits_keep_the_first_images_and_normalisation_follows_the_training_images() {
    let folder = bars(20, 10);
    let source = DataSource::new(folder.path());
    let all = open(folder.path()).unwrap();
    let limits = Selection { limit_train: Some(7), limit_test: Some(1000), ..ALL };
    let some = Dataset::open(&source, &final_net(), &limits).unwrap();
    assert_eq!((some.train.len(), some.test.unwrap().len()), (7, 10));
    assert_eq!(pixels(&some.train)[..], pixels(&all.train)[..7 * 784]);
    let pixels: Vec<f64> = pixels(&all.train).into_iter().map(|p| f64::from(p) / 255.0).collect();
    let mean = pixels.iter().sum::<f64>() / pixels.len() as f64;
    let variance = pixels.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / pixels.len() as f64;
    assert!((all.normalisation.mean - mean).abs() < 1e-12);
    assert!((all.normalisation.deviation - variance.sqrt()).abs() < 1e-12);
}

#[test]
fn one_image_of_a_file_is_read_alone() {
    let folder = bars(20, 10);
    let path = folder.path().join("t10k-images-idx3-ubyte");
    let all = read_images(&path, None).unwrap().pixels;
    let packed = folder.path().join("t10k.gz");
    std::fs::write(&packed, zipped(&std::fs::read(&path).unwrap())).unwrap();
    for index in [0, 3, 9] {
        assert_eq!(read_image(&path, index).unwrap()[..], all[784 * index..][..784]);
        assert_eq!(read_image(&packed, index).unwrap()[..], all[784 * index..][..784]);
    }
    let error = read_image(&path, 10).unwrap_err().to_string();
    assert_eq!(error, "`index` should be below 10, the images of the file, got 10");
}

proptest! {
    #[test]
    fn no_bytes_at_all_crash_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200), labels: bool) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["file", "file.gz"] {
            let path = folder.path().join(name);
            // half of them with the right magic number, so that the rest is read at all
            let mut bytes = bytes.clone();
            if bytes.len() > 4 && bytes[4] % 2 == 0 {
                bytes[..4].copy_from_slice(&(if labels { 2049_u32 } else { 2051 }).to_be_bytes());
            }
            std::fs::write(&path, &bytes).unwrap();
            let _ = if labels { read_labels(&path, 10, None).map(drop) } else { read_images(&path, None).map(drop) };
        }
    }

    #[test]
    fn each_image_is_in_one_batch_of_an_epoch(count in 1_usize..70, batch_size in 1_usize..20, seed: u32) {
        let images = Images::new(1, 1, (0..count as u8).collect(), (0..count as u8).collect());
        let order = Stream::new(u64::from(seed), Purpose::Order).at(0);
        let normalisation = Normalisation { mean: 0.0, deviation: 1.0 };
        let batches: Vec<_> = Batches::new(&images, normalisation, None, batch_size, order).map(Result::unwrap).collect();
        prop_assert_eq!(batches.len(), count.div_ceil(batch_size));
        let mut seen = vec![];
        for batch in batches {
            let images = batch.images(&mut Preparing::new(Isa::best(), [1, 1], None).unwrap(), 1);
            for ((&sample, &label), &pixel) in batch.samples().iter().zip(batch.labels()).zip(&images) {
                prop_assert_eq!((sample as u8, sample as f32 / 255.0), (label, pixel));
                seen.push(label);
            }
        }
        seen.sort_unstable();
        prop_assert_eq!(seen, images.labels);
    }
}
