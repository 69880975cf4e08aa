//! Nothing is special-cased: the kernel knows no test by its name, no path of an image, no port of a
//! service, and asks no program what it is called.
//!
//! The names and the ports are read from the suites, so that a new test is looked for without being told.
//! What a crate tests itself with (`tests`, below `#[cfg(test)]`) may name what it likes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use super::{Source, check, words};

/// Paths that the kernel says, by their beginning, and why each.
const PATHS: &[(&str, &str)] = &[
    ("/proc", "a pseudo file system"),
    ("/sys", "a pseudo file system"),
    ("/dev", "a pseudo file system"),
    (
        "/SYSV",
        "the name of shared memory in maps, as Linux writes it",
    ),
    (
        "/agent",
        "the program inside the kernel, which is the image's init where it has none",
    ),
    ("/sbin/init", "pid 1, as Linux looks for it"),
    ("/init", "pid 1, as Linux looks for it"),
    ("/bin/init", "pid 1, as Linux looks for it"),
    ("/bin/sh", "pid 1, as Linux looks for it"),
    ("/cpus", "a node of the device tree"),
    ("/chosen", "a node of the device tree"),
    ("/reserved-memory", "a node of the device tree"),
];

/// Ports of services that suites and contests use.
const PORTS: &[&str] = &[
    "2049", "2222", "3306", "5001", "5002", "5201", "5202", "5353", "5432", "5555", "6379", "7000",
    "8000", "8080", "8443", "8888", "9000", "10022", "11211", "12865", "12866",
];

/// Names of tests that are also what Linux calls something; with what.
const ALSO: &[(&str, &str)] = &[
    ("epoll_pwait2", "a system call"),
    ("fs/inotify", "a directory of /proc/sys"),
    ("fs/pipe", "the beginning of names in /proc/sys/fs"),
];

/// What is shipped of a file: nothing of a test, nothing below `#[cfg(test)]`.
fn shipped(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let test = source.path.contains("/tests/") || source.path.ends_with("tests.rs");
    let lines = source.lines.iter().map(String::as_str).enumerate();
    lines.take_while(move |(_, line)| !test && !line.contains("#[cfg(test)]"))
}

/// The string literals of a line, without their quotes.
fn literals(line: &str) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), None::<String>);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (&mut open, c) {
            (Some(text), '\\') => text.extend(chars.next()),
            (Some(_), '"') => found.extend(open.take()),
            (Some(text), c) => text.push(c),
            // A quote as a character.
            (None, '\'') if chars.peek() == Some(&'"') => drop(chars.next()),
            (None, '"') => open = Some(String::new()),
            (None, _) => {}
        }
    }
    // A literal that goes on in the next line counts as far as it is here.
    found.extend(open);
    found
}

/// What the suites are made of.
struct Names {
    /// LTP's, which no word of a source is by chance: they end in a number.
    numbered: BTreeSet<String>,
    /// Ours, as `group/name` and `group-name`.
    qualified: BTreeSet<String>,
    /// Ours alone.
    plain: BTreeSet<String>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testsuite");
    let cases = fs::read_to_string(suites.join("ltp/cases")).expect("LTP's list");
    let numbered = cases
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .filter(|word| {
            word.ends_with(|c: char| c.is_ascii_digit())
                && word.starts_with(|c: char| c.is_ascii_lowercase())
        })
        .map(str::to_string)
        .collect();
    let (mut qualified, mut plain) = (BTreeSet::new(), BTreeSet::new());
    for group in fs::read_dir(suites.join("c"))
        .expect("the C programs")
        .flatten()
    {
        for file in fs::read_dir(group.path()).expect("a group").flatten() {
            let path = file.path();
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let group = group.file_name().to_string_lossy().into_owned();
            qualified.insert(format!("{group}/{name}"));
            qualified.insert(format!("{group}-{name}"));
            plain.insert(name);
        }
    }
    assert!(plain.len() > 100, "the suites are not where they were");
    Names {
        numbered,
        qualified,
        plain,
    }
});

fn is_also(name: &str) -> bool {
    ALSO.iter().any(|(also, _)| name == *also)
}

/// No test is known by name.
fn tests(source: &Source) -> Vec<String> {
    let names = &*NAMES;
    let mut complaints = Vec::new();
    for (at, line) in shipped(source) {
        let said = literals(line);
        let numbered = words(line).find(|word| names.numbered.contains(*word));
        let qualified = names
            .qualified
            .iter()
            .find(|name| !is_also(name) && said.iter().any(|text| text.contains(*name)));
        let plain = said
            .iter()
            .find(|text| names.plain.contains(*text) && text.contains('_') && !is_also(text));
        for name in [
            numbered,
            qualified.map(String::as_str),
            plain.map(String::as_str),
        ] {
            complaints.extend(
                name.map(|name| source.complain(at, &format!("the test '{name}' in the kernel"))),
            );
        }
    }
    complaints
}

