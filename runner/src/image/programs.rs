//! Our own test programs: `testsuite/c/<group>/<name>.c`, found by looking.
//!
//! A file is a program, its directory is its group; both show in the path on the
//! image, `/opt/testsuite/<libc>/<group>/<name>`, so that a suite is made by listing
//! and nothing has to be registered. Every program is built alone: with glibc
//! dynamic (the loader and the libraries are tested too), with musl static.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::place;
use crate::setup::cache::Key;
use crate::setup::zig::Zig;
use crate::setup::{Cache, say, shell};
use crate::target::Libc;

/// A test program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    /// `net`, `fs`, `proc`, `mm`, `time`, ...
    pub group: String,
    /// File name without its end.
    pub name: String,
    /// The source.
    pub source: PathBuf,
}

impl Program {
    /// Where it lies on the image; `{libc}` is filled in when the job is written.
    pub fn guest_path(&self) -> String {
        format!("/opt/testsuite/{{libc}}/{}/{}", self.group, self.name)
    }
}

/// All test programs, sorted by group and name.
///
/// # Errors
/// The repository is not complete.
pub fn programs() -> anyhow::Result<Vec<Program>> {
    let top = place::root().join("testsuite/c");
    let mut found = Vec::new();
    for group in entries(&top)? {
        if !group.is_dir() {
            continue;
        }
        for source in entries(&group)? {
            if source.extension().is_some_and(|end| end == "c") {
                let text = |part: Option<&std::ffi::OsStr>| {
                    part.unwrap_or_default().to_string_lossy().into_owned()
                };
                found.push(Program {
                    group: text(group.file_name()),
                    name: text(source.file_stem()),
                    source,
                });
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Name and text of everything that decides what the programs are.
pub fn inputs() -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let sources = programs()?.into_iter().map(|program| program.source);
    sources
        .chain(headers()?)
        .map(|path| {
            let name = path
                .strip_prefix(place::root())
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            let text =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok((name, text))
        })
        .collect()
}

/// Builds the programs for `triple`; returns `group/name` and the file of each. One
/// that is cached is not built again.
///
/// # Errors
/// The first program that does not compile, with the compiler's words.
pub fn build(
    cache: &Cache,
    zig: &Zig,
    triple: &str,
    libc: Libc,
) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let home = cache.dir("build")?.join(format!("testsuite-{triple}"));
    fs::create_dir_all(&home)?;
    let mut common = Key::default()
        .add("triple", triple)
        .add("zig", &zig.version)
        .add("flags", FLAGS.join(" "));
    for header in headers()? {
        common = common.add(&header.to_string_lossy(), fs::read(&header)?);
    }
    let all = programs()?;
    let mut built = Vec::new();
    let mut fresh = 0;
    for program in &all {
        let key = common
            .clone()
            .add("source", fs::read(&program.source)?)
            .finish();
        let file = home.join(format!("{}-{}-{key}", program.group, program.name));
        if !file.exists() {
            if fresh == 0 {
                say(format!("compiling test programs for {triple}"));
            }
            fresh += 1;
            compile(zig, triple, libc, program, &file)?;
        }
        built.push((format!("{}/{}", program.group, program.name), file));
    }
    Ok(built)
}

const FLAGS: &[&str] = &[
    "-std=gnu17",
    "-O2",
    "-g0",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-D_GNU_SOURCE",
];

fn compile(
    zig: &Zig,
    triple: &str,
    libc: Libc,
    program: &Program,
    file: &Path,
) -> anyhow::Result<()> {
    let mut cc = zig.cc(triple);
    cc.args(FLAGS)
        .arg("-s")
        .arg("-I")
        .arg(place::root().join("testsuite/include"));
    if libc == Libc::Musl {
        cc.arg("-static");
    }
    let part = file.with_extension("part");
    cc.arg("-o")
        .arg(&part)
        .arg(&program.source)
        .arg("-lpthread");
    shell::run(&mut cc)
        .with_context(|| format!("testsuite/c/{}/{}.c", program.group, program.name))?;
    fs::rename(&part, file)?;
    Ok(())
}

fn headers() -> anyhow::Result<Vec<PathBuf>> {
    entries(&place::root().join("testsuite/include"))
}

fn entries(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listed = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut paths: Vec<PathBuf> = listed
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_has_a_group_and_a_name_fit_for_a_case() {
        let all = programs().unwrap();
        assert!(all.iter().any(|program| program.group == "net"));
        for program in all {
            let fits = |text: &str| {
                !text.is_empty()
                    && text
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            };
            assert!(
                fits(&program.group) && fits(&program.name),
                "{}",
                program.source.display()
            );
        }
    }
}
