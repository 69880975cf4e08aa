//! The corpus of bad serial logs: what each comes to, as a run and as a saved file.
//!
//! `corpus/NAME.log` is what arrives on the serial line, `corpus/NAME.toml` beside it
//! the verdict. Each log is replayed by the fake QEMU (`runner/fake_qemu`) to a whole
//! run, and read by `runner parse`. The table of all verdicts:
//!
//! ```text
//! cargo test -p runner --test corpus -- --nocapture
//! ```

#[path = "corpus/write.rs"]
mod write;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use serde::Deserialize;
use serde_json::Value;

/// The verdict on a log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// What is wrong with it, one line.
    about: String,
    /// What QEMU does when the log has been printed: `exit N`, `signal N`, `stay`.
    #[serde(default = "exit_0")]
    qemu: String,
    /// The suite whose cases the log's numbers mean.
    #[serde(default = "smoke")]
    suite: String,
    /// What each case comes to, in the order of their numbers.
    status: Vec<String>,
    /// The cases, in the same order.
    #[serde(default = "two")]
    cases: Vec<String>,
    /// How often a guest is started: the cases that a dead one left get another.
    #[serde(default = "one")]
    boots: u64,
    /// The runner's exit code.
    exit: i32,
    /// The exit code of `runner parse`.
    parse: i32,
    /// Words that the detail of the first case which did not pass has to hold.
    #[serde(default)]
    detail: String,
}

fn exit_0() -> String {
    "exit 0".to_string()
}

fn smoke() -> String {
    "smoke".to_string()
}

fn two() -> Vec<String> {
    ["uname", "date"].map(String::from).to_vec()
}

fn one() -> u64 {
    1
}