/// No path of an image is known.
fn paths(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    for (at, line) in shipped(source) {
        for text in literals(line) {
            let known = PATHS.iter().any(|(path, _)| text.starts_with(path));
            let names_one =
                text.len() > 1 && text[1..].starts_with(|c: char| c.is_ascii_alphabetic());
            if text.starts_with('/') && names_one && !known {
                complaints.push(source.complain(at, &format!("the path '{text}' in the kernel")));
            }
        }
    }
    complaints
}

/// No port is known: neither by its number, nor by a comparison with one.
fn ports(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    for (at, line) in shipped(source) {
        let plain = line.replace('_', "");
        if let Some(port) = words(&plain)
            .find(|word| PORTS.contains(&word.trim_end_matches("u16").trim_end_matches("u32")))
        {
            complaints.push(source.complain(at, &format!("the port {port} in the kernel")));
        } else if compares_port(line) {
            complaints.push(source.complain(at, "a port is compared with a number"));
        }
    }
    complaints
}

/// `port == 7`, `peer.port >= 7`, `matches!(port, 7 | 9)`. With 0, which is none, and `1024` under its own
/// name in a constant it may be compared.
fn compares_port(line: &str) -> bool {
    line.match_indices("port").any(|(at, _)| {
        let rest = line[at + "port".len()..]
            .trim_start_matches(|c: char| c.is_alphanumeric() || "_()".contains(c));
        let rest = rest.trim_start();
        let operators = ["==", "!=", ">=", "<=", ">", "<", ","];
        let Some(operator) = operators
            .into_iter()
            .find(|operator| rest.starts_with(operator))
        else {
            return false;
        };
        if operator == "," && !line[..at].contains("matches!(") {
            return false;
        }
        let value: String = rest[operator.len()..]
            .trim_start()
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        !value.is_empty() && value != "0"
    })
}

/// Nobody asks what a program is called.
fn callers(source: &Source) -> Vec<String> {
    let asked = |line: &str| {
        let name = words(line).any(|word| matches!(word, "comm" | "exe" | "exe_path" | "argv0"));
        let with = [".contains(", ".starts_with(", ".ends_with(", "==", "!="];
        name && with.iter().any(|way| line.contains(way)) && !literals(line).is_empty()
    };
    let lines = shipped(source).filter(|(_, line)| asked(line));
    lines
        .map(|(at, _)| source.complain(at, "a program is asked for its name"))
        .collect()
}

#[test]
fn no_test_is_known_by_name() {
    check(tests);
}

#[test]
fn no_path_of_an_image_is_known() {
    check(paths);
}

#[test]
fn no_port_is_known() {
    check(ports);
}

#[test]
fn no_program_is_asked_for_its_name() {
    check(callers);
}

fn found(rule: fn(&Source) -> Vec<String>, text: &str) -> usize {
    rule(&Source::new("src/net/planted.rs", text)).len()
}

#[test]
fn planted_tests_are_found() {
    assert_eq!(found(tests, "if name == b\"recvmsg02\" {"), 1);
    assert_eq!(found(tests, "fn bind01_fix() {} let bind01 = 1;"), 1);
    assert_eq!(found(tests, "if path.ends_with(\"net/tcp_echo\") {"), 1);
    assert_eq!(found(tests, "matches!(name, \"tcp_echo\")"), 1);
    assert_eq!(found(tests, "#[cfg(test)]\nlet name = \"tcp_echo\";"), 0);
    assert_eq!(found(tests, "// as bind01 has it"), 0);
}

#[test]
fn planted_paths_are_found() {
    assert_eq!(found(paths, "open(\"/musl/busybox\")"), 1);
    assert_eq!(found(paths, "path == b\"/opt/testsuite\""), 1);
    assert_eq!(
        found(paths, "open(\"/proc/self\"); join(\"/\"); '\"'; \"a/b\""),
        0
    );
}

#[test]
fn planted_ports_are_found() {
    for text in [
        "const SERVER: u16 = 5001;",
        "12_865 => small(),",
        "if local.port == 81 {",
        "if addr.port() != 7 {",
        "matches!(port, 7 | 9)",
        "[5201u16]",
    ] {
        assert_eq!(found(ports, text), 1, "{text}");
    }
    assert_eq!(found(ports, "if local.port == 0 || port < lowest {"), 0);
    assert_eq!(found(ports, "stack.bind(port, 7)"), 0);
}

#[test]
fn planted_questions_are_found() {
    assert_eq!(found(callers, "if task.comm().starts_with(\"ip\") {"), 1);
    assert_eq!(found(callers, "format!(\"{}\", task.comm())"), 0);
}
