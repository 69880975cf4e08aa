//! Figures and verdicts kept over time: baselines, and the comparison of two of anything.
//!
//! Called by the verbs `baseline` and `compare`. [`Archive`] is the common form: whatever
//! was measured (a run, a set of runs, a series of pairs, many of these) and whatever was
//! accepted earlier is one, so that everything compares with everything. Files are the only
//! state; nobody else writes them.

mod accept;
mod chart;
mod collect;
mod compare;
mod known;
mod page;
mod store;

pub use accept::run as baseline;
pub use compare::run as compare;
