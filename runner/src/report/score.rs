//! The contest's score sheet as pages: score.md, score.json, and the sections of summary.md and
//! report.html. Called by `outputs`, `summary` and `html`; nothing where no run has a sheet.

use std::fmt::Write;

use serde_json::{Value, json};

use super::figures::number;
use super::html::escape;
use super::set::Set;
use super::summary::{capped, cell};
use crate::score::{Entry, Group, LIBCS, LTP, Sheet, State, ltp_2026};

/// Bytes for the sheet in summary.md; score.md has it whole.
const BUDGET: usize = 60 << 10;

/// The sheets of one kernel, by architecture.
struct Card<'a> {
    kernel: &'a str,
    sheets: Vec<(&'a str, &'a Sheet)>,
}

/// Lines of a table, under its heads.
struct Table {
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

fn cards(set: &Set) -> Vec<Card<'_>> {
    let mut cards: Vec<Card<'_>> = Vec::new();
    for run in set.members.iter().map(|member| &member.run) {
        let Some(sheet) = &run.score else { continue };
        let arch = match run.arch.as_str() {
            "" => "console",
            arch => arch,
        };
        match cards.iter_mut().find(|card| card.kernel == run.lane()) {
            Some(card) => card.sheets.push((arch, sheet)),
            None => cards.push(Card {
                kernel: run.lane(),
                sheets: vec![(arch, sheet)],
            }),
        }
    }
    cards
}

impl<'a> Card<'a> {
    /// A column for each architecture and C library.
    fn columns(&self) -> Vec<(String, &'a Sheet, &'static str)> {
        let column = |&(arch, sheet): &(&str, &'a Sheet)| {
            LIBCS.map(|libc| (format!("{arch}-{libc}"), sheet, libc))
        };
        self.sheets.iter().flat_map(column).collect()
    }

    /// Names of groups, in the sheets' order.
    fn groups(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for group in self.sheets.iter().flat_map(|(_, sheet)| &sheet.groups) {
            if !names.contains(&group.name.as_str()) {
                names.push(&group.name);
            }
        }
        names
    }

    fn ltp_raw(&self) -> f64 {
        self.sheets.iter().map(|(_, sheet)| sheet.ltp_raw()).sum()
    }

    fn without_ltp(&self) -> f64 {
        let sheets = self.sheets.iter();
        sheets.map(|(_, sheet)| sheet.without_ltp()).sum()
    }

    /// The three lines that say what it comes to.
    fn totals(&self) -> [(&'static str, f64); 3] {
        let (rest, raw) = (self.without_ltp(), self.ltp_raw());
        [
            ("total without LTP", rest),
            ("total by the rules of 2025 (LTP: every pass)", rest + raw),
            (
                "total by the rules of 2026 (LTP: 500 lg(1 + 9 raw / 10 000))",
                rest + ltp_2026(raw),
            ),
        ]
    }

    /// A line a group: what each target has of it.
    fn overview(&self) -> Table {
        let columns = self.columns();
        let mut heads = vec!["group".to_string()];
        heads.extend(columns.iter().map(|(head, ..)| head.clone()));
        heads.push("points".to_string());
        let mut rows = Vec::new();
        for name in self.groups() {
            let mut row = vec![name.to_string()];
            let mut points = 0.0;
            for (_, sheet, libc) in &columns {
                let group = find(sheet, name, libc);
                points += group.map_or(0.0, Group::score);
                row.push(group.map_or(String::new(), summed));
            }
            row.push(format!("{points:.2}"));
            rows.push(row);
        }
        Table { heads, rows }
    }

    /// A line an entry of group `name`.
    fn detail(&self, name: &str) -> Table {
        let columns = self.columns();
        let mut heads = vec!["name".to_string(), "baseline".to_string()];
        heads.extend(columns.iter().map(|(head, ..)| head.clone()));
        heads.push("points".to_string());
        let lists: Vec<&[Entry]> = columns
            .iter()
            .map(|(_, sheet, libc)| find(sheet, name, libc).map_or(&[][..], |g| &g.entries))
            .collect();
        let mut names: Vec<&str> = Vec::new();
        let mut known = std::collections::HashSet::new();
        for entry in lists.iter().copied().flatten() {
            if known.insert(entry.name.as_str()) {
                names.push(&entry.name);
            }
        }
        let places: Vec<std::collections::HashMap<&str, &Entry>> = lists
            .iter()
            .map(|list| list.iter().map(|e| (e.name.as_str(), e)).collect())
            .collect();
        let row = |name: &&str| {
            let entries: Vec<Option<&Entry>> =
                places.iter().map(|list| list.get(name).copied()).collect();
            let baseline = entries.iter().flatten().find_map(|entry| entry.baseline);
            let mut row = vec![name.to_string(), baseline.map_or(String::new(), number)];
            row.extend(entries.iter().map(|entry| entry.map_or(String::new(), one)));
            let points: f64 = entries.iter().flatten().map(|entry| entry.score).sum();
            row.push(format!("{points:.2}"));
            row
        };
        Table {
            rows: names.iter().map(row).collect(),
            heads,
        }
    }
}

fn find<'a>(sheet: &'a Sheet, name: &str, libc: &str) -> Option<&'a Group> {
    // A marker without a C library stands in the first column.
    let libc_fits =
        |group: &Group| group.libc == libc || (group.libc.is_empty() && libc == LIBCS[0]);
    let mut groups = sheet.groups.iter();
    groups.find(|group| group.name == name && libc_fits(group))
}

