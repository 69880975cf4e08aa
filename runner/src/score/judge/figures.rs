//! Groups of figures: lmbench, iozone, libcbench, cyclictest, unixbench.

use super::super::baseline;
use super::{Found, Judged};

/// libc-bench: a line that begins with `b` names the test, `time: 0.38` is its figure.
pub fn libcbench(lines: &[&str]) -> Judged {
    let mut found = Found::default();
    let mut test = String::new();
    for line in lines {
        if line.starts_with('b') {
            test = line.trim().to_string();
        }
        if let Some(seconds) = line
            .split_once("time: ")
            .and_then(|(_, rest)| leading(rest))
        {
            found.set(format!("libc-bench {test} (seconds)"), seconds);
        }
    }
    found.against(baseline::LIBCBENCH)
}

/// The number that `text` begins with.
fn leading(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    text[..end.unwrap_or(text.len())].parse().ok()
}

/// iozone: a heading for each run, then the fastest process of each kind of access.
pub fn iozone(lines: &[&str]) -> Judged {
    // The last one's spelling is the script's.
    const RUNS: [(&str, &str); 7] = [
        ("iozone throughput write/read measurements", "write/read"),
        ("iozone throughput random-read measurements", "random-read"),
        (
            "iozone throughput read-backwards measurements",
            "read-backwards",
        ),
        ("iozone throughput stride-read measurements", "stride-read"),
        (
            "iozone throughput fwrite/fread measurements",
            "fwrite/fread",
        ),
        (
            "iozone throughput pwrite/pread measurements",
            "pwrite/pread",
        ),
        (
            "iozone throughtput pwritev/preadv measurements",
            "pwritev/preadv",
        ),
    ];
    let mut found = Found::default();
    let (mut run, mut kind) = ("", String::new());
    for line in lines {
        if let Some((_, name)) = RUNS.iter().find(|(mark, _)| line.contains(mark)) {
            run = name;
        }
        if line.contains("Children see throughput for") {
            let rest = line.replace("Children see throughput for", "");
            kind = rest
                .split('=')
                .next()
                .unwrap_or_default()
                .trim()
                .to_string();
        }
        if line.contains("Max throughput per process") {
            let word = line
                .split('=')
                .nth(1)
                .and_then(|rest| rest.split_whitespace().next());
            if let Some(value) = word.and_then(|word| word.parse().ok()) {
                found.set(format!("iozone {run} {kind} (kb/sec)"), value);
            }
        }
    }
    found.against(baseline::IOZONE)
}

/// cyclictest: the mean of the threads' longest delays in a section that ended in success; nothing
/// at all unless hackbench could be killed in the end.
pub fn cyclictest(lines: &[&str]) -> Judged {
    const TESTS: [&str; 4] = ["NO_STRESS_P1", "NO_STRESS_P8", "STRESS_P1", "STRESS_P8"];
    let mut found = Found::default();
    let mut test = "";
    let mut delays: Vec<f64> = Vec::new();
    let mut killed = false;
    for line in lines {
        let begun = |name: &&&str| line.contains(&format!("cyclictest {name} begin"));
        if let Some(name) = TESTS.iter().find(begun) {
            test = name;
        } else if line.contains("end: success") {
            if !delays.is_empty() {
                let mean = delays.iter().sum::<f64>() / delays.len() as f64;
                found.set(format!("cyclictest {test} (microseconds)"), mean);
                delays.clear();
            }
        } else if line.contains("kill hackbench: success") {
            killed = true;
        }
        delays.extend(delay(line));
    }
    match killed {
        true => found,
        false => Found::default(),
    }
    .against(baseline::CYCLICTEST)
}

/// `T: 0 (  271) P:99 I:1000 C:    896 Min:    107 Act:  214 Avg:  563 Max:    1862`.
fn delay(line: &str) -> Option<f64> {
    let (_, rest) = line.split_once("T: ")?;
    let after = |mark: &str| leading(rest.split_once(mark)?.1.trim_start());
    Some(after("Min:")?.max(after("Max:")?))
}

/// unixbench: `Unixbench DHRY2 test(lps): 32742492`. The contest's judge has no points for it any
/// more; the figures are shown beside 2023's.
pub fn unixbench(lines: &[&str]) -> Judged {
    let mut found = Found::default();
    for line in lines.iter().filter(|line| line.starts_with("Unixbench")) {
        if let Some((name, value)) = line.split_once(':')
            && let Ok(value) = value.trim().parse()
        {
            found.set(name.to_string(), value);
        }
    }
    let mut judged = found.against(baseline::UNIXBENCH);
    judged
        .entries
        .iter_mut()
        .for_each(|entry| entry.score = 0.0);
    judged.scored = false;
    judged
}

/// lmbench: lines that end in a unit, tables of file latencies (`0k 30 24573 30703`) and of context
/// switches (`2 41.24`), and five pairs of numbers that only their order tells apart. It begins
/// at "latency measurements" and ends thirteen lines after "context switch overhead".
pub fn lmbench(lines: &[&str]) -> Judged {
    const UNITS: [&str; 3] = ["microseconds", "KB/sec", "MB/sec"];
    const PAIRS: [&str; 5] = [
        "lat_mmap:(microseconds)",
        "bw_file_rd io_only",
        "bw_file_rd open2close",
        "bw_mmap_rd mmap_only",
        "bw_mmap_rd open2close",
    ];
    const PROCESSES: [f64; 8] = [2.0, 4.0, 8.0, 16.0, 24.0, 32.0, 64.0, 96.0];
    let mut found = Found::default();
    let mut pairs = 0;
    let mut state = 0;
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<f64>().ok());
        let Some(last) = words.last() else { continue };
        if line.contains("latency measurements") {
            state = 1;
        }
        if !(1..=15).contains(&state) {
            continue;
        }
        if line.contains("context switch overhead") {
            state = 2;
        }
        if state >= 2 {
            state += 1;
        }
        let count = words.len();
        if count >= 3
            && UNITS.contains(last)
            && let Some(value) = number(count - 2)
        {
            let name = words[..count - 2].join(" ");
            found.set(format!("lmbench {name}({last})"), value);
        }
        if count == 4 && words[0].ends_with('k') {
            for (at, what) in [(2, "create"), (3, "remove")] {
                // The judge wants whole numbers; anything else is -1, which has no points.
                let value = words[at].parse::<i64>().unwrap_or(-1);
                found.set(
                    format!("lmbench fs latency {} {what}", words[0]),
                    value as f64,
                );
            }
        }
        if let (2, Some(first), Some(second)) = (count, number(0), number(1)) {
            if PROCESSES.contains(&first) {
                let name = format!("lmbench context switch {}:(microseconds)", words[0]);
                found.set(name, second);
            } else {
                if let Some(name) = PAIRS.get(pairs) {
                    found.set(format!("lmbench {name}"), second);
                }
                pairs += 1;
            }
        }
    }
    found.against(baseline::LMBENCH)
}
