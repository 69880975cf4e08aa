//! The charts: bars of the figures, one chart for each suite, metric and unit.

use super::super::figures::{Row, Table, number};
use super::super::text::short;
use super::svg::{Anchor, Svg, X, ticks};
use super::{colour, escape};
use crate::outcome::Better;

/// The share of the width that bars may take, in percent; numbers stand behind them.
const PLOT: f64 = 84.0;
/// Pixels of a case's name, of a bar, of the space after a case, of the axis.
const NAME: f64 = 20.0;
const BAR: f64 = 13.0;
const PITCH: f64 = 16.0;
const SPACE: f64 = 9.0;
const AXIS: f64 = 22.0;
/// The longest name that stands beside a ratio on a narrow page.
const LONGEST: usize = 34;

/// A ratio this near to 1 is no news.
pub const EVEN: f64 = 0.02;

/// The class of a ratio's text.
pub fn class_of(is_better: bool, ratio: f64) -> &'static str {
    match is_better {
        _ if (ratio - 1.0).abs() < EVEN => "soft",
        true => "good",
        false => "bad",
    }
}

/// Rows that share an axis.
struct Group<'a> {
    suite: &'a str,
    metric: &'a str,
    unit: &'a str,
    better: Better,
    rows: Vec<&'a Row<'a>>,
}

/// A figure for each group of rows of `table`.
pub fn bars(table: &Table<'_>) -> Vec<String> {
    groups(table)
        .iter()
        .map(|group| figure(table, group))
        .collect()
}

fn groups<'a>(table: &'a Table<'a>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for row in &table.rows {
        let (suite, _) = split(row.case);
        let known = groups
            .iter_mut()
            .find(|group| (group.suite, group.metric, group.unit) == (suite, row.metric, row.unit));
        match known {
            Some(group) => group.rows.push(row),
            None => groups.push(Group {
                suite,
                metric: row.metric,
                unit: row.unit,
                better: row.better,
                rows: vec![row],
            }),
        }
    }
    groups
}

pub fn split(case: &str) -> (&str, &str) {
    case.split_once('/').unwrap_or(("", case))
}

fn figure(table: &Table<'_>, group: &Group<'_>) -> String {
    let direction = match group.better {
        Better::Higher => "more is better",
        Better::Lower => "less is better",
    };
    let unit = match group.unit {
        "1/s" => "transactions per second",
        "%" => "percent",
        unit => unit,
    };
    let title = format!("{} {}", group.suite, group.metric);
    let compared = match table.reference.filter(|_| group.unit != "%") {
        Some(reference) => format!("; {} ÷ {}", table.heads[0], table.heads[reference]),
        None => String::new(),
    };
    format!(
        r#"<figure class="card"><figcaption>{}<small>{}, {direction}{}</small></figcaption>{}{}</figure>"#,
        escape(title.trim()),
        escape(unit),
        escape(&compared),
        legend(table),
        picture(table, group, &title)
    )
}

/// Which colour is whose, where there is more than one.
pub fn legend(table: &Table<'_>) -> String {
    if table.heads.len() < 2 {
        return String::new();
    }
    let items = table.heads.iter().enumerate().map(|(column, head)| {
        let fill = colour(table, column);
        format!(
            r#"<li><i style="background:{fill}"></i>{}</li>"#,
            escape(head)
        )
    });
    format!(r#"<ul class="legend">{}</ul>"#, items.collect::<String>())
}

fn picture(table: &Table<'_>, group: &Group<'_>, title: &str) -> String {
    let columns = table.heads.len();
    let row_height = NAME + PITCH * columns as f64 + SPACE;
    let bottom = row_height * group.rows.len() as f64;
    let values = group
        .rows
        .iter()
        .flat_map(|row| row.values.iter().flatten());
    let steps = ticks(values.copied().fold(0.0, f64::max), 4);
    let top = steps.last().copied().unwrap_or(1.0);
    let place = |value: f64| PLOT * (value / top).clamp(0.0, 1.0);
    let mut svg = Svg::new(bottom + AXIS, &format!("bars: {title} in {}", group.unit));
    for &step in &steps {
        let class = if step == 0.0 { "base" } else { "grid" };
        svg.upright(place(step), 0.0, bottom, class);
        let anchor = if step == 0.0 {
            Anchor::Start
        } else {
            Anchor::Middle
        };
        let label = tick(step);
        svg.text(
            X(place(step), 0.0),
            bottom + 16.0,
            anchor,
            "soft small",
            &label,
        );
    }
    for (number_of, row) in group.rows.iter().enumerate() {
        let y = row_height * number_of as f64;
        let name = short(split(row.case).1, LONGEST);
        svg.text(X(0.0, 5.0), y + 14.0, Anchor::Start, "strong", &name);
        if let Some(ratio) = row.ratio(table.reference) {
            let class = format!("{} strong", class_of(row.is_better(ratio), ratio));
            let text = format!("{ratio:.2}×");
            svg.text(X(100.0, 0.0), y + 14.0, Anchor::End, &class, &text);
        }
        for (column, value) in row.values.iter().enumerate() {
            let y = y + NAME + PITCH * column as f64;
            let Some(value) = *value else {
                svg.text(
                    X(0.0, 5.0),
                    y + 10.5,
                    Anchor::Start,
                    "soft small",
                    "no figure",
                );
                continue;
            };
            let figure = number(value);
            let tip = format!(
                "{} {} on {}: {figure} {}",
                row.case, row.metric, table.heads[column], row.unit
            );
            svg.bar(0.0, y, place(value), BAR, &colour(table, column), &tip);
            svg.text(
                X(place(value), 5.0),
                y + 10.5,
                Anchor::Start,
                "small",
                &figure,
            );
        }
    }
    svg.finish("bars")
}

/// An axis label: as few digits as tell the steps apart.
fn tick(step: f64) -> String {
    match step {
        step if step >= 10_000.0 => format!("{}k", step / 1000.0),
        step => format!("{}", (step * 1000.0).round() / 1000.0),
    }
}
