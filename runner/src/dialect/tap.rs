//! `ok` / `not ok` lines: the dialect of our own programs, a small part of TAP.
//!
//! ```text
//! 1..3
//! ok 1 - connect answers EINPROGRESS
//! not ok 2 - SO_ERROR after a refusal: want ECONNREFUSED got 0
//! ok 3 - vsock # SKIP not built in
//! ```
//!
//! `Bail out!` says that the test could not set up. Lines of any other kind are
//! for people.

use crate::outcome::{Status, Verdict};

/// Reads the output of a program that left with `code`.
pub fn judge(code: i32, output: &str) -> Verdict {
    let mut tally = Tally::default();
    for line in output.lines().map(str::trim) {
        tally.line(line);
    }
    let Tally {
        planned,
        passed,
        skipped,
        failed,
        bail,
    } = tally;
    let reported = passed + skipped.len() + failed.len();
    if let Some(why) = bail {
        return Verdict::new(Status::Broken, format!("bail out: {why}"));
    }
    if let Some(first) = failed.first() {
        return Verdict::new(
            Status::Fail,
            format!("{} of {reported} not ok: {first}", failed.len()),
        );
    }
    if let Some(planned) = planned.filter(|&planned| planned != reported) {
        let detail = format!("{reported} of {planned} checks reported, exit code {code}");
        return Verdict::new(
            if code == 0 {
                Status::Broken
            } else {
                Status::Fail
            },
            detail,
        );
    }
    if reported == 0 {
        // `1..0 # SKIP reason` and a lone SKIP exit code need no line.
        return match (planned, code) {
            (Some(0), 0) => Verdict::new(Status::Skip, "the program planned no check"),
            _ => Verdict::new(
                Status::Broken,
                format!(
                    "no check reported, exit code {code}{}",
                    super::last_line(output)
                ),
            ),
        };
    }
    if code != 0 {
        return Verdict::new(
            Status::Fail,
            format!("all {reported} checks ok, but exit code {code}"),
        );
    }
    if passed == 0 {
        return Verdict::new(Status::Skip, skipped.join("; "));
    }
    let note = if skipped.is_empty() {
        String::new()
    } else {
        format!("skipped: {}", skipped.join("; "))
    };
    Verdict::new(Status::Pass, note)
}

#[derive(Default)]
struct Tally {
    planned: Option<usize>,
    passed: usize,
    skipped: Vec<String>,
    failed: Vec<String>,
    bail: Option<String>,
}

impl Tally {
    fn line(&mut self, line: &str) {
        if let Some(why) = line.strip_prefix("Bail out!") {
            self.bail = Some(why.trim().to_string());
        } else if let Some(plan) = line.strip_prefix("1..") {
            let number: String = plan.chars().take_while(char::is_ascii_digit).collect();
            self.planned = number.parse().ok();
        } else if let Some(what) = check(line, "not ok") {
            self.failed.push(what.to_string());
        } else if let Some(what) = check(line, "ok") {
            match what
                .split_once("# SKIP")
                .or_else(|| what.split_once("# skip"))
            {
                Some((name, why)) => self
                    .skipped
                    .push(format!("{} ({})", name.trim(), why.trim())),
                None => self.passed += 1,
            }
        }
    }
}

/// The description of a `word [number] [-] description` line.
fn check<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(word)?;
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    let rest = rest
        .trim_start()
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .trim_start();
    Some(rest.strip_prefix("- ").unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::outcome::Status;

    #[test]
    fn verdicts() {
        for (code, output, want) in [
            (0, "1..2\nok 1 - a\nok 2 - b\n", Status::Pass),
            (0, "ok a\nhello\nokay, not a check\n", Status::Pass),
            (
                1,
                "1..2\nok 1 - a\nnot ok 2 - b: want 1 got 2\n",
                Status::Fail,
            ),
            (0, "not ok 1 - a\n", Status::Fail),
            (0, "1..3\nok 1\n", Status::Broken),
            (139, "1..3\nok 1\n", Status::Fail),
            (1, "ok 1\n", Status::Fail),
            (0, "", Status::Broken),
            (0, "1..0 # SKIP not here\n", Status::Skip),
            (0, "1..1\nok 1 - vsock # SKIP not built in\n", Status::Skip),
            (0, "1..2\nok 1 - a\nok 2 - b # SKIP no\n", Status::Pass),
            (0, "ok 1\nBail out! no socket\n", Status::Broken),
        ] {
            assert_eq!(judge(code, output).status, want, "{code} {output:?}");
        }
    }

    #[test]
    fn the_first_failure_is_the_detail() {
        let verdict = judge(1, "not ok 3 - SO_ERROR: want 111 got 0\n");
        assert_eq!(verdict.detail, "1 of 1 not ok: SO_ERROR: want 111 got 0");
    }
}
