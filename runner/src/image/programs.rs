//! Our own test programs: `testsuite/c/<group>/<name>.c`, found by looking.
//!
//! A file is a program, its directory is its group; both show in the path on the
//! image, `/opt/testsuite/<libc>/<group>/<name>`, so that a suite is made by listing
//! and nothing has to be registered. Every program is built alone: with glibc
//! dynamic (the loader and the libraries are tested too), with musl static.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, anyhow};

use crate::place;
use crate::setup::cache::Key;
use crate::setup::zig::Zig;
use crate::setup::{Cache, say, shell};
use crate::target::{Arch, Libc};

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
    inputs_of(&programs()?)
}

/// [`inputs`] of some programs.
pub fn inputs_of(programs: &[Program]) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let sources = programs.iter().map(|program| program.source.clone());
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

/// Targets and flags, for the image's key.
pub fn flags(arch: Arch) -> String {
    let triples = Libc::ALL.map(|libc| super::zig_triple(arch, libc));
    format!("{} {}", triples.join(" "), FLAGS.join(" "))
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
    build_some(cache, zig, triple, libc, programs()?)
}

/// [`build`] for some programs.
pub fn build_some(
    cache: &Cache,
    zig: &Zig,
    triple: &str,
    libc: Libc,
    programs: Vec<Program>,
) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let home = cache.dir("build")?.join(format!("testsuite-{triple}"));
    fs::create_dir_all(&home)?;
    let common = Key::default()
        .add("triple", triple)
        .add("zig", zig.identity(triple))
        .add("flags", FLAGS.join(" "));
    let headers = headers()?
        .into_iter()
        .map(|path| Ok((path.clone(), fs::read_to_string(path)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut built = Vec::new();
    let mut stale = Vec::new();
    for program in programs {
        let source = fs::read_to_string(&program.source)?;
        let mut key = common.clone();
        for (path, text) in included(&source, &headers) {
            key = key.add(&path.to_string_lossy(), text);
        }
        let key = key.add("source", source).finish();
        let file = home.join(format!("{}-{}-{key}", program.group, program.name));
        built.push((format!("{}/{}", program.group, program.name), file.clone()));
        if !file.exists() {
            stale.push((program, file));
        }
    }
    if !stale.is_empty() {
        say(format!(
            "compiling {} test programs for {triple}",
            stale.len()
        ));
    }
    let next = Mutex::new(stale.iter());
    let work = || {
        while let Some((program, file)) = take(&next) {
            compile(zig, triple, libc, program, file)?;
        }
        Ok(())
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        started.into_iter().try_for_each(|worker| {
            // A worker panics only where the runner itself is wrong.
            worker
                .join()
                .unwrap_or_else(|_| Err(anyhow!("a compiling thread panicked")))
        })
    })?;
    Ok(built)
}

/// The next piece of work; held for no longer than it takes to pick it.
fn take<'a, T>(next: &Mutex<std::slice::Iter<'a, T>>) -> Option<&'a T> {
    next.lock().ok()?.next()
}

const FLAGS: &[&str] = &[
    "-std=gnu17",
    "-O2",
    "-g0",
    "-s",
    "-Wall",
    "-Wextra",
    "-Werror",
];

/// One program, from its source to `file`.
pub fn compile(
    zig: &Zig,
    triple: &str,
    libc: Libc,
    program: &Program,
    file: &Path,
) -> anyhow::Result<()> {
    let mut cc = zig.cc(triple);
    cc.args(FLAGS)
        // Messages name files as the repository does, on any machine.
        .arg(format!("-fmacro-prefix-map={}/=", place::root().display()))
        .arg("-I")
        .arg(place::root().join("testsuite/include"));
    if libc == Libc::Musl {
        cc.arg("-static");
    }
    // Two runners with different headers or programs may be here at once.
    let part = file.with_extension(format!("{}.part", std::process::id()));
    cc.arg("-o")
        .arg(&part)
        .arg(&program.source)
        .arg("-lpthread");
    shell::run(&mut cc)
        .with_context(|| format!("testsuite/c/{}/{}.c", program.group, program.name))?;
    fs::rename(&part, file)?;
    Ok(())
}

/// Those of `headers` that `source` includes, by itself or through another: a change of
/// one makes the programs that use it anew and no others.
fn included<'a>(source: &str, headers: &'a [(PathBuf, String)]) -> Vec<&'a (PathBuf, String)> {
    let names = |text: &str, path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        text.contains(&format!("#include \"{name}\""))
    };
    let mut found: Vec<&(PathBuf, String)> = Vec::new();
    // As often as there are headers: each round finds at least one more or nothing.
    for _ in headers {
        let more = |header: &&(PathBuf, String)| {
            names(source, &header.0) || found.iter().any(|(_, text)| names(text, &header.0))
        };
        found = headers.iter().filter(more).collect();
    }
    found
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
    fn a_program_depends_on_the_headers_that_it_reaches() {
        let headers = [("a.h", ""), ("b.h", "#include \"a.h\"\n"), ("c.h", "")]
            .map(|(name, text)| (PathBuf::from(name), text.to_string()));
        let of = |source| -> Vec<String> {
            let found = included(source, &headers);
            found
                .iter()
                .map(|(path, _)| path.display().to_string())
                .collect()
        };
        assert_eq!(of("#include \"b.h\"\n#include <c.h>\n"), ["a.h", "b.h"]);
        assert!(of("int main(void) {}\n").is_empty());
    }

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
