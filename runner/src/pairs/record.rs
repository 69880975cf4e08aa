//! pairs.json, schema `sockeye.pairs/1`: every sample, in the order in which it was taken,
//! and what was made of them.

use serde::{Deserialize, Serialize};

use super::fingerprint::Fingerprint;
use super::noise::Noise;
use crate::clock::Utc;
use crate::outcome::{Better, usage};
use crate::report::{KernelInfo, Run, Set};
use crate::stats::{Estimate, First, PairedSamples, Word, confirmed, word};

/// The schema written here.
const SCHEMA: &str = "sockeye.pairs/1";

/// A kernel of the pair.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kernel {
    /// As `--kernel` names it.
    pub name: String,
    /// What booted, once something has.
    pub booted: Option<KernelInfo>,
    /// The command that boots it once.
    pub command: String,
}

/// A whole series.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    schema: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// Of the order.
    pub seed: u64,
    /// Pairs asked for, in each set.
    pub pairs: usize,
    /// What is judged against.
    pub a: Kernel,
    /// What is judged.
    pub b: Kernel,
    /// Who booted first, in each set.
    pub order: Vec<Vec<First>>,
    /// One for each metric of each target.
    pub metrics: Vec<Measured>,
    /// Cases that did not pass, as `boot: case: status`.
    pub failures: Vec<String>,
}

/// One metric of one case on one target.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Where it was measured.
    pub fingerprint: Fingerprint,
    /// `suite/case`.
    pub case: String,
    /// The metric's name.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Its direction.
    pub better: Better,
    /// The samples of the first set, and of the second where there was one.
    pub sets: Vec<Samples>,
    /// The smallest difference that matters, as a logarithm.
    pub delta: f64,
    /// Of each set; absent where the samples allow none.
    pub estimates: Vec<Option<Estimate>>,
    /// The verdict.
    pub word: Word,
}

/// The samples of a set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// Of the first kernel.
    pub a: Vec<f64>,
    /// Of the second, each next to its counterpart.
    pub b: Vec<f64>,
}

impl Samples {
    /// For the arithmetic.
    pub fn paired(&self) -> PairedSamples {
        PairedSamples {
            a: self.a.clone(),
            b: self.b.clone(),
        }
    }
}

impl Record {
    /// An empty record.
    pub fn new(kernels: &[String; 2], seed: u64, pairs: usize) -> Record {
        let kernel = |name: &String| Kernel {
            name: name.clone(),
            ..Kernel::default()
        };
        Record {
            schema: SCHEMA.to_string(),
            started: Utc::now().rfc3339(),
            seed,
            pairs,
            a: kernel(&kernels[0]),
            b: kernel(&kernels[1]),
            order: Vec::new(),
            metrics: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// A further set begins; answers its number, from 1.
    pub fn begin_set(&mut self) -> usize {
        self.order.push(Vec::new());
        self.order.len()
    }

    /// Whether `kernel` has been booted, under either letter.
    pub fn has_booted(&self, kernel: &str) -> bool {
        [&self.a, &self.b]
            .into_iter()
            .any(|known| known.name == kernel && known.booted.is_some())
    }

    /// One boot, for the kernel's name and the failures.
    pub fn boot(&mut self, letter: char, kernel: &str, set: &Set) -> anyhow::Result<()> {
        let number = self.order.len();
        let pair = self.order.last().map_or(0, Vec::len) + 1;
        for member in &set.members {
            let slot = match letter {
                'a' => &mut self.a,
                _ => &mut self.b,
            };
            match &slot.booted {
                Some(known) if *known != member.run.kernel => {
                    return Err(usage(format!(
                        "{kernel} was {known} and is {} now: the work tree changed under the measurement; --no-build takes a kernel as it is",
                        member.run.kernel
                    )));
                }
                Some(_) => {}
                None => {
                    slot.booted = Some(member.run.kernel.clone());
                    slot.command = member.run.command.clone();
                }
            }
            for case in member.run.bad() {
                self.failures.push(format!(
                    "{number}-{pair:02}-{letter} {}: {} {} {}",
                    member.run.target(),
                    case.name,
                    case.status.name(),
                    case.detail
                ));
            }
        }
        Ok(())
    }

    /// A whole pair. A metric that one side lacks is left out of this pair.
    pub fn pair(&mut self, first: First, a: &[&Run], b: &[&Run]) -> anyhow::Result<()> {
        let set = self.order.len();
        if let Some(order) = self.order.last_mut() {
            order.push(first);
        }
        for (a, b) in a.iter().zip(b) {
            let fingerprint = Fingerprint::of(a);
            for case in &a.cases {
                let Some(other) = b.cases.iter().find(|other| other.name == case.name) else {
                    continue;
                };
                for metric in &case.metrics {
                    let Some(twin) = other.metrics.iter().find(|m| m.name == metric.name) else {
                        continue;
                    };
                    let at = self.slot(&fingerprint, &case.name, metric);
                    let sets = &mut self.metrics[at].sets;
                    sets.resize(set, Samples::default());
                    sets[set - 1].a.push(metric.value);
                    sets[set - 1].b.push(twin.value);
                }
            }
        }
        Ok(())
    }

    fn slot(
        &mut self,
        fingerprint: &Fingerprint,
        case: &str,
        metric: &crate::outcome::Metric,
    ) -> usize {
        let known = self.metrics.iter().position(|m| {
            m.fingerprint == *fingerprint && m.case == case && m.metric == metric.name
        });
        known.unwrap_or_else(|| {
            self.metrics.push(Measured {
                fingerprint: fingerprint.clone(),
                case: case.to_string(),
                metric: metric.name.clone(),
                unit: metric.unit.clone(),
                better: metric.better,
                sets: Vec::new(),
                delta: 0.0,
                estimates: Vec::new(),
                word: Word::Inconclusive,
            });
            self.metrics.len() - 1
        })
    }

    /// Gives every metric its estimates and its word.
    pub fn judge(&mut self, noise: &Noise) {
        for metric in &mut self.metrics {
            metric.delta = noise.delta(&metric.fingerprint, &metric.case, &metric.metric);
            metric.judge();
        }
    }

    /// Whether anything claims a difference.
    pub fn claims(&self) -> bool {
        self.metrics.iter().any(|metric| metric.word.is_claim())
    }

    /// Whether anything regressed.
    pub fn regressed(&self) -> bool {
        self.metrics.iter().any(|m| m.word == Word::Regressed)
    }

    /// Makes what claims a difference inconclusive.
    pub fn withdraw_claims(&mut self) {
        for metric in self.metrics.iter_mut().filter(|m| m.word.is_claim()) {
            metric.word = Word::Inconclusive;
        }
    }

    /// The text of pairs.json.
    pub fn to_json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

impl Measured {
    fn judge(&mut self) {
        let paired: Vec<PairedSamples> = self.sets.iter().map(Samples::paired).collect();
        let estimate = |(at, samples): (usize, &PairedSamples)| match at {
            0 => samples.estimate(self.better),
            _ => samples.confirmation(self.better),
        };
        self.estimates = paired.iter().enumerate().map(estimate).collect();
        let mut words = self.estimates.iter().map(|e| word(e.as_ref(), self.delta));
        let first = words.next().unwrap_or(Word::Inconclusive);
        self.word = words.fold(first, confirmed);
    }

    /// All samples of a kernel.
    pub fn all(&self, pick: fn(&Samples) -> &Vec<f64>) -> Vec<f64> {
        self.sets
            .iter()
            .flat_map(|set| pick(set).iter().copied())
            .collect()
    }
}
