//! A run in parts, and the parts put together: the whole is what it would have been.

mod place;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use place::Place;

fn merge(place: &Place, dirs: &[PathBuf]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_runner"))
        .arg("merge")
        .args(dirs)
        .arg("--out")
        .arg(place.path("merged"))
        .env_remove("GITHUB_STEP_SUMMARY")
        .output()
        .expect("the runner")
}

/// Runs shard `index` of three of `smoke`; answers its directory.
fn shard(place: &Place, index: usize, story: &str) -> PathBuf {
    let shard = format!("{index}/3");
    place.run(story, &["--suite", "smoke", "--shard", &shard]);
    fs::canonicalize(place.path("runs/latest")).expect("a run")
}

fn rows(path: PathBuf) -> Vec<(String, String)> {
    let text = fs::read_to_string(path.join("run.json")).expect("run.json");
    let json: Value = serde_json::from_str(&text).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or("").to_string();
    let rows = json["cases"].as_array().expect("rows").iter();
    rows.map(|row| (text(&row["name"]), text(&row["status"])))
        .collect()
}

#[test]
fn a_merged_run_is_the_whole_run() {
    let place = Place::new();
    let dirs: Vec<PathBuf> = [3, 1, 2].map(|index| shard(&place, index, "")).to_vec();
    let merged = merge(&place, &dirs);
    let stderr = String::from_utf8_lossy(&merged.stderr);
    assert_eq!(merged.status.code(), Some(0), "{stderr}");
    let whole = place.run("", &["--suite", "smoke"]);
    assert_eq!(rows(place.path("merged/latest")), rows(whole.dir));
    assert!(place.path("merged/latest/cases/smoke.uname.log").is_file());
    let page = fs::read_to_string(place.path("merged/latest/summary.md")).expect("a page");
    assert!(!page.contains("--shard"), "{page}");
}

#[test]
fn a_shard_that_is_not_there_is_missing() {
    let place = Place::new();
    let dirs: Vec<PathBuf> = [1, 3].map(|index| shard(&place, index, "")).to_vec();
    let merged = merge(&place, &dirs);
    let stderr = String::from_utf8_lossy(&merged.stderr);
    assert_eq!(merged.status.code(), Some(5), "{stderr}");
    assert!(stderr.contains("shard 2/3 is not there"), "{stderr}");
    let rows = rows(place.path("merged/latest"));
    let missing = rows.iter().filter(|(_, status)| status == "MISSING");
    assert_eq!((rows.len(), missing.count()), (18, 6));
}

#[test]
fn a_failure_in_a_shard_fails_the_whole() {
    let place = Place::new();
    let dirs: Vec<PathBuf> = (1..=3).map(|index| shard(&place, index, "fails")).collect();
    let merged = merge(&place, &dirs);
    assert_eq!(merged.status.code(), Some(100));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let place = Place::new();
    let first = shard(&place, 1, "");
    let again = shard(&place, 1, "");
    place.run("", &["--suite", "smoke", "--case", "uname"]);
    let whole = fs::canonicalize(place.path("runs/latest")).expect("a run");
    for (dirs, message) in [
        (vec![first.clone(), again], "are both shard 1"),
        (vec![first.clone(), whole], "is no shard"),
        (vec![first, place.path("nowhere")], "nowhere"),
    ] {
        let merged = merge(&place, &dirs);
        let stderr = String::from_utf8_lossy(&merged.stderr);
        assert!(
            [2, 6].contains(&merged.status.code().unwrap_or(0)),
            "{stderr}"
        );
        assert!(stderr.contains(message), "{stderr}");
    }
}

#[test]
fn completions_know_the_flags() {
    for shell in ["bash", "zsh", "fish"] {
        let output = Command::new(env!("CARGO_BIN_EXE_runner"))
            .args(["completions", shell])
            .output()
            .expect("the runner");
        let script = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && script.contains("suite-timeout"),
            "{shell}"
        );
    }
}
