//! Sets up the napi link and, with the feature `torch`, where the loader looks for libtorch: beside the addon, in the
//! package of libraries next to it, and where this build found it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    napi_build::setup();
    let Ok(built_with) = std::env::var("DEP_STEPLADDER_TORCH_LIB") else { return };
    let target = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let arch = match std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() {
        Ok("aarch64") => "arm64",
        _ => "x64",
    };
    let (origin, platform) = match target.as_str() {
        "linux" => ("$ORIGIN", format!("linux-{arch}")),
        "macos" => ("@loader_path", format!("darwin-{arch}")),
        _ => return, // Windows has no run paths: `ts/native/load.ts` puts libtorch's folder on PATH
    };
    for path in [origin.to_owned(), format!("{origin}/../libtorch-{platform}/lib"), built_with] {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-rpath,{path}");
    }
    if target == "linux" {
        // An old-style RPATH also serves the libraries that libtorch itself asks for.
        println!("cargo::rustc-cdylib-link-arg=-Wl,--disable-new-dtags");
    }
}
