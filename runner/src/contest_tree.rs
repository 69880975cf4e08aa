//! `runner build --contest`: a tree that a contest's judge can build: `make all` leaves kernel-rv and kernel-la
//! without network, from vendored crates, the agent included.
//!
//! It holds the kernel, the agent and what both need, not the runner. Called by the `build` verb;
//! needs the network (or cargo's own cache) for `cargo vendor`, so that the tree does not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::image::tree;
use crate::place;
use crate::setup::shell;

/// What is copied: directories whole, without what git ignores, and files.
const PARTS: &[&str] = &[
    "os",
    "testsuite/agent",
    "testsuite/protocol",
    "Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
];

/// Writes the tree; answers its directory, `target/contest`.
///
/// # Errors
/// cargo cannot vendor, or the disk is full.
pub fn write() -> anyhow::Result<PathBuf> {
    let dir = place::target_dir().join("contest");
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| format!("cannot empty {}", dir.display()))?;
    }
    let root = place::root();
    for part in PARTS {
        copy(&root.join(part), &dir.join(part))?;
    }
    copy(
        &root.join("busybox-img/contest/Makefile"),
        &dir.join("Makefile"),
    )?;
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    fs::write(dir.join("Cargo.toml"), workspace(&manifest)?)?;
    // Without the components for people: the judge's machine cannot fetch them.
    let toolchain = fs::read_to_string(root.join("rust-toolchain.toml"))?;
    let channel = toolchain.lines().find(|line| line.starts_with("channel"));
    let channel = channel.context("rust-toolchain.toml has no channel")?;
    fs::write(
        dir.join("rust-toolchain.toml"),
        format!("[toolchain]\n{channel}\n"),
    )?;
    vendor(&dir)?;
    let flags = fs::read_to_string(root.join(".cargo/config.toml"))?;
    let flags = flags.split_once("[target.").map(|(_, rest)| rest);
    let flags = flags.context(".cargo/config.toml has no flags for targets")?;
    fs::create_dir(dir.join(".cargo"))?;
    fs::write(
        dir.join(".cargo/config.toml"),
        format!("[target.{flags}\n{SOURCES}"),
    )?;
    Ok(dir)
}

/// The work tree's manifest with the members that are here.
fn workspace(manifest: &str) -> anyhow::Result<String> {
    let mut table: toml::Table = manifest.parse().context("Cargo.toml")?;
    let workspace = table
        .get_mut("workspace")
        .and_then(toml::Value::as_table_mut);
    let workspace = workspace.context("Cargo.toml is no workspace")?;
    workspace.remove("default-members");
    let members = workspace
        .get_mut("members")
        .and_then(toml::Value::as_array_mut);
    let members = members.context("Cargo.toml names no members")?;
    members.retain(|member| {
        let here = |name: &str| {
            PARTS
                .iter()
                .any(|part| name == *part || name.starts_with(&format!("{part}/")))
        };
        member.as_str().is_some_and(here)
    });
    // The runner's own profile names a package that is not here.
    if let Some(profiles) = table.get_mut("profile").and_then(toml::Value::as_table_mut) {
        profiles.remove("dev");
    }
    Ok(table.to_string())
}

/// What cargo's configuration says of `vendor`.
const SOURCES: &str = r#"[source.crates-io]
replace-with = "vendored-sources"

[source.vendored-sources]
directory = "vendor"
"#;

/// Puts every crate into `vendor`, those of the toolchain's own `core` too.
fn vendor(dir: &Path) -> anyhow::Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(dir).args(["vendor", "--quiet", "vendor"]);
    let sysroot = shell::run(Command::new("rustc").args(["--print", "sysroot"]))?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.toml");
    if library.is_file() {
        cargo.arg("--sync").arg(library);
    }
    // A library's manifest has features of the compiler that it comes with.
    cargo.env("RUSTC_BOOTSTRAP", "1");
    let output = cargo.output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!(
            "cargo vendor failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let one = |from: &Path, to: &Path| -> anyhow::Result<()> {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
        Ok(())
    };
    if from.is_file() {
        return one(from, to);
    }
    for file in tree::files(from)? {
        one(&file, &to.join(file.strip_prefix(from)?))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_keeps_what_is_copied() {
        let manifest = fs::read_to_string(place::root().join("Cargo.toml")).unwrap();
        let text = workspace(&manifest).unwrap();
        assert!(text.contains("\"os/crates/inet\"") && text.contains("\"testsuite/agent\""));
        assert!(!text.contains("\"runner\"") && !text.contains("default-members"));
        assert!(text.contains("[profile.kernel]"), "{text}");
        for part in PARTS {
            assert!(place::root().join(part).exists(), "{part}");
        }
    }
}
