//! What routers and other hosts say: queries schedule answers, reports of others make ours needless.
//!
//! Whatever is in a message, it schedules at most one report a group and one of everything.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;

use super::{QUERY_INTERVAL, QUERY_RESPONSE, Querier};
use crate::addr::is_link_local;
use crate::checksum::Sum;
use crate::iface::IfaceId;
use crate::ip::Rx;
use crate::ip::extension::has_group_alert;
use crate::ip::header::IpHeader;
use crate::stack::Stack;
use crate::tap::PacketKind;
use crate::time::Instant;

const IGMP_QUERY: u8 = 0x11;
const IGMP_REPORTS: [u8; 2] = [0x12, 0x16];
const MLD_QUERY: u8 = 130;
const MLD_REPORT: u8 = 131;
const MLD_DONE: u8 = 132;
const MLD_REPORT_V2: u8 = 143;
/// Bytes of a query that names no sources; shorter ones are of older versions.
const IGMP_SOURCES: usize = 12;
const MLD_SOURCES: usize = 28;
const OLD_IGMP: usize = 8;
const OLD_MLD: usize = 24;
/// The longest delay in ms that means the same to both versions of MLD.
const MLD_PLAIN_DELAY: u16 = 0x7fff;

/// Whether an ICMPv6 type is ours to handle.
pub(crate) fn is_mld(kind: u8) -> bool {
    matches!(kind, MLD_QUERY | MLD_REPORT | MLD_DONE | MLD_REPORT_V2)
}

/// RFC 3376 section 4.1.1: small numbers are themselves, large ones have a mantissa of 4 bits and an exponent of 3.
fn code8(code: u8) -> u32 {
    match code {
        0..128 => code.into(),
        _ => (u32::from(code & 15) | 16) << ((code >> 4 & 7) + 3),
    }
}

/// RFC 3810 section 5.1.3: the same with 12 and 3.
fn code16(code: u16) -> u32 {
    match code {
        0..32_768 => code.into(),
        _ => (u32::from(code & 0xfff) | 0x1000) << ((code >> 12 & 7) + 3),
    }
}

/// What is asked about.
struct Question<'a> {
    /// `None` is every group.
    group: Option<IpAddr>,
    /// Bytes of the addresses of the sources that are asked about; empty is all.
    sources: &'a [u8],
    within: Duration,
}

impl Question<'_> {
    fn addresses(&self) -> Vec<IpAddr> {
        let v6 = self.group.is_some_and(|group| group.is_ipv6());
        let each = self.sources.chunks_exact(if v6 { 16 } else { 4 });
        each.filter_map(|bytes| {
            Some(match v6 {
                true => IpAddr::V6(Ipv6Addr::from(*bytes.first_chunk::<16>()?)),
                false => IpAddr::V4(Ipv4Addr::from(*bytes.first_chunk::<4>()?)),
            })
        })
        .collect()
    }
}

/// The sources behind a query of the newest version; `None` if it says that there are more than there are.
fn sources(message: &[u8], fixed: usize, each: usize) -> Option<&[u8]> {
    let &[high, low] = message.get(fixed - 2..)?.first_chunk()?;
    let count = usize::from(u16::from_be_bytes([high, low]));
    message.get(fixed..fixed + count * each)
}

impl Stack {
    /// An IGMP message.
    pub(crate) fn igmp_input(&mut self, rx: Rx, message: &[u8]) {
        let Some(&[kind, _, _, _, a, b, c, d]) = message.first_chunk() else {
            return;
        };
        let on_link = self.iface(rx.iface).is_ok_and(|slot| !slot.is_loopback());
        if !on_link || rx.verify && !Sum::default().bytes(message).is_valid() {
            return;
        }
        let group = Ipv4Addr::new(a, b, c, d);
        if kind == IGMP_QUERY {
            self.igmp_queried(rx.now, rx.iface, group, message);
        } else if IGMP_REPORTS.contains(&kind) && self.is_reported(IpAddr::V4(group)) {
            self.group_heard(rx, IpAddr::V4(group));
        }
    }

