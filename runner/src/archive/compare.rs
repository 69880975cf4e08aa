//! `runner compare A B`: what is different in B, in words.
//!
//! Two sets of boots taken at different times are not pairs: the machine may have changed
//! its speed in between, and no statistic tells. So a word is claimed only for a difference
//! that is far beyond the spread of either side, or, with `--max-regression P`, beyond P;
//! `--kernel A,B --pairs N` is the way to know more. Where guest time counts instructions
//! any difference that matters is claimed.

use std::fmt::Write;

use super::collect;
use super::store::{Archive, Case, Figure, Lane, split};
use crate::cli::CompareArgs;
use crate::outcome::{Better, Exit, usage};
use crate::pairs::{Noise, word_with_mark};
use crate::report::number;
use crate::stats::{Word, median, percent, spread};

/// By the clock, fewer boots than this on either side have no spread to go by.
const ENOUGH: usize = 3;

/// What is claimed without a spread to go by: beyond 10 %.
const WITHOUT_SPREAD: f64 = 0.10;

/// What is claimed with one: beyond so many standard deviations.
const SPREADS: f64 = 3.0;

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It passed, or was skipped, and does not any more.
    NewlyFailing,
    /// It did not pass and does.
    NewlyPassing,
    /// It is gone.
    Missing,
    /// It was not there.
    New,
}

impl Change {
    fn text(self) -> &'static str {
        match self {
            Change::NewlyFailing => "newly failing",
            Change::NewlyPassing => "newly passing",
            Change::Missing => "missing",
            Change::New => "new",
        }
    }
}

/// A case that is not what it was.
pub struct CaseRow {
    pub lane: String,
    pub case: String,
    pub change: Change,
    pub detail: String,
}

impl CaseRow {
    /// `newly failing (FAIL why)`.
    pub fn sentence(&self) -> String {
        let detail = self.detail.replace('|', r"\|").replace('\n', " ");
        match detail.trim() {
            "" => self.change.text().to_string(),
            detail => format!("{} ({detail})", self.change.text()),
        }
    }
}

/// A metric of both.
pub struct MetricRow {
    pub lane: String,
    pub case: String,
    pub metric: String,
    pub unit: String,
    pub a: f64,
    pub b: f64,
    pub boots: (usize, usize),
    /// Logarithm of the ratio, more being better.
    pub gain: Option<f64>,
    pub word: Word,
}

/// What two archives of one architecture have in common and what not.
#[derive(Default)]
pub struct Comparison {
    pub cases: Vec<CaseRow>,
    pub metrics: Vec<MetricRow>,
    /// Why figures are not comparable, and lanes that have no counterpart.
    pub notes: Vec<String>,
    /// Cases that both have.
    pub common: usize,
}

/// The verb.
pub fn run(args: &CompareArgs) -> anyhow::Result<Exit> {
    let gate = match args.max_regression {
        Some(percent) if !(percent > 0.0 && percent < 100.0) => {
            return Err(usage("--max-regression is a number of per cent, such as 5"));
        }
        gate => gate.map(|percent| -(1.0 - percent / 100.0).ln()),
    };
    let a = collect::archives(std::slice::from_ref(&args.a))?;
    let b = collect::archives(std::slice::from_ref(&args.b))?;
    let noise = Noise::read()?;
    let mut all = Comparison::default();
    for (arch, b) in &b {
        match a.get(arch) {
            Some(a) => all.add(a, b, &noise, gate),
            None => all
                .notes
                .push(format!("{arch}: only in {}", args.b.display())),
        }
    }
    if all.common == 0 {
        return Err(usage(format!(
            "{} and {} have no case in common: {}",
            args.a.display(),
            args.b.display(),
            all.notes.join("; ")
        )));
    }
    print!("{}", all.markdown());
    Ok(all.exit(gate.is_some()))
}

