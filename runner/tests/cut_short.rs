//! Runs that are cut short: a signal, a killed runner, a full disk, a port that another
//! program has. What is left on the machine is nothing; what there was of the run is kept.

mod place;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use place::{Place, Run, TWO, alive, kill, wait_for_pid};

/// `runner` where no file may grow beyond so many blocks of 512 bytes: the nearest thing
/// to a full disk without a disk. With SIGXFSZ ignored a write fails with EFBIG, as it
/// would with ENOSPC.
fn on_a_small_disk(place: &Place, story: &str, blocks: u32) -> Run {
    let runner = place.command(story, &["--suite", "smoke", "--case", "echo,uname,date"]);
    let mut shell = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    shell
        .args(["-c", &script, "sh"])
        .arg(runner.get_program())
        .args(runner.get_args());
    let output = shell
        .env("FAKE_QEMU", story)
        .env("FAKE_QEMU_PID", place.path("pid"))
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    Run::new(output, place)
}

#[test]
fn a_full_disk_is_named() {
    let run = on_a_small_disk(&Place::new(), "", 1);
    assert_eq!(run.code(), 7, "{}", run.stderr());
    assert!(
        run.stderr().contains("cannot write in") && run.stderr().contains("--out"),
        "{}",
        run.stderr()
    );
}

#[test]
fn a_disk_that_fills_up_keeps_what_was_there() {
    let place = Place::new();
    let run = on_a_small_disk(&place, "fills-the-disk", 600);
    assert_eq!(run.code(), 7, "{}", run.stderr());
    assert!(run.stderr().contains("make room"), "{}", run.stderr());
    let notes = run.json()["notes"].to_string();
    assert!(notes.contains("the run ended here"), "{notes}");
    for (case, status) in [("echo", "PASS"), ("uname", "MISSING"), ("date", "MISSING")] {
        assert_eq!(run.status(&format!("smoke/{case}")), status, "{case}");
    }
    for file in ["summary.md", "junit.xml", "events.jsonl", "serial.log"] {
        assert!(run.dir.join(file).is_file(), "no {file}");
    }
    assert!(!run.dir.join(".reserve").exists(), "the reserve is left");
    assert!(!alive(wait_for_pid(&place.path("pid"))), "QEMU is left");
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
    // Found without looking for it.
    let run = fs::canonicalize(place.path("runs/latest")).expect("a run directory");
    let events = fs::read_to_string(run.join("events.jsonl")).expect("events");
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
        .arg(&run)
        .output()
        .expect("report");
    assert_eq!(replayed.status.code(), Some(5));
    let text = fs::read_to_string(run.join("run.json")).expect("run.json");
    let json: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["totals"]["missing"], 2, "{text}");
    assert!(
        text.contains("running when the runner was stopped"),
        "{text}"
    );

    // The next run says so, and takes back the room that the dead one kept.
    assert!(run.join(".reserve").is_file());
    let next = place.run("", TWO);
    let told = format!("the runner of {} was killed", run.display());
    assert!(next.stderr().contains(&told), "{}", next.stderr());
    assert!(!run.join(".reserve").exists());
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
fn a_port_that_was_taken_meanwhile_is_replaced() {
    let place = Place::new();
    let output = place.with_host_tools("port-taken-once").output();
    let run = Run::new(output.expect("the runner"), &place);
    assert_eq!(run.status("iperf3/hostfwd-tcp"), "PASS", "{}", run.stderr());
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert_eq!(run.json()["boots"], 2);
    assert!(run.stderr().contains("trying others"), "{}", run.stderr());
}

#[test]
fn ports_that_are_always_taken_are_the_hosts_failure() {
    let place = Place::new();
    let output = place.with_host_tools("port-taken").output();
    let run = Run::new(output.expect("the runner"), &place);
    assert_eq!(
        run.status("iperf3/hostfwd-tcp"),
        "INFRA",
        "{}",
        run.stderr()
    );
    assert_eq!(run.code(), 7, "{}", run.stderr());
    assert!(
        run.stderr()
            .contains("Could not set up host forwarding rule"),
        "{}",
        run.stderr()
    );
}

#[test]
fn a_killed_runner_takes_its_clients_with_it() {
    let place = Place::new();
    let mut command = place.with_host_tools("serves-for-ever");
    let pid = place.path("client");
    let script = format!("printf %s $$ > {}\nexec sleep 600", pid.display());
    place.script("iperf3", &script);
    let mut child = command
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the runner");
    let client = wait_for_pid(&place.path("client"));
    assert!(alive(client));
    child.kill().expect("kill");
    child.wait().expect("wait");
    for pid in [client, wait_for_pid(&place.path("pid"))] {
        let deadline = Instant::now() + Duration::from_secs(5);
        while alive(pid) && Instant::now() < deadline {
            sleep(Duration::from_millis(20));
        }
        assert!(!alive(pid), "a process is left behind");
    }
}

#[test]
fn a_second_signal_does_not_wait_and_sigterm_has_its_code() {
    for (first, second, code) in [("TERM", None, 143), ("INT", Some("INT"), 130)] {
        let place = Place::new();
        let child = place
            .command("hangs", TWO)
            .process_group(0)
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the runner");
        let pid = wait_for_pid(&place.path("pid"));
        sleep(Duration::from_millis(300));
        kill(first, child.id());
        if let Some(second) = second {
            kill(second, child.id());
        }
        let output = child.wait_with_output().expect("the runner");
        assert_eq!(output.status.code(), Some(code), "{first} {second:?}");
        let deadline = Instant::now() + Duration::from_secs(5);
        while alive(pid) && Instant::now() < deadline {
            sleep(Duration::from_millis(20));
        }
        assert!(!alive(pid), "QEMU is left behind");
    }
}
