//! Neighbours: who on a link has which hardware address (ARP, RFC 826; NDP, RFC 4861).
//!
//! The cache is one for both protocols; `arp.rs` and `ndp.rs` ask and answer. A packet to an unknown neighbour waits in its
//! entry; three unanswered questions a second apart (see [`NeighConf`]) fail it, and what waited is reported to its sender as unreachable.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::changes::Change;
use crate::conf::NeighConf;
use crate::error::{Error, Result};
use crate::frame::{Frame, FramePool};
use crate::iface::IfaceId;
use crate::stack::Stack;
use crate::time::Instant;

/// How sure we are of a neighbour, named as in Linux's NUD_*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeighbourState {
    /// Asked, not yet answered.
    Incomplete,
    /// Answered lately.
    Reachable,
    /// Answered long ago: used, and asked again.
    Stale,
    /// Did not answer.
    Failed,
    /// Set by the administrator.
    Permanent,
}

/// A row of /proc/net/arp or `ip neigh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// On this link,
    pub iface: IfaceId,
    /// this address
    pub addr: IpAddr,
    /// is at this one (zero while unknown).
    pub mac: [u8; 6],
    /// How sure.
    pub state: NeighbourState,
    /// It says that it is a router (RFC 4861 section 4.4).
    pub router: bool,
}

/// Packets that wait for one neighbour.
const QUEUE: usize = 64;
/// Entries per link; the oldest is forgotten.
const ENTRIES: usize = 1024;

struct Entry {
    addr: IpAddr,
    mac: [u8; 6],
    state: NeighbourState,
    confirmed: Instant,
    asked: Instant,
    tries: u8,
    router: bool,
    waiting: VecDeque<Frame>,
}

/// The cache of one link.
pub(crate) struct NeighbourTable {
    entries: Vec<Entry>,
    /// Of IPv4 and IPv6.
    pub conf: [NeighConf; 2],
}

/// What to do with a packet for a neighbour.
pub(crate) enum Resolution {
    Known([u8; 6]),
    /// Known, but ask again.
    Confirm([u8; 6]),
    /// The frame waits; ask now.
    Ask,
    /// The frame waits or was dropped; somebody asked already.
    Wait,
}

impl NeighbourTable {
    /// Empty.
    pub fn with(conf: [NeighConf; 2]) -> NeighbourTable {
        NeighbourTable {
            entries: Vec::new(),
            conf,
        }
    }

    fn conf_for(&self, addr: IpAddr) -> NeighConf {
        self.conf[usize::from(addr.is_ipv6())]
    }

