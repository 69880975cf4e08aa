//! Rust components: the library source for `-Zbuild-std`, and bare-metal targets
//! where rustup can deliver them. Where it cannot, `kernel` builds `core` itself.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::place;

use super::{Options, say, shell};

/// Targets that rustup is asked for. What it cannot deliver is built from rust-src.
const TARGETS: &[&str] = &[
    "riscv64gc-unknown-none-elf",
    "loongarch64-unknown-none-softfloat",
];

/// Adds rust-src and the targets that are missing. A target that rustup does not
/// deliver is no error: `core` and `alloc` are then built with the kernel.
///
/// # Errors
/// rust-src is missing and cannot be had.
pub fn ensure(options: &Options) -> anyhow::Result<()> {
    if !sysroot()?
        .join("lib/rustlib/src/rust/library/core")
        .is_dir()
    {
        if options.offline {
            bail!(
                "--offline, and the toolchain lacks rust-src. Run: rustup component add rust-src"
            );
        }
        say("adding rust-src to the Rust toolchain");
        rustup(&["component", "add", "rust-src"])
            .context("rust-src is needed to build `core` for loongarch64")?;
    }
    for target in TARGETS {
        if options.offline || has_target(target)? || asked_before(target) {
            continue;
        }
        say(format!("adding Rust target {target}"));
        if let Err(error) = rustup(&["target", "add", target]) {
            let text = error.to_string();
            let why = text
                .lines()
                .find_map(|line| line.trim().strip_prefix("error: "))
                .and_then(|line| line.split(": ").next())
                .unwrap_or("no reason given");
            say(format!(
                "  not delivered ({why}): `core` is built from rust-src instead"
            ));
            std::fs::create_dir_all(place::target_dir())?;
            std::fs::write(refusal(target), "")?;
        }
    }
    Ok(())
}

/// How `core` is had for each target: ready, built from rust-src, or not at all.
///
/// # Errors
/// There is no rustc.
pub fn core_of_targets() -> anyhow::Result<Vec<(&'static str, Option<&'static str>)>> {
    let sources = sysroot()?
        .join("lib/rustlib/src/rust/library/core")
        .is_dir();
    let of = |target: &'static str| {
        let how = match (has_target(target)?, sources) {
            (true, _) => Some("ready"),
            (false, true) => Some("built from rust-src"),
            (false, false) => None,
        };
        Ok((target, how))
    };
    TARGETS.iter().copied().map(of).collect()
}

/// Whether the toolchain has a ready `core` for `target`.
fn has_target(target: &str) -> anyhow::Result<bool> {
    let lib = sysroot()?.join("lib/rustlib").join(target).join("lib");
    Ok(std::fs::read_dir(lib).is_ok_and(|mut files| files.next().is_some()))
}

/// Where the toolchain in use lies.
fn sysroot() -> anyhow::Result<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let text = shell::run(
        Command::new(rustc)
            .args(["--print", "sysroot"])
            .current_dir(place::root()),
    )?;
    Ok(PathBuf::from(text.trim()))
}

/// rustup was asked once for this toolchain and could not; asking costs seconds.
fn asked_before(target: &str) -> bool {
    refusal(target).exists()
}

fn refusal(target: &str) -> PathBuf {
    place::target_dir().join(format!("no-rustup-target-{target}"))
}

fn rustup(arguments: &[&str]) -> anyhow::Result<String> {
    shell::run(
        Command::new("rustup")
            // A backtrace would push the reason out of the message.
            .env("RUST_BACKTRACE", "0")
            .args(arguments)
            .current_dir(place::root()),
    )
}
