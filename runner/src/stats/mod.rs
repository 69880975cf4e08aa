//! What paired measurements say, in words.
//!
//! Called by `pairs`, `noise`, `compare` and `baseline`. Everything here is arithmetic on
//! samples: no clock, no files, no randomness but [`Rng`], whose seed is recorded.
//!
//! One boot is one sample: figures of one boot share its luck and would be counted twice.
//! A sequence of calls: [`schedule`] says which kernel boots when, the caller boots them,
//! [`PairedSamples::estimate`] gives the ratio with its interval, [`word`] the verdict.
//!
//! Why pairs: a machine's speed drifts while it measures. Two boots next to each other
//! share most of the drift, all of A followed by all of B do not, and more samples then
//! make a false verdict more likely, not less.

mod location;
mod pairs;
mod rng;
mod schedule;
mod signed_rank;
mod verdict;

#[cfg(test)]
mod simulate;

pub use location::{median, spread};
pub use pairs::{Estimate, PairedSamples, percent};
pub use rng::Rng;
pub use schedule::{First, schedule};
pub use verdict::{Word, confirmed, word};
