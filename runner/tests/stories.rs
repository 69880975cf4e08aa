//! Every way in which a guest, QEMU or the host can go wrong, told by a fake QEMU
//! (tests/fake_qemu): the status, the exit code and the message that come out.
//!
//! No QEMU is needed and nothing waits longer than a few seconds.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A place with everything that a run needs.
struct Place {
    dir: Arc<TempDir>,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join("kernel"), "a kernel").expect("a kernel");
        // Just enough for an ext4 superblock's magic number.
        let mut image = vec![0; 4096];
        image[1024 + 0x38..1024 + 0x3a].copy_from_slice(&[0x53, 0xef]);
        fs::write(dir.path().join("image"), image).expect("an image");
        Place { dir: Arc::new(dir) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `runner` in the story `story`, with short limits.
    fn command(&self, story: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command
            .env("FAKE_QEMU", story)
            .env("FAKE_QEMU_PID", self.path("pid"))
            // These stories' failures are not the failures of a workflow that runs them.
            .env_remove("GITHUB_ACTIONS")
            .env_remove("GITHUB_STEP_SUMMARY");
        command.args(["--kernel"]).arg(self.path("kernel"));
        command.args(["--image"]).arg(self.path("image"));
        command.args(["--qemu"]).arg(fake_qemu());
        command.args(["--out"]).arg(self.path("runs"));
        command
            .args([
                "--boot-timeout",
                "2",
                "--grace",
                "1",
                "--power-off-timeout",
                "1",
            ])
            .args(args);
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, story: &str, args: &[&str]) -> Run {
        let output = self.command(story, args).output().expect("the runner");
        Run::new(output, self)
    }
}

fn fake_qemu() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_fake-qemu"))
}

struct Run {
    output: Output,
    dir: PathBuf,
    /// Keeps the directory.
    _place: Arc<TempDir>,
}

impl Run {
    fn new(output: Output, place: &Place) -> Self {
        Run {
            output,
            dir: place.path("runs/latest"),
            _place: Arc::clone(&place.dir),
        }
    }

    fn code(&self) -> i32 {
        self.output.status.code().expect("an exit code")
    }

    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    fn json(&self) -> Value {
        let text = fs::read_to_string(self.dir.join("run.json"))
            .unwrap_or_else(|e| panic!("{e}: {}", self.stderr()));
        serde_json::from_str(&text).expect("JSON")
    }

    fn status(&self, case: &str) -> String {
        self.row(case)["status"]
            .as_str()
            .expect("a status")
            .to_string()
    }

    fn row(&self, case: &str) -> Value {
        let json = self.json();
        let rows = json["cases"].as_array().expect("rows");
        rows.iter()
            .find(|row| row["name"] == case)
            .unwrap_or_else(|| panic!("no row {case}"))
            .clone()
    }
}

const TWO: &[&str] = &["--suite", "smoke", "--case", "uname,date"];

