//! Which kernel boots: the oracle and what it needs, several side by side, and kernels that know
//! nothing of our agent. Told by a fake QEMU, as in `stories.rs`.

mod place;

use std::fs;

use place::{Place, Run, TWO};

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

const CONTEST: &[&str] = &["--suite", "contest"];

#[test]
fn a_contests_kernel_needs_no_agent() {
    let run = Place::new().run("contest", CONTEST);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    let row = run.row("contest/iperf-musl/BASIC_TCP");
    assert_eq!(row["metrics"][0]["value"], 796.0);
    assert_eq!(run.status("contest/ltp-musl/accept01"), "PASS");
    assert_eq!(run.status("contest/power-off"), "PASS");
}

#[test]
fn a_contests_kernel_that_dies_or_leaves_early_is_told() {
    let dies = Place::new().run("contest-panics", CONTEST);
    assert_eq!(dies.code(), 110, "{}", dies.stderr());
    assert_eq!(dies.status("contest/iperf-musl"), "PASS");
    assert_eq!(dies.status("contest/ltp-musl/accept01"), "CRASH");
    let leaves = Place::new().run("contest-leaves", CONTEST);
    assert_eq!(leaves.code(), 5, "{}", leaves.stderr());
    assert_eq!(leaves.status("contest/ltp-musl/accept01"), "MISSING");
    let talks = Place::new().run("contest-talks-of-panic", CONTEST);
    assert_eq!(talks.code(), 0, "{}", talks.stderr());
}

#[test]
fn a_kernel_without_markers_has_not_run() {
    let run = Place::new().run("silent", CONTEST);
    assert_eq!(run.code(), 100, "{}", run.stderr());
    assert_eq!(run.status("contest/power-off"), "TIMEOUT");
    assert!(run.stderr().contains("no contest marker within 2 s"));
}
