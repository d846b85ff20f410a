use std::path::Path;

use napi::Either;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use stepladder_trainer::data::{Dataset, read_images, read_labels};

use crate::{Failure, guarded};

/// The images of an IDX file.
#[napi(object)]
pub struct IdxImages {
    /// How many.
    pub count: f64,
    /// Height of each.
    pub rows: f64,
    /// Width of each.
    pub columns: f64,
    /// `[count, rows, columns]`, a byte each.
    pub pixels: Buffer,
}

/// Reads an IDX file of images, plain or `.gz`, trusting nothing in it.
#[napi]
pub fn read_idx_images(path: String) -> Either<IdxImages, Failure> {
    match guarded(|| read_images(Path::new(&path), None)) {
        Ok(images) => Either::A(IdxImages {
            count: images.count as f64,
            rows: images.rows as f64,
            columns: images.columns as f64,
            pixels: images.pixels.into(),
        }),
        Err(failure) => Either::B(failure),
    }
}

/// Reads an IDX file of labels below 256, plain or `.gz`, trusting nothing in it.
#[napi]
pub fn read_idx_labels(path: String) -> Either<Buffer, Failure> {
    match guarded(|| read_labels(Path::new(&path), 256, None)) {
        Ok(labels) => Either::A(labels.labels.into()),
        Err(failure) => Either::B(failure),
    }
}

/// Holds a folder's four files against MNIST's known hashes; takes a tenth of a second, on the calling thread.
#[napi]
pub fn check_mnist(folder: String) -> Either<Checked, Failure> {
    match guarded(|| Dataset::check_mnist(Path::new(&folder))) {
        Ok(()) => Either::A(Checked { ok: true }),
        Err(failure) => Either::B(failure),
    }
}

/// Nothing was found to be wrong.
#[napi(object)]
pub struct Checked {
    pub ok: bool,
}
