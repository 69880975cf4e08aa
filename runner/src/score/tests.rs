//! Made-up consoles, whole and torn.

use super::*;

fn console(group: &str, lines: &str) -> String {
    let lines = lines.replace('\n', "\r\n");
    format!(
        "OpenSBI v1.1\r\n#### OS COMP TEST GROUP START {group} ####\r\n{lines}\
         #### OS COMP TEST GROUP END {group} ####\r\n"
    )
}

fn group(console: &str, name: &str, libc: &str) -> Group {
    let sheet = Sheet::of(console);
    let found = sheet
        .groups
        .into_iter()
        .find(|g| g.name == name && g.libc == libc);
    found.expect("the group is on every sheet")
}

/// Name and result of what is not zero.
fn results(console: &str, name: &str, libc: &str) -> Vec<(String, f64)> {
    let entries = group(console, name, libc).entries.into_iter();
    let found = entries.filter(|entry| entry.result != 0.0);
    found.map(|entry| (entry.name, entry.result)).collect()
}

const IPERF: &str = "\
====== iperf BASIC_UDP begin ======
[  5]   0.00-2.00   sec  93.8 MBytes   393 Mbits/sec  0.000 ms  0/3003 (0%)  sender
[  5]   0.00-2.00   sec  93.8 MBytes   786 Mbits/sec  0.012 ms  0/3003 (0%)  receiver
====== iperf BASIC_UDP end: success ======
====== iperf BASIC_TCP begin ======
[  5]   0.00-2.00   sec  10 KBytes  40.0 Kbits/sec                  receiver
====== iperf BASIC_TCP end: success ======
====== iperf PARALLEL_TCP begin ======
[  5]   0.00-2.00   sec  10 MBytes  40 Mbits/sec                  receiver
[  7]   0.00-2.00   sec  10 MBytes  41 Mbits/sec                  receiver
[SUM]   0.00-2.00   sec   300 MBytes  2.5 Gbits/sec                  receiver
====== iperf PARALLEL_TCP end: fail ======
====== iperf REVERSE_TCP begin ======
[    1.5] eth0: up [  5]   0.00-2.00   sec  1 MBytes  5 Mbits/sec   receiver
====== iperf REVERSE_TCP end: success ======
";

#[test]
fn iperf_counts_what_the_receiver_says() {
    let text = console("iperf-musl", IPERF);
    let expect = [
        ("iperf BASIC_UDP (Mbits/sec)".to_string(), 786.0),
        // The script's own word is not looked at; a gigabit counts 1024.
        ("iperf PARALLEL_TCP (Mbits/sec)".to_string(), 2560.0),
    ];
    assert_eq!(results(&text, "iperf", "musl"), expect);
    let iperf = group(&text, "iperf", "musl");
    assert_eq!((iperf.entries.len(), iperf.state), (6, State::Complete));
    assert_eq!(iperf.entries[0].score, 1.5);
    // Kilobits never match, and a line that the kernel wrote into is none.
    assert_eq!(iperf.scoring(), 2);
}

#[test]
fn netperf_takes_the_first_row_of_numbers() {
    let text = console(
        "netperf-glibc",
        "1 2 3 4 5\n====== netperf UDP_STREAM begin ======\n\
         Socket  Message  Elapsed      Messages\n 32768    1024   1.00         6714      0      27.50\n\
         \x20 32768           1.00         6700             27.44\n\
         ====== netperf UDP_STREAM end: success ======\n====== netperf TCP_STREAM begin ======\n\
         \x2032768  32768   1024    1.00       159.50\n====== netperf TCP_RR begin ======\n\
         netperf: no connection\n====== netperf TCP_RR end: fail ======\n",
    );
    let expect = [
        ("netperf UDP_STREAM (Trans. Rate/sec)".to_string(), 27.5),
        (
            "netperf TCP_STREAM (Throughput 10^6bits/sec)".to_string(),
            159.5,
        ),
    ];
    assert_eq!(results(&text, "netperf", "glibc"), expect);
    assert_eq!(group(&text, "netperf", "glibc").score(), 1.0 + 1.5);
}

