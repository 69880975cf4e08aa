//! Everything a run leaves behind, and what a person sees while it lasts.
//!
//! Called by `dispatch` alone. [`RunDir`] owns the files of one run; [`Ui`] owns
//! the terminal. Events reach the disk as they happen, so an aborted run keeps what
//! it had.

mod env;
mod event;
mod exports;
pub mod farewell;
mod figures;
pub mod github;
mod group;
mod html;
mod junit;
mod ktap;
mod oracle;
mod outputs;
mod replay;
mod run_dir;
mod run_json;
mod score;
mod set;
mod summary;
mod text;
mod ui;
mod verb;

pub use env::{environment, host_line};
pub use event::{Event, RunStarted, SCHEMA as EVENT_SCHEMA, ShardOf, Stamped};
pub use figures::number;
pub use group::Group;
pub use run_dir::{RunDir, fresh, full, point_latest};
pub use run_json::{KernelInfo, Run};
pub use set::{Set, event_logs};
pub use ui::Ui;
pub use verb::run;

#[cfg(test)]
mod tests;
