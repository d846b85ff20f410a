//! Sets up the napi link, and hashes the sources for records and checkpoints. The addon has no run path to libtorch:
//! `ts/native/load.ts` opens it first.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=STEPLADDER_SOURCES={}", hash_of_sources());
    napi_build::setup();
}

/// Returns the sha256 over names and contents of all files that results depend on: the crates, and the versions of their
/// dependencies.
fn hash_of_sources() -> String {
    let mut files = vec![];
    for place in
        ["../kernels/src", "../jpeg/src", "../trainer/src", "../torch/src", "src", "../../Cargo.lock"]
    {
        println!("cargo::rerun-if-changed={place}");
        collect(Path::new(place), &mut files);
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let content = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let name = file.to_string_lossy().replace('\\', "/");
        hash.update(format!("{name}\0{}\0", content.len()));
        hash.update(content);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn collect(place: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(place) else { return files.push(place.to_owned()) };
    for entry in entries {
        collect(&entry.unwrap_or_else(|error| panic!("{}: {error}", place.display())).path(), files);
    }
}
