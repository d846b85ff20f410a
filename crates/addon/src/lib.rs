//! The trainer's face to Node: JavaScript values in, trainer calls, JavaScript values out.
//!
//! Failures that a caller may meet cross as values ([`Failure`]), and `ts/native/unwrap.ts` throws them as the
//! error classes of `ts/errors/`. A panic or a C++ exception becomes such a value too.

#![allow(missing_docs)] // variants and fields whose names say it all; the rest is documented for the `.d.ts`

mod engines;
mod experiment;
mod failure;
mod idx;
mod info;
mod library;
mod model;
mod options;
mod predictions;
mod rates;
mod run;
mod summary;
mod threads;

pub use experiment::*;
pub use failure::*;
pub use idx::*;
pub use info::*;
pub use library::*;
pub use model::*;
pub use options::*;
pub use predictions::*;
pub use rates::*;
pub use run::*;
pub use summary::*;
pub use threads::*;
