//! What the runner's tests share: a place with everything that a run needs, the fake
//! QEMU in it, and what a run leaves.

#![allow(dead_code, reason = "each test crate uses its part")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// iperf3's words about three good seconds.
pub const GOOD: &str = r#"{"start":{"test_start":{"protocol":"TCP"}},"end":{"sum_received":{"bytes":9000000,"seconds":3.0,"bits_per_second":24000000}}}"#;

/// A place with everything that a run needs.
pub struct Place {
    pub dir: Arc<TempDir>,
}

impl Place {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        // What a kernel's file says is for the fake QEMU, where a story wants to know.
        fs::write(dir.path().join("kernel"), "a kernel").expect("a kernel");
        // Just enough for an ext4 superblock's magic number.
        let mut image = vec![0; 4096];
        image[1024 + 0x38..1024 + 0x3a].copy_from_slice(&[0x53, 0xef]);
        fs::write(dir.path().join("image"), image).expect("an image");
        Place { dir: Arc::new(dir) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `runner` in the story `story`, with nothing from this machine's configuration.
    pub fn bare(&self, story: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command
            .env("SOCKEYE_CONFIG", "")
            .env("FAKE_QEMU", story)
            .env("FAKE_QEMU_PID", self.path("pid"))
            // These stories' failures are not the failures of a workflow that runs them.
            .env_remove("GITHUB_ACTIONS")
            .env_remove("GITHUB_STEP_SUMMARY")
            .stdin(Stdio::null());
        command
    }

    /// [`Place::bare`] with the target directory here too, so that no noise of this machine counts.
    pub fn measure(&self, story: &str, args: &[&str]) -> Output {
        self.bare(story)
            .env("CARGO_TARGET_DIR", self.path("target"))
            .current_dir(self.dir.path())
            .args(args)
            .output()
            .expect("the runner")
    }

    /// A run in the story `story`, with short limits.
    pub fn command(&self, story: &str, args: &[&str]) -> Command {
        let mut command = self.bare(story);
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
        command
    }

    /// A run of a case with its client on the host, which says what iperf3 says after three good
    /// seconds.
    pub fn with_host_tools(&self, story: &str) -> Command {
        for tool in ["iperf3", "netperf"] {
            self.script(tool, &format!("echo '{GOOD}'"));
        }
        let mut command = self.command(story, &["--suite", "iperf3", "--case", "hostfwd-tcp"]);
        command
            .env("FAKE_QEMU_MARKER", self.path("marker"))
            .arg("--host-tools")
            .arg(self.path("."));
        command
    }

    /// Makes `name` a shell script here.
    pub fn script(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    }

    pub fn run(&self, story: &str, args: &[&str]) -> Run {
        let output = self.command(story, args).output().expect("the runner");
        Run::new(output, self)
    }
}

pub fn fake_qemu() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_fake-qemu"))
}

pub struct Run {
    pub output: Output,
    pub dir: PathBuf,
    /// Keeps the directory.
    _place: Arc<TempDir>,
}

impl Run {
    pub fn new(output: Output, place: &Place) -> Self {
        Run {
            output,
            dir: place.path("runs/latest"),
            _place: Arc::clone(&place.dir),
        }
    }

    pub fn code(&self) -> i32 {
        self.output.status.code().expect("an exit code")
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    pub fn json(&self) -> Value {
        let text = fs::read_to_string(self.dir.join("run.json"))
            .unwrap_or_else(|e| panic!("{e}: {}", self.stderr()));
        serde_json::from_str(&text).expect("JSON")
    }

    pub fn status(&self, case: &str) -> String {
        self.row(case)["status"]
            .as_str()
            .expect("a status")
            .to_string()
    }

    pub fn row(&self, case: &str) -> Value {
        let json = self.json();
        let rows = json["cases"].as_array().expect("rows");
        rows.iter()
            .find(|row| row["name"] == case)
            .unwrap_or_else(|| panic!("no row {case}"))
            .clone()
    }
}

/// The document in `path`.
pub fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

pub const TWO: &[&str] = &["--suite", "smoke", "--case", "uname,date"];

pub fn wait_for_pid(file: &Path) -> u32 {
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

pub fn kill(signal: &str, pid: u32) {
    // The shell's own: a bare machine has no program of that name.
    Command::new("sh")
        .args(["-c", &format!("kill -{signal} {pid}")])
        .status()
        .expect("a shell");
}

/// Whether the process runs; one that has ended and waits for its parent does not.
pub fn alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim_start().starts_with('Z'))
    })
}
