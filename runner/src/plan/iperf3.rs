//! `iperf3`: throughput over lo and through the network card, both directions.

use std::time::Duration;

use super::Options;
use super::case::{Case, Dialect, Forward, HostStep, HostTool, Process, Work};

/// Over lo: client and server in the guest.
const LOOPBACK: &[(&str, &str)] = &[
    ("lo-tcp", ""),
    ("lo-tcp-reverse", "-R"),
    ("lo-tcp-parallel", "-P 5"),
    ("lo-udp", "-u -b 0"),
];

/// Through slirp: the client on the host. Sending is seen from the host, so
/// `-reverse` is what the guest transmits. UDP has a rate, since slirp drops what
/// comes faster than the guest takes it.
const THROUGH_NIC: &[(&str, &str)] = &[
    ("hostfwd-tcp", ""),
    ("hostfwd-tcp-reverse", "-R"),
    ("hostfwd-udp", "-u -b 20M -l 1400"),
    ("hostfwd-udp-reverse", "-u -R -b 20M -l 1400"),
];

/// The suite.
pub fn cases(options: &Options) -> Vec<Case> {
    let seconds = options.seconds;
    let limit = u64::from(seconds) + 30;
    let dialect = Dialect::Iperf3 { seconds };
    let loopback = LOOPBACK.iter().map(|(name, flags)| {
        let client = Process::words(&format!(
            "iperf3 -c 127.0.0.1 -p 5201 -t {seconds} -i 0 --json {flags}"
        ));
        Case::guest(name, limit, client, dialect.clone())
            .with_helper(Process::words("iperf3 -s -1 -p 5201").listening("5201"))
    });
    let through_nic = THROUGH_NIC.iter().map(|(name, flags)| Case {
        name: name.to_string(),
        timeout: Duration::from_secs(limit),
        work: Work::Host {
            server: Process::words("iperf3 -s -1 -p {port}").listening("{port}"),
            forwards: vec![Forward::Port],
            client: HostStep {
                tool: HostTool::Iperf3,
                args: Process::words(&format!(
                    "-c 127.0.0.1 -p {{port}} -t {seconds} -i 0 --json {flags}"
                ))
                .argv,
            },
            dialect: dialect.clone(),
        },
    });
    loopback.chain(through_nic).collect()
}
