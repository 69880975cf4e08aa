//! Telling the routers of a link what this host listens to: IGMP (RFC 3376, RFC 2236, RFC 1112) and MLD (RFC 3810, RFC 2710).
//!
//! **What.** Changes of what sockets want are reported unasked, several times; queries are answered after a random delay. While a
//! router of an older version is about, its version is spoken. **Who calls.** `dgram/multicast` with changes, `ip` and `icmp` with
//! received messages, `stack` when timers are due. **Who owns.** Each interface a [`Querier`] a family and a [`Told`] for each
//! group about which something is owed or known; no locks here.
//!
//! ```text
//! dgram_join -> group_changed -> changes due -> groups_expire -> report
//! query from a link -> group_queried (or "everything" due) -> groups_expire -> report
//! ```

mod change;
mod expire;
mod filter;
mod query;
mod report;

pub(crate) use filter::Filter;
use filter::Record;
pub(crate) use query::is_mld;

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use crate::iface::{Iface, IfaceId};
use crate::stack::Stack;
use crate::time::Instant;

/// No delay is shorter: Linux waits for two of its clock's ticks beyond what it drew.
const LEAST_DELAY: Duration = Duration::from_millis(8);
/// RFC 3376 sections 8.2 and 8.3: what a router that does not say otherwise does.
const QUERY_INTERVAL: Duration = Duration::from_secs(125);
const QUERY_RESPONSE: Duration = Duration::from_secs(10);

/// What is known of the routers that ask, for one family of an interface, and what is owed to all of them.
#[derive(Clone, Debug)]
pub(crate) struct Querier {
    /// Routers of version 1 and of IGMPv2 are believed to be there until then.
    older: [Option<Instant>; 2],
    /// How often a change is told; 0 is the setting's.
    robustness: u8,
    interval: Duration,
    response: Duration,
    /// When every group is to be reported.
    everything: Option<Instant>,
    /// When changes are to be reported, and how often still.
    changes: Option<(Instant, u8)>,
}

impl Default for Querier {
    fn default() -> Self {
        Querier {
            older: [None; 2],
            robustness: 0,
            interval: QUERY_INTERVAL,
            response: QUERY_RESPONSE,
            everything: None,
            changes: None,
        }
    }
}

impl Querier {
    /// How long an older router is believed to be there after its query: RFC 3376 section 8.12.
    fn patience(&self, setting: u8) -> Duration {
        let robustness = match self.robustness {
            0 => setting,
            robustness => robustness,
        };
        self.interval * u32::from(robustness) + self.response
    }
}

/// What was and will be told about one group.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub group: IpAddr,
    /// When its state is to be reported.
    timer: Option<Instant>,
    /// The sources that were asked about; `None` is all.
    asked: Option<Vec<IpAddr>>,
    /// We were the last to report it.
    reporter: bool,
    /// Reports of a group that is new, still to come.
    unsolicited: u8,
    /// How often a change between "only these" and "all but these" is still to be told.
    mode: u8,
    /// The same for single sources.
    sources: Vec<(IpAddr, u8)>,
}

impl Told {
    fn new(group: IpAddr) -> Told {
        Told {
            group,
            timer: None,
            asked: None,
            reporter: false,
            unsolicited: 0,
            mode: 0,
            sources: Vec::new(),
        }
    }

    /// Nothing of a change is left to tell.
    fn is_settled(&self) -> bool {
        self.mode == 0 && self.sources.is_empty()
    }
}

/// A group of an interface, for /proc/net/igmp and igmp6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// The group.
    pub group: IpAddr,
    /// How many joined.
    pub users: u32,
    /// Time until it is reported, where it will be.
    pub timer: Option<Duration>,
    /// This host was the last to report it.
    pub reporter: bool,
    /// It is never reported.
    pub silent: bool,
    /// It reaches beyond this host.
    pub on_link: bool,
    /// Only some sources were asked about.
    pub partly: bool,
}

