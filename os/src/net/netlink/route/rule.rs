//! RTM_GETRULE: which table is looked into when. There is one way, Linux's default:
//! local, main, and for IPv4 the empty table default. ip-rule(8).

use super::{Outcome, record_header};
use crate::net::netlink::answer::{Answer, Request};
use abi::{
    Errno,
    net::{AF_INET, AF_INET6},
};
use alloc::vec::Vec;
use netlink::{
    Builder, Header, route,
    route::{fra, table},
};

/// `sizeof(struct fib_rule_hdr)`: family, two prefix lengths, TOS, table, reserved, action, flags.
const RULE: usize = 12;

/// Priority and table.
const RULES: [(u32, u8); 3] = [
    (0, table::LOCAL),
    (32_766, table::MAIN),
    (32_767, table::DEFAULT),
];

/// A dump. `EOPNOTSUPP` otherwise, as on Linux before rules could be asked for one by one.
pub fn get(request: &Request<'_>, family: u32) -> Outcome {
    if !request.dumps() {
        return Err(Errno::EOPNOTSUPP.into());
    }
    let header = record_header(request, route::NEWRULE, false);
    let mut records = Vec::new();
    for (of, count) in [(AF_INET, 3), (AF_INET6, 2)] {
        if family == 0 || family == of {
            let rules = RULES[..count].iter();
            records.extend(rules.map(|rule| record(header, of, *rule)));
        }
    }
    Ok(Answer::Dump(records))
}

fn record(header: Header, family: u32, (priority, table): (u32, u8)) -> Vec<u8> {
    /// FR_ACT_TO_TBL.
    const TO_TABLE: u8 = 1;
    let mut head = [0; RULE];
    head[0] = family as u8;
    head[4] = table;
    head[7] = TO_TABLE;
    let mut b = Builder::message(header, &head);
    b.u32(fra::TABLE, u32::from(table))
        .u32(fra::SUPPRESS_PREFIXLEN, u32::MAX)
        .u8(fra::PROTOCOL, inet::Route::KERNEL);
    if priority != 0 {
        b.u32(fra::PRIORITY, priority);
    }
    b.finish()
}
