//! net/ipv4/igmp_* and net/ipv6/mld_*: what routers are told of multicast groups.

use super::{Home, INT, Knob, knob};
use core::ops::RangeInclusive;

/// How often something is told; RFC 3376 section 8.1: never 0.
const TIMES: RangeInclusive<i64> = 1..=i32::MAX as i64;

/// Numbers above what a byte holds mean as much as 255.
fn times(number: i64) -> u8 {
    number.min(255) as u8
}

pub(super) const KNOBS: &[Knob] = &[
    knob(
        "ipv4/igmp_link_local_mcast_reports",
        super::BYTE,
        Home::Number(
            |c| c.igmp_local_reports.into(),
            |c, n| c.igmp_local_reports = n != 0,
        ),
    ),
    knob(
        "ipv4/igmp_max_memberships",
        INT,
        Home::Number(
            |c| c.igmp_max_memberships as i64,
            |c, n| c.igmp_max_memberships = n as usize,
        ),
    ),
    knob(
        "ipv4/igmp_qrv",
        TIMES,
        Home::Number(|c| c.igmp_qrv.into(), |c, n| c.igmp_qrv = times(n)),
    ),
    knob(
        "ipv6/mld_qrv",
        TIMES,
        Home::Number(|c| c.mld_qrv.into(), |c, n| c.mld_qrv = times(n)),
    ),
];
