//! What the runner and the guest agent say to each other.
//!
//! Two one-way channels join them, and this crate is the only place that knows
//! their bytes, so that the two ends cannot drift apart:
//!
//! * the **job disk** ([`job`]): the runner writes a small raw disk before the
//!   guest starts; the agent reads it;
//! * the **console records** ([`record`]): the agent writes framed lines on the
//!   serial line; the runner picks them out of whatever else the kernel prints.
//!
//! Called by `runner` (host, with `std`) and by `testsuite/agent` (guest,
//! `no_std`, no allocator). Nothing here allocates, locks or blocks.
//!
//! A typical sequence: runner `job::Writer` -> disk -> agent `job::Header`,
//! `job::Reader` -> runs a case -> `record::encode` -> serial line -> runner
//! `record::find`.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod crc;
pub mod job;
pub mod record;
