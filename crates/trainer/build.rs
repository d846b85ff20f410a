//! Lets this package's own tests find libtorch: `torch-sys` sets no run path.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Windows has no run paths: there the set-up puts libtorch's folder on PATH.
    if let (Ok(lib), false) = (std::env::var("DEP_TCH_LIBTORCH_LIB"), cfg!(windows)) {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
    }
}