/// A source of a group of an interface, for /proc/net/mcfilter and mcfilter6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// The group.
    pub group: IpAddr,
    /// The source.
    pub source: IpAddr,
    /// How many sockets want it.
    pub include: u32,
    /// How many sockets do not.
    pub exclude: u32,
}

impl Iface {
    pub(crate) fn told(&mut self, group: IpAddr) -> &mut Told {
        let at = self.told.iter().position(|told| told.group == group);
        let at = at.unwrap_or_else(|| {
            self.told.push(Told::new(group));
            self.told.len() - 1
        });
        &mut self.told[at]
    }
}

impl Stack {
    /// The version that is spoken on an interface: 1, 2 or 3 of IGMP, 1 or 2 of MLD.
    pub fn group_version(&self, iface: IfaceId, v6: bool) -> u8 {
        let newest = 3 - u8::from(v6);
        let Ok(slot) = self.iface(iface) else {
            return newest;
        };
        let forced = match v6 {
            false => [&self.conf_all, &slot.conf].map(|conf| conf.v4.force_igmp_version),
            true => [&self.conf_all, &slot.conf].map(|conf| conf.v6.force_mld_version),
        };
        if v6 && let Some(&forced) = forced.iter().find(|&&forced| forced != 0) {
            return forced.min(newest);
        }
        let older = &slot.queriers[usize::from(v6)].older;
        let there = |version: u8| {
            older[usize::from(version) - 1].is_some_and(|until| self.now < until)
                || forced.contains(&version)
        };
        (1..newest)
            .find(|&version| there(version))
            .unwrap_or(newest)
    }

    /// net.ipv4.igmp_qrv or net.ipv6.mld_qrv.
    fn robustness(&self, v6: bool) -> u8 {
        match v6 {
            false => self.config.igmp_qrv,
            true => self.config.mld_qrv,
        }
    }

    /// How often a change is told on an interface.
    fn repeats(&self, slot: &Iface, v6: bool) -> u8 {
        match slot.queriers[usize::from(v6)].robustness {
            0 => self.robustness(v6),
            robustness => robustness,
        }
    }

    /// Whether routers hear of a group at all: RFC 3376 section 6, RFC 3810 section 6, net.ipv4.igmp_link_local_mcast_reports.
    pub(crate) fn is_reported(&self, group: IpAddr) -> bool {
        match group {
            IpAddr::V4(group) => {
                let local = group.octets()[..3] == [224, 0, 0];
                group != Ipv4Addr::new(224, 0, 0, 1) && (!local || self.config.igmp_local_reports)
            }
            IpAddr::V6(group) => {
                let scope = group.octets()[1] & 15;
                scope >= 2 && group.to_bits() != 0xff02 << 112 | 1
            }
        }
    }

    /// A random time below `most`, and a little.
    fn random_delay(&mut self, most: Duration) -> Duration {
        let most = (most.as_millis() as u32).max(1);
        LEAST_DELAY + Duration::from_millis(self.rng.below(most).into())
    }

    /// The groups of an interface with what is known of each.
    pub fn group_rows(&self, iface: IfaceId) -> Vec<GroupRow> {
        let Ok(slot) = self.iface(iface) else {
            return Vec::new();
        };
        let row = |(group, users)| {
            let told = slot.told.iter().find(|told| told.group == group);
            let timer = told.and_then(|told| told.timer);
            GroupRow {
                group,
                users,
                timer: timer.map(|at| at.since(self.now)),
                reporter: told.is_some_and(|told| told.reporter),
                silent: !self.is_reported(group),
                on_link: !matches!(group, IpAddr::V6(group) if group.octets()[1] & 15 < 2),
                partly: told.is_some_and(|told| told.asked.is_some()),
            }
        };
        self.groups(iface).into_iter().map(row).collect()
    }

    /// What an interface wants to hear of a group: what all its sockets together do, and everything of a standing group.
    fn wanted(&self, iface: IfaceId, group: IpAddr) -> Filter {
        let Ok(slot) = self.iface(iface) else {
            return Filter::default();
        };
        match slot.has_standing(group) {
            true => Filter::everything(),
            false => self.filter(iface, group),
        }
    }
}
