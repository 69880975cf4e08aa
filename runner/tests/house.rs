//! The house test: rules of the kernel's sources that a compiler does not check.
//!
//! * An arrow between rooms points down (DESIGN section 3).
//! * `cfg(target_arch)` is in `os/src/arch/mod.rs` alone.
//! * `unsafe` stays in its rooms.
//! * No program's name is in the kernel: it serves all alike. Nor is a test's, a path's or a port's
//!   (`house/special.rs`).
//!
//! Each rule is a function from a file to complaints, and each has a planted
//! violation below, so that a rule that has gone blind is noticed.

#[path = "house/special.rs"]
mod special;

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of `os/src`, topmost first. Rooms of one line may use each other.
const ROOMS: &[&[&str]] = &[
    &["main"],
    &["syscall"],
    &["task"],
    &["net"],
    &["fs"],
    &["file"],
    &["drivers"],
    &["time", "mm", "sync", "irq", "sched", "debug"],
    &["arch"],
];

/// Arrows that point up all the same: file, room, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    // The run loop is where a trap becomes a call of the table (the walk of DESIGN section 3).
    ("src/task/run.rs", "syscall"),
    // Pid 1's command line may ask for a trace of its calls.
    ("src/task/start.rs", "syscall"),
    // /proc/sys/kernel names the release; what the call table says about itself is a file there.
    ("src/task/proc/system.rs", "syscall"),
];

/// Where `unsafe` may be, as paths below `os/`.
const UNSAFE_ROOMS: &[&str] = &[
    "src/arch/",
    "src/mm/",
    "src/sync/",
    "src/sched/",
    // Mmio and Dma: what makes the other drivers safe.
    "src/drivers/memory.rs",
    // Counters and the panic report, which must work when locks do not.
    "src/debug/",
    "crates/vring/",
];

/// Programs that a kernel might be tempted to know.
const PROGRAMS: &[&str] = &[
    "iperf",
    "iperf3",
    "netperf",
    "netserver",
    "busybox",
    "ltp",
    "lmbench",
    "redis",
    "nginx",
    "memcached",
    "curl",
    "wget",
    "sshd",
    "dropbear",
    "tcpdump",
    "sockperf",
    "iozone",
    "unixbench",
    "cyclictest",
    "hackbench",
    "testcode",
];

/// One source file, as the rules see it.
struct Source {
    /// Below `os/`, with forward slashes.
    path: String,
    /// The lines, without comments.
    lines: Vec<String>,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Source {
            path: path.to_string(),
            lines: text.lines().map(without_comment).collect(),
        }
    }

    /// The room of a file of `os/src`.
    fn room(&self) -> Option<&str> {
        let rest = self.path.strip_prefix("src/")?;
        Some(
            rest.split('/')
                .next()
                .unwrap_or(rest)
                .trim_end_matches(".rs"),
        )
    }

    fn complain(&self, line: usize, what: &str) -> String {
        format!("os/{}:{}: {what}", self.path, line + 1)
    }
}

/// `line` up to its comment. A `//` inside a string (an URL) is cut too, which can
/// hide nothing that these rules look for but a program's name behind it.
fn without_comment(line: &str) -> String {
    line.split("//").next().unwrap_or("").to_string()
}

fn level(room: &str) -> Option<usize> {
    ROOMS.iter().position(|level| level.contains(&room))
}

/// Arrows point down.
fn arrows(source: &Source) -> Vec<String> {
    let Some(room) = source.room() else {
        return Vec::new();
    };
    let Some(from) = level(room) else {
        return vec![source.complain(0, &format!("room '{room}' is not in the house's plan"))];
    };
    let text = source.lines.join("\n");
    let mut complaints = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        // `$crate::` and `some_crate::` are other things.
        if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = text[..at].matches('\n').count();
        let excepted = |target: &str| EXCEPTIONS.contains(&(source.path.as_str(), target));
        for target in targets(&text[at + "crate::".len()..]) {
            match level(&target) {
                Some(to) if to < from && !excepted(&target) => complaints.push(
                    source.complain(line, &format!("{room} uses {target}, which is above it")),
                ),
                _ => {}
            }
        }
    }
    complaints
}

/// The rooms behind `crate::`: one, or the heads of a `{...}` group.
fn targets(rest: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let Some(group) = rest.strip_prefix('{') else {
        return vec![word(rest)];
    };
    let mut heads = Vec::new();
    let mut depth = 0;
    let mut part = String::new();
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(word(part.trim_start()));
                part.clear();
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    heads.push(word(part.trim_start()));
    heads
}

