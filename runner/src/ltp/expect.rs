//! What each case is expected to come to on a target: PASS, where no line says otherwise.
//!
//! `testsuite/ltp/expect/<target>` has a line for each case that does not pass there: its name,
//! the kernel (`ours`, `linux` or `both`), the status, and the reason. Called by `dispatch` with
//! each verdict that LTP's own programs came to. What is as expected keeps its status where that
//! is harmless (SKIP) and is XFAIL where not; a pass that nobody expected is XPASS; a case that
//! should pass and says that it does not apply is BROKEN: nothing stops passing in silence.

use crate::outcome::{Status, Verdict};
use crate::target::Target;

use super::list::lines;

const FILES: &[(&str, &str)] = &[
    (
        "riscv64-glibc",
        include_str!("../../../testsuite/ltp/expect/riscv64-glibc"),
    ),
    (
        "riscv64-musl",
        include_str!("../../../testsuite/ltp/expect/riscv64-musl"),
    ),
    (
        "loongarch64-glibc",
        include_str!("../../../testsuite/ltp/expect/loongarch64-glibc"),
    ),
    (
        "loongarch64-musl",
        include_str!("../../../testsuite/ltp/expect/loongarch64-musl"),
    ),
];

/// The kernel that is not held to what ours does.
const LINUX: &str = "linux";

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Expected {
    status: Status,
    reason: &'static str,
}

/// What a case says that the tree does not have.
const ABSENT: &str = "this tree has no ";

/// What `verdict` of `case` means on `target` with the kernel that `--kernel` calls `kernel`.
pub fn weigh(target: Target, kernel: &str, case: &str, verdict: Verdict) -> Verdict {
    let file = FILES.iter().find(|(name, _)| *name == target.name());
    let expected = file.and_then(|(_, text)| find(text, kernel, case));
    judged(expected, verdict)
}

fn judged(expected: Option<Expected>, verdict: Verdict) -> Verdict {
    let told = |status, detail: String| Verdict {
        status,
        detail,
        metrics: verdict.metrics.clone(),
    };
    match (expected, verdict.status) {
        // The tree's doing and not the kernel's (`plan::ltp` says so).
        (_, Status::Skip) if verdict.detail.contains(ABSENT) => verdict,
        (None, Status::Skip) => told(
            Status::Broken,
            format!("expected to pass: {}", verdict.detail),
        ),
        (None, _) => verdict,
        (Some(expected), Status::Pass) => told(
            Status::Xpass,
            format!("expected {}: {}", expected.status.name(), expected.reason),
        ),
        (Some(expected), status) if status == expected.status => {
            let kept = match status {
                Status::Skip => Status::Skip,
                _ => Status::Xfail,
            };
            told(
                kept,
                format!("{} (as expected: {})", verdict.detail, expected.reason),
            )
        }
        (Some(expected), _) => told(
            verdict.status,
            format!("{} (expected {})", verdict.detail, expected.status.name()),
        ),
    }
}

fn find(text: &'static str, kernel: &str, case: &str) -> Option<Expected> {
    lines(text).find_map(|line| {
        let (name, whose, expected) = parse(line)?;
        let mine = match whose {
            "both" => true,
            LINUX => kernel == LINUX,
            _ => kernel != LINUX,
        };
        (name == case && mine).then_some(expected)
    })
}

/// `case kernel STATUS reason`.
fn parse(line: &'static str) -> Option<(&'static str, &'static str, Expected)> {
    let mut words = line.splitn(4, ' ').map(str::trim);
    let (name, whose, status, reason) =
        (words.next()?, words.next()?, words.next()?, words.next()?);
    let status = Status::ALL
        .into_iter()
        .find(|known| known.name() == status)?;
    let known = ["ours", LINUX, "both"].contains(&whose) && status != Status::Pass;
    (known && !reason.is_empty()).then_some((name, whose, Expected { status, reason }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ltp::list;
    use crate::target::{Arch, Libc};

    #[test]
    fn every_line_names_a_case_a_kernel_a_status_and_a_reason() {
        for (target, text) in FILES {
            for line in lines(text) {
                let (case, ..) = parse(line).unwrap_or_else(|| panic!("{target}: {line}"));
                assert!(
                    list::cases().iter().any(|entry| entry.name == case),
                    "{target}: no case {case}"
                );
            }
        }
        let names = Arch::ALL
            .iter()
            .flat_map(|&arch| Libc::ALL.map(|libc| Target { arch, libc }.name()));
        assert!(
            names
                .into_iter()
                .all(|name| FILES.iter().any(|(file, _)| *file == name))
        );
    }

    #[test]
    fn kernels_are_told_apart() {
        const TEXT: &str =
            "a ours FAIL no such device\nb both SKIP 64-bit only\nc linux FAIL too slow here";
        let status = |kernel, case| find(TEXT, kernel, case).map(|e| e.status);
        assert_eq!(status("ours", "a"), Some(Status::Fail));
        assert_eq!(status("some/Image", "a"), Some(Status::Fail));
        assert_eq!(status("linux", "a"), None);
        assert_eq!(status("linux", "b"), Some(Status::Skip));
        assert_eq!(status("ours", "c"), None);
    }

    #[test]
    fn nothing_stops_or_begins_passing_in_silence() {
        let expected = |status| {
            Some(Expected {
                status,
                reason: "why",
            })
        };
        let status = |expected, status| judged(expected, Verdict::new(status, "x")).status;
        assert_eq!(status(None, Status::Pass), Status::Pass);
        assert_eq!(status(None, Status::Fail), Status::Fail);
        assert_eq!(status(None, Status::Skip), Status::Broken);
        let absent = Verdict::new(Status::Skip, "a: TCONF: this tree has no a");
        assert_eq!(judged(None, absent).status, Status::Skip);
        assert_eq!(status(expected(Status::Fail), Status::Fail), Status::Xfail);
        assert_eq!(status(expected(Status::Skip), Status::Skip), Status::Skip);
        assert_eq!(status(expected(Status::Skip), Status::Fail), Status::Fail);
        assert_eq!(status(expected(Status::Fail), Status::Pass), Status::Xpass);
        assert_eq!(status(expected(Status::Fail), Status::Crash), Status::Crash);
    }
}
