//! Multicast groups: who joined what, and from whom (RFC 3678).
//!
//! A socket's membership is [`Joined`]: a group on an interface, with sources that it wants or does not want. What the link's
//! routers are told is the sum over all sockets ([`Filter`]): `group` says how it changed.

use alloc::vec::Vec;
use core::net::IpAddr;

use super::DgramId;
use crate::error::{Error, Result};
use crate::group::{Filter, SourceRow};
use crate::iface::{IfaceId, Membership};
use crate::stack::Stack;
use crate::time::Instant;

/// One group that a socket is in.
#[derive(Clone, Debug)]
pub(crate) struct Joined {
    pub group: IpAddr,
    pub iface: IfaceId,
    /// MCAST_EXCLUDE: everybody but the sources; else only the sources.
    pub exclude: bool,
    pub sources: Vec<IpAddr>,
}

impl Joined {
    /// Whether the source is wanted.
    pub fn wants(&self, source: IpAddr) -> bool {
        self.sources.contains(&source) != self.exclude
    }
}

/// The sources of a membership, as IP_MSFILTER shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFilter {
    /// MCAST_EXCLUDE rather than MCAST_INCLUDE.
    pub exclude: bool,
    /// The sources.
    pub sources: Vec<IpAddr>,
}

/// A change of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceChange {
    /// IP_BLOCK_SOURCE.
    Block,
    /// IP_UNBLOCK_SOURCE.
    Unblock,
    /// IP_ADD_SOURCE_MEMBERSHIP.
    Join,
    /// IP_DROP_SOURCE_MEMBERSHIP.
    Leave,
}

impl Stack {
    /// IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP. Without `iface`, the one that routes to the group. Errors: `AddrInUse` (joined already),
    /// `Invalid` (not a group), `NoDevice`, `NoBuffers` (net.ipv4.igmp_max_memberships).
    pub fn dgram_join(
        &mut self,
        now: Instant,
        id: DgramId,
        group: IpAddr,
        iface: Option<IfaceId>,
    ) -> Result<()> {
        self.join(now, id, group, iface, true)
    }

    fn join(
        &mut self,
        now: Instant,
        id: DgramId,
        group: IpAddr,
        iface: Option<IfaceId>,
        exclude: bool,
    ) -> Result<()> {
        self.now = now;
        let (group, iface) = self.group_on(group, iface)?;
        let dgram = self.dgram.slab.get(id.0).ok_or(Error::NoSocket)?;
        let is = |joined: &Joined| joined.group == group && joined.iface == iface;
        if dgram.groups.iter().any(is) {
            return Err(Error::AddrInUse);
        }
        let mine = dgram.groups.iter().filter(|joined| joined.group.is_ipv4());
        if group.is_ipv4() && mine.count() >= self.config.igmp_max_memberships {
            return Err(Error::NoBuffers);
        }
        let before = self.filter(iface, group);
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        dgram.groups.push(Joined {
            group,
            iface,
            exclude,
            sources: Vec::new(),
        });
        self.group_join(iface, group);
        self.report_change(now, iface, group, before);
        Ok(())
    }

    /// IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP. Errors: `AddrNotAvailable`.
    pub fn dgram_leave(
        &mut self,
        now: Instant,
        id: DgramId,
        group: IpAddr,
        iface: Option<IfaceId>,
    ) -> Result<()> {
        self.now = now;
        let group = group.to_canonical();
        let at = self
            .joined(id, group, iface)
            .ok_or(Error::AddrNotAvailable)?;
        let dgram = self.dgram.slab.get(id.0).ok_or(Error::NoSocket)?;
        let iface = dgram.groups[at].iface;
        let before = self.filter(iface, group);
        if let Some(dgram) = self.dgram.slab.get_mut(id.0) {
            dgram.groups.remove(at);
        }
        self.group_leave(iface, group);
        self.report_change(now, iface, group, before);
        Ok(())
    }

    /// The four changes of one source. At most `most` sources. Errors: `Invalid` (no group, not joined, or joined the other way
    /// round), `AddrNotAvailable` (there already, or not there), `NoBuffers`, `NoDevice`.
    pub fn dgram_source(
        &mut self,
        now: Instant,
        id: DgramId,
        (group, source): (IpAddr, IpAddr),
        iface: Option<IfaceId>,
        change: SourceChange,
        most: usize,
    ) -> Result<()> {
        self.now = now;
        let source = source.to_canonical();
        let (group, iface) = self.group_on(group, iface)?;
        if change == SourceChange::Join {
            match self.join(now, id, group, Some(iface), false) {
                Ok(()) | Err(Error::AddrInUse) => {}
                Err(error) => return Err(error),
            }
        }
        let exclude = matches!(change, SourceChange::Block | SourceChange::Unblock);
        let add = matches!(change, SourceChange::Block | SourceChange::Join);
        let at = self.joined(id, group, Some(iface)).ok_or(Error::Invalid)?;
        let before = self.filter(iface, group);
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let joined = &mut dgram.groups[at];
        if joined.exclude != exclude {
            // Only a filter without sources changes sides.
            if !joined.sources.is_empty() {
                return Err(Error::Invalid);
            }
            joined.exclude = exclude;
        }
        let place = joined.sources.iter().position(|&have| have == source);
        let done = match (add, place) {
            (true, None) if joined.sources.len() >= most => Err(Error::NoBuffers),
            (true, None) => {
                joined.sources.push(source);
                Ok(())
            }
            // Nobody left to hear: that is leaving.
            (false, Some(_)) if !exclude && joined.sources.len() == 1 => {
                return self.dgram_leave(now, id, group, Some(iface));
            }
            (false, Some(place)) => {
                joined.sources.remove(place);
                Ok(())
            }
            (true, Some(_)) | (false, None) => Err(Error::AddrNotAvailable),
        };
        self.report_change(now, iface, group, before);
        done
    }

