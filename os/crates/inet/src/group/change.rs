//! Changes of what is wanted, told unasked: RFC 3376 section 5.1, RFC 3810 section 6.1.

use core::net::IpAddr;

use super::report::Short;
use super::{Filter, Querier};
use crate::iface::IfaceId;
use crate::stack::Stack;
use crate::time::Instant;

impl Stack {
    /// What is wanted of a group was `before` and is `after`: schedules what is to be told.
    pub(crate) fn group_changed(
        &mut self,
        now: Instant,
        iface: IfaceId,
        group: IpAddr,
        before: &Filter,
        after: &Filter,
    ) {
        let Ok(slot) = self.iface(iface) else { return };
        if before == after || slot.is_loopback() || !slot.info.up || !self.is_reported(group) {
            return;
        }
        let v6 = group.is_ipv6();
        let version = self.group_version(iface, v6);
        let repeats = self.repeats(slot, v6);
        let (joined, left) = (before.is_nobody(), after.is_nobody());
        let Ok(slot) = self.iface_mut(iface) else {
            return;
        };
        let told = slot.told(group);
        let was_reporter = told.reporter;
        if left {
            (told.timer, told.reporter, told.asked) = (None, false, None);
        }
        if version == 3 - u8::from(v6) {
            if before.exclude != after.exclude {
                told.mode = repeats;
                told.sources.clear();
            } else {
                for source in before.changed(after) {
                    told.sources.retain(|(known, _)| *known != source);
                    told.sources.push((source, repeats));
                }
            }
            slot.queriers[usize::from(v6)].changes = Some((now + super::LEAST_DELAY, repeats));
            return self.arm_housekeeping(now + super::LEAST_DELAY);
        }
        if left {
            slot.told.retain(|told| told.group != group);
            // RFC 2236 section 3: only the host that reported last says that it leaves; version 1 of IGMP cannot say it.
            if was_reporter && (v6 || version == 2) {
                self.short_report(now, iface, group, Short::Leave);
            }
        } else if joined {
            let delay = match v6 {
                true => {
                    self.short_report(now, iface, group, Short::Report(1));
                    let most = self.unsolicited_interval(iface, true);
                    self.random_delay(most)
                }
                false => super::LEAST_DELAY,
            };
            if let Ok(slot) = self.iface_mut(iface) {
                let told = slot.told(group);
                told.unsolicited = repeats;
                told.timer = Some(now + delay);
                told.reporter = v6;
            }
            self.arm_housekeeping(now + delay);
        }
    }

    /// An interface came up: nothing is known of its routers, and every group is new to them.
    pub(crate) fn groups_up(&mut self, now: Instant, iface: IfaceId) {
        self.groups_down(iface);
        let Ok(slot) = self.iface(iface) else { return };
        let joined: alloc::vec::Vec<_> = slot.groups.iter().map(|joined| joined.group).collect();
        for group in joined {
            let after = self.filter(iface, group);
            self.group_changed(now, iface, group, &Filter::default(), &after);
        }
    }

    /// An interface went down: what was to be told is not.
    pub(crate) fn groups_down(&mut self, iface: IfaceId) {
        let robustness = [false, true].map(|v6| self.robustness(v6));
        if let Ok(slot) = self.iface_mut(iface) {
            slot.told.clear();
            slot.queriers = robustness.map(|robustness| Querier {
                robustness,
                ..Querier::default()
            });
        }
    }
}
