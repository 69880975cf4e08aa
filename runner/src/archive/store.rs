//! The archive's form, and its file: `docs/process/baselines/<arch>.json`, schema
//! `sockeye.baseline/1`.
//!
//! The text is canonical: sorted keys, six significant digits, so that a review shows what
//! moved and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::outcome::{Better, Status, usage};
use crate::pairs::Fingerprint;
use crate::report::KernelInfo;

/// The schema written here.
pub const SCHEMA: &str = "sockeye.baseline/1";

/// Everything known of an architecture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Archive {
    /// [`SCHEMA`].
    pub schema: String,
    /// `riscv64`.
    pub arch: String,
    /// By `libc/suite/kernel`; the suite has `-icount` behind it where instructions count.
    pub lanes: BTreeMap<String, Lane>,
}

/// One suite on one kernel with one C library.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// The machine and the conditions.
    pub fingerprint: Fingerprint,
    /// What booted.
    pub kernel: KernelInfo,
    /// Hashes of what ran, by name.
    pub artefacts: BTreeMap<String, String>,
    /// Commands that measure it again.
    pub commands: BTreeSet<String>,
    /// How many boots.
    pub boots: usize,
    /// Whether only some cases were selected.
    #[serde(default)]
    pub partial: bool,
    /// By name, without the suite.
    pub cases: BTreeMap<String, Case>,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The worst of all boots.
    pub status: Status,
    /// Why it did not pass.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Why this is accepted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub known: String,
    /// By name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Figure>,
}

/// One metric, one sample a boot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// `Mbit/s`.
    pub unit: String,
    /// Its direction.
    pub better: Better,
    /// In the order of the boots.
    pub samples: Vec<f64>,
}

impl Archive {
    /// Nothing yet.
    pub fn empty(arch: &str) -> Archive {
        Archive {
            schema: SCHEMA.to_string(),
            arch: arch.to_string(),
            lanes: BTreeMap::new(),
        }
    }

    /// Reads a baseline's text, which came from `path`.
    pub fn parse(text: &str, path: &Path) -> anyhow::Result<Archive> {
        let archive: Archive = serde_json::from_str(text)
            .map_err(|error| usage(format!("{}: no baseline: {error}", path.display())))?;
        match archive.schema == SCHEMA {
            true => Ok(archive),
            false => Err(usage(format!(
                "{}: schema '{}' where this runner knows '{SCHEMA}'",
                path.display(),
                archive.schema
            ))),
        }
    }

    /// The canonical text.
    pub fn text(&self) -> anyhow::Result<String> {
        let mut rounded = self.clone();
        for lane in rounded.lanes.values_mut() {
            for figure in lane.cases.values_mut().flat_map(|c| c.metrics.values_mut()) {
                figure.samples.iter_mut().for_each(|s| *s = round(*s));
            }
        }
        // Through a Value, whose maps are sorted.
        Ok(serde_json::to_string_pretty(&serde_json::to_value(rounded)?)? + "\n")
    }

    /// The C libraries and suites, in order.
    pub fn suites(&self) -> BTreeSet<(String, String)> {
        let parts = self.lanes.keys().map(|key| split(key));
        parts.map(|(libc, suite, _)| (suite, libc)).collect()
    }

    /// A lane.
    pub fn lane(&self, libc: &str, suite: &str, kernel: &str) -> Option<&Lane> {
        self.lanes.get(&key(libc, suite, kernel))
    }

    /// The kernels that ran `suite` with `libc`.
    pub fn kernels(&self, libc: &str, suite: &str) -> Vec<&str> {
        let parts = self.lanes.keys().map(|key| split(key));
        parts
            .filter(|(l, s, _)| l == libc && s == suite)
            .map(|(_, _, kernel)| self.borrowed(libc, suite, &kernel))
            .collect()
    }

    fn borrowed(&self, libc: &str, suite: &str, kernel: &str) -> &str {
        let key = key(libc, suite, kernel);
        let found = self.lanes.get_key_value(&key).map(|(key, _)| key.as_str());
        found
            .and_then(|key| key.splitn(3, '/').nth(2))
            .unwrap_or("")
    }
}

/// The key of a lane.
pub fn key(libc: &str, suite: &str, kernel: &str) -> String {
    format!("{libc}/{suite}/{kernel}")
}

/// Libc, suite and kernel of a key.
pub fn split(key: &str) -> (String, String, String) {
    let mut parts = key.splitn(3, '/').map(str::to_string);
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next())
}

/// Six significant digits: more than any measurement has.
pub fn round(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_canonical() {
        let mut archive = Archive::empty("riscv64");
        let figure = Figure {
            unit: "Mbit/s".into(),
            better: Better::Higher,
            samples: vec![1_922.123_456_7, 0.000_123_456_78, 3.0],
        };
        let case = Case {
            status: Status::Pass,
            detail: String::new(),
            known: String::new(),
            metrics: BTreeMap::from([("throughput".to_string(), figure)]),
        };
        let lane = Lane {
            cases: BTreeMap::from([("lo-tcp".to_string(), case)]),
            ..Lane::default()
        };
        archive.lanes.insert(key("glibc", "iperf3", "ours"), lane);
        let text = archive.text().expect("text");
        assert!(
            text.contains("1922.12,") && text.contains("0.000123457,"),
            "{text}"
        );
        let again = Archive::parse(&text, Path::new("x")).expect("an archive");
        assert_eq!(
            again.text().expect("text"),
            text,
            "reading and writing changes nothing"
        );
        assert_eq!(archive.kernels("glibc", "iperf3"), ["ours"]);
    }

    #[test]
    fn other_files_are_refused_with_their_name() {
        let error = |text: &str| {
            let error = Archive::parse(text, Path::new("here.json")).expect_err("refused");
            error.to_string()
        };
        assert!(error("{").contains("here.json"));
        let other = r#"{"schema":"sockeye.baseline/9","arch":"riscv64","lanes":{}}"#;
        assert!(error(other).contains("sockeye.baseline/9"));
    }
}
