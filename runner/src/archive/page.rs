//! A baseline's page, for people: `<arch>-<suite>.md`, made from the archive alone.

use std::fmt::Write;

use super::compare::{Comparison, MetricRow, metric_table};
use super::store::{Archive, Case, Figure, Lane};
use crate::outcome::{Better, Status};
use crate::report::number;
use crate::stats::{Estimate, PairedSamples, Word, median, spread};

/// A metric that both kernels have.
pub struct Beside<'a> {
    /// C library of the programs.
    pub libc: String,
    /// The case's name.
    pub case: &'a str,
    /// The metric's name.
    pub metric: &'a str,
    /// Ours, where it was measured.
    pub ours: Option<&'a Figure>,
    /// Linux's.
    pub linux: Option<&'a Figure>,
}

impl Beside<'_> {
    /// Either figure, for unit and direction.
    pub fn any(&self) -> Option<&Figure> {
        self.ours.or(self.linux)
    }

    /// Medians over boots.
    pub fn medians(&self) -> (Option<f64>, Option<f64>) {
        let middle = |figure: Option<&Figure>| figure.and_then(|f| median(&f.samples));
        (middle(self.ours), middle(self.linux))
    }

    /// How many times better ours is: the ratio of medians, turned where less is better.
    pub fn times(&self) -> Option<f64> {
        let (Some(ours), Some(linux)) = self.medians() else {
            return None;
        };
        let times = match self.any()?.better {
            Better::Higher => ours / linux,
            Better::Lower => linux / ours,
        };
        (ours > 0.0 && linux > 0.0).then_some(times)
    }

    /// The paired ratio with its interval, where there are boots enough.
    pub fn estimate(&self) -> Option<Estimate> {
        let (ours, linux) = (self.ours?, self.linux?);
        let pairs = ours.samples.len().min(linux.samples.len());
        let samples = PairedSamples {
            a: linux.samples[..pairs].to_vec(),
            b: ours.samples[..pairs].to_vec(),
        };
        samples.estimate(ours.better)
    }
}

/// Every metric of `suite`, in report order.
pub fn beside<'a>(archive: &'a Archive, suite: &str) -> Vec<Beside<'a>> {
    let mut rows = Vec::new();
    for libc in libcs(archive, suite) {
        let ours = archive.lane(&libc, suite, "ours");
        let linux = archive.lane(&libc, suite, "linux");
        let of = |lane: Option<&'a Lane>| lane.map(|lane| &lane.cases);
        let mut names: Vec<(&str, &str)> = [of(ours), of(linux)]
            .into_iter()
            .flatten()
            .flatten()
            .flat_map(|(case, row)| row.metrics.keys().map(move |m| (case.as_str(), m.as_str())))
            .collect();
        names.sort_unstable();
        names.dedup();
        for (case, metric) in names {
            let figure = |lane: Option<&'a Lane>| lane?.cases.get(case)?.metrics.get(metric);
            rows.push(Beside {
                libc: libc.clone(),
                case,
                metric,
                ours: figure(ours),
                linux: figure(linux),
            });
        }
    }
    rows
}

fn libcs(archive: &Archive, suite: &str) -> Vec<String> {
    let suites = archive.suites().into_iter();
    suites
        .filter(|(name, _)| name == suite)
        .map(|(_, libc)| libc)
        .collect()
}

/// The page of `suite`. `comparison` is against the page before.
pub fn markdown(archive: &Archive, suite: &str, chart: bool, comparison: &Comparison) -> String {
    let mut page = String::new();
    let out = &mut page;
    // Writing to a String cannot fail.
    let _ = writeln!(out, "# {suite} on {}\n", archive.arch);
    let _ = writeln!(
        out,
        "Written by `runner baseline --accept`; not edited by hand. One boot is one sample."
    );
    if suite.ends_with("-icount") {
        let _ = writeln!(
            out,
            "\nGuest time counts instructions here, one each nanosecond: figures say how many instructions the work takes, \
             not how long (`../icount.md`)."
        );
    }
    let rows = beside(archive, suite);
    if !rows.is_empty() {
        figures(out, archive, suite, chart, &rows);
    }
    cases(out, archive, suite);
    moved(out, archive, suite, comparison);
    provenance(out, archive, suite);
    page
}

