//! Baselines and comparisons, on runs of a fake QEMU whose kernels' files hold their speed.

mod place;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use place::{Place, json};
use serde_json::Value;

struct Bench(Place);

impl Bench {
    fn new() -> Bench {
        Bench(Place::new())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    /// Runs iperf3 on a kernel of this speed, as if it were `kernel`; answers the directory.
    fn boot(&self, name: &str, story: &str, kernel: &str, speed: &str) -> PathBuf {
        fs::write(self.path("kernel"), speed).expect("a kernel");
        let out = self.path(name);
        let out = out.to_string_lossy();
        let qemu = env!("CARGO_BIN_EXE_fake-qemu");
        self.0.measure(
            story,
            &[
                "--kernel",
                "kernel",
                "--image",
                "image",
                "--qemu",
                qemu,
                "--out",
                &out,
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
            ],
        );
        let dir = fs::canonicalize(self.path(name).join("latest")).expect("a run");
        let file = dir.join("run.json");
        let mut run: Value = json(&file);
        run["kernel"]["name"] = kernel.into();
        if kernel == "ours" {
            run["kernel"]["commit"] = "0159dae".into();
        }
        let command = run["command"].as_str().expect("a command");
        run["command"] = command.split(" --case").next().into();
        fs::write(file, run.to_string()).expect("written");
        dir
    }

    fn compare(&self, a: &Path, b: &Path, more: &[&str]) -> (i32, String) {
        let (a, b) = (a.to_string_lossy(), b.to_string_lossy());
        let mut args = vec!["compare", &*a, &*b];
        args.extend(more);
        told(&self.0.measure("", &args))
    }
}

fn told(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (
        output.status.code().expect("an exit code"),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn two_runs_are_compared_in_words() {
    let place = Bench::new();
    let old = place.boot("old", "measures", "ours", "1000");
    let like = place.boot("like", "measures", "ours", "1000");
    let slow = place.boot("slow", "measures", "ours", "800");
    let (code, text) = place.compare(&old, &like, &["--max-regression", "5"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("2 no change"), "{text}");
    let (code, text) = place.compare(&old, &slow, &[]);
    assert_eq!(code, 0, "told, not judged: {text}");
    assert!(text.contains("2 regressed"), "{text}");
    let (code, text) = place.compare(&old, &slow, &["--max-regression", "5"]);
    assert_eq!(code, 3, "{text}");
    let (code, text) = place.compare(&old, &slow, &["--max-regression", "30"]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = place.compare(&slow, &old, &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("▲ improved"), "{text}");
}

#[test]
fn what_fails_now_outranks_what_is_slower() {
    let place = Bench::new();
    let old = place.boot("old", "measures", "ours", "1000");
    let broken = place.boot("broken", "", "ours", "1000");
    let (code, text) = place.compare(&old, &broken, &["--max-regression", "5"]);
    assert_eq!(code, 100, "{text}");
    assert!(text.contains("newly failing (BROKEN"), "{text}");
    let (code, text) = place.compare(&broken, &old, &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("newly passing"), "{text}");
    // A case that is gone.
    let mut run = json(&old.join("run.json"));
    run["cases"].as_array_mut().expect("rows").pop();
    fs::write(place.path("less.json"), run.to_string()).expect("written");
    let (code, text) = place.compare(&old, &place.path("less.json"), &[]);
    assert_eq!(code, 5, "{text}");
    assert!(
        text.contains("iperf3/lo-udp on") && text.contains("missing"),
        "{text}"
    );
}

#[test]
fn another_machines_figures_are_not_comparable() {
    let place = Bench::new();
    let old = place.boot("old", "measures", "ours", "1000");
    let slow = place.boot("slow", "measures", "ours", "500");
    let file = slow.join("run.json");
    let mut run = json(&file);
    run["host"] = "a slower one".into();
    fs::write(file, run.to_string()).expect("written");
    let (code, text) = place.compare(&old, &slow, &["--max-regression", "5"]);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("2 not comparable") && text.contains("a slower one"),
        "{text}"
    );
}

#[test]
fn files_that_are_something_else_are_named() {
    let place = Bench::new();
    let old = place.boot("old", "measures", "ours", "1000");
    fs::create_dir(place.path("empty")).expect("a directory");
    for (name, text, code, word) in [
        ("nothing.json", None, 6, "nothing.json"),
        ("text.json", Some("figures"), 2, "no JSON"),
        (
            "other.json",
            Some(r#"{"schema":"else/1"}"#),
            2,
            "other.json",
        ),
        (
            "newer.json",
            Some(r#"{"schema":"sockeye.baseline/7"}"#),
            2,
            "newer.json",
        ),
        ("empty", None, 2, "no run.json"),
    ] {
        let path = place.path(name);
        if let Some(text) = text {
            fs::write(&path, text).expect("written");
        }
        let (got, told) = place.compare(&old, &path, &[]);
        assert_eq!(got, code, "{name}: {told}");
        assert!(told.contains(word), "{name}: {told}");
    }
}

#[test]
fn a_baseline_is_accepted_and_compared_with() {
    let place = Bench::new();
    let mut runs = Vec::new();
    for boot in 0..6 {
        runs.push(place.boot(&format!("ours-{boot}"), "measures", "ours", "2000"));
        runs.push(place.boot(&format!("linux-{boot}"), "measures", "linux", "1000"));
    }
    let dir = place.path("baselines");
    let baseline = |runs: &[PathBuf], accept: bool| {
        let paths: Vec<String> = runs
            .iter()
            .map(|r| r.to_string_lossy().into_owned())
            .collect();
        let dir = dir.to_string_lossy().into_owned();
        let mut args = vec!["baseline", "--dir", &dir];
        args.extend(accept.then_some("--accept"));
        args.extend(paths.iter().map(String::as_str));
        told(&place.0.measure("", &args))
    };
    let (code, text) = baseline(&runs, false);
    assert_eq!(code, 0, "{text}");
    assert!(
        !dir.exists() && text.contains("new      "),
        "only told: {text}"
    );
    let (code, text) = baseline(&runs, true);
    assert_eq!(code, 0, "{text}");
    let page = fs::read_to_string(dir.join("riscv64-iperf3.md")).expect("a page");
    assert!(
        page.contains("](riscv64-iperf3.svg)") && page.contains("| 6 / 6 |"),
        "{page}"
    );
    assert!(page.contains("| 2.0"), "twice Linux's: {page}");
    assert!(
        fs::read_to_string(dir.join("riscv64-iperf3.svg"))
            .is_ok_and(|svg| svg.ends_with("</svg>\n"))
    );
    let archive = dir.join("riscv64.json");
    let text = fs::read_to_string(&archive).expect("an archive");
    // Again: nothing changes but what moved, and nothing did.
    assert_eq!(baseline(&runs, true).0, 0);
    assert_eq!(fs::read_to_string(&archive).expect("an archive"), text);
    // A later run against it.
    let slow = place.boot("slow", "measures", "ours", "1500");
    let (code, told) = place.compare(&archive, &slow, &["--max-regression", "10"]);
    assert_eq!(code, 3, "{told}");
    // One lane is not enough for a baseline, and neither is a failure.
    let (code, told) = baseline(&runs[..1], true);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("no boot of linux"), "{told}");
    let broken = place.boot("broken", "", "ours", "1");
    let (code, told) = baseline(&[broken, runs[1].clone()], true);
    assert_eq!(code, 2, "{told}");
    assert!(
        told.contains("BROKEN and not in known-failures.toml"),
        "{told}"
    );
    assert_eq!(
        fs::read_to_string(&archive).expect("an archive"),
        text,
        "untouched"
    );
}
