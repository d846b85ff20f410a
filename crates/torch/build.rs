//! Lets this package's own tests find libtorch: `torch-sys` sets no run path.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") else { return };
    // Windows has no run paths: there the set-up puts libtorch's folder on PATH.
    if !cfg!(windows) {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
    }
}
