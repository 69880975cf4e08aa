//! The terminal: a bar where stderr is one, plain lines elsewhere.
//!
//! Plain lines tell in a CI log what runs: one line a case, and a heartbeat that
//! names the running case when nothing has ended for a while.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::outcome::{CaseResult, Status};
use crate::report::figures::figure;

/// How long plain output stays silent at most while a case runs.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// See the module.
pub struct Ui {
    bar: Option<ProgressBar>,
    colour: bool,
    done: usize,
    total: usize,
    running: Option<(String, Instant)>,
    spoke: Instant,
}

impl Ui {
    /// A user interface for `total` cases.
    pub fn new(total: usize) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let off = std::env::var("RUNNER_PROGRESS").is_ok_and(|value| value == "none");
        let terminal = stderr().is_terminal() && !set("CI") && !dumb && !off;
        let bar = terminal.then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        let colour = terminal && !set("NO_COLOR");
        Ui {
            bar,
            colour,
            done: 0,
            total,
            running: None,
            spoke: Instant::now(),
        }
    }

    /// A line for people.
    pub fn say(&mut self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
        self.spoke = Instant::now();
    }

    /// A case starts.
    pub fn began(&mut self, name: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(name.to_string());
        }
        self.running = Some((name.to_string(), Instant::now()));
    }

    /// A case has ended.
    pub fn finished(&mut self, result: &CaseResult) {
        self.done += 1;
        self.running = None;
        if let Some(bar) = &self.bar {
            bar.set_position(self.done as u64);
        }
        let counter = match self.bar {
            Some(_) => String::new(),
            // Nobody knows how many there will be.
            None if self.total == 0 => format!("[{:>3}] ", self.done),
            None => format!("[{:>3}/{}] ", self.done, self.total),
        };
        let figures: String = result
            .metrics
            .iter()
            .map(|m| format!("  {} {} {}", m.name, figure(m), m.unit))
            .collect();
        let detail = if result.detail.is_empty() {
            String::new()
        } else {
            format!("  {}", result.detail)
        };
        let status = self.paint(result.status);
        self.say(&format!(
            "{counter}{status} {:<30} {:>6.1} s{figures}{detail}",
            result.name, result.seconds
        ));
    }

    /// Called now and then: says what runs when nothing else was said for long.
    pub fn tick(&mut self) {
        if self.bar.is_none() && self.spoke.elapsed() >= HEARTBEAT {
            let line = match &self.running {
                Some((name, since)) => format!(
                    "... {name} has been running for {} s",
                    since.elapsed().as_secs()
                ),
                None => "... waiting for the guest".to_string(),
            };
            self.say(&line);
        }
    }

    /// Takes the bar away.
    pub fn close(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn paint(&self, status: Status) -> String {
        let name = format!("{:<7}", status.name());
        let colour = match status {
            Status::Pass => "32",
            Status::Skip | Status::Xfail => "33",
            _ => "31",
        };
        if self.colour {
            format!("\x1b[{colour}m{name}\x1b[0m")
        } else {
            name
        }
    }
}
