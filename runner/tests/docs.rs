//! What the documents point at exists: files that links name, the stops of `docs/process/walks.md`, and
//! the Makefile's targets that the workflows of .github call.

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

/// What a workflow may do before there is a checkout to call.
const SET_UP: &str =
    "apt-get update && apt-get install -y --no-install-recommends ca-certificates curl git make";

/// Complaints about the steps of the workflow `text`, which may do nothing but call targets of
/// `makefile`: what is tried with make works there too.
fn foreign_steps(text: &str, makefile: &str) -> Vec<String> {
    let target = |name: &str| {
        makefile
            .lines()
            .any(|line| line.starts_with(&format!("{name}:")))
    };
    // `make ${{ matrix.x }}` is each value of `x: [a, b]`.
    let values = |name: &str| -> Vec<String> {
        let line = text.lines().find_map(|line| {
            let line = line.trim().strip_prefix(name)?.strip_prefix(": [")?;
            line.strip_suffix(']')
        });
        let words = line.unwrap_or_default().split(',');
        words.map(|word| word.trim().to_string()).collect()
    };
    let complain = |step: &str| {
        let step = step.trim();
        if step == SET_UP {
            return None;
        }
        let called = step.strip_prefix("make ").unwrap_or_default();
        let matrix = called.strip_prefix("${{ matrix.");
        let called = match matrix.and_then(|rest| rest.strip_suffix(" }}")) {
            Some(name) => values(name),
            None => vec![called.to_string()],
        };
        (!called.iter().all(|name| target(name))).then(|| format!("`{step}` is no target"))
    };
    let steps = text.lines().filter_map(|line| {
        let line = line.trim();
        line.strip_prefix("- ").unwrap_or(line).strip_prefix("run:")
    });
    steps.filter_map(complain).collect()
}

#[test]
fn the_workflows_call_the_makefile_and_nothing_else() {
    let makefile = fs::read_to_string(checkout().join("Makefile")).expect("a Makefile");
    let dir = checkout().join(".github/workflows");
    let mut count = 0;
    for entry in fs::read_dir(dir).expect("workflows").flatten() {
        let text = fs::read_to_string(entry.path()).expect("a workflow");
        let complaints = foreign_steps(&text, &makefile);
        assert!(complaints.is_empty(), "{:?}: {complaints:?}", entry.path());
        // One failure says nothing about the other targets, and caches follow what they are made of.
        assert!(text.contains("fail-fast: false"), "{:?}", entry.path());
        let keys = text.lines().filter(|line| line.trim().starts_with("key:"));
        assert!(keys.clone().count() > 0 && keys.clone().all(|key| key.contains("hashFiles(")));
        count += 1;
    }
    assert_eq!(count, 3, "check, boot, nightly");
}

#[test]
fn planted_steps_are_found() {
    let makefile = "check: linker\ntest-host:\n";
    let workflow =
        "  matrix:\n    what: [check, test-host]\n  steps:\n    - run: make ${{ matrix.what }}\n";
    assert!(foreign_steps(workflow, makefile).is_empty());
    for planted in [
        "- run: make nothing",
        "- run: cargo test",
        "- run: |",
        "  run: make check && make all",
        "- run: make ${{ matrix.other }}",
    ] {
        let found = foreign_steps(&format!("{workflow}{planted}\n"), makefile);
        assert_eq!(found.len(), 1, "{planted}");
    }
}

#[test]
fn planted_stops_are_missed() {
    let root = checkout();
    assert_eq!(lost(&root, "1. `os/src/nowhere.rs` `f`: x").len(), 1);
    assert_eq!(lost(&root, "1. `os/src/main.rs` `no_such`: x").len(), 1);
    assert_eq!(lost(&root, "1. `os/src/irq.rs` `dispatch`: x").len(), 0);
    assert_eq!(links("see [a](b.md#c) and [d](https://e)"), ["b.md"]);
}
