//! `runner doctor`: what this machine has and lacks, and the command that helps.
//!
//! Fetches, builds and changes nothing. Each line begins with `ok`, `missing` (a run
//! cannot go without it; exit 6) or `note` (a run brings it itself, or goes without).

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::GuestArgs;
use crate::config;
use crate::image;
use crate::outcome::Exit;
use crate::place;
use crate::qemu;
use crate::setup::{Options, cache, host, rust, shell};
use crate::target::Arch;

/// Programs whose version a report of trouble should have, and whether a run needs them.
const TOOLS: &[(&str, bool)] = &[
    ("cargo", true),
    ("rustc", true),
    ("git", false),
    ("mke2fs", true),
    ("mmdebstrap", true),
    ("make", true),
    ("gcc", true),
    ("python3", true),
    ("gdb-multiarch", false),
];

/// Room that images, downloads and compilers take, in MiB.
const CACHE_NEEDS: u64 = 2048;

/// Room that run directories take, in MiB.
const RUNS_NEED: u64 = 256;

/// The lines so far, and what they come to.
struct Report {
    exit: Exit,
}

impl Report {
    fn ok(&mut self, what: &str, found: &str) {
        println!("ok       {what}: {found}");
    }

    fn missing(&mut self, what: &str, help: &str) {
        println!("missing  {what}: {help}");
        self.exit = Exit::Prerequisite;
    }

    fn note(&mut self, what: &str, text: &str) {
        println!("note     {what}: {text}");
    }
}

/// Prints one line for each thing a run needs.
pub fn run(args: &GuestArgs) -> anyhow::Result<Exit> {
    let mut report = Report { exit: Exit::Ok };
    packages(&mut report);
    tools(&mut report);
    compiler(&mut report);
    for &arch in args.arch.list() {
        emulator(&mut report, arch, args);
    }
    for file in config::files() {
        report.note("defaults", &format!("from {}", file.display()));
    }
    let options = Options {
        offline: true,
        ..args.fetch()
    };
    kept(&mut report, args, &options);
    for (what, dir, need) in [
        ("room for images", cache::default_root().ok(), CACHE_NEEDS),
        ("room for runs", Some(place::runs()), RUNS_NEED),
    ] {
        room(&mut report, what, dir, need);
    }
    ports(&mut report);
    load(&mut report);
    Ok(report.exit)
}

fn packages(report: &mut Report) {
    let missing: Vec<(&str, &str)> = host::needs()
        .filter(|(_, _, met)| !met)
        .map(|(package, what_for, _)| (package, what_for))
        .collect();
    for (package, what_for) in &missing {
        report.missing(package, what_for);
    }
    match missing.is_empty() {
        true => report.ok("Debian packages", "all there"),
        false => {
            let names: Vec<&str> = missing.iter().map(|(package, _)| *package).collect();
            println!(
                "         as root: apt-get update && apt-get install --no-install-recommends {}",
                names.join(" ")
            );
        }
    }
}

fn tools(report: &mut Report) {
    for &(tool, needed) in TOOLS {
        let Some(path) = shell::find(tool) else {
            match (tool, needed) {
                ("cargo" | "rustc", _) => {
                    report.missing(tool, "install Rust with rustup, see https://rustup.rs");
                }
                (_, true) => report.missing(tool, "not in PATH; `runner setup` installs it"),
                (_, false) => report.note(tool, "not in PATH; a run goes without"),
            }
            continue;
        };
        // mke2fs answers to -V and on stderr.
        let flag = if tool == "mke2fs" { "-V" } else { "--version" };
        let output = Command::new(&path)
            .arg(flag)
            .current_dir(place::root())
            .output();
        let words = output.map(|output| [output.stdout, output.stderr].concat());
        let words = words.unwrap_or_default();
        let words = String::from_utf8_lossy(&words);
        let version = words.lines().next().unwrap_or("no answer");
        report.ok(tool, &format!("{} ({})", path.display(), version.trim()));
    }
}