#[test]
fn a_good_guest_passes_and_leaves_a_whole_report() {
    let place = Place::new();
    let run = place.run("", &["--suite", "smoke"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert_eq!(run.status("smoke/boot"), "PASS");
    assert_eq!(run.status("smoke/power-off"), "PASS");
    assert_eq!(run.json()["schema"], "sockeye.run/1");
    for file in [
        "events.jsonl",
        "summary.md",
        "junit.xml",
        "results.ktap",
        "bmf.json",
        "gab-bigger.json",
        "gab-smaller.json",
        "serial.log",
        "qemu.cmd",
        "env.json",
        "cases/smoke.uname.log",
    ] {
        assert!(run.dir.join(file).is_file(), "no {file}");
    }
    let stdout = String::from_utf8_lossy(&run.output.stdout);
    assert!(
        stdout.trim().ends_with("run.json") && stdout.lines().count() == 1,
        "{stdout}"
    );
}

#[test]
fn what_one_case_comes_to_is_not_mixed_up() {
    for (story, status, code) in [
        ("fails", "FAIL", 100),
        ("times-out", "TIMEOUT", 100),
        ("cannot-start", "BROKEN", 100),
        ("is-killed", "FAIL", 100),
        ("loses-the-end", "MISSING", 5),
        ("panics", "CRASH", 110),
        ("powers-off-early", "CRASH", 110),
        ("dies", "INFRA", 7),
        ("restarts", "CRASH", 110),
    ] {
        let run = Place::new().run(story, TWO);
        assert_eq!(
            run.status("smoke/uname"),
            status,
            "{story}: {}",
            run.stderr()
        );
        assert_eq!(run.code(), code, "{story}: {}", run.stderr());
        // The other case deserves its own verdict, if need be in a guest of its own.
        assert_eq!(
            run.status("smoke/date"),
            "PASS",
            "{story}: {}",
            run.stderr()
        );
    }
}

#[test]
fn a_panic_is_quoted_and_the_rerun_command_is_given() {
    let run = Place::new().run("panics", TWO);
    let stderr = run.stderr();
    assert!(stderr.contains("index out of bounds"), "{stderr}");
    assert!(stderr.contains("--case smoke/uname"), "{stderr}");
    let log = fs::read_to_string(run.dir.join("cases/smoke.uname.log")).expect("a log");
    assert!(
        log.contains("sockeye::net::rx"),
        "what follows the panic line is kept: {log}"
    );
}

#[test]
fn a_guest_that_does_not_boot_says_so_in_full() {
    for (story, status, code, message) in [
        ("silent", "TIMEOUT", 100, "the console is silent"),
        (
            "chatters-for-ever",
            "TIMEOUT",
            100,
            "the agent did not speak",
        ),
        ("panics-at-boot", "CRASH", 110, "no root"),
        ("exits-at-once", "INFRA", 7, "no such bus"),
        ("asserts", "INFRA", 7, "assertion failed"),
        ("tears-all", "CRASH", 110, "damaged records"),
    ] {
        let run = Place::new().run(story, TWO);
        assert_eq!(run.status("smoke/uname"), status, "{story}");
        assert_eq!(run.status("smoke/date"), "MISSING", "{story}");
        assert_eq!(run.code(), code, "{story}: {}", run.stderr());
        assert!(run.stderr().contains(message), "{story}: {}", run.stderr());
        assert!(
            run.stderr().contains("QEMU's command"),
            "{story}: {}",
            run.stderr()
        );
    }
}

#[test]
fn torn_copies_do_no_harm() {
    let run = Place::new().run("tears-first-copies", TWO);
    assert_eq!(run.code(), 0, "{}", run.stderr());
}

#[test]
fn green_is_not_left_standing_over_a_dead_kernel() {
    for story in ["panics-after-pass", "no-bye"] {
        let run = Place::new().run(story, TWO);
        assert_eq!(run.code(), 110, "{story}: {}", run.stderr());
        assert_eq!(run.json()["totals"]["crash"], 1, "{story}");
    }
}

#[test]
fn a_flood_is_stopped() {
    let run = Place::new().run("floods", TWO);
    assert_eq!(run.status("smoke/uname"), "CRASH");
    assert!(
        run.row("smoke/uname")["detail"]
            .as_str()
            .expect("text")
            .contains("printed more than")
    );
    let serial = fs::metadata(run.dir.join("serial.log"))
        .expect("a log")
        .len();
    assert!(serial < 100 << 20, "{serial} bytes");
}

#[test]
fn a_guest_that_stays_on_fails_its_power_off() {
    let run = Place::new().run(
        "never-powers-off",
        &["--suite", "smoke", "--case", "uname,power-off"],
    );
    assert_eq!(run.status("smoke/power-off"), "CRASH");
    assert_eq!(run.status("smoke/uname"), "PASS");
    assert_eq!(run.code(), 110);
}

#[test]
fn the_time_of_a_suite_is_limited() {
    let run = Place::new().run(
        "hangs",
        &[
            "--suite",
            "smoke",
            "--case",
            "uname,date",
            "--suite-timeout",
            "1",
        ],
    );
    assert_eq!(run.code(), 124, "{}", run.stderr());
    assert_eq!(run.status("smoke/date"), "MISSING");
}

#[test]
fn wrong_words_have_their_own_codes() {
    let place = Place::new();
    for (args, code, message) in [
        (vec!["--suite", "nonsense"], 2, "unknown suite 'nonsense'"),
        (vec!["--case", "nonexistent"], 4, "no case matches"),
        (vec!["--arch", "vax"], 2, "vax"),
    ] {
        let run = place.run("", &args);
        assert_eq!(run.code(), code, "{args:?}");
        assert!(run.stderr().contains(message), "{args:?}: {}", run.stderr());
    }
}

#[test]
fn what_is_missing_is_named() {
    let place = Place::new();
    fs::write(place.path("not-an-image"), "not an image").expect("a file");
    fs::create_dir(place.path("empty")).expect("a directory");
    for (flag, value, message) in [
        ("--image", "none.img", "--image"),
        ("--image", "not-an-image", "not an ext4 image"),
        ("--qemu", "none", "--qemu PATH"),
        ("--qemu", "empty", "--qemu PATH"),
        ("--kernel", "none", "runner build"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.args(["--suite", "smoke", "--no-build"]);
        for (name, good) in [
            ("--kernel", place.path("kernel")),
            ("--image", place.path("image")),
            ("--qemu", fake_qemu()),
        ] {
            command.arg(name).arg(if name == flag {
                place.path(value)
            } else {
                good
            });
        }
        let output = command
            .arg("--out")
            .arg(place.path("runs"))
            .output()
            .expect("the runner");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(6), "{flag} {value}: {stderr}");
        assert!(stderr.contains(message), "{flag} {value}: {stderr}");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let place = Place::new();
    fs::write(place.path("runs"), "a file in the way").expect("a file");
    let run = place.run("", TWO);
    assert_eq!(run.code(), 1, "{}", run.stderr());
    assert!(
        run.stderr().contains("cannot create a run directory"),
        "{}",
        run.stderr()
    );
}

#[test]
fn a_full_disk_is_named() {
    let place = Place::new();
    let runner = place.command("", TWO);
    // No file may grow beyond one block: the nearest thing to a full disk without a disk. A trapped
    // SIGXFSZ makes the write fail with EFBIG, as ENOSPC would.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"])
        .arg(runner.get_program())
        .args(runner.get_args());
    let output = shell
        .env("FAKE_QEMU", "")
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("cannot write"), "{stderr}");
}

#[test]
fn ctrl_c_keeps_what_there_is_and_leaves_nobody_behind() {
    let place = Place::new();
    let mut command = place.command("hangs", TWO);
    let child = command
        .process_group(0)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the runner");
    let pid = wait_for_pid(&place.path("pid"));
    sleep(Duration::from_millis(300));
    kill("INT", child.id());
    let output = child.wait_with_output().expect("the runner");
    let run = Run::new(output, &place);
    assert_eq!(run.code(), 130, "{}", run.stderr());
    assert_eq!(run.status("smoke/date"), "MISSING");
    assert!(!alive(pid), "QEMU is left behind");
}

#[test]
fn a_killed_runner_takes_qemu_with_it() {
    let place = Place::new();
    let mut child = place
        .command("hangs", TWO)
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the runner");
    let pid = wait_for_pid(&place.path("pid"));
    sleep(Duration::from_millis(300));
    child.kill().expect("kill");
    child.wait().expect("wait");
    let deadline = Instant::now() + Duration::from_secs(5);
    while alive(pid) && Instant::now() < deadline {
        sleep(Duration::from_millis(20));
    }
    assert!(!alive(pid), "QEMU is left behind");
    let runs = fs::read_dir(place.path("runs")).expect("runs");
    let run = runs
        .flatten()
        .find(|entry| entry.path().join("events.jsonl").is_file())
        .expect("a run directory");
    let events = fs::read_to_string(run.path().join("events.jsonl")).expect("events");
    assert!(
        events
            .lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok()),
        "{events}"
    );
    assert!(events.contains("case_started"), "{events}");

    // What it had is a report still: what never ran is MISSING.
    let replayed = Command::new(env!("CARGO_BIN_EXE_runner"))
        .arg("report")
        .arg(run.path())
        .output()
        .expect("report");
    assert_eq!(replayed.status.code(), Some(5));
    let text = fs::read_to_string(run.path().join("run.json")).expect("run.json");
    let json: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["totals"]["missing"], 2, "{text}");
    assert!(
        text.contains("running when the runner was stopped"),
        "{text}"
    );
}

