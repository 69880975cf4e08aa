//! Policy rules: which table a packet's route is looked up in. ip-rule(8).
//!
//! As long as nobody makes a rule, tables main and default are asked, as by Linux's standing rules; the local table always
//! comes first.

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::addr::Cidr;
use crate::changes::Change;
use crate::error::{Error, Result};
use crate::iface::IfaceId;
use crate::route::Route;
use crate::stack::Stack;

/// What is known of a packet when its way is looked up.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// Destination.
    pub dst: IpAddr,
    /// Must leave by this interface (SO_BINDTODEVICE, scope id).
    pub via: Option<IfaceId>,
    /// Source, where it is decided already.
    pub source: Option<IpAddr>,
    /// SO_MARK.
    pub mark: u32,
    /// IP_TOS.
    pub tos: u8,
    /// Came in by this interface; `None` for our own.
    pub from: Option<IfaceId>,
}

impl Flow {
    /// To `dst`, nothing else known.
    pub const fn to(dst: IpAddr) -> Flow {
        Flow {
            dst,
            via: None,
            source: None,
            mark: 0,
            tos: 0,
            from: None,
        }
    }
}

/// What becomes of packets that a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleAction {
    /// Their route is looked up in this table; without one there the next rule is looked at.
    Table(u32),
    /// `Invalid`.
    Blackhole,
    /// `NetUnreachable`.
    Unreachable,
    /// `Access`.
    Prohibit,
}

/// A row of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Of IPv6.
    pub v6: bool,
    /// Lower ones first.
    pub priority: u32,
    /// Source.
    pub src: Option<Cidr>,
    /// Destination.
    pub dst: Option<Cidr>,
    /// Came in by the interface of this name, up to a NUL; `lo` is our own packets. Empty is any.
    pub iif: [u8; 16],
    /// Must leave by it (sockets that are bound to it).
    pub oif: [u8; 16],
    /// SO_MARK, and which bits of it count; a mask of 0 is any.
    pub mark: (u32, u32),
    /// IP_TOS; 0 is any.
    pub tos: u8,
    /// About what does not match.
    pub invert: bool,
    /// What to do.
    pub action: RuleAction,
    /// Who made it: RTPROT_*. Only kept here.
    pub protocol: u8,
}

impl Stack {
    /// The rules that there are in their order, the standing one for the local table not among them.
    pub fn rules(&self, v6: bool) -> Vec<Rule> {
        match self.rules.is_empty() {
            true => Rule::standing()
                .into_iter()
                .filter(|rule| rule.v6 == v6)
                .collect(),
            false => self
                .rules
                .iter()
                .copied()
                .filter(|rule| rule.v6 == v6)
                .collect(),
        }
    }

    /// Adds a rule behind those of its priority. Errors: `Exists`.
    pub fn add_rule(&mut self, rule: Rule) -> Result<()> {
        if self.rules.is_empty() {
            self.rules.extend(Rule::standing());
        }
        if self.rules.contains(&rule) {
            return Err(Error::Exists);
        }
        let at = self
            .rules
            .partition_point(|known| known.priority <= rule.priority);
        self.rules.insert(at, rule);
        self.note(Change::RuleAdded(rule));
        self.routes_changed();
        Ok(())
    }

    /// Removes the first rule that `which` accepts, and returns it. Errors: `NotFound`.
    pub fn take_rule(&mut self, which: impl FnMut(&Rule) -> bool) -> Result<Rule> {
        if self.rules.is_empty() {
            self.rules.extend(Rule::standing());
        }
        let at = self.rules.iter().position(which).ok_or(Error::NotFound)?;
        let gone = self.rules.remove(at);
        // Back to what needs no looking at.
        if self.rules[..] == Rule::standing() {
            self.rules.clear();
        }
        self.note(Change::RuleRemoved(gone));
        self.routes_changed();
        Ok(gone)
    }

    /// The first row that a rule leads to. Errors: what a rule says instead.
    pub(crate) fn by_rules(&self, flow: &Flow) -> Result<Option<&Route>> {
        for rule in self.rules.iter().filter(|rule| self.is_about(rule, flow)) {
            match rule.action {
                RuleAction::Table(table) => {
                    if let Some(route) = self.in_table(table, flow) {
                        return Ok(Some(route));
                    }
                }
                RuleAction::Blackhole => return Err(Error::Invalid),
                RuleAction::Unreachable => return Err(Error::NetUnreachable),
                RuleAction::Prohibit => return Err(Error::Access),
            }
        }
        Ok(None)
    }

    fn is_about(&self, rule: &Rule, flow: &Flow) -> bool {
        let within = |net: Option<Cidr>, addr: Option<IpAddr>| match (net, addr) {
            (Some(net), Some(addr)) => net.contains(addr),
            (Some(net), None) => net.prefix == 0,
            (None, _) => true,
        };
        let is = |name: &[u8; 16], iface: Option<IfaceId>| {
            let len = name.iter().position(|byte| *byte == 0).unwrap_or(16);
            len == 0
                || iface
                    .and_then(|iface| self.interface(iface))
                    .is_some_and(|info| info.name.as_bytes() == &name[..len])
        };
        let matches = within(rule.src, flow.source)
            && within(rule.dst, Some(flow.dst))
            && is(&rule.iif, Some(flow.from.unwrap_or(IfaceId::LO)))
            && is(&rule.oif, flow.via)
            && flow.mark & rule.mark.1 == rule.mark.0
            && (rule.tos == 0 || rule.tos == flow.tos);
        rule.v6 == flow.dst.is_ipv6() && matches != rule.invert
    }
}

impl Rule {
    /// Everything to a table: a standing rule.
    pub const fn all(v6: bool, priority: u32, table: u32) -> Rule {
        Rule {
            v6,
            priority,
            src: None,
            dst: None,
            iif: [0; 16],
            oif: [0; 16],
            mark: (0, 0),
            tos: 0,
            invert: false,
            action: RuleAction::Table(table),
            protocol: Route::KERNEL,
        }
    }

    /// What Linux begins with, the local table aside. In the order of the list.
    const fn standing() -> [Rule; 3] {
        [
            Rule::all(false, 32_766, Route::MAIN),
            Rule::all(true, 32_766, Route::MAIN),
            Rule::all(false, 32_767, Route::DEFAULT),
        ]
    }
}
