//! Netlink's message format: netlink(7), rtnetlink(7), sock_diag(7).
//!
//! **What.** [`messages`] walks what a program sent; [`Attributes`] walks the options
//! of one message; [`Builder`] writes messages. [`route`], [`diag`] and [`generic`]
//! are the numbers of the uapi headers. **Who calls.** `os/src/net/netlink`. **Who owns
//! and locks.** Nobody: slices in, vectors out; `no_std`, safe, no state.
//!
//! What a program sends is hostile: a length may say anything. Nothing here panics on
//! it, a walk ends where the bytes stop making sense, as Linux's does.
//!
//! A typical sequence: `for m in messages(bytes)` -> `m.body` -> `Attributes::of(&m.body[16..])`
//! -> `Builder::message(...)`, `.attr(...)`, `.finish()`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod attribute;
mod build;
pub mod filter;
mod message;
pub mod numbers;
#[cfg(test)]
mod tests;

pub use attribute::{Attribute, Attributes};
pub use build::{Builder, Nest};
pub use filter::Filter;
pub use message::{Header, Message, messages};
pub use numbers::{diag, flag, generic, kind, route};

/// Headers, payloads and attributes start at multiples of this (NLMSG_ALIGNTO, NLA_ALIGNTO).
pub const ALIGN: usize = 4;