/// One file alone knows which architecture is built.
fn architecture(source: &Source) -> Vec<String> {
    if source.path == "src/arch/mod.rs" {
        return Vec::new();
    }
    complaints(
        source,
        |line| line.contains("target_arch"),
        "target_arch outside of arch/mod.rs",
    )
}

/// `unsafe` has an address.
fn unsafety(source: &Source) -> Vec<String> {
    if UNSAFE_ROOMS
        .iter()
        .any(|room| source.path.starts_with(room))
    {
        return Vec::new();
    }
    complaints(
        source,
        |line| words(line).any(|word| word == "unsafe"),
        "unsafe outside of its rooms",
    )
}

/// No program is known by name.
fn programs(source: &Source) -> Vec<String> {
    complaints(
        source,
        |line| words(&line.to_lowercase()).any(|word| PROGRAMS.contains(&word)),
        "a program's name in the kernel",
    )
}

fn complaints(source: &Source, guilty: impl Fn(&str) -> bool, what: &str) -> Vec<String> {
    let lines = source.lines.iter().enumerate();
    lines
        .filter(|(_, line)| guilty(line))
        .map(|(at, _)| source.complain(at, what))
        .collect()
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// All Rust files of the kernel and its crates.
fn kernel() -> Vec<Source> {
    let os = Path::new(env!("CARGO_MANIFEST_DIR")).join("../os");
    let mut files = Vec::new();
    for top in ["src", "crates"] {
        collect(&os.join(top), &mut files);
    }
    files
        .iter()
        .map(|path| {
            let text = fs::read_to_string(path).expect("a source file");
            let relative = path.strip_prefix(&os).expect("below os/");
            Source::new(&relative.to_string_lossy(), &text)
        })
        .collect()
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir)
        .expect("a directory of the kernel")
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

fn check(rule: fn(&Source) -> Vec<String>) {
    let sources = kernel();
    assert!(
        sources.len() > 20,
        "the kernel's sources are not where they were"
    );
    let complaints: Vec<String> = sources.iter().flat_map(rule).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn arrows_point_down() {
    check(arrows);
}

#[test]
fn one_file_knows_the_architecture() {
    check(architecture);
}

#[test]
fn unsafe_has_an_address() {
    check(unsafety);
}

#[test]
fn no_program_is_known_by_name() {
    check(programs);
}

#[test]
fn planted_arrows_are_found() {
    let found = |path: &str, text: &str| arrows(&Source::new(path, text)).len();
    assert_eq!(found("src/mm/user.rs", "use crate::fs::Inode;"), 1);
    assert_eq!(
        found(
            "src/mm/user.rs",
            "use crate::{arch::Frame, sync, task::{self, Thread}};"
        ),
        1
    );
    assert_eq!(
        found(
            "src/mm/user.rs",
            "use crate::{\n    sync,\n    net::stack,\n};"
        ),
        1
    );
    assert_eq!(found("src/irq.rs", "    crate::drivers::poll();"), 1);
    assert_eq!(found("src/kitchen/mod.rs", ""), 1);
    assert_eq!(
        found("src/net/stack.rs", "use crate::fs::Inode; // crate::task"),
        0
    );
    assert_eq!(
        found(
            "src/mm/user.rs",
            "use crate::time::Instant; use crate::Result;"
        ),
        0
    );
}

#[test]
fn planted_architecture_is_found() {
    let text = "#[cfg(target_arch = \"riscv64\")]";
    assert_eq!(
        architecture(&Source::new("src/net/stack.rs", text)).len(),
        1
    );
    assert_eq!(architecture(&Source::new("src/arch/mod.rs", text)).len(), 0);
}

#[test]
fn planted_unsafe_is_found() {
    assert_eq!(
        unsafety(&Source::new("src/fs/ext4.rs", "let x = unsafe { *p };")).len(),
        1
    );
    assert_eq!(
        unsafety(&Source::new(
            "src/fs/ext4.rs",
            "#![forbid(unsafe_code)] // unsafe"
        ))
        .len(),
        0
    );
    assert_eq!(
        unsafety(&Source::new("src/mm/frame.rs", "unsafe { *p }")).len(),
        0
    );
}

#[test]
fn planted_programs_are_found() {
    let found = |text: &str| programs(&Source::new("src/net/tcp.rs", text)).len();
    assert_eq!(found("if exe.contains(\"iperf\") {"), 1);
    assert_eq!(found("const BUSYBOX: &str = \"/bin/busybox\";"), 1);
    assert_eq!(found("// iperf3 sends this"), 0);
    assert_eq!(found("let curly = 1;"), 0);
}