fn compiler(report: &mut Report) {
    match rust::core_of_targets() {
        Ok(targets) => {
            for (target, how) in targets {
                match how {
                    Some(how) => report.ok(target, &format!("core {how}")),
                    None => report.missing(
                        target,
                        &format!(
                            "no core: rustup target add {target}, or rustup component add rust-src"
                        ),
                    ),
                }
            }
        }
        Err(error) => report.missing("Rust targets", &format!("{error:#}")),
    }
}

fn emulator(report: &mut Report, arch: Arch, args: &GuestArgs) {
    match qemu::find(arch, args.qemu.as_deref()) {
        Ok(qemu) => {
            report.ok(
                arch.qemu(),
                &format!("{} ({})", qemu.path.display(), qemu.version),
            );
            if !qemu.runs_programs(arch) {
                report.note(
                    arch.qemu(),
                    "too old for this architecture's programs: a run takes QEMU 10, `runner setup --qemu10`",
                );
            }
        }
        Err(error) => report.missing(arch.qemu(), &format!("{error:#}")),
    }
}

/// What earlier runs have left in the cache.
fn kept(report: &mut Report, args: &GuestArgs, options: &Options) {
    if let Ok(root) = cache::default_root() {
        let mut parts = Vec::new();
        for entry in fs::read_dir(&root).into_iter().flatten().flatten() {
            let size = size(&entry.path()) >> 20;
            if size > 0 {
                parts.push(format!("{} {size}", entry.file_name().to_string_lossy()));
            }
        }
        parts.sort();
        let parts = match parts.is_empty() {
            true => "empty".to_string(),
            false => format!("{} MiB", parts.join(", ")),
        };
        report.ok("cache", &format!("{} ({parts})", root.display()));
    }
    for &arch in args.arch.list() {
        let images = image::shelf::list(arch, options);
        let current = images
            .unwrap_or_default()
            .into_iter()
            .find(|image| image.current && !image.recorded.is_empty());
        match current {
            Some(image) => report.ok(
                &format!("image for {}", arch.name()),
                &image.path.display().to_string(),
            ),
            None => report.note(
                &format!("image for {}", arch.name()),
                "not made yet; the first run makes it, or `runner image`",
            ),
        }
    }
}

/// Bytes of what is under `path`, links not followed.
fn size(path: &Path) -> u64 {
    let Ok(meta) = fs::symlink_metadata(path) else {
        return 0;
    };
    if !meta.is_dir() {
        return meta.len();
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| size(&entry.path())).sum()
}

fn room(report: &mut Report, what: &str, dir: Option<PathBuf>, need: u64) {
    let Some(dir) = dir else {
        return report.missing(what, "neither XDG_CACHE_HOME nor HOME is set");
    };
    // What is not made yet will be where its nearest parent is.
    let there = dir.ancestors().find(|dir| dir.is_dir());
    let Some(stat) = there.and_then(|dir| rustix::fs::statvfs(dir).ok()) else {
        return report.missing(what, &format!("cannot look at {}", dir.display()));
    };
    let free = (stat.f_bavail * stat.f_frsize) >> 20;
    let line = format!("{} ({free} MiB free)", dir.display());
    match free >= need {
        true => report.ok(what, &line),
        false => report.missing(what, &format!("{line}, {need} needed: make room there")),
    }
}

fn ports(report: &mut Report) {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, 0)) {
        Ok(_) => report.ok("ports", "127.0.0.1 has free ones to lead into guests"),
        Err(error) => report.missing("ports", &format!("cannot bind one on 127.0.0.1: {error}")),
    }
}

/// A busy machine runs guests well and measures nothing.
fn load(report: &mut Report) {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: f64 = text
        .split(' ')
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or(0.0);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let line = format!("{load} on {processors} processors");
    match load < 0.5 {
        true => report.ok("load", &line),
        false => report.note(
            "load",
            &format!("{line}: figures taken now are worth little"),
        ),
    }
}
