//! Passes the linker script of the target, and puts the agent where the kernel
//! includes it: `include_bytes!(concat!(env!("OUT_DIR"), "/agent"))`.
//!
//! The runner builds the agent first and names its file in `SOCKEYE_AGENT`. Without
//! that variable (`cargo check`, a kernel started with `init=`) the included file is
//! empty.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let arch = env::var("CARGO_CFG_TARGET_ARCH").expect("cargo sets it");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let script = format!("{root}/link/{arch}.ld");
    println!("cargo:rerun-if-changed={script}");
    if Path::new(&script).exists() {
        println!("cargo:rustc-link-arg-bins=-T{script}");
    }

    println!("cargo:rerun-if-env-changed=SOCKEYE_AGENT");
    let embedded = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("agent");
    match env::var_os("SOCKEYE_AGENT") {
        Some(agent) => {
            println!("cargo:rerun-if-changed={}", Path::new(&agent).display());
            fs::copy(&agent, &embedded).expect("SOCKEYE_AGENT names a file that can be read");
        }
        None => fs::write(&embedded, []).expect("OUT_DIR can be written"),
    }
}
