//! Passes the linker script of the target.

fn main() {
    let arch = std::env::var("CARGO_CFG_TARGET_ARCH").expect("cargo sets it");
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let script = format!("{root}/link/{arch}.ld");
    println!("cargo:rerun-if-changed={script}");
    if std::path::Path::new(&script).exists() {
        println!("cargo:rustc-link-arg-bins=-T{script}");
    }
}
