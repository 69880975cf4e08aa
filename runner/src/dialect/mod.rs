//! Readers of test programs' output: text in, verdict out.
//!
//! Called by `exec` when a case is over. A number is believed only when the
//! program's output can be read as a whole, names no error, moved more than
//! nothing and took at least nine tenths of the time that was asked for. What
//! cannot be read is BROKEN, never a zero.

pub mod contest;
mod iperf3;
mod ltp;
mod netperf;
mod tap;

use crate::console::How;
use crate::outcome::{Status, Verdict};
use crate::plan::Dialect;

/// The share of the asked duration that a measurement must reach.
const LEAST_DURATION: f64 = 0.9;

/// Reads `output` of a program that ended as `how` says.
pub fn judge(dialect: &Dialect, how: How, output: &str) -> Verdict {
    let code = match how {
        How::Exit(code) => code,
        How::Served => 0,
        How::Signal(signal) => {
            return Verdict::new(Status::Fail, format!("killed by {}", signal_name(signal)));
        }
        How::Timeout => return Verdict::new(Status::Timeout, "killed after the case's time"),
        How::Broken(errno) => {
            return Verdict::new(
                Status::Broken,
                format!("could not be started: {}", errno_name(errno)),
            );
        }
    };
    match dialect {
        Dialect::Exit { expect } => exit(code, expect, output),
        Dialect::Tap => tap::judge(code, output),
        Dialect::Ltp => ltp::judge(code, output),
        Dialect::Iperf3 { seconds } => iperf3::judge(f64::from(*seconds), output),
        Dialect::Netperf { test, seconds } => {
            netperf::judge(test, f64::from(*seconds), code, output)
        }
    }
}

fn exit(code: i32, expect: &[String], output: &str) -> Verdict {
    if code != 0 {
        return Verdict::new(
            Status::Fail,
            format!("exit code {code}{}", last_line(output)),
        );
    }
    match expect.iter().find(|text| !output.contains(*text)) {
        Some(text) => Verdict::new(
            Status::Fail,
            format!("exit code 0, but no '{text}' in the output"),
        ),
        None => Verdict::new(Status::Pass, ""),
    }
}

/// `: <the last line that says something>`, for a detail.
fn last_line(output: &str) -> String {
    match output.lines().rev().find(|line| !line.trim().is_empty()) {
        Some(line) => format!(": {}", line.trim().chars().take(160).collect::<String>()),
        None => ", no output".to_string(),
    }
}

/// signal(7)'s names on riscv64 and loongarch64.
fn signal_name(signal: i32) -> String {
    const NAMES: [&str; 32] = [
        "0", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
        "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
        "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];
    match usize::try_from(signal)
        .ok()
        .and_then(|number| NAMES.get(number))
    {
        Some(name) => format!("SIG{name}"),
        None => format!("signal {signal}"),
    }
}

/// errno(3) in words, where the host knows them: the numbers a case can fail to start
/// with are the same everywhere.
fn errno_name(errno: i32) -> String {
    std::io::Error::from_raw_os_error(errno).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit_dialect(expect: &[&str]) -> Dialect {
        Dialect::Exit {
            expect: expect.iter().map(|s| s.to_string()).collect(),
        }
    }

    #[test]
    fn exit_codes_and_expected_texts() {
        let status =
            |how, expect: &[&str], output| judge(&exit_dialect(expect), how, output).status;
        assert_eq!(status(How::Exit(0), &["Linux"], "Linux 6"), Status::Pass);
        assert_eq!(status(How::Exit(0), &["Linux"], ""), Status::Fail);
        assert_eq!(status(How::Exit(1), &[], "Linux 6"), Status::Fail);
        assert_eq!(status(How::Timeout, &[], ""), Status::Timeout);
        assert_eq!(status(How::Broken(2), &[], ""), Status::Broken);
    }

    #[test]
    fn a_signal_is_named() {
        assert_eq!(
            judge(&exit_dialect(&[]), How::Signal(11), "").detail,
            "killed by SIGSEGV"
        );
        assert_eq!(
            judge(&exit_dialect(&[]), How::Signal(40), "").detail,
            "killed by signal 40"
        );
    }
}
