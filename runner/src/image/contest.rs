//! The contest-shaped image: an ext4 file system with `/musl` and `/glibc`, each a flat directory of
//! programs and `*_testcode.sh`, and nothing else: no `/bin/sh`, no `/lib`, no `/etc`.
//!
//! For machines without the official image. The scripts, the programs of `basic` and `libctest` and the
//! file of busybox's commands are ours (busybox-img/contest, testsuite/c); busybox, iperf3 and
//! netperf are the ones of the other image. A group of the official image that is not here is absent on
//! the score sheet too. Called by `contest` and the `image` verb; kept in the cache by a hash of all
//! inputs, as the other image is.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::ltp;
use crate::outcome::missing;
use crate::place;
use crate::setup::cache::{self, Key};
use crate::setup::zig::Zig;
use crate::setup::{Cache, say, shell, sources};
use crate::target::{Arch, Libc};

use super::manifest::Manifest;
use super::programs::{self, Program};
use super::{Image, Options, busybox, cached, compile, debian, ext4, tree, zig_triple};

/// Part of the key: raise it when this file changes what is written.
const LAYOUT: &str = "2";

/// Of these groups one clears the kernel's log, and finds it empty when it runs again.
const NOT_TWICE: &str = "proc/syslog";

/// The groups of our test programs that stand for libc-test's.
const LIBCTEST: &[&str] = &["mm", "proc", "time"];

/// The image for `arch`: one from the cache, or a new one. `ltp` is an install tree of LTP for each
/// C library, where there is one.
///
/// # Errors
/// As [`super::ensure`].
pub fn ensure(arch: Arch, ltp: &[(Libc, PathBuf)], options: &Options) -> anyhow::Result<Image> {
    prepare(arch, ltp, options).map_err(|error| missing(format!("{error:#}")))
}

fn prepare(arch: Arch, ltp: &[(Libc, PathBuf)], options: &Options) -> anyhow::Result<Image> {
    let manifest = Manifest::load()?;
    let cache = Cache::open(options)?;
    let key = key(&manifest, arch, ltp)?;
    let name = format!("contest-{}-{key}", arch.name());
    let path = cache.dir("images")?.join(format!("{name}.ext4"));
    let record = path.with_extension("json");
    let there = || cached(&path, &record);
    let hashes = cache.make(&format!("image-{name}"), there, |work| {
        say(format!("making the contest's image for {}", arch.name()));
        let root = work.join("root");
        fs::create_dir(&root)?;
        let mut hashes = fill(&cache, &manifest, arch, ltp, work, &root, options)
            .with_context(|| format!("cannot make the contest's image for {}", arch.name()))?;
        let image = work.join("image");
        ext4::make(&root, &image)?;
        hashes.push(("image sha256".into(), cache::sha256(&image)?));
        fs::rename(&image, &path)?;
        fs::write(&record, serde_json::to_vec_pretty(&hashes)?)?;
        say(format!("image {} ready", path.display()));
        away_with_earlier(&path, arch)?;
        Ok(hashes)
    })?;
    Ok(Image { path, hashes })
}

