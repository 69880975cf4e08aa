//! report.html: the page that explains a run to somebody who was not there. One file,
//! nothing loaded from anywhere, no script; light and dark; wide and narrow.
//!
//! Called by `outputs` with a set of runs. Top to bottom: what ran and what it came
//! to, what did not pass, what Linux says, the figures as charts, every case, notes, where the data
//! is. Links lead to files beside the page.

mod beside;
mod cases;
mod charts;
mod head;
mod ratios;
pub mod svg;

use std::fmt::Write;

use super::figures::{self, Table};
use super::set::Set;
use super::summary::title;
use super::text::plain;

/// The most notes shown for one run.
const NOTES: usize = 50;

/// The page for `set`.
pub fn page(set: &Set) -> String {
    let mut out = String::new();
    let title = escape(&title(set));
    // Writing to a String cannot fail; hence the `let _` here and below.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n",
        include_str!("style.css")
    );
    head::head(&mut out, set, &title);
    cases::failures(&mut out, set);
    beside::section(&mut out, set);
    super::score::html(&mut out, set);
    charts(&mut out, set);
    cases::tables(&mut out, set);
    notes(&mut out, set);
    foot(&mut out, set);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn charts(out: &mut String, set: &Set) {
    let tables = figures::tables(set);
    if tables.is_empty() {
        return;
    }
    out.push_str("<h2 id=\"figures\">Figures</h2>\n");
    if let Some(figure) = ratios::figure(&tables) {
        out.push_str(&figure);
        out.push('\n');
    }
    for table in &tables {
        if !table.title.is_empty() {
            let _ = writeln!(out, "<h3>{}</h3>", escape(&table.title));
        }
        out.push_str("<div class=\"charts\">\n");
        for figure in charts::bars(table) {
            out.push_str(&figure);
            out.push('\n');
        }
        out.push_str("</div>\n");
    }
}

fn notes(out: &mut String, set: &Set) {
    let mut lines: Vec<String> = Vec::new();
    for member in &set.members {
        let run = &member.run;
        let whose = match set.is_single() {
            true => String::new(),
            false => format!("{}: ", set.label(run)),
        };
        let earlier = run.earlier.iter().map(|case| {
            let status = case.status.name();
            format!("{} was {status} before: {}", case.name, case.detail)
        });
        let notes = earlier.chain(run.notes.iter().cloned()).take(NOTES);
        lines.extend(notes.map(|note| format!("{whose}{}", plain(&note))));
    }
    if lines.is_empty() {
        return;
    }
    out.push_str("<h2>Notes</h2>\n<ul>\n");
    for line in lines {
        let _ = writeln!(out, "<li>{}</li>", escape(&line));
    }
    out.push_str("</ul>\n");
}

fn foot(out: &mut String, set: &Set) {
    let link = |file: &str| format!("<a href=\"{0}\">{0}</a>", escape(file));
    let files: &[&str] = match set.is_single() {
        true => &[
            "summary.md",
            "run.json",
            "events.jsonl",
            "serial.log",
            "junit.xml",
            "results.ktap",
            "bmf.json",
            "qemu.cmd",
            "env.json",
        ],
        false => &[
            "summary.md",
            "runset.json",
            "junit.xml",
            "results.ktap",
            "bmf.json",
        ],
    };
    let links: Vec<String> = files.iter().map(|file| link(file)).collect();
    let _ = writeln!(
        out,
        "<footer>Beside this page: {}.</footer>",
        links.join(", ")
    );
}

/// The colour of a column: the reference is grey, what it is the reference for is not.
fn colour(table: &Table<'_>, column: usize) -> String {
    let grey = 1;
    let number = match table.reference {
        Some(reference) if reference == column => grey,
        _ if column == 0 => 0,
        _ => (column - 1) % 6 + 2,
    };
    format!("var(--c{number})")
}

/// Text that is no markup.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
