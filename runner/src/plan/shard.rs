//! A part of a plan, for several machines that share the work.
//!
//! Cases are dealt like cards: the first to the first shard, the second to the second.
//! So every machine that knows the flags knows its part, the parts together are the
//! plan, and long neighbours (a suite of measurements) do not land on one machine.

use std::str::FromStr;

use super::Selection;
use crate::outcome::usage;

/// `I/N` of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    pub index: usize,
    /// Of how many.
    pub count: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse::<usize>().ok();
        let parts = text.split_once('/');
        let parts = parts.and_then(|(index, count)| Some((number(index)?, number(count)?)));
        match parts {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Shard { index, count }),
            _ => Err("give it as I/N with 1 <= I <= N, as in 2/3".to_string()),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl Shard {
    /// Keeps this shard's cases of `plan`.
    ///
    /// # Errors
    /// There are fewer cases than shards and this one gets none.
    pub fn of(self, plan: Vec<Selection>) -> anyhow::Result<Vec<Selection>> {
        let total: usize = plan.iter().map(|selection| selection.cases.len()).sum();
        let mut dealt = 0..;
        let mut mine = |_: &super::Case| {
            let number = dealt.next().unwrap_or(0);
            number % self.count == self.index - 1
        };
        let part: Vec<Selection> = plan
            .into_iter()
            .map(|mut selection| {
                selection.cases.retain(&mut mine);
                selection
            })
            .filter(|selection| !selection.cases.is_empty())
            .collect();
        match part.is_empty() {
            true => Err(usage(format!(
                "--shard {self}: nothing is left for it of {total} cases; use at most {total} shards"
            ))),
            false => Ok(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Options, names, select};

    #[test]
    fn the_shards_together_are_the_plan() {
        let plan = || {
            select(
                &[],
                &[],
                &Options {
                    seconds: 3,
                    ltp: None,
                },
            )
            .expect("a plan")
        };
        for count in [1, 2, 3, 7] {
            let mut all = Vec::new();
            for index in 1..=count {
                let part = Shard { index, count }.of(plan()).expect("cases");
                all.extend(names(&part));
            }
            let mut whole = names(&plan());
            assert_eq!(all.len(), whole.len());
            all.sort();
            whole.sort();
            assert_eq!(all, whole, "{count} shards");
        }
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for text in ["0/3", "4/3", "1", "1/", "/3", "a/b", "1/0", "-1/3"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert_eq!("2/3".parse(), Ok(Shard { index: 2, count: 3 }));
        let few = select(
            &[],
            &["boot".to_string()],
            &Options {
                seconds: 3,
                ltp: None,
            },
        )
        .expect("one case");
        assert!(Shard { index: 2, count: 2 }.of(few).is_err());
    }
}
