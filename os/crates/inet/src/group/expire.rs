//! Reports whose time has come.

use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::report::{Entry, Short};
use super::{Filter, Record};
use crate::iface::IfaceId;
use crate::stack::Stack;
use crate::time::Instant;

impl Stack {
    /// Sends what is due. Returns when to look again.
    pub(crate) fn groups_expire(&mut self, now: Instant) -> Option<Instant> {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        for at in 0..self.ifaces.len() {
            let iface = self.ifaces[at].info.id;
            for v6 in [false, true] {
                let querier = &mut self.ifaces[at].queriers[usize::from(v6)];
                let changes = querier.changes;
                if due(querier.everything) {
                    querier.everything = None;
                    self.report_everything(now, iface, v6);
                }
                if let Some((_, left)) = changes.filter(|(at, _)| *at <= now) {
                    self.report_changes(now, iface, v6);
                    let most = self.unsolicited_interval(iface, v6);
                    let again = now + self.random_delay(most);
                    self.ifaces[at].queriers[usize::from(v6)].changes =
                        (left > 1).then(|| (again, left - 1));
                }
            }
            let slot = &self.ifaces[at];
            let ready: Vec<IpAddr> = slot
                .told
                .iter()
                .filter(|told| due(told.timer))
                .map(|told| told.group)
                .collect();
            for group in ready {
                self.group_due(now, iface, group);
            }
        }
        self.ifaces
            .iter()
            .flat_map(|slot| {
                let queriers = slot.queriers.iter();
                let ours = queriers.flat_map(|q| [q.everything, q.changes.map(|(at, _)| at)]);
                ours.chain(slot.told.iter().map(|told| told.timer))
            })
            .flatten()
            .min()
    }

    /// How far apart reports of a change may be.
    pub(super) fn unsolicited_interval(&self, iface: IfaceId, v6: bool) -> Duration {
        let version = self.group_version(iface, v6);
        let Ok(slot) = self.iface(iface) else {
            return Duration::from_secs(1);
        };
        let (old, new) = match v6 {
            false => slot.conf.v4.igmp_unsolicited,
            true => slot.conf.v6.mld_unsolicited,
        };
        match version == 3 - u8::from(v6) {
            true => new,
            false => old,
        }
    }

    /// The timer of one group has run out.
    fn group_due(&mut self, now: Instant, iface: IfaceId, group: IpAddr) {
        let v6 = group.is_ipv6();
        let version = self.group_version(iface, v6);
        let most = self.unsolicited_interval(iface, v6);
        let delay = self.random_delay(most);
        let Ok(slot) = self.iface_mut(iface) else {
            return;
        };
        let told = slot.told(group);
        told.timer = None;
        told.reporter = true;
        if !v6 && told.unsolicited > 0 {
            told.unsolicited -= 1;
            told.timer = (told.unsolicited > 0).then(|| now + delay);
        }
        let asked = told.asked.take();
        if version < 3 - u8::from(v6) {
            return self.short_report(now, iface, group, Short::Report(version));
        }
        let mut wanted = self.wanted(iface, group);
        if let Some(asked) = asked {
            wanted.sources.retain(|source| asked.contains(source));
            if wanted.is_nobody() {
                return;
            }
        }
        self.long_report(now, iface, v6, &[entry(group, wanted)]);
    }

    /// The answer to a general query.
    fn report_everything(&mut self, now: Instant, iface: IfaceId, v6: bool) {
        let groups = self.groups(iface).into_iter().map(|(group, _)| group);
        let entries: Vec<Entry> = groups
            .filter(|group| group.is_ipv6() == v6 && self.is_reported(*group))
            .map(|group| entry(group, self.wanted(iface, group)))
            .collect();
        self.long_report(now, iface, v6, &entries);
    }

    /// Every change that is still to be told, once.
    fn report_changes(&mut self, now: Instant, iface: IfaceId, v6: bool) {
        let Ok(slot) = self.iface(iface) else { return };
        let changed: Vec<(IpAddr, Filter)> = slot
            .told
            .iter()
            .filter(|told| told.group.is_ipv6() == v6 && !told.is_settled())
            .map(|told| (told.group, self.wanted(iface, told.group)))
            .collect();
        let mut entries = Vec::new();
        for (group, wanted) in changed {
            let Ok(slot) = self.iface_mut(iface) else {
                return;
            };
            let told = slot.told(group);
            if told.mode > 0 {
                told.mode -= 1;
                let record = match wanted.exclude {
                    true => Record::ToExclude,
                    false => Record::ToInclude,
                };
                let sources = wanted.sources.clone();
                entries.push(Entry {
                    record,
                    group,
                    sources,
                });
            } else {
                let of = |yes: bool| {
                    let sources = told.sources.iter().map(|(source, _)| *source);
                    sources
                        .filter(|source| wanted.wants(*source) == yes)
                        .collect()
                };
                let lists: [(Record, Vec<IpAddr>); 2] =
                    [(Record::Allow, of(true)), (Record::Block, of(false))];
                for (record, sources) in lists {
                    if !sources.is_empty() {
                        entries.push(Entry {
                            record,
                            group,
                            sources,
                        });
                    }
                }
                told.sources.iter_mut().for_each(|(_, left)| *left -= 1);
                told.sources.retain(|(_, left)| *left > 0);
            }
            let over = told.is_settled() && wanted.is_nobody();
            if over {
                slot.told.retain(|told| told.group != group);
            }
        }
        self.long_report(now, iface, v6, &entries);
    }
}

/// What is wanted now.
fn entry(group: IpAddr, wanted: Filter) -> Entry {
    let record = match wanted.exclude {
        true => Record::IsExclude,
        false => Record::IsInclude,
    };
    Entry {
        record,
        group,
        sources: wanted.sources,
    }
}
