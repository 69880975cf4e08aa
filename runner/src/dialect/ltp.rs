//! What a test of the Linux Test Project prints, and its exit code.
//!
//! The code is a sum of bits: 1 failed, 2 broken, 4 warning, 32 does not apply; 0 is a pass
//! (`doc/users/` of LTP, and its `tst_res_flags.h`). A line reads `accept01.c:71: TPASS: ...`,
//! or in tests of the older interface `accept01    1  TPASS  :  ...`; newer ones end in a
//! summary. Codes above 125 are the shell's: not found, or killed.

use crate::outcome::{Metric, Status, Verdict};

const FAILED: i32 = 1;
const BROKEN: i32 = 2;
const NOT_HERE: i32 = 32;
/// These, warning (4) and information (16).
const KNOWN: i32 = 0b11_0111;

/// Results of one test, counted by their words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: usize,
    failed: usize,
    broken: usize,
    skipped: usize,
}

/// Reads `output` of a test that left with `code`.
pub fn judge(code: i32, output: &str) -> Verdict {
    let counts = counts(output);
    let line = |word: &str| {
        let found = output.lines().find(|line| word_at(line, word).is_some());
        found.map_or(String::new(), |line| {
            line.trim().chars().take(200).collect()
        })
    };
    let (status, detail) = if code == 127 || code == 126 {
        (
            Status::Broken,
            "the program could not be started".to_string(),
        )
    } else if (129..=192).contains(&code) {
        (
            Status::Fail,
            format!("killed by {}", super::signal_name(code - 128)),
        )
    } else if code & !KNOWN != 0 && counts.failed == 0 {
        (
            Status::Broken,
            format!("exit code {code}, which LTP does not know"),
        )
    } else if code & FAILED != 0 || counts.failed > 0 {
        (Status::Fail, or(line("TFAIL"), code))
    } else if code & BROKEN != 0 || counts.broken > 0 {
        (Status::Broken, or(line("TBROK"), code))
    } else if code & NOT_HERE != 0 || (counts.passed == 0 && counts.skipped > 0) {
        (Status::Skip, or(line("TCONF"), code))
    } else if code == 0 {
        (Status::Pass, String::new())
    } else {
        (Status::Pass, or(line("TWARN"), code))
    };
    let metrics = match counts.passed {
        0 => Vec::new(),
        passed => vec![Metric::higher("passed", passed as f64, "checks")],
    };
    Verdict {
        status,
        detail,
        metrics,
    }
}

fn or(line: String, code: i32) -> String {
    match (line.is_empty(), code) {
        (false, _) => line,
        (true, 0) => String::new(),
        (true, code) => format!("exit code {code}"),
    }
}

/// Lines where there are any; the summary where the lines went elsewhere.
fn counts(output: &str) -> Counts {
    let count = |word: &str| {
        let lines = output.lines();
        lines.filter(|line| word_at(line, word).is_some()).count()
    };
    let lines = Counts {
        passed: count("TPASS"),
        failed: count("TFAIL"),
        broken: count("TBROK"),
        skipped: count("TCONF"),
    };
    if lines != Counts::default() {
        return lines;
    }
    let Some((_, summary)) = output.split_once("Summary:") else {
        return lines;
    };
    let number = |word: &str| {
        let line = summary
            .lines()
            .find_map(|line| line.trim().strip_prefix(word));
        line.and_then(|rest| rest.trim().parse().ok()).unwrap_or(0)
    };
    Counts {
        passed: number("passed"),
        failed: number("failed"),
        broken: number("broken"),
        skipped: number("skipped"),
    }
}

/// Where `word` stands as a word with a colon behind it.
fn word_at(line: &str, word: &str) -> Option<usize> {
    let at = line.find(word)?;
    let before = line[..at].chars().next_back();
    let alone = before.is_none_or(char::is_whitespace);
    (alone && line[at + word.len()..].trim_start().starts_with(':')).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: i32, output: &str) -> Status {
        judge(code, output).status
    }

    #[test]
    fn codes_and_lines_are_read_together() {
        let pass = "tst_test.c:1: TINFO: x\naccept01.c:71: TPASS: bad fd: EBADF (9)\n";
        let verdict = judge(0, pass);
        assert_eq!(
            (verdict.status, verdict.metrics[0].value),
            (Status::Pass, 1.0)
        );
        // A code that does not say what a line says is not believed.
        assert_eq!(status(0, "a.c:1: TFAIL: errno\n"), Status::Fail);
        let fail = judge(1, "a.c:1: TPASS: x\na.c:2: TFAIL: want EINVAL\n");
        assert_eq!(
            (fail.status, fail.detail.as_str()),
            (Status::Fail, "a.c:2: TFAIL: want EINVAL")
        );
        assert_eq!(status(2, "a.c:1: TBROK: socket failed\n"), Status::Broken);
        assert_eq!(status(32, "a.c:1: TCONF: no such family\n"), Status::Skip);
        assert_eq!(
            status(33, "a.c:1: TCONF: x\na.c:2: TFAIL: y\n"),
            Status::Fail
        );
        assert_eq!(status(127, "sh: not found"), Status::Broken);
        assert_eq!(judge(139, "").detail, "killed by SIGSEGV");
        assert_eq!(status(77, ""), Status::Broken);
    }

    #[test]
    fn the_older_interface_and_the_summary() {
        assert_eq!(
            status(0, "sendfile02    1  TPASS  :  functionality is right\n"),
            Status::Pass
        );
        assert_eq!(
            status(1, "sendfile02    1  TFAIL  :  wrong\n"),
            Status::Fail
        );
        let summary = "\nSummary:\npassed   6\nfailed   1\nbroken   0\nskipped  0\nwarnings 0\n";
        assert_eq!(status(0, summary), Status::Fail);
        let summary = summary.replace("failed   1", "failed   0");
        assert_eq!(judge(0, &summary).metrics[0].value, 6.0);
        assert_eq!(status(0, "said: TFAILURE of nothing"), Status::Pass);
    }
}
