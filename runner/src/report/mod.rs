//! Everything a run leaves behind, and what a person sees while it lasts.
//!
//! Called by `dispatch` alone. [`RunDir`] owns the files of one run; [`Ui`] owns
//! the terminal. Events reach the disk as they happen, so an aborted run keeps what
//! it had.

mod env;
mod group;
mod junit;
mod run_dir;
mod run_json;
mod summary;
mod ui;

pub use env::environment;
pub use group::Group;
pub use run_dir::RunDir;
pub use run_json::{Run, SCHEMA};
pub use ui::Ui;
