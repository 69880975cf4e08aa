//! Whose packets are kept: of guests with a failure; of measured cases that failed, by running
//! them again, which changes no verdict.

mod place;

use std::fs;

use place::{GOOD, Place, Run, TWO};

#[test]
fn packets_are_kept_of_a_guest_with_a_failure_alone() {
    for (story, kept) in [("", false), ("fails", true)] {
        let run = Place::new().run(story, TWO);
        assert_eq!(run.dir.join("boot-1.pcap").is_file(), kept, "{story}");
        assert_eq!(run.stderr().contains("packets are in"), kept, "{story}");
    }
}

/// A run of a measured case whose client does `client`.
fn measured(client: &str, more: &[&str]) -> Run {
    let place = Place::new();
    let mut command = place.with_host_tools("");
    place.script("iperf3", client);
    Run::new(command.args(more).output().expect("the runner"), &place)
}

/// Where the command line of the first boot has a dump.
fn is_dumped(run: &Run, file: &str) -> bool {
    let line = fs::read_to_string(run.dir.join(file)).expect("a command line");
    line.contains("filter-dump")
}

#[test]
fn a_figure_pays_for_no_dump() {
    let run = measured(&format!("echo '{GOOD}'"), &[]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(!is_dumped(&run, "qemu.cmd"));
    assert_eq!(run.json()["boots"], 1);
    assert!(!run.dir.join("again-qemu.cmd").exists());
}

#[test]
fn a_measured_case_that_failed_runs_again_for_its_packets() {
    // It fails for good, or only once: the first verdict stands either way.
    let once = format!("if mkdir \"$0.d\" 2>/dev/null; then exit 1; fi\necho '{GOOD}'");
    for (client, second) in [("exit 1", "BROKEN"), (once.as_str(), "PASS")] {
        let run = measured(client, &[]);
        assert_eq!(run.code(), 100, "{}", run.stderr());
        assert_eq!(run.status("iperf3/hostfwd-tcp"), "BROKEN");
        let json = run.json();
        let cases = json["cases"].as_array().expect("rows");
        assert_eq!((cases.len(), json["earlier"].is_null()), (1, true));
        assert!(!is_dumped(&run, "qemu.cmd"));
        assert!(is_dumped(&run, "again-qemu.cmd"));
        assert!(run.dir.join("boot-2.pcap").is_file());
        let notes = json["notes"].to_string();
        let told = format!("iperf3/hostfwd-tcp, run again for its packets: {second}");
        assert!(
            notes.contains(&told) && notes.contains("boot-2.pcap"),
            "{notes}"
        );
    }
}

#[test]
fn who_asks_for_packets_has_them_at_once() {
    let run = measured("exit 1", &["--pcap"]);
    assert_eq!(run.code(), 100, "{}", run.stderr());
    assert!(is_dumped(&run, "qemu.cmd"));
    assert!(run.dir.join("boot-1.pcap").is_file());
    assert_eq!(run.json()["boots"], 1);
}
