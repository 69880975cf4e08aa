//! Classic BPF: socket filters as SO_ATTACH_FILTER takes them.
//!
//! **What.** [`Program`] is a filter that passed Linux's checks; [`Program::run`] says how many bytes of a packet
//! to keep. The machine is McCanne and Jacobson's ("The BSD Packet Filter", 1993), the checks and the extensions
//! (`SKF_AD_*`, `SKF_NET_OFF`, `SKF_LL_OFF`) are those of Linux's Documentation/networking/filter.rst. **Who calls.**
//! The net engine for Internet sockets and packet taps, `os/src/net/unix` for messages, `os/src/net/opt` to make
//! programs. **Who owns and locks.** A program never changes after [`Program::new`]; share it by reference count.
//!
//! A typical sequence:
//! ```text
//! let program = Program::new(&instructions)?;             // EINVAL
//! let keep = program.run(&packet);                         // 0: drop the packet
//! ```
//! No program that was accepted and no packet makes it panic or run for longer than its own length: jumps go
//! forward only.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod check;
mod op;
mod packet;
mod run;

pub use check::{Program, Rejected};
pub use op::Instruction;
pub use packet::Packet;

/// BPF_MAXINSNS: the longest program.
pub const MAX_INSTRUCTIONS: usize = 4096;

#[cfg(test)]
mod tests;
