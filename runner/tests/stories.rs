//! Every way in which a guest, QEMU or the host can go wrong, told by a fake QEMU
//! (`runner/fake_qemu`): the status, the exit code and the message that come out.
//!
//! No QEMU is needed and nothing waits longer than a few seconds.

mod place;

use std::fs;
use std::process::Command;

use place::{Place, TWO, fake_qemu};

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
fn this_machines_defaults_are_taken_and_a_wrong_key_is_named() {
    let place = Place::new();
    for (text, flags, code, want) in [
        ("mem = \"2G\"", vec![], 0, "-m 2G"),
        ("mem = \"2G\"", vec!["--mem", "3G"], 0, "-m 3G"),
        ("memory = \"2G\"", vec![], 2, "no key 'memory'"),
        ("grace = \"soon\"", vec![], 2, "soon"),
    ] {
        fs::write(place.path("sockeye.toml"), text).expect("a file");
        let output = Command::new(env!("CARGO_BIN_EXE_runner"))
            .env("SOCKEYE_CONFIG", place.path("sockeye.toml"))
            .args(["--dry-run", "--suite", "smoke", "--kernel", "k"])
            .args(flags)
            .output()
            .expect("the runner");
        let all = [output.stdout.as_slice(), &output.stderr].concat();
        let all = String::from_utf8_lossy(&all);
        assert_eq!(output.status.code(), Some(code), "{text}: {all}");
        assert!(all.contains(want), "{text}: {all}");
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
fn a_guest_waits_for_gdb_and_its_command_is_shown() {
    let run = Place::new().run("", &["--gdb", "--print-cmd", "--suite", "smoke"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    for words in ["waiting for gdb: gdb-multiarch", "-S -gdb tcp:127.0.0.1:"] {
        assert!(run.stderr().contains(words), "{}", run.stderr());
    }
}

#[test]
fn the_doctor_names_what_is_missing_and_what_helps() {
    let place = Place::new();
    let output = Command::new(env!("CARGO_BIN_EXE_runner"))
        .env("SOCKEYE_CONFIG", "")
        .env("XDG_CACHE_HOME", place.path("cache"))
        .args(["doctor", "--qemu", "/nowhere"])
        .output()
        .expect("the runner");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(6), "{stdout}");
    for words in [
        "missing  qemu-system-riscv64: cannot start /nowhere",
        "note     image for riscv64",
    ] {
        assert!(stdout.contains(words), "{stdout}");
    }
}

#[test]
fn an_image_that_is_no_longer_what_was_made_is_named() {
    let place = Place::new();
    let images = place.path("cache/images");
    fs::create_dir_all(&images).expect("a directory");
    fs::write(images.join("riscv64-0.ext4"), "rot").expect("an image");
    fs::write(
        images.join("riscv64-0.json"),
        "[[\"image sha256\", \"00\"]]",
    )
    .expect("its record");
    let image = |action: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_runner"))
            .env("SOCKEYE_CONFIG", "")
            .args(["image", action, "--arch", "riscv64", "--cache"])
            .arg(place.path("cache"))
            .output()
            .expect("the runner");
        let all = [output.stdout.as_slice(), &output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8_lossy(&all).into_owned(),
        )
    };
    let (code, words) = image("hash");
    assert_eq!(code, Some(6), "{words}");
    assert!(words.contains("image clean --all"), "{words}");
    let (code, words) = image("list");
    assert!(code == Some(0) && words.contains("earlier"), "{words}");
    let (code, words) = image("clean");
    assert!(code == Some(0) && words.contains("removed"), "{words}");
    assert_eq!(fs::read_dir(images).expect("a directory").count(), 0);
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
        .arg("--out")
        .arg(place.path("parsed"))
        .output();
    let parsed = parsed.expect("parse");
    assert_eq!(
        parsed.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&parsed.stderr)
    );
    let stdout = String::from_utf8_lossy(&parsed.stdout);
    assert_eq!(stdout, "PASS    smoke/uname\nPASS    smoke/date\n");
    for file in ["run.json", "report.html", "cases/smoke.uname.log"] {
        assert!(place.path("parsed").join(file).is_file(), "no {file}");
    }
}
