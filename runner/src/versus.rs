//! The same cases on another kernel and on Linux, side by side: who is right.
//!
//! Called by `report` for runs that have a lane `linux`. Linux is the oracle: where it passes
//! and the other does not, the other is wrong; where it does not pass either, the test or the
//! environment is. Figures go with it, each with the ratio.

use crate::outcome::{CaseResult, Metric, Status};
use crate::report::Run;

/// The lane that the others are compared with.
pub const REFERENCE: &str = "linux";

/// The most cases named in one line for a terminal.
const MOST_NAMED: usize = 10;

/// What two results for one case say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Both pass, or both say that it does not apply.
    Agree,
    /// Linux passes, the other does not.
    Regression,
    /// Neither passes: the test, or the machine, is at fault.
    OracleFail,
    /// Linux does not pass, the other does: the test may ask for too much.
    Stricter,
}

impl Word {
    /// All, in report order.
    pub const ALL: [Word; 4] = [
        Word::Agree,
        Word::Regression,
        Word::OracleFail,
        Word::Stricter,
    ];

    /// As printed.
    pub fn name(self) -> &'static str {
        match self {
            Word::Agree => "agree",
            Word::Regression => "regression-vs-linux",
            Word::OracleFail => "oracle-fail",
            Word::Stricter => "stricter",
        }
    }

    /// Of a status and Linux's; absent is a case that the run did not come to.
    fn of(ours: Option<Status>, linux: Option<Status>) -> Word {
        // A pass that an expectation denies is one all the same.
        let plain = |status: Option<Status>| match status {
            Some(Status::Xpass) => Some(Status::Pass),
            other => other,
        };
        match (plain(ours), plain(linux)) {
            (Some(Status::Pass), Some(Status::Pass)) | (Some(Status::Skip), Some(Status::Skip)) => {
                Word::Agree
            }
            (_, Some(Status::Pass)) => Word::Regression,
            (Some(Status::Pass), _) => Word::Stricter,
            _ => Word::OracleFail,
        }
    }
}

/// Whether a result that is not good is nobody's but the test's: Linux was asked the same and
/// did not pass either. A kernel that dies is never excused, and where Linux gave no answer
/// nobody is.
pub fn excused(ours: Status, linux: Status) -> bool {
    use Status::{Broken, Crash, Fail, Timeout};
    matches!(ours, Fail | Broken | Timeout) && matches!(linux, Fail | Broken | Timeout | Crash)
}

/// One case.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// `suite/case`.
    pub case: &'a str,
    /// What they say together.
    pub word: Word,
    /// The kernel's result; absent where its run did not come to the case.
    pub ours: Option<&'a CaseResult>,
    /// Linux's.
    pub linux: Option<&'a CaseResult>,
}

/// A figure of both: the kernel's, Linux's, and how many times as much.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure<'a> {
    /// Whose it is, what it is, its unit: from the kernel's metric.
    pub metric: &'a Metric,
    /// Linux's value.
    pub linux: f64,
    /// The kernel's value over Linux's; absent where that is nothing.
    pub ratio: Option<f64>,
}

/// A kernel beside Linux, on one target.
#[derive(Clone, Debug)]
pub struct Versus<'a> {
    /// `riscv64-glibc`.
    pub target: String,
    /// The kernel's lane.
    pub lane: &'a str,
    /// One for each case of either, in the order in which they ran.
    pub rows: Vec<Row<'a>>,
}

/// Every run of `runs` beside the one on Linux of its target; empty where there is none.
pub fn of<'a>(runs: impl Iterator<Item = &'a Run> + Clone) -> Vec<Versus<'a>> {
    let beside = |run: &'a Run| {
        let mut linux = runs.clone().filter(|other| {
            other.lane() == REFERENCE && other.target() == run.target() && run.lane() != REFERENCE
        });
        linux.next().map(|linux| pair(run, linux))
    };
    runs.clone().filter_map(beside).collect()
}

/// `run` beside `linux`.
pub fn pair<'a>(run: &'a Run, linux: &'a Run) -> Versus<'a> {
    let find = |run: &'a Run, name: &str| run.cases.iter().find(|case| case.name == name);
    let row = |case: &'a str| {
        let (ours, linux) = (find(run, case), find(linux, case));
        Row {
            case,
            word: Word::of(ours.map(|c| c.status), linux.map(|c| c.status)),
            ours,
            linux,
        }
    };
    let mut names: Vec<&str> = Vec::new();
    for case in run.cases.iter().chain(&linux.cases) {
        if !names.contains(&case.name.as_str()) {
            names.push(&case.name);
        }
    }
    Versus {
        target: run.target(),
        lane: run.lane(),
        rows: names.into_iter().map(row).collect(),
    }
}

impl<'a> Row<'a> {
    /// The figures that both have.
    pub fn figures(&self) -> Vec<Figure<'a>> {
        let (Some(ours), Some(linux)) = (self.ours, self.linux) else {
            return Vec::new();
        };
        let figure = |metric: &'a Metric| {
            let same = |other: &&Metric| other.name == metric.name && other.unit == metric.unit;
            let linux = linux.metrics.iter().find(same)?.value;
            Some(Figure {
                metric,
                linux,
                ratio: (linux > 0.0).then(|| metric.value / linux),
            })
        };
        ours.metrics.iter().filter_map(figure).collect()
    }
}