impl Comparison {
    /// Takes the lanes of two archives.
    pub fn add(&mut self, a: &Archive, b: &Archive, noise: &Noise, gate: Option<f64>) {
        for (key, new) in &b.lanes {
            let (libc, suite, kernel) = split(key);
            let name = format!("{}-{libc} {suite} {kernel}", b.arch);
            let (theirs, own) = (a.kernels(&libc, &suite), b.kernels(&libc, &suite));
            let counterpart = match (theirs.contains(&kernel.as_str()), &theirs[..], &own[..]) {
                (true, _, _) => Some(kernel.as_str()),
                // One kernel on either side: these are meant, whatever they are called.
                (_, [only], [_]) => Some(*only),
                // A kernel by its file stands beside ours, not beside Linux.
                (_, several, [_]) if several.contains(&"ours") => Some("ours"),
                _ => None,
            };
            match counterpart.and_then(|kernel| a.lane(&libc, &suite, kernel)) {
                Some(old) => self.lane(&name, old, new, noise, gate),
                None => self.notes.push(format!("{name}: nothing to compare with")),
            }
        }
    }

    fn lane(&mut self, name: &str, old: &Lane, new: &Lane, noise: &Noise, gate: Option<f64>) {
        let difference = old.fingerprint.difference(&new.fingerprint);
        if let Some(difference) = &difference {
            self.notes
                .push(format!("{name}: figures are not comparable: {difference}"));
        }
        let (_, suite) = name.split_once(' ').unwrap_or(("", name));
        let suite = suite
            .split(' ')
            .next()
            .unwrap_or("")
            .trim_end_matches("-icount");
        for (case, was) in &old.cases {
            let mut row = |change, detail: &str| {
                self.cases.push(CaseRow {
                    lane: name.to_string(),
                    case: format!("{suite}/{case}"),
                    change,
                    detail: detail.to_string(),
                });
            };
            let Some(is) = new.cases.get(case) else {
                if !new.partial {
                    row(Change::Missing, "");
                }
                continue;
            };
            match (was.status.is_bad(), is.status.is_bad()) {
                (false, true) => row(
                    Change::NewlyFailing,
                    &format!("{} {}", is.status.name(), is.detail),
                ),
                (true, false) => row(Change::NewlyPassing, &format!("was {}", was.status.name())),
                _ => {}
            }
            self.common += 1;
            self.case(
                name,
                &format!("{suite}/{case}"),
                (old, was),
                (new, is),
                noise,
                gate,
                difference.is_none(),
            );
        }
        for case in new
            .cases
            .keys()
            .filter(|case| !old.cases.contains_key(*case))
        {
            if old.partial {
                continue;
            }
            self.cases.push(CaseRow {
                lane: name.to_string(),
                case: format!("{suite}/{case}"),
                change: Change::New,
                detail: new.cases[case].status.name().to_string(),
            });
        }
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "two of everything, and how to judge"
    )]
    fn case(
        &mut self,
        name: &str,
        case: &str,
        (_, was): (&Lane, &Case),
        (lane, is): (&Lane, &Case),
        noise: &Noise,
        gate: Option<f64>,
        comparable: bool,
    ) {
        for (metric, old) in &was.metrics {
            let Some(new) = is.metrics.get(metric) else {
                continue;
            };
            let (Some(a), Some(b)) = (median(&old.samples), median(&new.samples)) else {
                continue;
            };
            let delta = noise.delta(&lane.fingerprint, case, metric);
            let gain = gain(a, b, new.better);
            let word = match (comparable, gain) {
                (false, _) => Word::NotComparable,
                // Zero against zero (losses); zero against something has no ratio.
                (true, None) if a == b => Word::NoChange,
                (true, None) => Word::Inconclusive,
                (true, Some(gain)) => word(
                    gain,
                    delta,
                    sure(old, new, delta, lane.fingerprint.is_counted()),
                    gate,
                ),
            };
            self.metrics.push(MetricRow {
                lane: name.to_string(),
                case: case.to_string(),
                metric: metric.clone(),
                unit: new.unit.clone(),
                a,
                b,
                boots: (old.samples.len(), new.samples.len()),
                gain,
                word,
            });
        }
    }

    /// The code that the comparison leaves with. Figures gate where that was asked for.
    pub fn exit(&self, gated: bool) -> Exit {
        let any = |change| self.cases.iter().any(|row| row.change == change);
        if any(Change::NewlyFailing) {
            Exit::Failed
        } else if any(Change::Missing) {
            Exit::Incomplete
        } else if gated && self.metrics.iter().any(|row| row.word == Word::Regressed) {
            Exit::Regressed
        } else {
            Exit::Ok
        }
    }

    /// The whole, for stdout.
    fn markdown(&self) -> String {
        let mut page = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(page, "{} cases in both", self.common);
        for note in &self.notes {
            let _ = writeln!(page, "note: {note}");
        }
        for row in &self.cases {
            let _ = writeln!(page, "{} on {}: {}", row.case, row.lane, row.sentence());
        }
        if !self.metrics.is_empty() {
            let rows: Vec<&MetricRow> = self.metrics.iter().collect();
            page.push_str(&metric_table(&rows));
            let words = Word::sentence(self.metrics.iter().map(|row| row.word));
            let _ = writeln!(page, "\n{words}");
        }
        page
    }
}

