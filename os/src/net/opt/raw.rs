//! SOL_RAW and SOL_ICMPV6, on raw sockets only. raw(7), RFC 3542.

use super::{Level, Manner, Row, Value, extension, ipv6, row};
use alloc::vec::Vec;

/// ICMP_FILTER of SOL_RAW.
pub const ICMP_FILTER: u32 = 1;
/// The same of SOL_ICMPV6.
pub const ICMPV6_FILTER: u32 = 1;

/// SOL_RAW of an IPv4 socket for ICMP.
pub const LEVEL4: Level = Level::of(
    Manner::NameFirst,
    // icmp_filter: the ICMP types, a bit each, that are not delivered.
    &[&[row(
        ICMP_FILTER,
        |t| {
            let word = t.datagram(|o| o.icmp_filter[0])? as u32;
            Ok(Value::Bytes(word.to_ne_bytes().to_vec()))
        },
        |t, _, v| {
            // A shorter filter changes the first bytes only.
            let word = t.datagram(|o| o.icmp_filter[0])? as u32;
            let mut bytes = word.to_ne_bytes();
            let len = v.1.min(4);
            bytes[..len].copy_from_slice(&v.0[..len]);
            t.set_datagram(|o| o.icmp_filter[0] = u32::from_ne_bytes(bytes).into())
        },
    )]],
);

/// SOL_RAW of an IPv6 socket.
pub const LEVEL6: Level = Level::of(
    Manner::IntFirstLax,
    &[&[ipv6::RAW_CHECKSUM, extension::HEADER_INCLUDED]],
);

/// SOL_ICMPV6 of an IPv6 socket for ICMPv6: a set bit blocks a type.
pub const LEVEL_ICMP6: Level = Level::of(Manner::NameFirst, &[&[ROW_ICMP6]]);

/// icmp6_filter: the ICMPv6 types, a bit each, that are not delivered.
const ROW_ICMP6: Row = row(
    ICMPV6_FILTER,
    |t| {
        let words = t.datagram(|o| o.icmp_filter)?;
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Ok(Value::Bytes(bytes))
    },
    |t, _, v| {
        let words = t.datagram(|o| o.icmp_filter)?;
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let len = v.1.min(bytes.len()).min(v.0.len());
        bytes[..len].copy_from_slice(&v.0[..len]);
        let word = |at: usize| u64::from_le_bytes(core::array::from_fn(|i| bytes[at * 8 + i]));
        t.set_datagram(|o| o.icmp_filter = core::array::from_fn(word))
    },
);