    fn igmp_queried(&mut self, now: Instant, iface: IfaceId, group: Ipv4Addr, message: &[u8]) {
        let code = message[1];
        let spoken = self.group_version(iface, false);
        let setting = self.config.igmp_qrv;
        let Ok(slot) = self.iface_mut(iface) else {
            return;
        };
        let querier = &mut slot.queriers[0];
        let mut one = (!group.is_unspecified()).then_some(IpAddr::V4(group));
        let mut asked: &[u8] = &[];
        let within = if message.len() == OLD_IGMP {
            let until = now + querier.patience(setting);
            querier.changes = None;
            slot.told.iter_mut().for_each(|told| {
                if told.group.is_ipv4() {
                    told.mode = 0;
                    told.sources.clear();
                }
            });
            let querier = &mut slot.queriers[0];
            match code {
                0 => {
                    querier.older[0] = Some(until);
                    one = None;
                    QUERY_RESPONSE
                }
                code => {
                    querier.older[1] = Some(until);
                    Duration::from_millis(u64::from(code) * 100)
                }
            }
        } else if message.len() < IGMP_SOURCES {
            return;
        } else if spoken == 1 {
            one = None;
            QUERY_RESPONSE
        } else {
            let within = Duration::from_millis(u64::from(code8(code)) * 100);
            if spoken == 3 {
                let Some(found) = sources(message, IGMP_SOURCES, 4) else {
                    return;
                };
                asked = found;
                querier.heard(message[8] & 7, code8(message[9]), setting, 0);
                if one.is_none() {
                    // Sources of no group mean nothing.
                    if asked.is_empty() {
                        self.everything_asked(now, iface, false, within);
                    }
                    return;
                }
            }
            within
        };
        let question = Question {
            group: one,
            sources: asked,
            within,
        };
        self.group_queried(now, iface, false, &question);
    }

    /// A checked ICMPv6 message of one of our types, in its packet.
    pub(crate) fn mld_input(&mut self, rx: Rx, header: &IpHeader, packet: &[u8]) {
        let message = &packet[header.payload..header.end];
        let (Some(&kind), Some(bytes)) = (message.first(), message.get(8..24)) else {
            return;
        };
        let on_link = self.iface(rx.iface).is_ok_and(|slot| !slot.is_loopback());
        let (Some(&octets), true) = (bytes.first_chunk::<16>(), on_link) else {
            return;
        };
        let group = Ipv6Addr::from(octets);
        match kind {
            // RFC 3810 section 6.2: nothing from beyond the link is believed.
            MLD_QUERY
                if header.ttl == 1
                    && is_link_local(header.src)
                    && has_group_alert(packet, header.payload)
                    && (group.is_unspecified() || group.is_multicast()) =>
            {
                self.mld_queried(rx.now, rx.iface, group, message);
            }
            MLD_REPORT if header.src.is_unspecified() || is_link_local(header.src) => {
                self.group_heard(rx, IpAddr::V6(group));
            }
            _ => {}
        }
    }

    fn mld_queried(&mut self, now: Instant, iface: IfaceId, group: Ipv6Addr, message: &[u8]) {
        let code = u16::from_be_bytes([message[4], message[5]]);
        let old = message.len() == OLD_MLD;
        let spoken = self.group_version(iface, true);
        let setting = self.config.mld_qrv;
        let all = self.conf_all.v6.force_mld_version;
        let Ok(slot) = self.iface_mut(iface) else {
            return;
        };
        let only_new = match all {
            0 => slot.conf.v6.force_mld_version == 2,
            forced => forced == 2,
        };
        let one = (!group.is_unspecified()).then_some(IpAddr::V6(group));
        let mut asked: &[u8] = &[];
        let within = if old || spoken == 1 {
            if only_new {
                return;
            }
            let querier = &mut slot.queriers[1];
            let delay = match old {
                true => {
                    querier.older[0] = Some(now + querier.patience(setting));
                    code
                }
                false => code.min(MLD_PLAIN_DELAY),
            };
            (querier.everything, querier.changes) = (None, None);
            slot.told.iter_mut().for_each(|told| {
                if told.group.is_ipv6() {
                    told.mode = 0;
                    told.sources.clear();
                }
            });
            Duration::from_millis(delay.into())
        } else if message.len() < MLD_SOURCES {
            return;
        } else {
            let within = Duration::from_millis(code16(code).into());
            let querier = &mut slot.queriers[1];
            querier.heard(message[24] & 7, code8(message[25]), setting, setting.min(2));
            querier.response = within;
            let Some(found) = sources(message, MLD_SOURCES, 16) else {
                return;
            };
            asked = found;
            if one.is_none() {
                if asked.is_empty() {
                    self.everything_asked(now, iface, true, within);
                }
                return;
            }
            within
        };
        let question = Question {
            group: one,
            sources: asked,
            within,
        };
        self.group_queried(now, iface, true, &question);
    }