    /// IP_MSFILTER: the whole filter of a membership. Errors: `Invalid` (no group, not joined), `NoDevice`.
    pub fn dgram_set_filter_sources(
        &mut self,
        now: Instant,
        id: DgramId,
        group: IpAddr,
        iface: Option<IfaceId>,
        filter: SourceFilter,
    ) -> Result<()> {
        self.now = now;
        let (group, iface) = self.group_on(group, iface)?;
        if !filter.exclude && filter.sources.is_empty() {
            return self.dgram_leave(now, id, group, Some(iface));
        }
        let at = self.joined(id, group, Some(iface)).ok_or(Error::Invalid)?;
        let before = self.filter(iface, group);
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        dgram.groups[at].exclude = filter.exclude;
        dgram.groups[at].sources = filter.sources;
        self.report_change(now, iface, group, before);
        Ok(())
    }

    /// The same, read. Errors: `Invalid` (no group), `NoDevice`, `AddrNotAvailable` (not joined).
    pub fn dgram_filter_sources(
        &self,
        id: DgramId,
        group: IpAddr,
        iface: Option<IfaceId>,
    ) -> Result<SourceFilter> {
        let (group, iface) = self.group_on(group, iface)?;
        let at = self.joined(id, group, Some(iface));
        let dgram = self.dgram.slab.get(id.0).ok_or(Error::NoSocket)?;
        let joined = at.and_then(|at| dgram.groups.get(at));
        let joined = joined.ok_or(Error::AddrNotAvailable)?;
        Ok(SourceFilter {
            exclude: joined.exclude,
            sources: joined.sources.clone(),
        })
    }

    /// close(2): leaves every group.
    pub(crate) fn leave_all(&mut self, now: Instant, groups: Vec<Joined>) {
        for Joined {
            group,
            iface,
            exclude,
            sources,
        } in groups
        {
            // The socket is no longer in the table, but it still counted.
            let mut before = self.filter(iface, group);
            before.add(exclude, &sources);
            self.group_leave(iface, group);
            self.report_change(now, iface, group, before);
        }
    }

    /// Where in a socket's memberships the group is.
    fn joined(&self, id: DgramId, group: IpAddr, iface: Option<IfaceId>) -> Option<usize> {
        let dgram = self.dgram.slab.get(id.0)?;
        dgram.groups.iter().position(|joined| {
            joined.group == group && iface.is_none_or(|iface| iface == joined.iface)
        })
    }

    /// A group in the form that it is kept in, and the interface that is meant: the route's where none is named. Errors:
    /// `Invalid` (no group), `NoDevice`.
    fn group_on(&self, group: IpAddr, iface: Option<IfaceId>) -> Result<(IpAddr, IfaceId)> {
        let group = group.to_canonical();
        if !group.is_multicast() {
            return Err(Error::Invalid);
        }
        if let Some(iface) = iface {
            self.iface(iface)?;
            return Ok((group, iface));
        }
        if let Ok(route) = self.select_route(group, None) {
            return Ok((group, route.iface));
        }
        let up = self.ifaces.iter().find(|iface| iface.info.up);
        let up = up.ok_or(Error::NoDevice)?;
        Ok((group, up.info.id))
    }

    pub(crate) fn is_joined(&self, iface: IfaceId, group: IpAddr) -> bool {
        self.iface(iface).is_ok_and(|iface| iface.in_group(group))
    }

    /// What all sockets together want to hear of a group on an interface.
    pub(crate) fn filter(&self, iface: IfaceId, group: IpAddr) -> Filter {
        let mut filter = Filter::default();
        for (_, dgram) in self.dgram.slab.iter() {
            for joined in &dgram.groups {
                if joined.group == group && joined.iface == iface {
                    filter.add(joined.exclude, &joined.sources);
                }
            }
        }
        filter
    }

    fn report_change(&mut self, now: Instant, iface: IfaceId, group: IpAddr, before: Filter) {
        let after = self.filter(iface, group);
        self.group_changed(now, iface, group, &before, &after);
    }

    /// Every source that a socket on an interface named, by group.
    pub fn source_rows(&self, iface: IfaceId) -> Vec<SourceRow> {
        let mut rows: Vec<SourceRow> = Vec::new();
        let all = self.dgram.slab.iter().flat_map(|(_, dgram)| &dgram.groups);
        for joined in all.filter(|joined| joined.iface == iface) {
            let group = joined.group;
            for &source in &joined.sources {
                let known = rows
                    .iter()
                    .position(|row| row.group == group && row.source == source);
                let at = known.unwrap_or_else(|| {
                    let (include, exclude) = (0, 0);
                    rows.push(SourceRow {
                        group,
                        source,
                        include,
                        exclude,
                    });
                    rows.len() - 1
                });
                match joined.exclude {
                    true => rows[at].exclude += 1,
                    false => rows[at].include += 1,
                }
            }
        }
        rows
    }

    fn group_join(&mut self, iface: IfaceId, group: IpAddr) {
        let Ok(slot) = self.iface_mut(iface) else {
            return;
        };
        match slot.groups.iter_mut().find(|joined| joined.group == group) {
            Some(joined) => joined.users += 1,
            None => slot.groups.push(Membership { group, users: 1 }),
        }
    }

    fn group_leave(&mut self, iface: IfaceId, group: IpAddr) {
        let Ok(slot) = self.iface_mut(iface) else {
            return;
        };
        let Some(at) = slot.groups.iter().position(|joined| joined.group == group) else {
            return;
        };
        slot.groups[at].users -= 1;
        if slot.groups[at].users == 0 {
            slot.groups.remove(at);
        }
    }
}
