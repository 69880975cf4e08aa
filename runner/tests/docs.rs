//! What the documents point at exists: files that links name, and the stops of `docs/process/walks.md`.

use std::fs;
use std::path::{Path, PathBuf};

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every markdown file that belongs to the checkout, build and run directories aside.
fn documents(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "target" && name != ".git" {
            documents(&path, found);
        } else if path.extension().is_some_and(|end| end == "md") {
            found.push(path);
        }
    }
}

/// The targets of `[text](target)` that are paths.
fn links(text: &str) -> Vec<&str> {
    let ends = text.match_indices("](").map(|(at, _)| &text[at + 2..]);
    ends.filter_map(|rest| rest.split([')', '#', ' ']).next())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .collect()
}

/// Pairs of `file` `function` in `text`, as the walks name their stops.
fn stops(text: &str) -> Vec<(String, String)> {
    let words: Vec<&str> = text.split('`').collect();
    // Odd places are inside backquotes; a stop is two of them with one space between.
    let pairs = words.windows(3).skip(1).step_by(2);
    pairs
        .filter(|pair| pair[0].ends_with(".rs") && pair[1].trim().is_empty())
        .map(|pair| (pair[0].to_string(), pair[2].to_string()))
        .collect()
}

/// Complaints about stops that cannot be found below `root`.
fn lost(root: &Path, text: &str) -> Vec<String> {
    let complain = |(file, function): (String, String)| {
        let Ok(source) = fs::read_to_string(root.join(&file)) else {
            return Some(format!("{file} does not exist"));
        };
        let defined = [format!("fn {function}("), format!("fn {function}<")];
        let there = defined.iter().any(|start| source.contains(start));
        (!there).then(|| format!("{file} has no function {function}"))
    };
    stops(text).into_iter().filter_map(complain).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut files = Vec::new();
    documents(&checkout(), &mut files);
    assert!(files.len() > 3, "the documents are not where they were");
    let mut complaints = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).expect("a document");
        let dir = file.parent().expect("a file has a directory");
        for target in links(&text) {
            if !dir.join(target).exists() {
                complaints.push(format!("{}: {target} does not exist", file.display()));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn the_walks_can_be_walked() {
    let text = fs::read_to_string(checkout().join("docs/process/walks.md")).expect("the walks");
    assert!(stops(&text).len() >= 16, "eight stops each");
    let complaints = lost(&checkout(), &text);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn planted_stops_are_missed() {
    let root = checkout();
    assert_eq!(lost(&root, "1. `os/src/nowhere.rs` `f`: x").len(), 1);
    assert_eq!(lost(&root, "1. `os/src/main.rs` `no_such`: x").len(), 1);
    assert_eq!(lost(&root, "1. `os/src/irq.rs` `dispatch`: x").len(), 0);
    assert_eq!(links("see [a](b.md#c) and [d](https://e)"), ["b.md"]);
}