    /// A general query of the newest version: one report of everything, the earlier of two.
    fn everything_asked(&mut self, now: Instant, iface: IfaceId, v6: bool, within: Duration) {
        let at = now + self.random_delay(within);
        let Ok(slot) = self.iface_mut(iface) else {
            return;
        };
        let everything = &mut slot.queriers[usize::from(v6)].everything;
        let at = everything.map_or(at, |armed| armed.min(at));
        *everything = Some(at);
        self.arm_housekeeping(at);
    }

    /// Starts the timers of the groups that are asked about: RFC 3376 section 5.2.
    fn group_queried(&mut self, now: Instant, iface: IfaceId, v6: bool, question: &Question<'_>) {
        let groups: Vec<IpAddr> = self
            .groups(iface)
            .into_iter()
            .map(|(group, _)| group)
            .filter(|group| group.is_ipv6() == v6 && question.group.is_none_or(|one| one == *group))
            .collect();
        for group in groups {
            if self.is_reported(group) {
                self.one_queried(now, iface, group, question);
            }
        }
    }

    fn one_queried(
        &mut self,
        now: Instant,
        iface: IfaceId,
        group: IpAddr,
        question: &Question<'_>,
    ) {
        let wanted = self.wanted(iface, group);
        let delay = self.random_delay(question.within);
        let Ok(slot) = self.iface_mut(iface) else {
            return;
        };
        let told = slot.told(group);
        // Who asks for everything before is answered with everything.
        let partly = !question.sources.is_empty() && (told.timer.is_none() || told.asked.is_some());
        let before = told.asked.take();
        if partly {
            let asked = question.addresses();
            if !asked.iter().any(|source| wanted.wants(*source)) {
                // Nothing to say about these, and as much as before about others.
                told.asked = before;
                return;
            }
            let mut known = before.unwrap_or_default();
            if !wanted.exclude {
                let here = asked.into_iter().filter(|source| wanted.wants(*source));
                for source in here {
                    if !known.contains(&source) {
                        known.push(source);
                    }
                }
                told.asked = Some(known);
            }
        }
        if group.is_ipv4() {
            told.unsolicited = 0;
        }
        let at = match told.timer {
            Some(at) if at.since(now) < question.within => at,
            _ => now + delay,
        };
        told.timer = Some(at);
        self.arm_housekeeping(at);
    }

    /// Somebody else reported a group: ours is not needed (RFC 2236 section 3).
    fn group_heard(&mut self, rx: Rx, group: IpAddr) {
        if !matches!(rx.kind, PacketKind::Multicast | PacketKind::Broadcast) {
            return;
        }
        let Ok(slot) = self.iface_mut(rx.iface) else {
            return;
        };
        if let Some(told) = slot.told.iter_mut().find(|told| told.group == group) {
            (told.timer, told.reporter, told.unsolicited) = (None, false, 0);
        }
    }
}

impl Querier {
    /// What a router of the newest version says of itself: RFC 3376 sections 4.1.6 and 4.1.7.
    fn heard(&mut self, robustness: u8, interval: u32, setting: u8, least: u8) {
        self.robustness = match robustness {
            0 => setting,
            robustness => robustness.max(least),
        };
        self.interval = match interval {
            0 => QUERY_INTERVAL,
            seconds => Duration::from_secs(seconds.into()),
        };
        if self.response >= self.interval {
            self.response = self.interval.saturating_sub(Duration::from_secs(1));
        }
    }
}
