//! QEMU: which binary, which command line, which ports, and the process itself.
//!
//! Called by `exec` (a guest that runs cases) and `shell`. A [`Machine`] is a value
//! that prints as a command line; [`Guest`] is that line running. Every kernel is a
//! [`Kernel`] value, so that another kernel with an initrd or a firmware is an
//! addition here and nowhere else.
//!
//! A typical sequence: `find` -> `Ports::reserve` -> `Machine::command` ->
//! `Guest::start` -> messages -> `Guest::stop`.

mod find;
pub mod gdb;
mod machine;
mod ports;
mod process;

pub use find::{Qemu, find, find_for_programs};
pub use machine::{Dump, Kernel, Machine, Virtio, quote};
pub use ports::Ports;
pub use process::{Guest, Message};