#[test]
fn github_is_told_in_its_own_words() {
    let place = Place::new();
    let summary = place.path("step-summary");
    let output = place
        .command("fails", TWO)
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .expect("the runner");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(stderr.matches("::error ").count(), 1, "{stderr}");
    let page = fs::read_to_string(summary).expect("a summary");
    assert!(page.contains("## Not passed: 1"), "{page}");
}

#[test]
fn a_report_made_again_is_the_same_report() {
    let place = Place::new();
    let run = place.run(
        "fails",
        &["--arch", "all", "--suite", "smoke", "--case", "uname"],
    );
    assert_eq!(run.code(), 100, "{}", run.stderr());
    let out = place.path("again");
    let again = Command::new(env!("CARGO_BIN_EXE_runner"))
        .arg("report")
        .arg(&run.dir)
        .arg("--out")
        .arg(&out)
        .output()
        .expect("report");
    assert_eq!(again.status.code(), Some(100));
    for file in [
        "runset.json",
        "summary.md",
        "riscv64-glibc/run.json",
        "loongarch64-glibc/summary.md",
    ] {
        let read = |dir: &Path| fs::read_to_string(dir.join(file)).expect(file);
        assert_eq!(read(&out), read(&run.dir), "{file}");
    }
}

#[test]
fn several_targets_stand_side_by_side() {
    let place = Place::new();
    let mut args = vec!["--arch", "all", "--libc", "all"];
    args.extend(TWO);
    let run = place.run("", &args);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    for target in [
        "riscv64-glibc",
        "riscv64-musl",
        "loongarch64-glibc",
        "loongarch64-musl",
    ] {
        assert!(
            run.dir.join(target).join("run.json").is_file(),
            "no {target}"
        );
    }
    let table = fs::read_to_string(run.dir.join("summary.md")).expect("a table");
    assert!(table.contains("loongarch64-musl"), "{table}");
}