impl Versus<'_> {
    /// The cases with `word`.
    pub fn having(&self, word: Word) -> impl Iterator<Item = &Row<'_>> {
        self.rows.iter().filter(move |row| row.word == word)
    }

    /// `74 agree, 1 regression-vs-linux`.
    pub fn sentence(&self) -> String {
        let parts: Vec<String> = Word::ALL
            .into_iter()
            .map(|word| (word, self.having(word).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| format!("{count} {}", word.name()))
            .collect();
        parts.join(", ")
    }

    /// For a terminal: the counts, what is not alike, and the figures.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{} {} beside {REFERENCE}: {}",
            self.target,
            self.lane,
            self.sentence()
        )];
        for word in &Word::ALL[1..] {
            let names: Vec<&str> = self.having(*word).map(|row| row.case).collect();
            if names.is_empty() {
                continue;
            }
            let named = names[..names.len().min(MOST_NAMED)].join(" ");
            let more = match names.len().checked_sub(MOST_NAMED) {
                Some(more @ 1..) => format!(" and {more} more"),
                _ => String::new(),
            };
            lines.push(format!("  {}: {named}{more}", word.name()));
        }
        for row in &self.rows {
            for figure in row.figures() {
                let metric = figure.metric;
                let ratio = match figure.ratio {
                    Some(ratio) => format!("{ratio:.2}"),
                    None => "no".to_string(),
                };
                lines.push(format!(
                    "  {:<32} {:<12} {:>12.3} {:>12.3} {}, {ratio} times {REFERENCE}'s",
                    row.case, metric.name, metric.value, figure.linux, metric.unit
                ));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Better;
    use crate::report::Run;

    fn run(kernel: &str, cases: &[(&str, Status, Option<f64>)]) -> Run {
        let case = |(name, status, value): &(&str, Status, Option<f64>)| CaseResult {
            name: name.to_string(),
            status: *status,
            seconds: 0.1,
            log: String::new(),
            metrics: value
                .map(|value| Metric {
                    name: "rate".into(),
                    value,
                    unit: "1/s".into(),
                    better: Better::Higher,
                })
                .into_iter()
                .collect(),
            detail: String::new(),
        };
        let mut run = Run {
            arch: "riscv64".into(),
            libc: "glibc".into(),
            cases: cases.iter().map(case).collect(),
            ..Run::default()
        };
        run.kernel.name = kernel.to_string();
        run
    }

    #[test]
    fn linux_decides() {
        use Status::{Fail, Missing, Pass, Skip};
        let ours = run(
            "ours",
            &[
                ("a", Pass, Some(30.0)),
                ("b", Fail, None),
                ("c", Fail, None),
                ("d", Pass, None),
                ("e", Skip, None),
                ("f", Missing, None),
            ],
        );
        let linux = run(
            "linux",
            &[
                ("a", Pass, Some(20.0)),
                ("b", Pass, None),
                ("c", Fail, None),
                ("d", Fail, None),
                ("e", Skip, None),
                ("f", Pass, None),
                ("g", Pass, None),
            ],
        );
        let versus = pair(&ours, &linux);
        let words: Vec<Word> = versus.rows.iter().map(|row| row.word).collect();
        assert_eq!(
            words,
            [
                Word::Agree,
                Word::Regression,
                Word::OracleFail,
                Word::Stricter,
                Word::Agree,
                Word::Regression,
                Word::Regression
            ]
        );
        assert_eq!(
            versus.sentence(),
            "2 agree, 3 regression-vs-linux, 1 oracle-fail, 1 stricter"
        );
        let figures = versus.rows[0].figures();
        assert_eq!((figures[0].linux, figures[0].ratio), (20.0, Some(1.5)));
        let lines = versus.lines();
        assert!(
            lines[1].ends_with("regression-vs-linux: b f g"),
            "{lines:?}"
        );
        assert!(lines.last().is_some_and(|line| line.contains("1.50")));
    }

    #[test]
    fn what_linux_fails_too_is_excused_and_nothing_else() {
        use Status::{Broken, Crash, Fail, Infra, Missing, Pass, Skip, Timeout};
        for ours in [Fail, Broken, Timeout] {
            for linux in Status::ALL {
                let wants = matches!(linux, Fail | Broken | Timeout | Crash);
                assert_eq!(excused(ours, linux), wants, "{ours:?} {linux:?}");
            }
        }
        for ours in [Crash, Missing, Infra, Pass, Skip] {
            assert!(!excused(ours, Fail), "{ours:?}");
        }
    }

    #[test]
    fn only_what_has_an_oracle_is_compared() {
        let runs = [run("ours", &[]), run("a/Image", &[])];
        assert!(of(runs.iter()).is_empty());
        let mut runs = ["ours", "linux", "a/Image"].map(|kernel| run(kernel, &[]));
        let lanes: Vec<&str> = of(runs.iter()).iter().map(|v| v.lane).collect();
        assert_eq!(lanes, ["ours", "Image"]);
        runs[1].libc = "musl".into();
        assert!(of(runs.iter()).is_empty());
    }
}
