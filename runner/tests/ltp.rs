//! The suite `ltp-net`: where the programs come from, what is expected, what the report says first. Told by
//! the fake QEMU, with a fake tree.

mod place;

use std::fs;
use std::path::Path;
use std::process::Command;

use place::Place;

const CASES: &[&str] = &[
    "--suite",
    "ltp-net",
    "--case",
    "accept01,accept02,accept03,setsockopt08",
];

#[test]
fn without_a_tree_our_own_programs_run() {
    let run = Place::new().run("ltp", CASES);
    assert_eq!(run.code(), 100, "{}", run.stderr());
    // Nothing is expected of them but to pass.
    assert_eq!(run.status("ltp-net/accept01"), "PASS");
    assert_eq!(run.status("ltp-net/accept02"), "FAIL");
    assert_eq!(run.status("ltp-net/accept03"), "SKIP");
    assert_eq!(run.status("ltp-net/setsockopt08"), "PASS");
    let page = fs::read_to_string(run.dir.join("summary.md")).expect("a page");
    let first = page.lines().next().unwrap_or_default();
    assert!(first.contains("no LTP tree was given"), "{first}");
}

#[test]
fn a_directory_that_is_no_tree_is_told() {
    let place = Place::new();
    let dir = place.path("nothing").to_string_lossy().into_owned();
    let run = place.run("ltp", &[&["--ltp", &dir], CASES].concat());
    assert_eq!(run.code(), 6);
    assert!(
        run.stderr().contains("has no testcases/bin"),
        "{}",
        run.stderr()
    );
}

#[test]
fn a_tree_goes_onto_a_copy_of_the_image_and_is_held_to_expectations() {
    let place = Place::new();
    let tree = place.path("trees/riscv64-glibc/testcases/bin");
    fs::create_dir_all(&tree).expect("a tree");
    for name in ["accept01", "accept02"] {
        fs::write(tree.join(name), format!("program {name}")).expect("a program");
    }
    let Some(image) = small_image(&place) else {
        return; // No mke2fs on this host; `make test` installs it first.
    };
    let cache = place.path("cache");
    let trees = place.path("trees").to_string_lossy().into_owned();
    let args = [&["--image", &image, "--ltp", &trees], CASES].concat();
    let mut command = place.bare("ltp");
    command
        .env("XDG_CACHE_HOME", &cache)
        .arg("--kernel")
        .arg(place.path("kernel"))
        .arg("--qemu")
        .arg(place::fake_qemu())
        .arg("--out")
        .arg(place.path("runs"))
        .args(["--boot-timeout", "5", "--grace", "1"])
        .args(args);
    let run = place::Run::new(command.output().expect("the runner"), &place);
    assert_eq!(run.code(), 100, "{}", run.stderr());
    assert_eq!(run.status("ltp-net/accept01"), "PASS");
    // A case that should pass and does not apply, and one that should not and passes.
    assert_eq!(run.status("ltp-net/accept03"), "BROKEN");
    assert_eq!(run.status("ltp-net/setsockopt08"), "XPASS");
    let page = fs::read_to_string(run.dir.join("summary.md")).expect("a page");
    assert!(
        page.lines()
            .next()
            .is_some_and(|line| line.contains("LTP's own programs"))
    );

    let copy = fs::read_dir(cache.join("sockeye/ltp")).expect("a cache");
    let copy = copy.flatten().next().expect("a copy").path();
    let told = Command::new("debugfs")
        .args(["-R", "cat /opt/ltp/glibc/testcases/bin/accept02"])
        .arg(&copy)
        .output()
        .expect("debugfs");
    assert_eq!(String::from_utf8_lossy(&told.stdout), "program accept02");
}

/// A real file system, where this host can make one.
fn small_image(place: &Place) -> Option<String> {
    let path = place.path("real.ext4");
    let file = fs::File::create(&path).ok()?;
    file.set_len(8 << 20).ok()?;
    let made = Path::new("/usr/sbin/mke2fs").exists().then(|| {
        Command::new("/usr/sbin/mke2fs")
            .args(["-q", "-F"])
            .arg(&path)
            .status()
    });
    made?
        .ok()?
        .success()
        .then(|| path.to_string_lossy().into_owned())
}
