//! /proc/sys/net/ipv4/tcp_*: what TCP agrees to with its peers, and how it times. tcp(7), Linux's ip-sysctl.
//!
//! **What.** More rows of [`super`]'s table, and the one file whose value is no number: the keys of Fast Open.
//! **Who calls.** `sysctl::init` publishes them.
//! **Who owns and locks.** The engine's lock.

use super::{Home, INT, Knob, knob};
use crate::{Result, fs::pseudo, net::stack};
use abi::Errno;
use alloc::{string::String, vec::Vec};
use core::time::Duration;
use inet::FastOpenKeys;

const FLAG: core::ops::RangeInclusive<i64> = 0..=255;

pub(super) const KNOBS: &[Knob] = &[
    knob(
        "ipv4/tcp_timestamps",
        FLAG,
        Home::Number(|c| c.timestamps.into(), |c, n| c.timestamps = n as u8),
    ),
    knob(
        "ipv4/tcp_sack",
        FLAG,
        Home::Number(|c| c.sack.into(), |c, n| c.sack = n != 0),
    ),
    knob(
        "ipv4/tcp_dsack",
        FLAG,
        Home::Number(|c| c.dsack.into(), |c, n| c.dsack = n != 0),
    ),
    knob(
        "ipv4/tcp_syncookies",
        FLAG,
        Home::Number(|c| c.syn_cookies.into(), |c, n| c.syn_cookies = n as u8),
    ),
    knob(
        "ipv4/tcp_slow_start_after_idle",
        0..=1,
        Home::Number(
            |c| c.slow_start_after_idle.into(),
            |c, n| c.slow_start_after_idle = n != 0,
        ),
    ),
    knob(
        "ipv4/tcp_fastopen",
        INT,
        Home::Number(|c| c.fast_open.into(), |c, n| c.fast_open = n as u32),
    ),
    knob(
        "ipv4/tcp_thin_linear_timeouts",
        FLAG,
        Home::Number(|c| c.thin_linear.into(), |c, n| c.thin_linear = n != 0),
    ),
    knob(
        "ipv4/tcp_rto_min_us",
        1..=i32::MAX as i64,
        Home::Number(
            |c| c.rto_least.as_micros() as i64,
            |c, n| c.rto_least = Duration::from_micros(n as u64),
        ),
    ),
    knob(
        "ipv4/tcp_rto_max_ms",
        1_000..=120_000,
        Home::Number(
            |c| c.rto_most.as_millis() as i64,
            |c, n| c.rto_most = Duration::from_millis(n as u64),
        ),
    ),
];

const KEYS: &str = "sys/net/ipv4/tcp_fastopen_key";

/// Publishes the file of the keys.
pub(super) fn init() {
    pseudo::proc().writable(KEYS, read_keys, write_keys);
}

/// A key as Linux shows it: four words of its bytes, little-endian.
fn text(key: &[u8; 16]) -> String {
    let words: Vec<String> = key
        .as_chunks::<4>()
        .0
        .iter()
        .map(|word| alloc::format!("{:08x}", u32::from_le_bytes(*word)))
        .collect();
    words.join("-")
}

fn read_keys() -> String {
    match stack::current().look(|stack| stack.fast_keys()) {
        None => text(&[0; 16]) + "\n",
        Some(FastOpenKeys { primary, backup }) => {
            let backup = backup.map(|key| alloc::format!(",{}", text(&key)));
            text(&primary) + &backup.unwrap_or_default() + "\n"
        }
    }
}

/// The other way round. `EINVAL`.
fn key(text: &str) -> Result<[u8; 16]> {
    let mut key = [0; 16];
    let mut words = text.split('-');
    for room in key.as_chunks_mut::<4>().0 {
        let word = words.next().ok_or(Errno::EINVAL)?;
        let word = u32::from_str_radix(word, 16).map_err(|_| Errno::EINVAL)?;
        *room = word.to_le_bytes();
    }
    match words.next() {
        None => Ok(key),
        Some(_) => Err(Errno::EINVAL),
    }
}

fn write_keys(bytes: &[u8]) -> Result<()> {
    let text = core::str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?;
    let mut keys = text.trim().splitn(2, ',');
    let keys = FastOpenKeys {
        primary: key(keys.next().unwrap_or_default())?,
        backup: keys.next().map(key).transpose()?,
    };
    stack::current().with(|stack, _| stack.set_fast_keys(keys));
    Ok(())
}
