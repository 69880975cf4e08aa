//! Our own programs in Rust: `testsuite/rust/src/bin/<name>.rs`, found by looking.
//!
//! They use `std` and tokio as any program does. Called by `plan` for the suite `rust`, and
//! by `dispatch` where that suite runs: [`disk`] puts them on a copy of the image, so that
//! whoever does not ask for them does not wait for them. rustup need not have the guests'
//! targets: `std` is built from rust-src, and zig links. Cargo's directory is kept in the
//! cache, one for each target and compiler, so that `std` is compiled once (about a
//! minute) and a changed program in seconds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::outcome::missing;
use crate::place;
use crate::setup::cache::Key;
use crate::setup::zig::Zig;
use crate::setup::{Cache, Options, say, shell};
use crate::target::{Arch, Libc};

fn home() -> PathBuf {
    place::root().join("testsuite/rust")
}

/// The programs' names, sorted.
///
/// # Errors
/// The repository is not complete.
pub fn names() -> anyhow::Result<Vec<String>> {
    let sources = files(&home().join("src/bin"))?;
    let stem = |path: &PathBuf| Some(path.file_stem()?.to_string_lossy().into_owned());
    Ok(sources.iter().filter_map(stem).collect())
}

/// Where a program lies on the image, beside the groups of `testsuite/c`; `{libc}` is filled
/// in when the job is written.
pub fn guest_path(name: &str) -> String {
    format!("/opt/testsuite/{{libc}}/rust/{name}")
}

/// `image` with the programs of these C libraries on it.
///
/// # Errors
/// As [`super::ensure`], and the compiler's words.
pub fn disk(
    image: &Path,
    arch: Arch,
    libcs: &[Libc],
    options: &Options,
) -> anyhow::Result<PathBuf> {
    let made = || {
        let manifest = super::Manifest::load()?;
        let cache = Cache::open(options)?;
        let zig = Zig::ensure(&cache, &manifest.zig.version, options)?;
        let mut files = Vec::new();
        for &libc in libcs {
            for (name, file) in build(&cache, &zig, arch, libc, options)? {
                files.push((guest_path(&name).replace("{libc}", libc.name()), file));
            }
        }
        super::with_files(image, arch, &files, options)
    };
    made().map_err(|error: anyhow::Error| {
        missing(format!(
            "cannot make the Rust programs for {}: {error:#}",
            arch.name()
        ))
    })
}

/// Builds the programs; returns the name and the file of each.
fn build(
    cache: &Cache,
    zig: &Zig,
    arch: Arch,
    libc: Libc,
    options: &Options,
) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let (triple, zig_triple) = (triple(arch, libc), super::zig_triple(arch, libc));
    let compiler = shell::run(Command::new("rustc").arg("-vV").current_dir(home()))?;
    let key = Key::default()
        .add("rustc", compiler)
        .add("zig", zig.identity(zig_triple))
        .add("flags", flags(arch, libc));
    let dir = cache
        .dir("build")?
        .join(format!("rust-{triple}-{}", key.finish()));
    // Cargo has its own lock; this one is for the scripts that it calls.
    let _lock = cache.lock(&format!("rust-{triple}"))?;
    if !dir.exists() {
        say(format!("compiling std and the Rust programs for {triple}"));
        fs::create_dir_all(&dir)?;
    }
    zig.wrappers(zig_triple, &dir)?;
    let variable = |what: &str| {
        let name = triple.to_uppercase().replace('-', "_");
        format!("CARGO_TARGET_{name}_{what}")
    };
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--quiet", "--locked", "--release"])
        .args(["-Zbuild-std=std,panic_abort", "--target", triple])
        .args(options.offline.then_some("--offline"))
        .current_dir(home())
        // `-Z` on a stable compiler, as for the kernel's `core`.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", &dir)
        .env(variable("LINKER"), dir.join("cc"))
        .env(variable("RUSTFLAGS"), flags(arch, libc));
    shell::run(&mut cargo).with_context(|| format!("testsuite/rust for {triple}"))?;
    let made = dir.join(triple).join("release");
    let program = |name: String| {
        let file = made.join(&name);
        (name, file)
    };
    Ok(names()?.into_iter().map(program).collect())
}

/// The target as rustc names it.
fn triple(arch: Arch, libc: Libc) -> &'static str {
    match (arch, libc) {
        (Arch::Riscv64, Libc::Glibc) => "riscv64gc-unknown-linux-gnu",
        (Arch::Riscv64, Libc::Musl) => "riscv64gc-unknown-linux-musl",
        (Arch::Loongarch64, Libc::Glibc) => "loongarch64-unknown-linux-gnu",
        (Arch::Loongarch64, Libc::Musl) => "loongarch64-unknown-linux-musl",
    }
}

/// As the C programs: glibc's dynamic, musl's static with zig's start-up code; without LSX
/// where the rest of the tree does without.
fn flags(arch: Arch, libc: Libc) -> &'static str {
    match (arch, libc) {
        (_, Libc::Glibc) => "",
        (Arch::Riscv64, Libc::Musl) => "-Ctarget-feature=+crt-static -Clink-self-contained=no",
        (Arch::Loongarch64, Libc::Musl) => {
            "-Ctarget-feature=+crt-static,-lsx -Clink-self-contained=no"
        }
    }
}

/// The Rust sources of a directory, sorted.
fn files(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listed = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut paths: Vec<PathBuf> = listed
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect();
    paths.sort();
    Ok(paths)
}
