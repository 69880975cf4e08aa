//! net/ipv4/icmp_* and net/ipv6/icmp/*: how many ICMP messages this host sends, and whether it answers pings.

use super::{Home, INT, Knob, knob};
use crate::Result;
use abi::Errno;
use alloc::{format, string::String, vec::Vec};
use core::{ops::RangeInclusive, time::Duration};

/// An `int` of either sign, as far as the engine's words go.
const WORD: RangeInclusive<i64> = i32::MIN as i64..=i32::MAX as i64;
const FLAG: RangeInclusive<i64> = 0..=1;
/// These flags are bytes that take any number.
const BYTE: RangeInclusive<i64> = super::BYTE;

pub(super) const KNOBS: &[Knob] = &[
    knob(
        "ipv4/icmp_msgs_per_sec",
        INT,
        Home::Number(
            |c| c.icmp.per_second.into(),
            |c, n| c.icmp.per_second = n as u32,
        ),
    ),
    knob(
        "ipv4/icmp_msgs_burst",
        INT,
        Home::Number(|c| c.icmp.burst.into(), |c, n| c.icmp.burst = n as u32),
    ),
    knob(
        "ipv4/icmp_ratelimit",
        INT,
        Home::Number(
            |c| c.icmp.interval[0].as_millis() as i64,
            |c, n| c.icmp.interval[0] = Duration::from_millis(n as u64),
        ),
    ),
    knob(
        "ipv6/icmp/ratelimit",
        INT,
        Home::Number(
            |c| c.icmp.interval[1].as_millis() as i64,
            |c, n| c.icmp.interval[1] = Duration::from_millis(n as u64),
        ),
    ),
    knob(
        "ipv4/icmp_ratemask",
        WORD,
        Home::Number(
            |c| i64::from(c.icmp.mask as i32),
            |c, n| c.icmp.mask = n as u32,
        ),
    ),
    knob(
        "ipv6/icmp/ratemask",
        INT,
        Home::Word(
            |c| ranges(&c.icmp.mask6),
            |c, text| {
                c.icmp.mask6 = parse_ranges(text)?;
                Ok(())
            },
        ),
    ),
    knob(
        "ipv4/icmp_echo_ignore_all",
        FLAG,
        Home::Number(
            |c| c.icmp.ignore_echo[0].into(),
            |c, n| c.icmp.ignore_echo[0] = n != 0,
        ),
    ),
    knob(
        "ipv4/icmp_echo_ignore_broadcasts",
        FLAG,
        Home::Number(
            |c| c.icmp.ignore_group_echo[0].into(),
            |c, n| c.icmp.ignore_group_echo[0] = n != 0,
        ),
    ),
    knob(
        "ipv6/icmp/echo_ignore_all",
        BYTE,
        Home::Number(
            |c| c.icmp.ignore_echo[1].into(),
            |c, n| c.icmp.ignore_echo[1] = n != 0,
        ),
    ),
    knob(
        "ipv6/icmp/echo_ignore_multicast",
        BYTE,
        Home::Number(
            |c| c.icmp.ignore_group_echo[1].into(),
            |c, n| c.icmp.ignore_group_echo[1] = n != 0,
        ),
    ),
];

/// The numbers whose bits are set, as "0-1,3-127".
fn ranges(mask: &[u64; 4]) -> String {
    let has = |bit: usize| {
        mask.get(bit / 64)
            .is_some_and(|word| word >> (bit % 64) & 1 != 0)
    };
    let mut parts = Vec::new();
    let mut bit = 0;
    while bit < 256 {
        if !has(bit) {
            bit += 1;
            continue;
        }
        let first = bit;
        while has(bit + 1) {
            bit += 1;
        }
        parts.push(match first == bit {
            true => format!("{first}"),
            false => format!("{first}-{bit}"),
        });
        bit += 1;
    }
    parts.join(",")
}

/// The other way round. `EINVAL` for what is no such list.
fn parse_ranges(text: &str) -> Result<[u64; 4]> {
    let number = |text: &str| text.trim().parse::<u8>().map_err(|_| Errno::EINVAL);
    let mut mask = [0; 4];
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return Err(Errno::EINVAL);
        }
        for bit in usize::from(first)..=usize::from(last) {
            mask[bit / 64] |= 1 << (bit % 64);
        }
    }
    Ok(mask)
}