/// A table of `rows`.
pub fn metric_table(rows: &[&MetricRow]) -> String {
    let mut page = String::from(
        "\n| case | where | what | A | B | unit | better by | boots | verdict |\n|---|---|---|---:|---:|---|---:|---:|---|\n",
    );
    for row in rows {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} / {} | {} |",
            row.case,
            row.lane,
            row.metric,
            number(row.a),
            number(row.b),
            row.unit,
            row.gain.map_or("-".to_string(), percent),
            row.boots.0,
            row.boots.1,
            word_with_mark(row.word)
        );
    }
    page
}

fn gain(a: f64, b: f64, better: Better) -> Option<f64> {
    let gain = match better {
        Better::Higher => (b / a).ln(),
        Better::Lower => (a / b).ln(),
    };
    (a > 0.0 && b > 0.0).then_some(gain)
}

/// The difference from which on there surely is one.
fn sure(old: &Figure, new: &Figure, delta: f64, counted: bool) -> f64 {
    if counted {
        return delta;
    }
    let spreads = (spread(&old.samples), spread(&new.samples));
    match spreads {
        (Some(x), Some(y)) if old.samples.len().min(new.samples.len()) >= ENOUGH => {
            delta.max(SPREADS * x.hypot(y))
        }
        _ => delta.max(WITHOUT_SPREAD),
    }
}

fn word(gain: f64, delta: f64, sure: f64, gate: Option<f64>) -> Word {
    if gate.is_some_and(|gate| gain < -gate) {
        return Word::Regressed;
    }
    match gain {
        gain if gain.abs() <= delta => Word::NoChange,
        // With a gate, what is within it is no regression by the asker's own word.
        gain if gain < -sure && gate.is_none() => Word::Regressed,
        gain if gain > sure => Word::Improved,
        _ => Word::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_boots_that_are_no_pairs() {
        let gate = Some(0.05);
        for (gain, sure, gate, expected) in [
            (-0.02, 0.10, None, Word::NoChange),
            (-0.06, 0.10, None, Word::Inconclusive),
            (-0.12, 0.10, None, Word::Regressed),
            (0.12, 0.10, None, Word::Improved),
            (-0.06, 0.10, gate, Word::Regressed),
            (-0.04, 0.035, gate, Word::Inconclusive),
        ] {
            assert_eq!(word(gain, 0.03, sure, gate), expected, "{gain} {gate:?}");
        }
    }

    #[test]
    fn a_spread_makes_surer_or_less_sure() {
        let figure = |samples: &[f64]| Figure {
            unit: String::new(),
            better: Better::Higher,
            samples: samples.to_vec(),
        };
        let steady = figure(&[100.0, 100.5, 99.5]);
        let wild = figure(&[60.0, 100.0, 150.0]);
        assert!(sure(&steady, &steady, 0.03, false) < 0.04);
        assert!(sure(&steady, &wild, 0.03, false) > 1.0);
        assert_eq!(sure(&figure(&[1.0]), &steady, 0.03, false), 0.10);
        assert_eq!(sure(&figure(&[1.0]), &steady, 0.01, true), 0.01);
    }
}