const LTP: &str = "RUN LTP CASE bind01\n\
    bind01.c:5: \x1b[1;32mTPASS: \x1b[0mfamily\nbind01.c:6: \x1b[1;31mTFAIL: \x1b[0merrno\n\n\
    Summary:\npassed   3\n[   12.5] eth0: passed on\nfailed   1\nbroken   0\n\nSummary:\npassed   9\n\
    FAIL LTP CASE bind01 : 1\nRUN LTP CASE hangs\na: \x1b[1;32mTPASS: \x1b[0mx\n";

#[test]
fn ltp_is_read_differently_for_the_two_libraries() {
    let counts = |libc| {
        let entries = group(&console(&format!("ltp-{libc}"), LTP), "ltp", libc).entries;
        assert_eq!(entries.len(), 1, "a case without an end counts nothing");
        (entries[0].result, entries[0].all)
    };
    assert_eq!(counts("musl"), (3.0, Some(4.0)));
    assert_eq!(counts("glibc"), (1.0, Some(2.0)));
}

#[test]
fn words_of_busybox_and_libctest() {
    let text = console(
        "busybox-musl",
        "abc\"testcase busybox printf \"abc\" success\ntestcase busybox sort x | ./busybox uniq fail\n\
         testcase busybox fail fail\ntestcase busybox ls successful\n",
    );
    let names = results(&text, "busybox", "musl");
    assert_eq!(names, [("busybox printf \"abc\"".to_string(), 1.0)]);
    assert_eq!(group(&text, "busybox", "musl").entries.len(), 3);
    let text = console(
        "libctest-glibc",
        "========== START entry-static.exe argv ==========\nPass!\n\
         ========== END entry-static.exe argv ==========\n\
         ========== START entry-dynamic.exe tls ==========\nPass! not quite\n",
    );
    let names = results(&text, "libctest", "glibc");
    assert_eq!(names, [("libctest static argv".to_string(), 1.0)]);
}

#[test]
fn basic_checks_what_a_program_says() {
    let text = console(
        "basic-musl",
        "========== START test_brk ==========\nBefore alloc,heap pos: 4096\nAfter alloc,heap pos: 4160\n\
         Alloc again,heap pos: 4225\n========== END test_brk ==========\n\
         ========== START test_wait ==========\nThis is child process\n\
         ========== START test_fstat ==========\nfstat ret: 0\n\
         fstat: dev: 1, inode: 22, mode: 33206, nlink: 1, size: 52, atime: 0, mtime: 0, ctime: 0\n\
         ========== END test_fstat ==========\n========== START test_times ==========\n\
         mytimes success\n{tms_utime:1, tms_stime:22, tms_cutime:0, tms_cstime:0}\n\
         ========== END test_times ==========\n",
    );
    let found = results(&text, "basic", "musl");
    let expect = [("test_brk", 2.0), ("test_fstat", 3.0), ("test_times", 6.0)];
    assert_eq!(found, expect.map(|(name, n)| (name.to_string(), n)));
    let all: f64 = group(&text, "basic", "musl")
        .entries
        .iter()
        .filter_map(|e| e.all)
        .sum();
    assert_eq!(all, 102.0);
}