#[test]
fn every_log_comes_to_its_verdict() {
    let all = corpus();
    let queue = Mutex::new(all.iter());
    let rows = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("no panic").next();
                    let Some((name, log, expected)) = next else {
                        break;
                    };
                    let row = judge(log, expected);
                    rows.lock().expect("no panic").insert(name.clone(), row);
                }
            });
        }
    });
    let rows = rows.into_inner().expect("no panic");
    let mut wrong = String::new();
    println!(
        "| serial log | what is wrong with it | cases | exit | parse |\n|---|---|---|---:|---:|"
    );
    for (name, _, expected) in &all {
        let row = &rows[name];
        println!(
            "| {name}.log | {} | {} | {} | {} |",
            expected.about,
            row.status.join(", "),
            row.exit,
            row.parse
        );
        for complaint in &row.complaints {
            let _ = writeln!(wrong, "{name}: {complaint}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_files_are_what_the_writer_writes() {
    for (name, bytes) in write::all() {
        let path = directory().join(format!("{name}.log"));
        let file = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(file == bytes, "{name}.log differs; see corpus/write.rs");
    }
    assert_eq!(corpus().len(), write::all().len(), "a log nobody writes");
}

#[test]
#[ignore = "writes into the work tree"]
fn write_the_corpus() {
    for (name, bytes) in write::all() {
        fs::write(directory().join(format!("{name}.log")), bytes).expect("written");
    }
}

/// A hundred megabytes: too many for the repository.
#[test]
fn a_flood_of_100_megabytes() {
    let dir = tempfile::tempdir().expect("a directory");
    let good = write::all().remove(0).1;
    // In the middle of the second case: five records of two lines each come before.
    let at = good.len() * 3 / 4;
    let mut flood = good[..at].to_vec();
    for line in 0.. {
        flood
            .extend_from_slice(format!("\r\n[{line:>9}] interrupt storm: nobody cared").as_bytes());
        if flood.len() > 100 << 20 {
            break;
        }
    }
    flood.extend_from_slice(b"\r\n");
    flood.extend_from_slice(&good[at..]);
    let log = dir.path().join("flood.log");
    fs::write(&log, flood).expect("written");
    let expected = Expected {
        about: "100 MB of kernel lines".to_string(),
        qemu: "stay".to_string(),
        suite: smoke(),
        status: ["PASS", "CRASH"].map(String::from).to_vec(),
        cases: two(),
        boots: 1,
        exit: 110,
        parse: 0,
        detail: "printed more than".to_string(),
    };
    let row = judge(&log, &expected);
    assert!(row.complaints.is_empty(), "{:?}", row.complaints);
}

/// What came of one log.
struct Row {
    status: Vec<String>,
    exit: i32,
    parse: i32,
    complaints: Vec<String>,
}

fn judge(log: &Path, expected: &Expected) -> Row {
    let dir = tempfile::tempdir().expect("a directory");
    let output = replay(log, expected, dir.path());
    let stderr = String::from_utf8_lossy(&output.stderr);
    let exit = output.status.code().unwrap_or(-1);
    let parsed = Command::new(env!("CARGO_BIN_EXE_runner"))
        .arg("parse")
        .arg(log)
        .output()
        .expect("runner parse");
    let parse = parsed.status.code().unwrap_or(-1);
    let text = fs::read_to_string(dir.path().join("runs/latest/run.json")).unwrap_or_default();
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    let rows: Vec<&Value> = expected
        .cases
        .iter()
        .map(|case| {
            let name = format!("{}/{case}", expected.suite);
            let all = json["cases"].as_array();
            all.and_then(|rows| rows.iter().find(|row| row["name"] == name))
                .unwrap_or(&Value::Null)
        })
        .collect();
    let status: Vec<String> = rows
        .iter()
        .map(|row| row["status"].as_str().unwrap_or("?").to_string())
        .collect();
    let mut complaints = Vec::new();
    let mut want = |what: &str, right: bool, got: String| {
        if !right {
            complaints.push(format!("{what}: got {got}"));
        }
    };
    want(
        "status",
        status == expected.status,
        format!("{status:?}\n{stderr}"),
    );
    want(
        "exit code",
        exit == expected.exit,
        format!("{exit}\n{stderr}"),
    );
    want(
        "boots",
        json["boots"] == expected.boots,
        json["boots"].to_string(),
    );
    want(
        "parse",
        parse == expected.parse,
        format!("{parse}\n{}", String::from_utf8_lossy(&parsed.stderr)),
    );
    let bad = rows.iter().find(|row| row["status"] != "PASS");
    let detail = bad.map_or("", |row| row["detail"].as_str().unwrap_or(""));
    want(
        "detail",
        detail.contains(&expected.detail),
        detail.to_string(),
    );
    // A figure is there for a pass alone.
    let figures = rows.iter().filter(|row| row["status"] != "PASS");
    let figures: Vec<&&Value> = figures
        .filter(|row| row["metrics"].as_array().is_some_and(|m| !m.is_empty()))
        .collect();
    want(
        "figures of a failure",
        figures.is_empty(),
        format!("{figures:?}"),
    );
    Row {
        status,
        exit,
        parse,
        complaints,
    }
}

/// A whole run whose first guest prints `log` and whose other guests are good ones.
fn replay(log: &Path, expected: &Expected, dir: &Path) -> Output {
    fs::write(dir.join("kernel"), "a kernel").expect("a kernel");
    let mut image = vec![0; 4096];
    image[1024 + 0x38..1024 + 0x3a].copy_from_slice(&[0x53, 0xef]);
    fs::write(dir.join("image"), image).expect("an image");
    Command::new(env!("CARGO_BIN_EXE_runner"))
        .env("SOCKEYE_CONFIG", "")
        .env("FAKE_QEMU", "replay")
        .env("FAKE_QEMU_LOG", log)
        .env("FAKE_QEMU_NONCE", write::NONCE.to_string())
        .env("FAKE_QEMU_END", &expected.qemu)
        .env("FAKE_QEMU_MARKER", dir.join("marker"))
        .arg("--kernel")
        .arg(dir.join("kernel"))
        .arg("--image")
        .arg(dir.join("image"))
        .arg("--qemu")
        .arg(env!("CARGO_BIN_EXE_fake-qemu"))
        .arg("--out")
        .arg(dir.join("runs"))
        .args(["--boot-timeout", "3", "--grace", "2"])
        .args(["--power-off-timeout", "2", "--suite"])
        .arg(&expected.suite)
        .args(["--case", &expected.cases.join(",")])
        .stdin(Stdio::null())
        .output()
        .expect("the runner")
}

fn corpus() -> Vec<(String, PathBuf, Expected)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory()).expect("the corpus").flatten() {
        let log = entry.path();
        if log.extension().is_none_or(|extension| extension != "log") {
            continue;
        }
        let name = log.file_stem().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(log.with_extension("toml"))
            .unwrap_or_else(|e| panic!("no verdict beside {name}.log: {e}"));
        let expected = toml::from_str(&text).unwrap_or_else(|e| panic!("{name}.toml: {e}"));
        all.push((name.into_owned(), log, expected));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}
