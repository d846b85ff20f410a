//! The trainer's Node binding: JavaScript values in, trainer calls, JavaScript values out.
//!
//! Expected errors cross as values ([`Failure`]), which `ts/native/unwrap.ts` throws as the error classes of `ts/errors/`.
//! Panics and C++ exceptions become such values too.

#![allow(missing_docs)] // variants and fields with telling names; the rest is documented for the `.d.ts`

mod engines;
mod experiment;
mod failure;
mod graph;
mod hash;
mod idx;
mod image;
mod info;
mod jpeg;
mod library;
mod model;
mod options;
mod predictions;
mod rates;
mod run;
mod sheet;
mod summary;
mod threads;

pub use failure::*;
pub use graph::*;
pub use hash::*;
pub use idx::*;
pub use image::*;
pub use info::*;
pub use jpeg::*;
pub use library::*;
pub use model::*;
pub use options::*;
pub use predictions::*;
pub use rates::*;
pub use run::*;
pub use sheet::*;
pub use summary::*;
pub use threads::*;