#[test]
fn a_dry_run_prints_a_line_and_starts_nothing() {
    let place = Place::new();
    let run = place.run("", &["--dry-run", "--suite", "smoke"]);
    assert_eq!(run.code(), 0);
    let stdout = String::from_utf8_lossy(&run.output.stdout);
    assert!(
        stdout.contains("virtio-mmio-bus.0") && !place.path("pid").exists(),
        "{stdout}"
    );
}

#[test]
fn the_list_is_fit_for_case() {
    let output = Command::new(env!("CARGO_BIN_EXE_runner"))
        .args(["list", "--suite", "smoke"])
        .output()
        .expect("list");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.lines().any(|line| line == "smoke/uname"), "{stdout}");
}

#[test]
fn a_saved_serial_line_is_read_again() {
    let place = Place::new();
    let run = place.run("", TWO);
    let parsed = Command::new(env!("CARGO_BIN_EXE_runner"))
        .arg("parse")
        .arg(run.dir.join("serial.log"))
        .output();
    let parsed = parsed.expect("parse");
    assert_eq!(
        parsed.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&parsed.stderr)
    );
    assert_eq!(String::from_utf8_lossy(&parsed.stdout).lines().count(), 2);
}

fn wait_for_pid(file: &Path) -> u32 {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        if let Some(pid) = fs::read_to_string(file)
            .ok()
            .and_then(|text| text.parse().ok())
        {
            return pid;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("QEMU was never started");
}

fn kill(signal: &str, pid: u32) {
    // The shell's own: a bare machine has no program of that name.
    Command::new("sh")
        .args(["-c", &format!("kill -{signal} {pid}")])
        .status()
        .expect("a shell");
}

/// Whether the process runs; one that has ended and waits for its parent does not.
fn alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim_start().starts_with('Z'))
    })
}

#[test]
fn linux_that_is_not_there_is_told() {
    let place = Place::new();
    let mut command = place.command("", &[&["--kernel", "linux", "--offline"], TWO].concat());
    let output = command.env("XDG_CACHE_HOME", place.path("cache")).output();
    let run = Run::new(output.expect("the runner"), &place);
    assert_eq!(run.code(), 6);
    assert!(run.stderr().contains("the cache has no Linux for riscv64"));
}

#[test]
fn linux_on_loongarch64_needs_a_younger_qemu() {
    let place = Place::new();
    let args = ["--kernel", "linux", "--arch", "loongarch64"];
    let run = place.run("", &[&args, TWO].concat());
    assert_eq!(run.code(), 6);
    let told = run.stderr();
    assert!(
        told.contains("QEMU 9.2") && told.contains("version 0.0.0"),
        "{told}"
    );
}

#[test]
fn several_kernels_stand_side_by_side() {
    let place = Place::new();
    let second = place.path("linux");
    std::fs::write(&second, "another kernel").expect("a kernel");
    let second = second.to_string_lossy().into_owned();
    let run = place.run("", &[&["--kernel", &second], TWO].concat());
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(run.dir.join("riscv64-glibc-kernel/run.json").is_file());
    assert!(run.dir.join("riscv64-glibc-linux/run.json").is_file());
    assert!(
        run.stderr().contains("beside linux: 2 agree"),
        "{}",
        run.stderr()
    );
    let page = fs::read_to_string(run.dir.join("summary.md")).expect("a page");
    assert!(page.contains("## Beside linux"), "{page}");
}
