use std::fs::File;
use std::io::{self, Read};

use napi::bindgen_prelude::AsyncTask;
use napi::{Either, Env, Task};
use napi_derive::napi;
use sha2::{Digest, Sha256};

use crate::{Failure, guarded};

/// Returns the SHA-256 of each file, in hex, on a thread of libuv's pool; for a file that can't be read, the reason.
#[napi(ts_return_type = "Promise<string[] | Failure>")]
pub fn hash_files(paths: Vec<String>) -> AsyncTask<Hashing> {
    AsyncTask::new(Hashing { paths })
}

/// The task of [`hash_files`].
pub struct Hashing {
    paths: Vec<String>,
}

impl Task for Hashing {
    type Output = Result<Vec<String>, Failure>;
    type JsValue = Either<Vec<String>, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(guarded(|| {
            let mut buffer = vec![0; 1 << 16]; // so that memory does not grow with a file
            let hash = |path: &String| hash_file(path, &mut buffer).unwrap_or_else(|error| error.to_string());
            Ok(self.paths.iter().map(hash).collect())
        }))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(match output {
            Ok(hashes) => Either::A(hashes),
            Err(failure) => Either::B(failure),
        })
    }
}

fn hash_file(path: &str, buffer: &mut [u8]) -> io::Result<String> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a file")); // to open a pipe may take for ever
    }

    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    loop {
        match file.read(buffer) {
            Ok(0) => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            Ok(count) => hash.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
