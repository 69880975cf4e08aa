//! iperf and netperf: `====== iperf NAME begin ======`, then the program's own text.

use super::super::baseline;
use super::{Found, Judged};

/// The last receiver's line of stream 5, 6 or the sum: `[  5] 0.00-2.00 sec 94 MBytes 393 Mbits/sec
/// ... receiver`. Gigabits count 1024; kilobits never match. How the test ended is not looked at.
pub fn iperf(lines: &[&str]) -> Judged {
    let mut found = Found::default();
    let mut test = "";
    for line in lines {
        if let Some(name) = begun(line, "iperf", baseline::IPERF) {
            test = name;
        }
        if let Some(value) = receiver(line) {
            found.set(format!("{test} (Mbits/sec)"), value);
        }
    }
    found.against(baseline::IPERF)
}

fn receiver(line: &str) -> Option<f64> {
    let (id, rest) = line.strip_prefix('[')?.split_once(']')?;
    let stream = id.trim_start();
    if !stream.chars().all(|c| "56SUM".contains(c)) || !rest.ends_with("receiver") {
        return None;
    }
    let mut before = "";
    for word in rest.split_whitespace() {
        let unit = match word {
            "Mbits/sec" => 1.0,
            "Gbits/sec" => 1024.0,
            _ => {
                before = word;
                continue;
            }
        };
        return Some(before.parse::<f64>().ok()? * unit);
    }
    None
}

/// The first line of five or six words that begins with a whole number; its last word is the
/// figure. Five words are called a throughput, six a rate, whatever they are: UDP_STREAM's has six.
pub fn netperf(lines: &[&str]) -> Judged {
    let mut found = Found::default();
    let mut test = None;
    for line in lines {
        if let Some(name) = begun(line, "netperf", baseline::NETPERF) {
            test = Some(name);
        }
        let (Some(name), words) = (test, line.split_whitespace().collect::<Vec<_>>()) else {
            continue;
        };
        if !(5..=6).contains(&words.len()) || words[0].parse::<i64>().is_err() {
            continue;
        }
        let what = match words.len() {
            5 => "(Throughput 10^6bits/sec)",
            _ => "(Trans. Rate/sec)",
        };
        if let Ok(value) = words[words.len() - 1].parse() {
            found.set(format!("{name} {what}"), value);
        }
        test = None;
    }
    found.against(baseline::NETPERF)
}

/// The test that a line begins: `iperf BASIC_UDP`, of those that `table` names.
fn begun(line: &str, program: &str, table: &baseline::Table) -> Option<&'static str> {
    table.iter().find_map(|(name, _)| {
        let test = name.split_once(" (").map_or(*name, |(test, _)| test);
        let mark =
            test.starts_with(program) && line.contains(&format!("====== {test} begin ======"));
        mark.then_some(test)
    })
}
