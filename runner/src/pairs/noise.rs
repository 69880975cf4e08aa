//! What a machine's noise alone does to a metric, measured once and kept:
//! `target/noise.json`, schema `sockeye.noise/1`.
//!
//! Written by `runner perf noise`, read wherever figures are judged. Entries are found by
//! fingerprint, so that a file from another machine does no harm.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::fingerprint::Fingerprint;
use super::record::Record;
use crate::outcome::usage;
use crate::place;

const SCHEMA: &str = "sockeye.noise/1";

/// The smallest difference that matters by the clock: 3 %.
const BY_CLOCK: f64 = 0.03;

/// The smallest that matters where instructions are counted: 1 %.
const COUNTED: f64 = 0.01;

/// See the module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Noise {
    schema: String,
    entries: Vec<Entry>,
}

/// One metric on one machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    fingerprint: Fingerprint,
    case: String,
    metric: String,
    /// How many pairs of a kernel with itself.
    pairs: usize,
    /// In 19 of 20 sets the estimate is within this, as a logarithm.
    noise: f64,
    measured: String,
}

impl Noise {
    /// The file.
    pub fn path() -> PathBuf {
        place::target_dir().join("noise.json")
    }

    /// Reads it; nothing is known where there is none.
    pub fn read() -> anyhow::Result<Noise> {
        let path = Noise::path();
        let Ok(text) = fs::read_to_string(&path) else {
            return Ok(Noise::empty());
        };
        let noise: Noise = serde_json::from_str(&text).map_err(|error| {
            usage(format!(
                "{}: {error}; delete it, or measure again with `runner perf noise`",
                path.display()
            ))
        })?;
        match noise.schema == SCHEMA {
            true => Ok(noise),
            false => Err(usage(format!(
                "{}: schema '{}' where this runner knows '{SCHEMA}'",
                path.display(),
                noise.schema
            ))),
        }
    }

    /// Nothing known.
    pub fn empty() -> Noise {
        Noise {
            schema: SCHEMA.to_string(),
            entries: Vec::new(),
        }
    }

    /// Takes the metrics of `record`, of a kernel with itself, over what was known of them.
    pub fn add(&mut self, record: &Record) {
        for metric in &record.metrics {
            let Some(set) = metric.sets.first() else {
                continue;
            };
            let Some(noise) = set.paired().noise(metric.better) else {
                continue;
            };
            let entry = Entry {
                fingerprint: metric.fingerprint.clone(),
                case: metric.case.clone(),
                metric: metric.metric.clone(),
                pairs: set.a.len(),
                noise,
                measured: record.started.clone(),
            };
            self.entries.retain(|known| {
                (&known.fingerprint, &known.case, &known.metric)
                    != (&entry.fingerprint, &entry.case, &entry.metric)
            });
            self.entries.push(entry);
        }
        self.entries.sort_by(|x, y| {
            (&x.fingerprint, &x.case, &x.metric).cmp(&(&y.fingerprint, &y.case, &y.metric))
        });
    }

    /// Writes the file.
    pub fn write(&self) -> anyhow::Result<()> {
        let path = Noise::path();
        let text = serde_json::to_string_pretty(self)? + "\n";
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(&path, text))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// The smallest difference of a metric that matters, as a logarithm: what always matters,
    /// or the noise where that is more.
    pub fn delta(&self, fingerprint: &Fingerprint, case: &str, metric: &str) -> f64 {
        let floor = match fingerprint.is_counted() {
            true => COUNTED,
            false => BY_CLOCK,
        };
        let known = self.entries.iter().find(|entry| {
            (
                &entry.fingerprint,
                entry.case.as_str(),
                entry.metric.as_str(),
            ) == (fingerprint, case, metric)
        });
        known.map_or(floor, |entry| entry.noise.max(floor))
    }
}
