//! RTM_*RULE: which table is looked into when. The local table comes first, always; the others are the engine's.
//! ip-rule(8), `struct fib_rule_hdr`.

use super::{Outcome, addr_of, fixed, record_header, word_at, word_of};
use crate::net::netlink::answer::{Answer, Refusal, Request};
use abi::{
    Errno,
    net::{AF_INET, AF_INET6},
};
use alloc::vec::Vec;
use inet::{Cidr, Rule, RuleAction, Stack};
use netlink::{
    Attribute, Attributes, Builder, Header, route,
    route::{fra, table},
};

/// `sizeof(struct fib_rule_hdr)`: family, two prefix lengths, TOS, table, reserved, action, flags.
const RULE: usize = 12;
/// FIB_RULE_INVERT.
const INVERT: u32 = 2;
/// RTPROT_UNSPEC and RTPROT_BOOT: who did not say.
const UNSPEC: u8 = 0;

/// FR_ACT_*.
mod action {
    pub const TABLE: u8 = 1;
    pub const BLACKHOLE: u8 = 6;
    pub const UNREACHABLE: u8 = 7;
    pub const PROHIBIT: u8 = 8;
}

/// The standing rule for the local table.
fn local(v6: bool) -> Rule {
    Rule::all(v6, 0, table::LOCAL.into())
}

/// The group of notifications.
pub fn group(rule: &Rule) -> u32 {
    match rule.v6 {
        false => route::group::IPV4_RULE,
        true => route::group::IPV6_RULE,
    }
}

/// A dump. `EOPNOTSUPP` otherwise, as on Linux before rules could be asked for one by one.
pub fn get(request: &Request<'_>, family: u32) -> Outcome {
    if !request.dumps() {
        return Err(Errno::EOPNOTSUPP.into());
    }
    let header = record_header(request, route::NEWRULE, false);
    let mut records = Vec::new();
    for of in [AF_INET, AF_INET6] {
        if family == 0 || family == of {
            let v6 = of == AF_INET6;
            let rules = request.net.look(|stack| stack.rules(v6));
            records.push(record(header, &local(v6)));
            records.extend(rules.iter().map(|rule| record(header, rule)));
        }
    }
    Ok(Answer::Dump(records))
}

/// A record: attributes in Linux's order.
pub fn record(header: Header, rule: &Rule) -> Vec<u8> {
    let (kind, table) = match rule.action {
        RuleAction::Table(table) => (action::TABLE, table),
        RuleAction::Blackhole => (action::BLACKHOLE, 0),
        RuleAction::Unreachable => (action::UNREACHABLE, 0),
        RuleAction::Prohibit => (action::PROHIBIT, 0),
    };
    let prefix = |net: Option<Cidr>| net.map_or(0, |net| net.prefix);
    let mut head = [0; RULE];
    head[..8].copy_from_slice(&[
        if rule.v6 { AF_INET6 } else { AF_INET } as u8,
        prefix(rule.dst),
        prefix(rule.src),
        rule.tos,
        // RT_TABLE_COMPAT: the attribute says which.
        u8::try_from(table).unwrap_or(252),
        0,
        0,
        kind,
    ]);
    let flags = if rule.invert { INVERT } else { 0 };
    head[8..].copy_from_slice(&flags.to_ne_bytes());
    let mut b = Builder::message(header, &head);
    b.u32(fra::TABLE, table)
        .u32(fra::SUPPRESS_PREFIXLEN, u32::MAX)
        .u8(fra::PROTOCOL, rule.protocol);
    if rule.priority != 0 {
        b.u32(fra::PRIORITY, rule.priority);
    }
    for (kind, name) in [(fra::IIFNAME, rule.iif), (fra::OIFNAME, rule.oif)] {
        let len = name.iter().position(|byte| *byte == 0).unwrap_or(15);
        if len > 0 {
            b.attr(kind, &name[..len + 1]);
        }
    }
    if rule.mark.0 != 0 {
        b.u32(fra::FWMARK, rule.mark.0);
    }
    if rule.mark.1 != 0 {
        b.u32(fra::FWMASK, rule.mark.1);
    }
    for (kind, net) in [(fra::DST, rule.dst), (fra::SRC, rule.src)] {
        if let Some(net) = net.filter(|net| net.prefix > 0) {
            b.addr(kind, net.addr);
        }
    }
    b.finish()
}

/// What a message says of a rule; what it does not say is `None` where that matters to who removes one.
struct Wish {
    rule: Rule,
    priority: Option<u32>,
    table: u32,
    kind: u8,
}