#[test]
fn groups_of_figures() {
    let text = console(
        "libcbench-musl",
        "b_malloc_tiny1 (0)\n  time: 0.007093162, virt: 628, res: 124, dirty: 124\n",
    );
    let entry = |text: &str, group_name: &str, name: &str| {
        let entries = group(text, group_name, "musl").entries;
        let found = entries.into_iter().find(|entry| entry.name == name);
        found.unwrap_or_else(|| panic!("no {name}"))
    };
    // Half the time: 1.5 points.
    let tiny = entry(
        &text,
        "libcbench",
        "libc-bench b_malloc_tiny1 (0) (seconds)",
    );
    assert_eq!(tiny.score, 1.5);
    let text = console(
        "iozone-musl",
        "iozone throughput random-read measurements\n\
         \tChildren see throughput for 4 random readers \t=   41679.51 kB/sec\n\
         \tMax throughput per process \t\t\t=   11082.03 kB/sec\n",
    );
    let name = "iozone random-read 4 random readers (kb/sec)";
    assert_eq!(entry(&text, "iozone", name).score, 1.0);
    let cyclic = "====== cyclictest NO_STRESS_P1 begin ======\n\
        T: 0 (  271) P:99 I:1000 C:    896 Min:    107 Act:  214 Avg:  563 Max:    931\n\
        ====== cyclictest NO_STRESS_P1 end: success ======\n";
    let text = console(
        "cyclictest-musl",
        &format!("{cyclic}====== kill hackbench: success ======\n"),
    );
    let name = "cyclictest NO_STRESS_P1 (microseconds)";
    assert_eq!(entry(&text, "cyclictest", name).score, 1.5);
    // A hackbench that cannot be killed takes all figures with it.
    assert_eq!(
        group(&console("cyclictest-musl", cyclic), "cyclictest", "musl").score(),
        0.0
    );
    let text = console(
        "lmbench-musl",
        "Simple syscall: 1.0 microseconds\nlatency measurements\nSimple syscall: 9.25013 microseconds\n\
         0.524288 4109\n0k      30      24573    30703\ncontext switch overhead\n2 41.24\n",
    );
    let expect = [
        ("lmbench Simple syscall:(microseconds)", 9.25013),
        ("lmbench lat_mmap:(microseconds)", 4109.0),
        ("lmbench fs latency 0k create", 24573.0),
        ("lmbench fs latency 0k remove", 30703.0),
        ("lmbench context switch 2:(microseconds)", 41.24),
    ];
    let found = results(&text, "lmbench", "musl");
    assert_eq!(found, expect.map(|(name, value)| (name.to_string(), value)));
    let text = console("unixbench-musl", "Unixbench PIPE test(lps): 277791\n");
    let pipe = group(&text, "unixbench", "musl");
    assert_eq!((pipe.state, pipe.score()), (State::NotScored, 0.0));
    assert_eq!(results(&text, "unixbench", "musl").len(), 1);
}

#[test]
fn torn_and_absent_groups_say_so() {
    let whole = console("iperf-musl", IPERF);
    // A panic in the middle: judged by what there was.
    let cut = whole.find("====== iperf BASIC_TCP begin").expect("a place");
    let torn = format!("{}[ 9.1] Kernel panic - not syncing\r\n", &whole[..cut]);
    let iperf = group(&torn, "iperf", "musl");
    assert_eq!((iperf.state, iperf.scoring()), (State::Torn, 1));
    assert_eq!(group(&torn, "iperf", "glibc").state, State::Absent);
    // Every figure of an absent group stands there as a zero.
    assert_eq!(group(&torn, "iperf", "glibc").entries.len(), 6);
    // The next START ends a group as well, but is no END of it.
    let both = format!("{torn}{}", console("netperf-musl", ""));
    assert_eq!(group(&both, "iperf", "musl").state, State::Torn);
    assert_eq!(group(&both, "netperf", "musl").state, State::Complete);
    // A marker with kernel text before it is still one; a torn one is none.
    let marked = whole.replace(
        "#### OS COMP TEST GROUP START",
        "[ 1.0] up#### OS COMP TEST GROUP START",
    );
    assert_eq!(group(&marked, "iperf", "musl").scoring(), 2);
    let broken = whole.replace("GROUP START iperf-musl ####", "GROUP START iper");
    assert!(Sheet::of(&broken).is_empty());
    // The same group again: the last run counts.
    let again = format!("{whole}{}", console("iperf-musl", ""));
    assert_eq!(group(&again, "iperf", "musl").scoring(), 0);
}

#[test]
fn a_group_nobody_knows_is_no_guess() {
    let sheet = Sheet::of(&console("splice-musl", "it is alright\n"));
    let splice = sheet.groups.last().expect("a group");
    assert_eq!(
        (splice.name.as_str(), splice.state),
        ("splice", State::NoReader)
    );
    assert!(splice.entries.is_empty());
}
