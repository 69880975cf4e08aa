//! Every socket option's row in `os/src/net/opt` has its line of documentation, `type: effect`, and
//! `docs/process/options.md` is those lines.
//!
//! `SOCKEYE_WRITE_PAGES=1 cargo test -p runner --test options` writes the page.

use std::fs;
use std::path::{Path, PathBuf};

/// The tables, in the order of the page: file below `os/src/net/opt`, and the level that it belongs to.
const TABLES: [(&str, &str); 19] = [
    ("socket/mod.rs", "SOL_SOCKET"),
    ("socket/buffers.rs", "SOL_SOCKET"),
    ("socket/times.rs", "SOL_SOCKET"),
    ("socket/device.rs", "SOL_SOCKET"),
    ("socket/unix.rs", "SOL_SOCKET"),
    ("ip.rs", "SOL_IP"),
    ("ipv6.rs", "SOL_IPV6"),
    ("header.rs", "SOL_IP, SOL_IPV6"),
    ("label.rs", "SOL_IPV6"),
    ("extension.rs", "SOL_IPV6"),
    ("source.rs", "SOL_IP, SOL_IPV6"),
    ("raw.rs", "SOL_RAW, SOL_ICMPV6"),
    ("tcp.rs", "SOL_TCP"),
    ("tcp/fastopen.rs", "SOL_TCP"),
    ("udp.rs", "SOL_UDP"),
    ("packet.rs", "SOL_PACKET"),
    ("netlink.rs", "SOL_NETLINK"),
    ("vsock.rs", "AF_VSOCK"),
    ("alg.rs", "SOL_ALG"),
];
const KINDS: [(&str, &str); 3] = [
    ("read_only(", "get"),
    ("write_only(", "set"),
    ("row(", "get, set"),
];

/// One line of the page.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    name: String,
    calls: &'static str,
    /// The comment above the row, as far as it is one sentence.
    text: Option<(String, String)>,
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of a table's source. A row begins where one of the three constructors is called with a constant's name.
fn rows(source: &str) -> Vec<Line> {
    let lines: Vec<&str> = source.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        if code.starts_with("//") || code.contains("fn ") {
            continue;
        }
        let Some((start, calls)) = KINDS
            .iter()
            .find_map(|(call, calls)| Some((code.find(call)? + call.len(), *calls)))
        else {
            continue;
        };
        let argument = match code[start..].trim() {
            "" => lines.get(at + 1).map_or("", |next| next.trim()),
            given => given,
        };
        let end =
            argument.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_');
        let (name, rest) = argument.split_at(end.unwrap_or(argument.len()));
        if name.is_empty() || !rest.starts_with(',') {
            continue;
        }
        found.push(Line {
            name: name.to_owned(),
            calls,
            text: comment_above(&lines[..at]),
        });
    }
    found
}

/// The first line of the comment that ends right above, or above the structure that the row is written into.
fn comment_above(before: &[&str]) -> Option<(String, String)> {
    let is_opening = |line: &&&str| {
        let line = line.trim();
        line == "Row {" || line.starts_with("text: true") || line.starts_with("// The length")
    };
    let openings = before.iter().rev().take_while(is_opening).count();
    let before = &before[..before.len() - openings];
    let is_comment = |line: &&&str| line.trim_start().starts_with("//");
    let comments = before.iter().rev().take_while(is_comment).count();
    let first = before.get(before.len() - comments)?;
    let text = first.trim_start().strip_prefix("//")?;
    let (kind, effect) = text.trim_start_matches('/').trim().split_once(": ")?;
    Some((kind.to_owned(), effect.to_owned()))
}

fn page() -> (String, Vec<String>) {
    let mut complaints = Vec::new();
    let mut page = String::from(
        "# Socket options\n\n\
         Every option that the kernel has, from the lines above the rows of `os/src/net/opt`; written by\n\
         `SOCKEYE_WRITE_PAGES=1 cargo test -p runner --test options`, not edited by hand. An option that is not here answers as\n\
         Linux does where it is compiled out. What differs from Linux: [option-matrix.md](option-matrix.md).\n\n\
         | level | option | calls | type | effect |\n|---|---|---|---|---|\n",
    );
    for (file, level) in TABLES {
        let rows = rows(&read(&checkout().join("os/src/net/opt").join(file)));
        if rows.is_empty() {
            complaints.push(format!("{file}: no rows were found"));
        }
        for row in rows {
            let Some((kind, effect)) = row.text else {
                complaints.push(format!(
                    "{file}: {} has no line `// type: effect`",
                    row.name
                ));
                continue;
            };
            let effect = effect.replace('|', "\\|");
            page += &format!(
                "| {level} | {} | {} | {kind} | {effect} |\n",
                row.name, row.calls
            );
        }
    }
    (page, complaints)
}

#[test]
fn the_page_of_options_is_not_stale() {
    let (page, complaints) = page();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let path = checkout().join("docs/process/options.md");
    if std::env::var_os("SOCKEYE_WRITE_PAGES").is_some() {
        fs::write(&path, &page).expect("the page can be written");
    }
    assert!(
        read(&path) == page,
        "docs/process/options.md is stale; SOCKEYE_WRITE_PAGES=1 cargo test -p runner --test options writes it"
    );
}

#[test]
fn every_file_of_rows_is_in_the_page() {
    let opt = checkout().join("os/src/net/opt");
    let mut files = Vec::new();
    for dir in [opt.clone(), opt.join("socket"), opt.join("tcp")] {
        for entry in fs::read_dir(dir).expect("a directory").flatten() {
            files.push(entry.path());
        }
    }
    for file in files.iter().filter(|file| file.is_file()) {
        let name = file
            .strip_prefix(&opt)
            .expect("below opt")
            .to_string_lossy();
        let listed = TABLES.iter().any(|(table, _)| *table == name);
        assert!(
            listed || rows(&read(file)).is_empty(),
            "{name} has rows and is not in TABLES"
        );
    }
}

#[test]
fn a_row_without_a_line_is_found() {
    let rows = rows(
        "const ROWS: &[Row] = &[\n    // flag: on.\n    row(\n        SO_A,\n        |t| x,\n    ),\n    row(SO_B, get, set),\n    \
         // Why it is so.\n    read_only(SO_C, get),\n];\nfn row(name: u32) {}\n",
    );
    let text = |at: usize| rows[at].text.clone();
    assert_eq!(rows.len(), 3);
    assert_eq!(text(0), Some(("flag".into(), "on.".into())));
    assert_eq!((text(1), text(2)), (None, None));
    assert_eq!(rows[2].calls, "get");
}
