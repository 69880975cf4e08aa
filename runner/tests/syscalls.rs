//! `docs/process/syscalls.md` says what the rows in `os/src/syscall` say.

use runner::syscalls::{page, read};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(dir: &Path, found: &mut String) {
    for entry in fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push_str(&fs::read_to_string(path).expect("a source"));
        }
    }
}

/// Calls by name, with support and note, from `row(__NR_x, "x", handler, Full, "note")`. A note that is a
/// constant is not looked up: `None`.
fn rows(source: &str) -> BTreeMap<String, (String, Option<String>)> {
    let mut rows = BTreeMap::new();
    for (at, start) in source.match_indices("row(") {
        let whole = inside(&source[at + start.len()..]);
        let number = whole.trim_start();
        if !number.contains("__NR_") && !number.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        // Odd pieces are within quotes: the name, and the note.
        let pieces: Vec<&str> = whole.split('"').collect();
        let Some(name) = pieces.get(1) else {
            continue;
        };
        let support = match whole.contains("Full,") {
            true => "full",
            false => "partial",
        };
        let note = pieces.get(3).map(ToString::to_string);
        rows.insert(name.to_string(), (support.to_string(), note));
    }
    rows
}

/// Up to the parenthesis that closes.
fn inside(text: &str) -> &str {
    let mut depth = 1;
    let mut quoted = false;
    let end = text.find(|c| {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    &text[..end.unwrap_or(text.len())]
}

#[test]
fn the_page_of_system_calls_is_not_stale() {
    let mut source = String::new();
    sources(&checkout().join("os/src/syscall"), &mut source);
    let rows = rows(&source);
    assert!(rows.len() > 200, "only {} rows were found", rows.len());
    let text = fs::read_to_string(checkout().join("docs/process/syscalls.md")).expect("the page");
    let mut complaints = Vec::new();
    let mut listed = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<&str> = line
            .split(" |")
            .map(|cell| cell.trim_matches(['|', ' ']))
            .collect();
        listed.insert(
            cells[1].to_string(),
            (cells[2].to_string(), cells[3].to_string()),
        );
    }
    for (name, (support, note)) in &rows {
        let there = listed.get(name);
        let same = there.is_some_and(|(its, text)| {
            its == support && note.as_ref().is_none_or(|note| note == text)
        });
        if !same {
            complaints.push(format!(
                "{name}: {support}, {note:?}; on the page {there:?}"
            ));
        }
    }
    for name in listed.keys().filter(|name| !rows.contains_key(*name)) {
        complaints.push(format!("{name} is on the page and nowhere else"));
    }
    assert!(
        complaints.is_empty(),
        "docs/process/syscalls.md is stale; runner/src/syscalls.rs says how to write it:\n{}",
        complaints.join("\n")
    );
}

#[test]
fn a_table_comes_out_of_a_noisy_log() {
    let log =
        "boot\n17\tgetcwd\tfull\t\r\n[ 1.0] warn x\n21\tepoll_ctl\tpartial\tno sleep\nx\ty\tz\tw\n";
    let table = read(log);
    assert_eq!(table.len(), 2);
    assert_eq!(table[&21].note, "no sleep");
    let page = page(&table);
    assert!(page.contains("| 17 | getcwd | full | |\n"));
    assert!(page.contains("2 calls: 1 as the man page says, 1 with"));
}
