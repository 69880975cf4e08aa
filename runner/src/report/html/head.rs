//! The top of the page: title, verdict, totals, and the facts that figures depend on.

use std::fmt::Write;

use super::super::set::Set;
use super::escape;
use super::svg::Svg;
use crate::outcome::{Exit, Status, Totals};

/// Writes it; `title` is escaped already.
pub fn head(out: &mut String, set: &Set, title: &str) {
    let totals = set.totals();
    let exit = set.exit();
    let count: usize = Status::ALL.iter().map(|&status| totals.count(status)).sum();
    let bad: usize = Status::ALL
        .iter()
        .filter(|status| status.is_bad())
        .map(|&status| totals.count(status))
        .sum();
    let (class, verdict) = match (bad, exit) {
        (0, Exit::Ok) => ("good", format!("{count} cases, all as expected")),
        (0, exit) => ("bad", format!("{count} cases, but: {}", exit.meaning())),
        (bad, exit) => (
            "bad",
            format!("{bad} of {count} cases did not pass: {}", exit.meaning()),
        ),
    };
    // Writing to a String cannot fail; hence the `let _` here and below.
    let _ = write!(
        out,
        "<header>\n<p class=\"kicker\">Sockeye runner report</p>\n<h1>{title}</h1>\n\
         <p class=\"verdict {class}\">{}</p>\n",
        escape(&verdict)
    );
    shares(out, totals, count);
    facts(out, set);
    out.push_str("</header>\n");
    if !set.is_single() {
        runs(out, set);
    }
}

/// One strip, divided as the cases are.
fn shares(out: &mut String, totals: Totals, count: usize) {
    let mut svg = Svg::new(12.0, &totals.sentence());
    let mut from = 0.0;
    let mut legend = String::new();
    for status in Status::ALL {
        let number = totals.count(status);
        if number == 0 {
            continue;
        }
        let share = 100.0 * number as f64 / count as f64;
        let fill = paint(status);
        svg.bar(
            from,
            0.0,
            share,
            12.0,
            &fill,
            &format!("{number} {}", status.name()),
        );
        from += share;
        let _ = write!(
            legend,
            "<li><i style=\"background:{fill}\"></i>{number} {}</li>",
            status.name()
        );
    }
    let _ = write!(
        out,
        "{}\n<ul class=\"legend\">{legend}</ul>\n",
        svg.finish("share")
    );
}

fn facts(out: &mut String, set: &Set) {
    let runs = || set.members.iter().map(|member| &member.run);
    let mut facts: Vec<(&str, String)> = vec![
        ("Machine", distinct(runs().map(|run| run.host.clone()))),
        ("QEMU", distinct(runs().map(|run| run.qemu.clone()))),
        ("Kernel", distinct(runs().map(|run| run.kernel.to_string()))),
    ];
    if let Some(first) = runs().next() {
        facts.push((
            "Started",
            first.started.replace('T', " ").replace('Z', " UTC"),
        ));
    }
    let seconds: f64 = runs().map(|run| run.seconds).sum();
    let boots: u32 = runs().map(|run| run.boots).sum();
    let plural = if boots == 1 { "" } else { "s" };
    facts.push((
        "Took",
        format!("{}, {boots} boot{plural}", duration(seconds)),
    ));
    out.push_str("<dl class=\"facts\">");
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", escape(value));
    }
    if let ([member], true) = (&set.members[..], set.is_single())
        && !member.run.command.is_empty()
    {
        let command = escape(&member.run.command);
        let _ = write!(out, "<dt>Again</dt><dd><code>{command}</code></dd>");
    }
    out.push_str("</dl>\n");
}

/// The runs of a set, each with its own page.
fn runs(out: &mut String, set: &Set) {
    out.push_str(
        "<h2>Runs</h2>\n<div class=\"card scroll\"><table><tr><th>Run</th><th>Came to</th>\
         <th class=\"n\">Took</th><th>Exit code</th></tr>\n",
    );
    for member in &set.members {
        let run = &member.run;
        let class = if run.exit() == Exit::Ok {
            "good"
        } else {
            "bad"
        };
        let _ = writeln!(
            out,
            "<tr><td class=\"name\"><a href=\"{}\">{}</a></td><td>{}</td><td class=\"n\">{}</td>\
             <td class=\"{class}\">{}<span class=\"roomy\">, {}</span></td></tr>",
            escape(&member.link("report.html")),
            escape(&set.label(run)),
            run.totals.sentence(),
            duration(run.seconds),
            run.exit_code,
            run.exit().meaning()
        );
    }
    for name in &set.absent {
        let _ = writeln!(
            out,
            "<tr><td class=\"name\">{}</td><td class=\"bad\">never ran</td><td></td><td></td></tr>",
            escape(name)
        );
    }
    out.push_str("</table></div>\n");
}

/// The colour of a status.
pub fn paint(status: Status) -> String {
    format!("var(--{})", status.name().to_lowercase())
}

/// A badge with its name.
pub fn badge(status: Status) -> String {
    format!(
        "<span class=\"badge\" style=\"background:{}\">{}</span>",
        paint(status),
        status.name()
    )
}

fn distinct(values: impl Iterator<Item = String>) -> String {
    let mut known: Vec<String> = Vec::new();
    for value in values {
        if !value.is_empty() && !known.contains(&value) {
            known.push(value);
        }
    }
    known.join("; ")
}

fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 60.0 => format!("{seconds:.1} s"),
        seconds if seconds < 3600.0 => {
            format!(
                "{:.0} min {:.0} s",
                (seconds / 60.0).floor(),
                seconds % 60.0
            )
        }
        seconds => format!(
            "{:.0} h {:.0} min",
            (seconds / 3600.0).floor(),
            seconds % 3600.0 / 60.0
        ),
    }
}
