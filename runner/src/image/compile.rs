//! Compiles a program of the manifest in one command per output.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;

use crate::place;
use crate::setup::cache::Key;
use crate::setup::sources::Unpacked;
use crate::setup::zig::Zig;
use crate::setup::{Cache, say, shell};

use super::manifest::Program;

/// The outputs of `program` for `triple`, compiled where they are not cached: static for musl,
/// for glibc with its loader.
///
/// # Errors
/// The compiler's words.
pub fn program(
    cache: &Cache,
    zig: &Zig,
    program: &Program,
    source: &Unpacked,
    triple: &str,
) -> anyhow::Result<Vec<PathBuf>> {
    let headers = place::root().join("busybox-img").join(&program.headers);
    let mut key = Key::default()
        .add("triple", triple)
        .add("zig", zig.identity(triple))
        .add("source", &source.origin)
        .add(
            "recipe",
            format!(
                "{:?}{:?}{:?}",
                program.flags, program.common, program.outputs
            ),
        );
    let mut files: Vec<PathBuf> = fs::read_dir(&headers)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .collect();
    files.sort();
    for file in files {
        key = key.add(&file.to_string_lossy(), fs::read(&file)?);
    }
    let name = format!("{}-{triple}-{}", program.name, key.finish());
    let dir = cache.dir("build")?.join(&name);
    let there = || dir.exists().then_some(());
    cache.make(&name, there, |work| {
        say(format!("compiling {} for {triple}", program.name));
        for (output, own) in &program.outputs {
            let mut cc = zig.cc(triple);
            if triple.ends_with("musl") {
                cc.arg("-static");
            }
            cc.args(["-O2", "-s", "-w"])
                .args(&program.flags)
                .arg("-I")
                .arg(&headers)
                .args(["-I", ".", "-o"])
                .arg(work.join(output))
                .args(own)
                .args(&program.common)
                .arg("-lm")
                .current_dir(source.dir.join(&program.dir));
            shell::run(&mut cc)
                .with_context(|| format!("{output} does not compile for {triple}"))?;
        }
        Ok(fs::rename(work, &dir)?)
    })?;
    Ok(program
        .outputs
        .keys()
        .map(|output| dir.join(output))
        .collect())
}
