//! Compiles the C part, which libjpeg's errors leave by `longjmp`.

use std::env;

fn main() {
    let headers = env::var_os("DEP_JPEG_INCLUDE").expect("mozjpeg-sys says where libjpeg's headers are");
    println!("cargo::rerun-if-changed=src/decode.c");
    cc::Build::new().includes(env::split_paths(&headers)).file("src/decode.c").compile("stepladder_jpeg");
}