    fn find(&mut self, addr: IpAddr) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.addr == addr)
    }

    fn entry(&mut self, addr: IpAddr, pool: &mut FramePool) -> &mut Entry {
        let at = match self.entries.iter().position(|entry| entry.addr == addr) {
            Some(at) => at,
            None => {
                if self.entries.len() >= ENTRIES {
                    let oldest = self.entries.iter().enumerate().min_by_key(|(_, entry)| {
                        (entry.state == NeighbourState::Permanent, entry.confirmed)
                    });
                    let oldest = oldest.map_or(0, |(at, _)| at);
                    let gone = self.entries.swap_remove(oldest);
                    gone.waiting.into_iter().for_each(|frame| pool.put(frame));
                }
                self.entries.push(Entry {
                    addr,
                    mac: [0; 6],
                    state: NeighbourState::Failed,
                    confirmed: Instant::ZERO,
                    asked: Instant::ZERO,
                    tries: 0,
                    router: false,
                    waiting: VecDeque::new(),
                });
                self.entries.len() - 1
            }
        };
        &mut self.entries[at]
    }

    /// Looks `addr` up for the packet in `frame`, which stays where it is when the address is known.
    pub fn resolve(
        &mut self,
        now: Instant,
        addr: IpAddr,
        frame: &mut Option<Frame>,
        pool: &mut FramePool,
    ) -> Resolution {
        let conf = self.conf_for(addr);
        let entry = self.entry(addr, pool);
        match entry.state {
            NeighbourState::Permanent => return Resolution::Known(entry.mac),
            NeighbourState::Reachable if now.since(entry.confirmed) < conf.base_reachable_time => {
                return Resolution::Known(entry.mac);
            }
            NeighbourState::Reachable | NeighbourState::Stale => {
                entry.state = NeighbourState::Stale;
                if entry.tries > 0 && now.since(entry.asked) < conf.retrans_time {
                    return Resolution::Known(entry.mac);
                }
                if entry.tries < conf.ucast_solicit {
                    entry.tries += 1;
                    entry.asked = now;
                    return Resolution::Confirm(entry.mac);
                }
                entry.tries = 0;
            }
            NeighbourState::Failed => entry.tries = 0,
            NeighbourState::Incomplete => {}
        }
        if let Some(frame) = frame.take() {
            if entry.waiting.len() >= QUEUE
                && let Some(oldest) = entry.waiting.pop_front()
            {
                pool.put(oldest);
            }
            entry.waiting.push_back(frame);
        }
        if entry.state == NeighbourState::Incomplete {
            return Resolution::Wait;
        }
        entry.state = NeighbourState::Incomplete;
        entry.tries = 1;
        entry.asked = now;
        Resolution::Ask
    }

    /// `addr` is at `mac`. With `create` an unknown neighbour is noted too. Returns the packets that waited.
    pub fn learn(
        &mut self,
        now: Instant,
        addr: IpAddr,
        mac: [u8; 6],
        create: bool,
        pool: &mut FramePool,
    ) -> VecDeque<Frame> {
        if !create && self.find(addr).is_none() {
            return VecDeque::new();
        }
        let entry = self.entry(addr, pool);
        if entry.state != NeighbourState::Permanent {
            entry.mac = mac;
            entry.state = NeighbourState::Reachable;
            entry.confirmed = now;
            entry.tries = 0;
        }
        core::mem::take(&mut entry.waiting)
    }

    /// TCP made progress through this neighbour (RFC 4861 section 7.3.1).
    pub fn confirm(&mut self, now: Instant, addr: IpAddr) {
        if let Some(entry) = self.find(addr)
            && matches!(
                entry.state,
                NeighbourState::Reachable | NeighbourState::Stale
            )
        {
            entry.state = NeighbourState::Reachable;
            entry.confirmed = now;
            entry.tries = 0;
        }
    }

    /// Runs the question timer: whom to ask again, and what to give up. Returns when it is due next.
    fn expire(
        &mut self,
        now: Instant,
        ask: &mut Vec<IpAddr>,
        failed: &mut Vec<Frame>,
    ) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        let confs = self.conf;
        for entry in &mut self.entries {
            let conf = confs[usize::from(entry.addr.is_ipv6())];
            if entry.state != NeighbourState::Incomplete {
                continue;
            }
            if now.since(entry.asked) >= conf.retrans_time {
                if entry.tries >= conf.mcast_solicit {
                    entry.state = NeighbourState::Failed;
                    failed.extend(entry.waiting.drain(..));
                    continue;
                }
                entry.tries += 1;
                entry.asked = now;
                ask.push(entry.addr);
            }
            let due = entry.asked + conf.retrans_time;
            next = Some(next.map_or(due, |next| next.min(due)));
        }
        next
    }

    pub fn flush(&mut self, pool: &mut FramePool) {
        for entry in self.entries.drain(..) {
            entry.waiting.into_iter().for_each(|frame| pool.put(frame));
        }
    }
}

impl Stack {
    /// Sets a permanent entry. Errors: `NoDevice`.
    pub fn add_neighbour(
        &mut self,
        now: Instant,
        iface: IfaceId,
        addr: IpAddr,
        mac: [u8; 6],
    ) -> Result<()> {
        self.set_neighbour(now, iface, addr, mac, NeighbourState::Permanent)
    }

    /// Says where a neighbour is and how sure that is: permanent, reachable or stale. Errors: `NoDevice`.
    pub fn set_neighbour(
        &mut self,
        now: Instant,
        iface: IfaceId,
        addr: IpAddr,
        mac: [u8; 6],
        state: NeighbourState,
    ) -> Result<()> {
        let pool = &mut self.frames;
        let slot = self.ifaces.get_mut(iface).ok_or(Error::NoDevice)?;
        // A permanent entry would not let itself be taught.
        slot.neighbours.entry(addr, pool).state = NeighbourState::Stale;
        self.neighbour_learned(now, iface, addr, mac, true);
        let pool = &mut self.frames;
        let slot = self.ifaces.get_mut(iface).ok_or(Error::NoDevice)?;
        let entry = slot.neighbours.entry(addr, pool);
        entry.state = state;
        let router = entry.router;
        self.note(Change::Neighbour(Neighbour {
            iface,
            addr,
            mac,
            state,
            router,
        }));
        Ok(())
    }