/// `11.9 (6 of 6)`, or why there is nothing.
fn summed(group: &Group) -> String {
    if matches!(group.state, State::Absent | State::NoReader) {
        return group.state.words().to_string();
    }
    let good = match group.state {
        State::NotScored => group.entries.iter().filter(|e| e.result > 0.0).count(),
        _ => group.scoring(),
    };
    let of = group.of.unwrap_or(group.entries.len());
    let mut text = format!("{:.2} ({good} of {of})", group.score());
    if group.state != State::Complete {
        let _ = write!(text, ", {}", group.state.words());
    }
    text
}

/// `802.3 → 1.01`, `3 of 4`.
fn one(entry: &Entry) -> String {
    match entry.all {
        Some(all) => format!("{:.0} of {all:.0}", entry.result),
        None => format!("{} → {:.2}", number(entry.result), entry.score),
    }
}

/// The section of summary.md.
pub fn section(out: &mut String, set: &Set) {
    let cards = cards(set);
    for card in &cards {
        // Writing to a String cannot fail; hence the `let _` here and below.
        let _ = writeln!(out, "\n## Score{}\n", of(card, &cards));
        markdown(out, &card.overview(), BUDGET);
        totals(out, card);
    }
    if !cards.is_empty() {
        let _ = writeln!(out, "\nEvery entry: [score.md](score.md).");
    }
}

fn of(card: &Card<'_>, cards: &[Card<'_>]) -> String {
    match cards.len() {
        1 => String::new(),
        _ => format!(": {}", card.kernel),
    }
}

fn totals(out: &mut String, card: &Card<'_>) {
    out.push('\n');
    for (what, points) in card.totals() {
        let _ = writeln!(out, "- {what}: **{points:.2}**");
    }
}

/// score.md, or nothing where there is no sheet.
pub fn page(set: &Set) -> Option<String> {
    let cards = cards(set);
    if cards.is_empty() {
        return None;
    }
    let mut out = String::from(
        "# Score sheet\n\nWhat the contest's public judge gives for these consoles. A figure has 1 point up to its \
         baseline and 2 - baseline / figure beyond it; where less is better, the other way round. Checks have a point each.\n",
    );
    for card in &cards {
        let _ = writeln!(out, "\n## Groups{}\n", of(card, &cards));
        markdown(&mut out, &card.overview(), usize::MAX / 2);
        totals(&mut out, card);
        for name in card.groups() {
            let table = card.detail(name);
            if !table.rows.is_empty() {
                let _ = writeln!(out, "\n### {name}\n");
                markdown(&mut out, &table, usize::MAX / 2);
            }
        }
    }
    Some(out)
}

fn markdown(out: &mut String, table: &Table, budget: usize) {
    let _ = writeln!(
        out,
        "| {} |\n|---|{}",
        table.heads.join(" | "),
        "---:|".repeat(table.heads.len() - 1)
    );
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
        format!("| {} |", cells.join(" | "))
    };
    capped(out, table.rows.iter().map(line), budget);
}

/// The section of report.html.
pub fn html(out: &mut String, set: &Set) {
    let cards = cards(set);
    for (number, card) in cards.iter().enumerate() {
        let id = match number {
            0 => " id=\"score\"",
            _ => "",
        };
        let _ = writeln!(out, "<h2{id}>Score{}</h2>", escape(&of(card, &cards)));
        out.push_str("<div class=\"card\"><div class=\"scroll\"><table>");
        rows(out, &card.overview());
        out.push_str("</table></div><ul>\n");
        for (what, points) in card.totals() {
            let _ = writeln!(out, "<li>{}: <b>{points:.2}</b></li>", escape(what));
        }
        out.push_str("</ul></div>\n");
        for name in card.groups() {
            let table = card.detail(name);
            // LTP's thousands are in score.md.
            if table.rows.is_empty() || name == LTP {
                continue;
            }
            let _ = write!(
                out,
                "<details class=\"card gap\"><summary>{} <span>{} entries</span></summary><div class=\"scroll\"><table>",
                escape(name),
                table.rows.len()
            );
            rows(out, &table);
            out.push_str("</table></div></details>\n");
        }
    }
}

fn rows(out: &mut String, table: &Table) {
    out.push_str("<tr>");
    for head in &table.heads {
        let _ = write!(out, "<th>{}</th>", escape(head));
    }
    out.push_str("</tr>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (at, text) in row.iter().enumerate() {
            let class = match at {
                0 => "name",
                _ => "n",
            };
            let _ = write!(out, "<td class=\"{class}\">{}</td>", escape(text));
        }
        out.push_str("</tr>\n");
    }
}

/// score.json, or nothing where there is no sheet.
pub fn document(set: &Set) -> Option<Value> {
    let cards = cards(set);
    let kernel = |card: &Card<'_>| {
        let [(_, without_ltp), (_, total_2025), (_, total_2026)] = card.totals();
        let sheets = card.sheets.iter();
        let targets = sheets.map(|(arch, sheet)| json!({"arch": arch, "groups": sheet.groups}));
        json!({
            "kernel": card.kernel,
            "without_ltp": without_ltp,
            "ltp_raw": card.ltp_raw(),
            "total_2025": total_2025,
            "total_2026": total_2026,
            "targets": targets.collect::<Vec<_>>(),
        })
    };
    let kernels: Vec<Value> = cards.iter().map(kernel).collect();
    (!kernels.is_empty()).then(|| json!({"schema": "sockeye.score/1", "kernels": kernels}))
}
