//! Sets up the napi link. Where libtorch is, no run path says: `ts/native/load.ts` opens it before the addon.

fn main() {
    napi_build::setup();
}