impl Wish {
    /// `EOPNOTSUPP` for what rules here do not look at: users, protocols, ports, and jumps.
    fn of(request: &Request<'_>, family: u32) -> Result<Wish, Refusal> {
        let head: [u8; RULE] = fixed(request)?;
        if family != AF_INET && family != AF_INET6 {
            return Err(Errno::EAFNOSUPPORT.into());
        }
        let v6 = family == AF_INET6;
        let mut wish = Wish {
            rule: Rule {
                tos: head[3],
                invert: word_at(&head, 8) & INVERT != 0,
                protocol: UNSPEC,
                ..local(v6)
            },
            priority: None,
            table: head[4].into(),
            kind: head[7],
        };
        let net = |attribute: Attribute<'_>, prefix: u8| -> Result<Option<Cidr>, Refusal> {
            let net = Cidr::new(addr_of(attribute, family)?, prefix).ok_or(Errno::EINVAL)?;
            Ok(Some(net.network()))
        };
        for attribute in Attributes::after(request.body, RULE) {
            match attribute.kind {
                fra::DST => wish.rule.dst = net(attribute, head[1])?,
                fra::SRC => wish.rule.src = net(attribute, head[2])?,
                fra::IIFNAME => wish.rule.iif = name(attribute)?,
                fra::OIFNAME => wish.rule.oif = name(attribute)?,
                fra::PRIORITY => wish.priority = Some(word_of(attribute)?),
                fra::FWMARK => {
                    wish.rule.mark.0 = word_of(attribute)?;
                    if wish.rule.mark.1 == 0 {
                        wish.rule.mark.1 = u32::MAX;
                    }
                }
                fra::FWMASK => wish.rule.mark.1 = word_of(attribute)?,
                fra::TABLE => wish.table = word_of(attribute)?,
                fra::PROTOCOL => wish.rule.protocol = attribute.u8().unwrap_or(UNSPEC),
                fra::SUPPRESS_PREFIXLEN if attribute.u32() == Some(u32::MAX) => {}
                _ => return Err(Errno::EOPNOTSUPP.into()),
            }
        }
        wish.rule.action = match wish.kind {
            0 | action::TABLE => RuleAction::Table(wish.table),
            action::BLACKHOLE => RuleAction::Blackhole,
            action::UNREACHABLE => RuleAction::Unreachable,
            action::PROHIBIT => RuleAction::Prohibit,
            _ => return Err(Errno::EOPNOTSUPP.into()),
        };
        Ok(wish)
    }

    /// Whether RTM_DELRULE means this one: what the message does not say does not matter.
    fn means(&self, rule: &Rule) -> bool {
        let Rule {
            src,
            dst,
            iif,
            oif,
            mark,
            tos,
            ..
        } = self.rule;
        rule.v6 == self.rule.v6
            && self
                .priority
                .is_none_or(|priority| priority == rule.priority)
            && (self.kind == 0
                || core::mem::discriminant(&self.rule.action)
                    == core::mem::discriminant(&rule.action))
            && (self.table == 0 || rule.action == RuleAction::Table(self.table))
            && (src.is_none() || rule.src == src)
            && (dst.is_none() || rule.dst == dst)
            && (iif == [0; 16] || rule.iif == iif)
            && (oif == [0; 16] || rule.oif == oif)
            && (mark == (0, 0) || rule.mark == mark)
            && (tos == 0 || rule.tos == tos)
            && (self.rule.protocol == UNSPEC || rule.protocol == self.rule.protocol)
    }
}

fn name(attribute: Attribute<'_>) -> Result<[u8; 16], Refusal> {
    let text = attribute.str().ok_or(Errno::EINVAL)?.as_bytes();
    let mut name = [0; 16];
    name.get_mut(..text.len())
        .filter(|room| room.len() < 16)
        .ok_or(Errno::EINVAL)?
        .copy_from_slice(text);
    Ok(name)
}

/// The priority of a rule that came without: one in front of the first one behind the local table's.
fn default_priority(stack: &Stack, v6: bool) -> u32 {
    let rules = stack.rules(v6);
    rules
        .first()
        .map_or(0, |first| first.priority.saturating_sub(1))
}

/// RTM_NEWRULE. `EEXIST`, `EINVAL` without a table.
pub fn add(request: &Request<'_>, family: u32) -> Outcome {
    let wish = Wish::of(request, family)?;
    if matches!(wish.rule.action, RuleAction::Table(0)) {
        return Err(Refusal::because(Errno::EINVAL, "Invalid table"));
    }
    let added = request.net.with(|stack, _| {
        let priority = wish
            .priority
            .unwrap_or_else(|| default_priority(stack, wish.rule.v6));
        stack.add_rule(Rule {
            priority,
            ..wish.rule
        })
    });
    super::done(added)
}

/// RTM_DELRULE. `ENOENT`.
pub fn del(request: &Request<'_>, family: u32) -> Outcome {
    let wish = Wish::of(request, family)?;
    let gone = request
        .net
        .with(|stack, _| stack.take_rule(|rule| wish.means(rule)));
    match gone {
        Ok(_) => Ok(Answer::Done),
        Err(_) => Err(Errno::ENOENT.into()),
    }
}
