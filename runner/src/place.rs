//! Where things are: the work tree and what is made in it.

use std::path::{Path, PathBuf};

/// The work tree: the nearest directory upwards that holds the kernel's sources,
/// else the one this program was built from.
pub fn root() -> PathBuf {
    let is_root =
        |dir: &&Path| dir.join("os/Cargo.toml").is_file() && dir.join("Cargo.toml").is_file();
    let here = std::env::current_dir().unwrap_or_default();
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."));
    here.ancestors()
        .find(is_root)
        .unwrap_or(built_from)
        .to_path_buf()
}

/// Cargo's target directory.
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => std::path::absolute(&dir).unwrap_or_else(|_| dir.into()),
        None => root().join("target"),
    }
}

/// Where run directories go by default.
pub fn runs() -> PathBuf {
    root().join("target/runs")
}