    /// Forgets an entry. Errors: `NotFound`.
    pub fn remove_neighbour(&mut self, iface: IfaceId, addr: IpAddr) -> Result<()> {
        let slot = self.ifaces.get_mut(iface).ok_or(Error::NotFound)?;
        let entries = &mut slot.neighbours.entries;
        let at = entries
            .iter()
            .position(|entry| entry.addr == addr)
            .ok_or(Error::NotFound)?;
        let gone = entries.swap_remove(at);
        self.note(Change::NeighbourRemoved(Neighbour {
            iface,
            addr,
            mac: gone.mac,
            state: gone.state,
            router: gone.router,
        }));
        gone.waiting
            .into_iter()
            .for_each(|frame| self.frames.put(frame));
        Ok(())
    }

    /// Asks for `addr` now (an ARP request or a neighbour solicitation), whether or not it is known. For diagnostics at boot:
    /// look at `neighbours` after the answer had time to come. Errors: `NoDevice`, `AddrNotAvailable` (no own address).
    pub fn probe_neighbour(&mut self, now: Instant, iface: IfaceId, addr: IpAddr) -> Result<()> {
        let slot = self.iface(iface)?;
        if slot.is_loopback()
            || !slot
                .info
                .addresses
                .iter()
                .any(|own| own.cidr.addr.is_ipv4() == addr.is_ipv4())
        {
            return Err(Error::AddrNotAvailable);
        }
        let pool = &mut self.frames;
        if let Some(slot) = self.ifaces.get_mut(iface) {
            slot.neighbours.resolve(now, addr, &mut None, pool);
        }
        self.ask_neighbour(now, iface, addr);
        Ok(())
    }

    /// Every entry.
    pub fn neighbours(&self) -> impl Iterator<Item = Neighbour> {
        let now = self.now;
        self.ifaces.iter().flat_map(move |iface| {
            iface.neighbours.entries.iter().map(move |entry| Neighbour {
                iface: iface.info.id,
                addr: entry.addr,
                mac: entry.mac,
                router: entry.router,
                state: match entry.state {
                    NeighbourState::Reachable
                        if now.since(entry.confirmed)
                            >= iface.neighbours.conf_for(entry.addr).base_reachable_time =>
                    {
                        NeighbourState::Stale
                    }
                    state => state,
                },
            })
        })
    }

    /// Sends the question in the protocol of the address and arms the timer for the answer.
    pub(crate) fn ask_neighbour(&mut self, now: Instant, iface: IfaceId, addr: IpAddr) {
        match addr {
            IpAddr::V4(addr) => self.arp_request(iface, addr),
            IpAddr::V6(addr) => self.ndp_solicit(now, iface, addr),
        }
        if let Ok(slot) = self.iface(iface) {
            let again = slot.neighbours.conf_for(addr).retrans_time;
            self.arm_housekeeping(now + again);
        }
    }

    /// Somebody said where `addr` is: sends what waited for it.
    pub(crate) fn neighbour_learned(
        &mut self,
        now: Instant,
        iface: IfaceId,
        addr: IpAddr,
        mac: [u8; 6],
        create: bool,
    ) {
        let pool = &mut self.frames;
        let Some(slot) = self.ifaces.get_mut(iface) else {
            return;
        };
        for frame in slot.neighbours.learn(now, addr, mac, create, pool) {
            self.ethernet_send(now, iface, mac, frame);
        }
    }

    /// A neighbour that is known said whether it is a router.
    pub(crate) fn neighbour_routes(&mut self, iface: IfaceId, addr: IpAddr, router: bool) {
        let slot = self.ifaces.get_mut(iface);
        if let Some(entry) = slot.and_then(|slot| slot.neighbours.find(addr)) {
            entry.router = router;
        }
    }

    pub(crate) fn neighbours_expire(&mut self, now: Instant) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        for slot in 0..self.ifaces.len() {
            let iface = self.ifaces[slot].info.id;
            let (mut ask, mut failed) = (Vec::new(), Vec::new());
            let due = self.ifaces[slot]
                .neighbours
                .expire(now, &mut ask, &mut failed);
            next = [next, due].into_iter().flatten().min();
            for addr in ask {
                self.ask_neighbour(now, iface, addr);
            }
            for frame in failed {
                self.report_unreachable(now, iface, &frame);
                self.frames.put(frame);
            }
        }
        next
    }
}
