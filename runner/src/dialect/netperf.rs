//! netperf's classic tables.
//!
//! A table is a few heading lines and then rows of numbers alone:
//!
//! ```text
//! TCP_STREAM            recv socket, send socket, message, seconds, 10^6 bit/s
//! UDP_STREAM  1st row   socket, message, seconds, messages, errors, 10^6 bit/s sent
//!             2nd row   socket, seconds, messages, 10^6 bit/s received
//! *_RR, *_CRR           send socket, recv socket, request, response, seconds, per second
//! ```

use super::LEAST_DURATION;
use crate::outcome::{Metric, Status, Verdict};

/// Reads the table of `test`, which was asked to take `asked` seconds and left
/// with `code`.
pub fn judge(test: &str, asked: f64, code: i32, output: &str) -> Verdict {
    if code != 0 {
        return Verdict::new(
            Status::Fail,
            format!("exit code {code}{}", super::last_line(output)),
        );
    }
    let rows: Vec<Vec<f64>> = output.lines().filter_map(numbers).collect();
    let read = match test {
        "TCP_STREAM" => rows
            .iter()
            .find(|row| row.len() == 5)
            .map(|row| (row[3], vec![throughput("throughput", row[4])])),
        "UDP_STREAM" => {
            let sent = rows.iter().find(|row| row.len() == 6);
            let received = rows.iter().find(|row| row.len() == 4);
            sent.zip(received).map(|(sent, received)| {
                (
                    sent[2],
                    vec![
                        throughput("throughput", received[3]),
                        throughput("sent", sent[5]),
                    ],
                )
            })
        }
        _ => rows
            .iter()
            .find(|row| row.len() == 6)
            .map(|row| (row[4], vec![Metric::higher("rate", row[5], "1/s")])),
    };
    let Some((seconds, metrics)) = read else {
        return Verdict::new(
            Status::Broken,
            format!(
                "no {test} table in netperf's output{}",
                super::last_line(output)
            ),
        );
    };
    if metrics.iter().any(|metric| metric.value <= 0.0) {
        return Verdict::new(Status::Fail, "nothing was transferred");
    }
    if seconds < asked * LEAST_DURATION {
        return Verdict::new(Status::Fail, format!("took {seconds:.2} s of {asked} s"));
    }
    Verdict {
        status: Status::Pass,
        detail: String::new(),
        metrics,
    }
}

fn throughput(name: &str, value: f64) -> Metric {
    Metric::higher(name, value, "Mbit/s")
}

/// The numbers of a line that holds nothing else.
fn numbers(line: &str) -> Option<Vec<f64>> {
    let row: Vec<f64> = line
        .split_whitespace()
        .map(|word| word.parse().ok())
        .collect::<Option<_>>()?;
    (!row.is_empty()).then_some(row)
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::outcome::Status;

    const STREAM: &str = "MIGRATED TCP STREAM TEST from 0.0.0.0 () port 0 AF_INET to 127.0.0.1 () port 0 AF_INET\n\
        Recv   Send    Send\nSocket Socket  Message  Elapsed\nSize   Size    Size     Time     Throughput\n\
        bytes  bytes   bytes    secs.    10^6bits/sec\n\n 32768  32768   1024    2.00       79.75\n";
    const UDP: &str = "Socket  Message  Elapsed      Messages\nSize    Size     Time         Okay Errors   Throughput\n\n\
         32768    1024   2.00         6714      0      27.50\n 32768           2.00         6700             27.44\n";
    const RR: &str = "Local /Remote\nSocket Size   Request  Resp.   Elapsed  Trans.\n\n\
        32768  32768  64       64      2.00     2017.98\n32768  32768\n";

    #[test]
    fn the_three_tables() {
        let value = |test, output| {
            let verdict = judge(test, 2.0, 0, output);
            assert_eq!(verdict.status, Status::Pass, "{test}: {}", verdict.detail);
            verdict.metrics[0].value
        };
        assert_eq!(value("TCP_STREAM", STREAM), 79.75);
        assert_eq!(value("UDP_STREAM", UDP), 27.44);
        assert_eq!(value("TCP_RR", RR), 2017.98);
        assert_eq!(value("TCP_CRR", RR), 2017.98);
    }

    #[test]
    fn a_short_an_empty_and_a_missing_table() {
        assert_eq!(judge("TCP_STREAM", 5.0, 0, STREAM).status, Status::Fail);
        assert_eq!(
            judge("TCP_RR", 2.0, 0, &RR.replace("2017.98", "0.00")).status,
            Status::Fail
        );
        assert_eq!(judge("TCP_RR", 2.0, 0, "").status, Status::Broken);
        assert_eq!(judge("TCP_RR", 2.0, 1, RR).status, Status::Fail);
    }
}
