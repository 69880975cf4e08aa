//! `netperf`: streams, request/response and connection rates.

use std::time::Duration;

use super::Options;
use super::case::{Case, Dialect, Forward, HostStep, HostTool, Process, Work};

/// Over lo, with the contest's sizes: 1 KiB messages in 16 KiB socket buffers,
/// 64-byte requests and responses.
const LOOPBACK: &[(&str, &str, &str)] = &[
    ("lo-tcp-stream", "TCP_STREAM", "-s 16k -S 16k -m 1k -M 1k"),
    ("lo-udp-stream", "UDP_STREAM", "-s 16k -S 16k -m 1k -M 1k"),
    ("lo-tcp-rr", "TCP_RR", "-s 16k -S 16k -r 64,64"),
    ("lo-udp-rr", "UDP_RR", "-s 16k -S 16k -r 64,64"),
    ("lo-tcp-crr", "TCP_CRR", "-s 16k -S 16k -r 64,64"),
];

/// The suite.
pub fn cases(options: &Options) -> Vec<Case> {
    let seconds = options.seconds;
    let limit = u64::from(seconds) + 30;
    let mut cases: Vec<Case> = LOOPBACK
        .iter()
        .map(|(name, test, sizes)| {
            let client =
                format!("netperf -4 -H 127.0.0.1 -p 12865 -t {test} -l {seconds} -- {sizes}");
            Case::guest(
                name,
                limit,
                Process::words(&client),
                Dialect::Netperf { test, seconds },
            )
            .with_helper(Process::words("netserver -D -4 -L 127.0.0.1 -p 12865").listening("12865"))
        })
        .collect();
    cases.push(Case {
        name: "hostfwd-tcp-rr".to_string(),
        timeout: Duration::from_secs(limit),
        work: Work::Host {
            server: Process::words("netserver -D -4 -p {port}").listening("{port}"),
            forwards: vec![Forward::Port, Forward::Data],
            client: HostStep {
                tool: HostTool::Netperf,
                // The server binds the data port that the client names; it has the
                // same number on the host, so the client finds it there.
                args: Process::words(&format!(
                    "-4 -H 127.0.0.1 -p {{port}} -t TCP_RR -l {seconds} -- -r 64,64 -P ,{{data}}"
                ))
                .argv,
            },
            dialect: Dialect::Netperf {
                test: "TCP_RR",
                seconds,
            },
        },
    });
    cases
}
