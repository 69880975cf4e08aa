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

/// A kernel and Linux beside it, each in a story of its own.
fn beside_linux(ours: &str, linux: &str) -> Run {
    let place = Place::new();
    fs::write(place.path("kernel"), ours).expect("a kernel");
    fs::write(place.path("linux"), linux).expect("a kernel");
    let second = place.path("linux").to_string_lossy().into_owned();
    place.run(
        "as-the-kernel-says",
        &[&["--kernel", &second], TWO].concat(),
    )
}

#[test]
fn what_linux_fails_too_makes_no_exit_code() {
    for (ours, linux, code, counted, excused) in [
        ("fails", "fails", 0, 0, 2),
        ("times-out", "powers-off-early", 0, 0, 2),
        ("", "fails", 0, 0, 1),
        ("fails", "", 100, 1, 0),
        ("panics", "fails", 110, 1, 1),
        // Linux gave no answer: nobody is excused, and that it gave none counts.
        ("fails", "exits-at-once", 100, 3, 0),
        ("", "exits-at-once", 7, 2, 0),
        ("", "loses-the-end", 5, 1, 0),
    ] {
        let run = beside_linux(ours, linux);
        assert_eq!(run.code(), code, "{ours} {linux}: {}", run.stderr());
        let page = fs::read_to_string(run.dir.join("summary.md")).expect("a page");
        for (head, count) in [
            ("## Not passed", counted),
            ("## Not passed, and not counted", excused),
        ] {
            let wants = format!("{head}: {count}\n");
            assert_eq!(page.contains(&wants), count > 0, "{ours} {linux}: {page}");
        }
        let told = format!("{excused} rows did not pass and do not count");
        assert_eq!(run.stderr().contains(&told), excused > 0, "{ours} {linux}");
    }
}

#[test]
fn an_agent_of_another_version_is_named() {
    let run = Place::new().run("is-foreign", TWO);
    assert_eq!(run.code(), 6, "{}", run.stderr());
    let told = run.stderr();
    assert!(told.contains("speaks version 99"), "{told}");
    // Before there were numbers there was one version.
    assert_eq!(Place::new().run("counts-no-versions", TWO).code(), 0);
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

/// State and points of a group, and the points of one of its entries.
fn points(run: &Run, group: &str, libc: &str, entry: &str) -> (String, f64) {
    let sheet = place::json(&run.dir.join("score.json"));
    let groups = sheet["kernels"][0]["targets"][0]["groups"].as_array();
    let mut groups = groups.expect("groups").iter();
    let group = groups
        .find(|g| g["name"] == group && g["libc"] == libc)
        .expect("the group");
    let mut entries = group["entries"].as_array().expect("entries").iter();
    let entry = entries.find(|e| e["name"] == entry);
    let state = group["state"].as_str().expect("a state").to_string();
    (
        state,
        entry.map_or(0.0, |e| e["score"].as_f64().expect("points")),
    )
}

#[test]
fn a_contests_kernel_has_a_score_sheet() {
    const TCP: &str = "iperf BASIC_TCP (Mbits/sec)";
    let run = Place::new().run("contest-twice", CONTEST);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert_eq!(points(&run, "iperf", "musl", TCP), ("complete".into(), 1.0));
    let (state, score) = points(&run, "iperf", "glibc", TCP);
    assert_eq!(
        (state.as_str(), (score * 1e3).round()),
        ("complete", 1482.0)
    );
    assert_eq!(points(&run, "netperf", "musl", "").0, "absent");
    let page = fs::read_to_string(run.dir.join("score.md")).expect("score.md");
    assert!(
        page.contains(
            "| iperf BASIC_TCP (Mbits/sec) | 796.0 | 796.0 → 1.00 | 1536 → 1.48 | 2.48 |"
        ),
        "{page}"
    );
    let summary = fs::read_to_string(run.dir.join("summary.md")).expect("summary.md");
    assert!(summary.contains("## Score"), "{summary}");
    assert_eq!(
        run.json()["score"]["groups"].as_array().map(Vec::len),
        Some(24)
    );

    let torn = Place::new().run("contest-tears", CONTEST);
    assert_eq!(
        points(&torn, "ltp", "musl", "accept01"),
        ("torn".into(), 1.0)
    );
    let rate = "netperf TCP_RR (Trans. Rate/sec)";
    assert_eq!(
        points(&torn, "netperf", "musl", rate),
        ("complete".into(), 1.5)
    );

    let dies = Place::new().run("contest-panics", CONTEST);
    assert_eq!(
        points(&dies, "iperf", "musl", TCP),
        ("complete".into(), 1.0)
    );
    assert_eq!(
        points(&dies, "ltp", "musl", "accept01"),
        ("torn".into(), 0.0)
    );
}

#[test]
fn a_kernel_without_markers_has_not_run() {
    let run = Place::new().run("silent", CONTEST);
    assert_eq!(run.code(), 100, "{}", run.stderr());
    assert_eq!(run.status("contest/power-off"), "TIMEOUT");
    assert!(run.stderr().contains("no contest marker within 2 s"));
}