fn figures(out: &mut String, archive: &Archive, suite: &str, chart: bool, rows: &[Beside<'_>]) {
    let _ = writeln!(out, "\n## Figures\n");
    if chart {
        let _ = writeln!(
            out,
            "![Sockeye relative to Linux, {suite} on {arch}]({arch}-{suite}.svg)\n",
            arch = archive.arch
        );
    }
    let _ = writeln!(
        out,
        "| case | what | libc | Sockeye | spread | Linux | spread | unit | times Linux | interval | boots |\n\
         |---|---|---|---:|---:|---:|---:|---|---:|---|---:|"
    );
    for row in rows {
        let Some(any) = row.any() else { continue };
        let (ours, linux) = row.medians();
        let shown = |value: Option<f64>| value.map_or("-".to_string(), number);
        let scatter = |figure: Option<&Figure>| {
            let spread = figure.and_then(|f| spread(&f.samples));
            spread.map_or("-".to_string(), |s| format!("{:.1} %", s * 100.0))
        };
        let count = |figure: Option<&Figure>| figure.map_or(0, |f| f.samples.len());
        let interval = row.estimate().map_or("-".to_string(), |e| {
            format!("{:.2} [{:.2}, {:.2}]", e.ratio(), e.low.exp(), e.high.exp())
        });
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {interval} | {} / {} |",
            row.case,
            row.metric,
            row.libc,
            shown(ours),
            scatter(row.ours),
            shown(linux),
            scatter(row.linux),
            any.unit,
            row.times().map_or("-".to_string(), |t| format!("{t:.2}")),
            count(row.ours),
            count(row.linux)
        );
    }
    let _ = writeln!(
        out,
        "\nMedians over boots. Spread: scaled median absolute deviation over the median. Times Linux: ratio of medians, above 1 \
         is better than Linux, also where less is better. Interval: Hodges-Lehmann estimate of the paired ratio with at least \
         95 %, from six boots of each on, or where figures repeat to the digit."
    );
}

fn cases(out: &mut String, archive: &Archive, suite: &str) {
    let _ = writeln!(
        out,
        "\n## Cases\n\n| libc | kernel | cases | not passed |\n|---|---|---|---:|"
    );
    let mut listed: Vec<(String, &str, &str, &Case)> = Vec::new();
    for libc in libcs(archive, suite) {
        for kernel in archive.kernels(&libc, suite) {
            let Some(lane) = archive.lane(&libc, suite, kernel) else {
                continue;
            };
            let unlike = |case: &&Case| case.status != Status::Pass;
            let count = lane.cases.values().filter(unlike).count();
            let _ = writeln!(
                out,
                "| {libc} | {kernel} | {} | {count} |",
                lane.cases.len()
            );
            let unlike = lane.cases.iter().filter(|(_, case)| unlike(case));
            listed.extend(unlike.map(|(name, case)| (libc.clone(), kernel, name.as_str(), case)));
        }
    }
    if listed.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n| case | libc | kernel | status | why |\n|---|---|---|---|---|"
    );
    for (libc, kernel, name, case) in listed {
        let why = match case.known.is_empty() {
            true => &case.detail,
            false => &case.known,
        };
        let why = why.replace('|', r"\|").replace('\n', " ");
        let _ = writeln!(
            out,
            "| {name} | {libc} | {kernel} | {} | {why} |",
            case.status.name()
        );
    }
}

fn moved(out: &mut String, archive: &Archive, suite: &str, comparison: &Comparison) {
    let _ = writeln!(out, "\n## Since the page before\n");
    let here = |lane: &str| {
        let libcs = libcs(archive, suite);
        let mut kernels = libcs.iter().flat_map(|libc| {
            let kernels = archive.kernels(libc, suite).into_iter();
            kernels.map(move |kernel| format!("{}-{libc} {suite} {kernel}", archive.arch))
        });
        kernels.any(|name| name == lane)
    };
    let notes = comparison
        .notes
        .iter()
        .filter(|note| note.split_once(':').is_some_and(|(lane, _)| here(lane)));
    for note in notes {
        let _ = writeln!(out, "- {note}");
    }
    for row in comparison.cases.iter().filter(|row| here(&row.lane)) {
        let _ = writeln!(out, "- {} on {}: {}", row.case, row.lane, row.sentence());
    }
    let news: Vec<&MetricRow> = comparison
        .metrics
        .iter()
        .filter(|row| here(&row.lane) && !matches!(row.word, Word::NoChange | Word::NotComparable))
        .collect();
    match news.is_empty() {
        true => {
            let _ = writeln!(out, "No figure moved by more than what matters.");
        }
        false => out.push_str(&metric_table(&news)),
    }
}

fn provenance(out: &mut String, archive: &Archive, suite: &str) {
    let _ = writeln!(
        out,
        "\n## Where this comes from\n\n| libc | kernel | what | |\n|---|---|---|---|"
    );
    for libc in libcs(archive, suite) {
        for kernel in archive.kernels(&libc, suite) {
            let Some(lane) = archive.lane(&libc, suite, kernel) else {
                continue;
            };
            let mut line = |what: &str, value: &str| {
                let _ = writeln!(out, "| {libc} | {kernel} | {what} | {value} |");
            };
            line("kernel", &lane.kernel.to_string());
            line("machine", &lane.fingerprint.host);
            line("QEMU", &lane.fingerprint.qemu);
            line("boots", &lane.boots.to_string());
            for (name, value) in &lane.artefacts {
                line(name, &format!("`{value}`"));
            }
            for command in &lane.commands {
                line("command", &format!("`{command}`"));
            }
        }
    }
}