/// One of a kind is enough: they are made in seconds from what is cached.
fn away_with_earlier(current: &Path, arch: Arch) -> anyhow::Result<()> {
    let prefix = format!("contest-{}-", arch.name());
    let dir = current.parent().unwrap_or(Path::new("."));
    for path in fs::read_dir(dir)?.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(&prefix) && path.with_extension("") != current.with_extension("") {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn key(manifest: &Manifest, arch: Arch, ltp: &[(Libc, PathBuf)]) -> anyhow::Result<String> {
    let mut key = Key::default()
        .add("layout", LAYOUT)
        .add("arch", arch.name())
        .add("manifest", &manifest.text)
        .add("compiler", programs::flags(arch))
        .add("file system", ext4::FEATURES);
    for file in scripts()?.into_iter().chain([commands(), basic()]) {
        key = key.add(&file.to_string_lossy(), fs::read(&file)?);
    }
    for (name, text) in programs::inputs_of(&libctest()?)? {
        key = key.add(&name, text);
    }
    key = key.add("ltp", cases());
    for (libc, dir) in ltp {
        // A tree of gigabytes is known by its place and its list of programs.
        let bin = dir.join("testcases/bin");
        key = key.add(libc.name(), dir.to_string_lossy().as_bytes());
        let meta = fs::metadata(&bin).with_context(|| format!("no LTP in {}", dir.display()))?;
        key = key.add("made", format!("{:?}", meta.modified()?));
    }
    Ok(key.finish())
}

fn home() -> PathBuf {
    place::root().join("busybox-img/contest")
}

fn commands() -> PathBuf {
    home().join("busybox_cmd.txt")
}

fn basic() -> PathBuf {
    home().join("basic/basic.c")
}

/// Our test programs that stand for libc-test's.
fn libctest() -> anyhow::Result<Vec<Program>> {
    let mut programs = programs::programs()?;
    programs.retain(|program| {
        let name = format!("{}/{}", program.group, program.name);
        LIBCTEST.contains(&program.group.as_str()) && name != NOT_TWICE
    });
    Ok(programs)
}

/// The scripts, by name.
fn scripts() -> anyhow::Result<Vec<PathBuf>> {
    let listed = fs::read_dir(home().join("scripts"))?;
    let mut files: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

fn fill(
    cache: &Cache,
    manifest: &Manifest,
    arch: Arch,
    ltp: &[(Libc, PathBuf)],
    work: &Path,
    root: &Path,
    options: &Options,
) -> anyhow::Result<Vec<(String, String)>> {
    let zig = Zig::ensure(cache, &manifest.zig.version, options)?;
    let mut record = vec![("zig".to_string(), zig.version.clone())];
    let suite = &manifest.debian.suite;
    let packages = debian::ensure(cache, manifest, arch, options)?;
    for libc in Libc::ALL {
        let dir = root.join(libc.name());
        fs::create_dir_all(dir.join("lib"))?;
        let triple = zig_triple(arch, libc);
        let mut programs = Vec::new();
        match libc {
            Libc::Glibc => {
                let part = work.join("part");
                fs::create_dir(&part)?;
                let few = few(manifest);
                debian::install(&packages, &few, arch, &work.join("debian"), &part)?;
                programs.push(part.join("usr/bin/busybox"));
                libraries(&part, &dir.join("lib"))?;
            }
            Libc::Musl => {
                let origin = &manifest.busybox.origin;
                let source = sources::ensure(cache, "busybox", origin, suite, options)?;
                record.push(("source busybox".into(), source.origin.clone()));
                let made = busybox::ensure(cache, &zig, &manifest.busybox, &source, triple)?;
                programs.push(made);
            }
        }
        for program in &manifest.program {
            let source = sources::ensure(cache, &program.name, &program.origin, suite, options)?;
            record.push((format!("source {}", program.name), source.origin.clone()));
            programs.extend(compile::program(cache, &zig, program, &source, triple)?);
        }
        for program in programs {
            copy(&program, &dir)?;
        }
        let target = dir.join("libctest");
        fs::create_dir(&target)?;
        for (name, file) in programs::build_some(cache, &zig, triple, libc, libctest()?)? {
            fs::copy(&file, target.join(name.replace('/', "_")))?;
        }
        let tests = dir.join("basic");
        fs::create_dir(&tests)?;
        let program = Program {
            group: "contest".into(),
            name: "basic".into(),
            source: basic(),
        };
        programs::compile(&zig, triple, libc, &program, &tests.join("basic"))?;
        copy(&dir.join("busybox"), &tests)?;
        copy(&commands(), &dir)?;
        let ltp = ltp.iter().find(|(of, _)| *of == libc);
        if let Some((_, tree)) = ltp {
            let to = dir.join("ltp");
            fs::create_dir(&to)?;
            shell::run(
                shell::command("cp")
                    .args(["-a", "--no-preserve=ownership"])
                    .arg(tree.join("."))
                    .arg(&to),
            )?;
            fs::write(to.join("cases"), cases())?;
        }
        for script in scripts()? {
            let name = script.file_name().unwrap_or_default();
            if ltp.is_some() || name != "ltp_testcode.sh" {
                place_script(&script, libc, &dir.join(name))?;
            }
        }
    }
    record.extend(packages.files.iter().cloned());
    Ok(record)
}

/// Debian's packages without all that a contest's image has not.
fn few(manifest: &Manifest) -> Manifest {
    let mut few = manifest.clone();
    few.debian
        .packages
        .retain(|name, _| name == "busybox-static");
    // libm needs libc and the loader, which come along; ending a thread needs libgcc_s, by name.
    few.debian.libraries = [("libc6", "libm.so.6"), ("libgcc-s1", "libgcc_s.so.1")]
        .map(|(package, library)| (package.to_string(), vec![library.to_string()]))
        .into();
    few
}

/// The loader and the libraries below `from`, flat.
fn libraries(from: &Path, to: &Path) -> anyhow::Result<()> {
    for path in tree::files(from)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("lib") || name.starts_with("ld-") {
            copy(&path, to)?;
        }
    }
    Ok(())
}

/// The programs of `ltp-net`'s list that need no arguments, a line each. All of LTP takes hours, and some of it
/// never ends.
fn cases() -> String {
    let alone = ltp::list::cases()
        .iter()
        .filter(|case| case.command.len() == 1);
    let names: BTreeSet<&str> = alone.map(|case| case.command[0]).collect();
    names.into_iter().map(|name| format!("{name}\n")).collect()
}

fn copy(file: &Path, dir: &Path) -> anyhow::Result<()> {
    let name = file.file_name().context("a file without a name")?;
    fs::copy(file, dir.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
    Ok(())
}

/// A script with the C library in its marks, as the official image has them.
fn place_script(script: &Path, libc: Libc, to: &Path) -> anyhow::Result<()> {
    let linked = match libc {
        Libc::Glibc => "entry-dynamic",
        Libc::Musl => "entry-static",
    };
    let text = fs::read_to_string(script)?;
    let text = text.replace("LIBC", libc.name()).replace("LINKED", linked);
    fs::write(to, text)?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
    Ok(())
}
