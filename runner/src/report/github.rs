//! GitHub Actions, without an action: pages in the job's summary and the worst
//! failures as annotations. Called at the end of a run and for baselines' pages; does
//! nothing elsewhere.
//!
//! GitHub shows at most ten annotations of a kind for a step, and takes no summary of
//! a step beyond 1 MiB: one that is larger is dropped whole. See "Workflow commands
//! for GitHub Actions" in its documentation.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::set::{Member, Set};
use super::summary;
use super::text::short;
use crate::outcome::{CaseResult, Status};

/// Annotations of one step.
const MOST_ANNOTATIONS: usize = 10;

/// Characters of a failure's reason in an annotation.
const MOST_DETAIL: usize = 500;

/// Bytes of one step's summary, with a margin.
const MOST_SUMMARY: u64 = (1 << 20) - (8 << 10);

/// Publishes `set` where the environment says that GitHub listens.
pub fn publish(set: &Set) {
    page(&summary::page(set));
    if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
        for line in annotations(set) {
            // Commands count on either stream; stdout is for data.
            eprintln!("{line}");
        }
    }
}

/// Adds a page of markdown to the step's summary, where there is one.
pub fn page(text: &str) {
    if let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty())
        && let Err(error) = append(Path::new(&file), text)
    {
        eprintln!("runner: no step summary: {error}");
    }
}

/// Appends `page`, as far as there is room for it: a step may run us twice.
fn append(file: &Path, page: &str) -> std::io::Result<()> {
    let used = fs::metadata(file).map_or(0, |metadata| metadata.len());
    let room = usize::try_from(MOST_SUMMARY.saturating_sub(used)).unwrap_or(usize::MAX);
    let mut file = File::options().create(true).append(true).open(file)?;
    if page.len() < room {
        return file
            .write_all(page.as_bytes())
            .and_then(|()| file.write_all(b"\n"));
    }
    const LEFT_OUT: &str = "\n(cut: see summary.md among the artifacts)\n";
    let mut end = room.saturating_sub(LEFT_OUT.len());
    while !page.is_char_boundary(end) {
        end -= 1;
    }
    let whole_lines = page[..end].rfind('\n').map_or("", |at| &page[..at]);
    if room <= LEFT_OUT.len() {
        return Ok(());
    }
    file.write_all(whole_lines.as_bytes())?;
    file.write_all(LEFT_OUT.as_bytes())
}

/// `::error` lines, the most important first, then warnings about what does not count.
pub fn annotations(set: &Set) -> Vec<String> {
    let [counted, excused] = set.bad();
    let level = |level, rows: Vec<_>| rows.into_iter().map(move |row| (level, row));
    let mut bad: Vec<(&str, (&Member, &CaseResult))> = level("error", counted)
        .chain(level("warning", excused))
        .collect();
    bad.sort_by_key(|(level, (_, case))| (*level, rank(case.status)));
    let shown = match bad.len() <= MOST_ANNOTATIONS {
        true => bad.len(),
        false => MOST_ANNOTATIONS - 1,
    };
    let mut lines: Vec<String> = bad[..shown]
        .iter()
        .map(|(level, (member, case))| {
            let title = format!(
                "{} {} on {}",
                case.status.name(),
                case.name,
                set.label(&member.run)
            );
            let again = member.run.rerun(case);
            let message = format!("{}\n{again}", short(&case.detail, MOST_DETAIL));
            format!("::{level} title={}::{}", property(&title), data(&message))
        })
        .collect();
    if let Some(more @ 1..) = bad.len().checked_sub(shown) {
        lines.push(format!(
            "::{} title=and {more} more::see the job's summary",
            bad[shown].0
        ));
    }
    lines
}

fn rank(status: Status) -> usize {
    const ORDER: [Status; 6] = [
        Status::Crash,
        Status::Fail,
        Status::Timeout,
        Status::Broken,
        Status::Infra,
        Status::Missing,
    ];
    let place = ORDER.iter().position(|&other| other == status);
    place.unwrap_or(ORDER.len())
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_cut_before_the_limit_and_again_appended() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("summary");
        let page = "| a line of a table |\n".repeat(30_000);
        append(&file, &page).expect("the first");
        append(&file, &page).expect("the second");
        append(&file, &page).expect("the third");
        let text = fs::read_to_string(&file).expect("a summary");
        assert!(text.len() < 1 << 20, "{}", text.len());
        assert!(text.ends_with("(cut: see summary.md among the artifacts)\n"));
    }
}
