//! Transcripts as scripts print them, whole and cut.

use super::*;

fn read(text: &str) -> Vec<(String, Status)> {
    let cut = Verdict::new(Status::Crash, "kernel panic");
    rows(text, &cut)
        .into_iter()
        .map(|row| (row.name, row.verdict.status))
        .collect()
}

fn row(text: &str, name: &str) -> Row {
    let cut = Verdict::new(Status::Timeout, "cut");
    let found = rows(text, &cut).into_iter().find(|row| row.name == name);
    found.unwrap_or_else(|| panic!("no row {name}"))
}

const IPERF: &str = "\
OpenSBI v1.1\r
#### OS COMP TEST GROUP START iperf-musl ####\r
====== iperf BASIC_UDP begin ======\r
[ ID] Interval           Transfer     Bitrate         Jitter    Lost/Total Datagrams\r
[  5]   0.00-2.00   sec  93.8 MBytes   393 Mbits/sec  0.000 ms  0/3003 (0%)  sender\r
[  5]   0.00-2.00   sec  93.8 MBytes   392 Mbits/sec  0.012 ms  0/3003 (0%)  receiver\r
====== iperf BASIC_UDP end: success ======\r
====== iperf PARALLEL_TCP begin ======\r
[  5]   0.00-2.00   sec  10 MBytes  40 Mbits/sec                  receiver\r
[    12.5] eth0: link is up\r
[SUM]   0.00-2.00   sec   300 MBytes  1.28 Gbits/sec                  receiver\r
====== iperf PARALLEL_TCP end: success ======\r
====== iperf REVERSE_TCP begin ======\r
iperf3: error - unable to connect to server\r
====== iperf REVERSE_TCP end: fail ======\r
====== iperf BASIC_TCP begin ======\r
====== iperf BASIC_TCP end: success ======\r
#### OS COMP TEST GROUP END iperf-musl ####\r
";

#[test]
fn iperf_in_a_group() {
    assert_eq!(
        read(IPERF),
        [
            ("iperf-musl".into(), Status::Pass),
            ("iperf-musl/BASIC_UDP".into(), Status::Pass),
            ("iperf-musl/PARALLEL_TCP".into(), Status::Pass),
            ("iperf-musl/REVERSE_TCP".into(), Status::Fail),
            ("iperf-musl/BASIC_TCP".into(), Status::Broken),
        ]
    );
    let value = |name: &str| row(IPERF, name).verdict.metrics[0].value;
    assert_eq!(value("iperf-musl/BASIC_UDP"), 392.0);
    assert_eq!(value("iperf-musl/PARALLEL_TCP"), 1280.0);
}

#[test]
fn netperf_in_a_group() {
    let text = "\
#### OS COMP TEST GROUP START netperf-glibc ####
====== netperf TCP_RR begin ======
MIGRATED TCP REQUEST/RESPONSE TEST
Local /Remote
Socket Size   Request  Resp.   Elapsed  Trans.
bytes  Bytes  bytes    bytes   secs.    per sec

32768  131072 64       64      1.00     2017.98
32768  131072
====== netperf TCP_RR end: success ======
#### OS COMP TEST GROUP END netperf-glibc ####
";
    let metric = &row(text, "netperf-glibc/TCP_RR").verdict.metrics[0];
    assert_eq!((metric.value, metric.unit.as_ref()), (2017.98, "1/s"));
}

const LTP: &str = "\
#### OS COMP TEST GROUP START ltp-musl ####
RUN LTP CASE accept01
\x1b[1;32mTPASS: \x1b[0m seen
accept01.c:71: \x1b[1;32mTPASS: \x1b[0mbad file descriptor: EBADF (9)
FAIL LTP CASE accept01 : 0
RUN LTP CASE bind04
bind04.c:1: TFAIL: want 0
FAIL LTP CASE bind04 : 1
RUN LTP CASE gone
RUN LTP CASE vsock01
vsock01.c:1: TCONF: no vsock
FAIL LTP CASE vsock01 : 32
RUN LTP CASE crash01
";

#[test]
fn ltp_whole_and_cut() {
    let whole =
        format!("{LTP}FAIL LTP CASE crash01 : 0\n#### OS COMP TEST GROUP END ltp-musl ####\n");
    assert_eq!(
        read(&whole)[1..],
        [
            ("ltp-musl/accept01".into(), Status::Pass),
            ("ltp-musl/bind04".into(), Status::Fail),
            ("ltp-musl/gone".into(), Status::Missing),
            ("ltp-musl/vsock01".into(), Status::Skip),
            ("ltp-musl/crash01".into(), Status::Pass),
        ]
    );
    // FAIL is printed for every test: the word alone means nothing.
    assert_eq!(
        row(&whole, "ltp-musl/accept01").verdict.metrics[0].value,
        2.0
    );
    let cut = read(LTP);
    assert_eq!(cut[0], ("ltp-musl".into(), Status::Crash));
    assert_eq!(cut[5], ("ltp-musl/crash01".into(), Status::Crash));
}

#[test]
fn other_families() {
    let text = "\
#### OS COMP TEST GROUP START busybox-musl ####
testcase busybox echo \"x\" success
testcase busybox cat /proc/x fail
#### OS COMP TEST GROUP END busybox-musl ####
#### OS COMP TEST GROUP START libctest-musl ####
========== START entry-static.exe argv ==========
Pass!
========== END entry-static.exe argv ==========
========== START entry-static.exe basename ==========
src/functional/basename.c:5: assertion failed
========== END entry-static.exe basename ==========
#### OS COMP TEST GROUP END libctest-musl ####
#### OS COMP TEST GROUP START lmbench-musl ####
Simple syscall: 0.5 microseconds
#### OS COMP TEST GROUP END lmbench-musl ####
#### OS COMP TEST GROUP START cyclictest-musl ####
====== cyclictest NO_STRESS_P1 begin ======
====== cyclictest NO_STRESS_P1 end: success ======
#### OS COMP TEST GROUP END cyclictest-musl ####
";
    let rows = read(text);
    let status = |name: &str| {
        let found = rows.iter().find(|(row, _)| row == name);
        found.unwrap_or_else(|| panic!("no {name} in {rows:?}")).1
    };
    assert_eq!(status("busybox-musl/busybox_echo_\"x\""), Status::Pass);
    assert_eq!(status("busybox-musl/busybox_cat_|proc|x"), Status::Fail);
    assert_eq!(status("libctest-musl/argv"), Status::Pass);
    assert_eq!(status("libctest-musl/basename"), Status::Fail);
    assert_eq!(status("lmbench-musl"), Status::Skip);
    assert_eq!(status("cyclictest-musl/NO_STRESS_P1"), Status::Pass);
}

#[test]
fn a_log_without_markers_is_one_group() {
    let text = "RUN LTP CASE accept01\na.c:1: TPASS: x\nFAIL LTP CASE accept01 : 0\n";
    assert_eq!(read(text), [("log/accept01".into(), Status::Pass)]);
    assert_eq!(read("hello\n"), [("log".into(), Status::Skip)]);
}

#[test]
fn any_cut_is_survived() {
    for at in 0..IPERF.len() {
        let rows = read(&IPERF[..at]);
        assert!(!rows.is_empty());
    }
    for at in 0..LTP.len() {
        read(&LTP[..at]);
    }
}
