//! Paired measurements, told by a fake QEMU: each kernel's file holds its speed.

mod place;

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use place::{Place, json};
use serde_json::Value;

struct Bench(Place);

impl Bench {
    fn new() -> Bench {
        let place = Bench(Place::new());
        for (name, speed) in [
            ("old", "1000"),
            ("same", "1000"),
            ("slow", "900"),
            ("fast", "1100"),
        ] {
            fs::write(place.path(name), speed).expect("a kernel");
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    fn series(&self, story: &str, kernels: &[&str], args: &[&str]) -> Series {
        let kernels: Vec<String> = kernels
            .iter()
            .map(|name| self.path(name).to_string_lossy().into_owned())
            .collect();
        let (image, runs) = (self.path("image"), self.path("runs"));
        let (image, runs) = (image.to_string_lossy(), runs.to_string_lossy());
        let kernels = kernels.join(",");
        let mut line: Vec<&str> = args.to_vec();
        line.extend([
            "--kernel",
            &kernels,
            "--image",
            &image,
            "--out",
            &runs,
            "--qemu",
            env!("CARGO_BIN_EXE_fake-qemu"),
            "--suite",
            "iperf3",
            "--case",
            "lo-tcp,lo-udp",
            "--boot-timeout",
            "5",
            "--grace",
            "1",
            "--power-off-timeout",
            "1",
        ]);
        Series {
            output: self.0.measure(story, &line),
            dir: self.path("runs/latest"),
        }
    }
}

struct Series {
    output: Output,
    dir: PathBuf,
}

impl Series {
    fn code(&self) -> i32 {
        self.output.status.code().expect("an exit code")
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    fn json(&self) -> Value {
        json(&self.dir.join("pairs.json"))
    }

    fn words(&self) -> Vec<String> {
        let json = self.json();
        let metrics = json["metrics"].as_array().expect("metrics");
        metrics
            .iter()
            .map(|m| m["word"].as_str().expect("a word").to_string())
            .collect()
    }
}

#[test]
fn a_kernel_against_its_like_has_not_changed() {
    let place = Bench::new();
    let series = place.series(
        "measures",
        &["old", "same"],
        &["--pairs", "8", "--seed", "5"],
    );
    assert_eq!(series.code(), 0, "{}", series.text());
    assert_eq!(
        series.words(),
        ["no-change", "no-change"],
        "{}",
        series.text()
    );
    let json = series.json();
    assert_eq!(json["seed"], 5);
    let samples = &json["metrics"][0]["sets"][0];
    assert_eq!(samples["a"].as_array().map(Vec::len), Some(8));
    assert_eq!(samples["b"].as_array().map(Vec::len), Some(8));
    // Each boot's whole run is there.
    assert_eq!(
        fs::read_dir(series.dir.join("boots"))
            .expect("boots")
            .count(),
        16
    );
}

#[test]
fn ten_per_cent_less_is_found_and_repeated() {
    let place = Bench::new();
    let series = place.series("measures", &["old", "slow"], &["--pairs", "6"]);
    assert_eq!(series.code(), 3, "{}", series.text());
    assert_eq!(series.words(), ["regressed", "regressed"]);
    assert_eq!(
        series.json()["order"].as_array().map(Vec::len),
        Some(2),
        "two sets"
    );
    let page = fs::read_to_string(series.dir.join("summary.md")).expect("a page");
    assert!(
        page.contains("▼ regressed") && page.contains("| 6+6 |"),
        "{page}"
    );
}

#[test]
fn ten_per_cent_more_is_no_failure() {
    let place = Bench::new();
    let series = place.series("measures", &["old", "fast"], &["--pairs", "6"]);
    assert_eq!(series.code(), 0, "{}", series.text());
    assert_eq!(series.words(), ["improved", "improved"]);
}

#[test]
fn few_pairs_are_inconclusive_and_one_kernel_is_an_error() {
    let place = Bench::new();
    let series = place.series("measures", &["old", "slow"], &["--pairs", "2"]);
    assert_eq!(series.code(), 0, "{}", series.text());
    assert_eq!(series.words(), ["inconclusive", "inconclusive"]);
    let series = place.series("measures", &["old"], &["--pairs", "2"]);
    assert_eq!(series.code(), 2, "{}", series.text());
    assert!(series.text().contains("--kernel A,B"), "{}", series.text());
}

#[test]
fn a_failure_is_told_and_claims_nothing() {
    let place = Bench::new();
    // This guest's words are no figures of iperf3.
    let series = place.series("", &["old", "slow"], &["--pairs", "1"]);
    assert_eq!(series.code(), 100, "{}", series.text());
    let failures = series.json()["failures"].clone();
    assert_eq!(failures.as_array().map(Vec::len), Some(4), "{failures}");
}

#[test]
fn noise_is_measured_once_and_counts_from_then_on() {
    let place = Bench::new();
    let noise = place.series("measures", &["old"], &["perf", "noise", "--pairs", "6"]);
    assert_eq!(noise.code(), 0, "{}", noise.text());
    let entries = json(&place.path("target/noise.json"))["entries"].clone();
    assert_eq!(entries.as_array().map(Vec::len), Some(2), "{entries}");
    // Noise as large as this hides any change.
    let path = place.path("target/noise.json");
    let mut file = json(&path);
    file["entries"][0]["noise"] = 0.5.into();
    fs::write(&path, file.to_string()).expect("written");
    let series = place.series("measures", &["old", "slow"], &["--pairs", "6"]);
    assert_eq!(
        series.words(),
        ["no-change", "regressed"],
        "{}",
        series.text()
    );
}
