//! PACKET_FANOUT (packet(7)): taps that share what they see. Each frame goes to one member of a group.
//!
//! Groups are numbered by the program and live as long as they have members; the taps of a group stand in it in the order in
//! which they joined, and the last one moves into the place of one that leaves, as on Linux.

use alloc::sync::Arc;
use alloc::vec::Vec;

use bpf::Program;

use super::{OVERHEAD, Sight, Tap, TapFilter, TapId};
use crate::error::{Error, Result};
use crate::frame::LINK_HEADER;
use crate::ip::header::protocol;
use crate::link::ethertype;
use crate::slab::{Key, Slab};
use crate::stack::Stack;
use crate::tap::PacketKind;

/// Who gets a frame: PACKET_FANOUT_*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanoutKind {
    /// By a hash of addresses and ports.
    Hash,
    /// In turn.
    Turns,
    /// By the processor, of which there is one.
    Cpu,
    /// The first that has room.
    Rollover,
    /// At random.
    Random,
    /// By the card's queue, of which there is one.
    Queue,
    /// By a program.
    Program,
}

/// What a program asks of PACKET_FANOUT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fanout {
    /// The group's number.
    pub id: u16,
    /// PACKET_FANOUT_*, as the program named it.
    pub number: u8,
    /// What that means.
    pub kind: FanoutKind,
    /// PACKET_FANOUT_FLAG_*, shifted down by 8.
    pub flags: u8,
    /// Most members; 0 is what the group has, 256 of a new one.
    pub most: u32,
}

impl Fanout {
    /// PACKET_FANOUT_FLAG_ROLLOVER: who has no room passes on.
    pub const ROLLOVER: u8 = 0x10;
    /// PACKET_FANOUT_FLAG_UNIQUEID: the kernel chooses the number.
    pub const UNIQUE_ID: u8 = 0x20;
    /// PACKET_FANOUT_FLAG_IGNORE_OUTGOING.
    pub const IGNORE_OUTGOING: u8 = 0x40;

    fn rolls(&self) -> bool {
        self.kind == FanoutKind::Rollover || self.flags & Fanout::ROLLOVER != 0
    }
}

/// Why a tap does not join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanoutRefusal {
    /// It is in a group: EALREADY.
    Member,
    /// It does not fit the group, or sees nothing: EINVAL.
    Mismatch,
    /// The group is full: ENOSPC.
    Full,
    /// No number is free: ENOMEM.
    NoNumber,
}

/// PACKET_FANOUT_MAX.
const MOST: u32 = 1 << 16;
/// Members of a group that says nothing.
const MOST_BY_DEFAULT: u32 = 256;
/// How many flows a member that rolls over remembers.
const HISTORY: usize = 16;

/// PACKET_ROLLOVER_STATS: packets that went to another member, those among them of a flow that fills a queue by itself, and
/// those for which nobody had room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct RolloverCounts {
    pub all: u64,
    pub huge: u64,
    pub failed: u64,
}

/// A member's place in its group.
pub(super) struct Membership {
    id: u16,
    counts: Option<RolloverCounts>,
    /// Where it looked for room last.
    next: usize,
    history: [u32; HISTORY],
}

/// Taps that share.
pub(crate) struct Group {
    fanout: Fanout,
    filter: TapFilter,
    members: Vec<Key>,
    turn: u32,
    program: Option<Arc<Program>>,
}

/// How much room a member has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    None,
    Low,
    Normal,
}

impl Tap {
    /// As Linux: low below a quarter of the buffer.
    fn room(&self, len: usize) -> Room {
        match self.limit.checked_sub(self.held + len + OVERHEAD) {
            Some(left) if left > self.limit / 4 => Room::Normal,
            Some(1..) => Room::Low,
            _ => Room::None,
        }
    }
}

impl Group {
    /// Whether a frame is for the group at all.
    pub(super) fn wants(&self, sight: &Sight, taps: &Slab<Tap>) -> bool {
        let ignores = self.fanout.flags & Fanout::IGNORE_OUTGOING != 0;
        let origin = sight.origin.and_then(|origin| taps.get(origin.tap.0));
        let own = origin.and_then(|tap| tap.group.as_ref());
        !(ignores && sight.kind == PacketKind::Outgoing)
            && own.is_none_or(|member| member.id != self.fanout.id)
            && self.filter.wants(sight)
    }

    /// Who gets the frame.
    pub(super) fn choose(
        &mut self,
        sight: &Sight,
        frame: &[u8],
        seed: u64,
        taps: &mut Slab<Tap>,
    ) -> Option<Key> {
        let count = self.members.len();
        if count == 0 {
            return None;
        }
        let scaled = |value: u32| ((u64::from(value) * count as u64) >> 32) as usize;
        let hash = flow_hash(frame);
        let first = match self.fanout.kind {
            FanoutKind::Hash => scaled(hash),
            FanoutKind::Turns => {
                self.turn = self.turn.wrapping_add(1);
                self.turn as usize % count
            }
            FanoutKind::Random => scaled((seed >> 32) as u32),
            FanoutKind::Cpu | FanoutKind::Queue => 0,
            FanoutKind::Rollover => self.roll(0, false, frame.len(), hash, seed, taps),
            FanoutKind::Program => self.ask(sight, frame, seed) as usize % count,
        };
        let at = match self.fanout.flags & Fanout::ROLLOVER {
            0 => first,
            _ => self.roll(first, true, frame.len(), hash, seed, taps),
        };
        self.members.get(at).copied()
    }

    /// The program's answer. It begins at the link header of what goes out, at the network header of what comes in.
    fn ask(&self, sight: &Sight, frame: &[u8], seed: u64) -> u32 {
        let Some(program) = &self.program else {
            return 0;
        };
        let data = match sight.kind {
            PacketKind::Outgoing if !sight.bare => 0,
            _ => LINK_HEADER,
        };
        program.run(&sight.packet(frame, data, seed))
    }

    /// The member at `first` if it may keep the frame, else the next one that has room, else `first`.
    fn roll(
        &self,
        first: usize,
        try_self: bool,
        len: usize,
        hash: u32,
        seed: u64,
        taps: &mut Slab<Tap>,
    ) -> usize {
        let Some(&own) = self.members.get(first) else {
            return first;
        };
        let mut room = Room::None;
        let Some(tap) = taps.get_mut(own) else {
            return first;
        };
        let own_room = tap.room(len);
        let Some(member) = &mut tap.group else {
            return first;
        };
        if try_self {
            room = own_room;
            if room == Room::Normal || room == Room::Low && !member.is_huge(hash, seed) {
                return first;
            }
        }
        let count = self.members.len();
        let start = member.next.min(count - 1);
        let found = (0..count).map(|step| (start + step) % count).find(|&at| {
            let key = self.members[at];
            !(try_self && key == own)
                && taps
                    .get(key)
                    .is_some_and(|tap| tap.room(len) == Room::Normal)
        });
        let member = taps.get_mut(own).and_then(|tap| tap.group.as_mut());
        if let Some(member) = member {
            let counts = member.counts.get_or_insert_default();
            match found {
                Some(at) => {
                    counts.all += 1;
                    counts.huge += u64::from(room == Room::Low);
                    member.next = at;
                }
                None => counts.failed += 1,
            }
        }
        found.unwrap_or(first)
    }
}

impl Membership {
    /// Whether most of what was seen lately is of this flow.
    fn is_huge(&mut self, hash: u32, seed: u64) -> bool {
        let count = self.history.iter().filter(|&&other| other == hash).count();
        self.history[seed as usize % HISTORY] = hash;
        count > HISTORY / 2
    }
}

/// The same for both directions of a flow.
fn flow_hash(frame: &[u8]) -> u32 {
    let kind = frame
        .get(12..14)
        .map_or(0, |b| u16::from_be_bytes([b[0], b[1]]));
    let packet = frame.get(LINK_HEADER..).unwrap_or_default();
    let (addresses, len, inner, transport) = match (kind, packet.first()) {
        (ethertype::IPV4, Some(first)) => (12, 4, packet.get(9), usize::from(first & 15) * 4),
        (ethertype::IPV6, Some(_)) => (8, 16, packet.get(6), 40),
        _ => return mix(u32::from(kind), 0),
    };
    let word = |at: usize| {
        let bytes = packet.get(at..at + 4).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes))
    };
    let fold = |at: usize| (0..len / 4).fold(0u32, |all, i| mix(all, word(at + i * 4)));
    // No header of a later fragment has ports.
    let whole = kind == ethertype::IPV6 || word(4) & 0x1fff == 0;
    let ports = match inner {
        Some(&(protocol::TCP | protocol::UDP)) if whole => word(transport),
        _ => 0,
    };
    let (from, to) = (
        mix(fold(addresses), ports >> 16),
        mix(fold(addresses + len), ports & 0xffff),
    );
    mix(from.min(to), from.max(to))
}

fn mix(a: u32, b: u32) -> u32 {
    let mixed = (a.rotate_left(5) ^ b).wrapping_mul(0x9e37_79b1);
    mixed ^ mixed >> 15
}

impl Stack {
    /// PACKET_FANOUT: the tap joins a group, which is made where there is none of that number.
    pub fn tap_join(
        &mut self,
        id: TapId,
        asked: Fanout,
    ) -> core::result::Result<(), FanoutRefusal> {
        let Some(tap) = self.taps.slab.get(id.0) else {
            return Err(FanoutRefusal::Mismatch);
        };
        if tap.group.is_some() {
            return Err(FanoutRefusal::Member);
        }
        let filter = TapFilter {
            cooked: false,
            ..tap.filter
        };
        let mut fanout = asked;
        if asked.flags & Fanout::UNIQUE_ID != 0 {
            if asked.id != 0 {
                return Err(FanoutRefusal::Mismatch);
            }
            let taken = |id: u16| self.taps.groups.iter().any(|group| group.fanout.id == id);
            let mut ids = 0..=u16::MAX;
            fanout.id = ids.find(|&id| !taken(id)).ok_or(FanoutRefusal::NoNumber)?;
            fanout.flags &= !Fanout::UNIQUE_ID;
        }
        let mut groups = self.taps.groups.iter_mut();
        let found = groups.find(|group| group.fanout.id == fanout.id);
        let sees = filter.protocol != 0;
        let most = match &found {
            Some(group) => group.fanout.most,
            None if fanout.most == 0 => MOST_BY_DEFAULT,
            None => fanout.most,
        };
        let same = found.as_ref().is_none_or(|group| {
            group.fanout.flags == fanout.flags
                && group.fanout.number == fanout.number
                && group.filter == filter
        });
        if !sees || !same || most > MOST || (fanout.most != 0 && fanout.most != most) {
            return Err(FanoutRefusal::Mismatch);
        }
        match found {
            Some(group) if group.members.len() >= most as usize => return Err(FanoutRefusal::Full),
            Some(group) => group.members.push(id.0),
            None => self.taps.groups.push(Group {
                fanout: Fanout { most, ..fanout },
                filter,
                members: alloc::vec![id.0],
                turn: 0,
                program: None,
            }),
        }
        if let Some(tap) = self.taps.slab.get_mut(id.0) {
            tap.group = Some(Membership {
                id: fanout.id,
                counts: fanout.rolls().then(RolloverCounts::default),
                next: 0,
                history: [0; HISTORY],
            });
        }
        Ok(())
    }

    /// The group that a tap is in.
    pub fn tap_fanout(&self, id: TapId) -> Option<Fanout> {
        let member = self.taps.slab.get(id.0)?.group.as_ref()?;
        let mut groups = self.taps.groups.iter();
        groups
            .find(|group| group.fanout.id == member.id)
            .map(|group| group.fanout)
    }

    /// PACKET_FANOUT_DATA: the program of a group. Errors: `Invalid` where the tap is in none that has one.
    pub fn tap_fanout_program(&mut self, id: TapId, program: Arc<Program>) -> Result<()> {
        let fanout = self.tap_fanout(id).ok_or(Error::Invalid)?;
        let mut groups = self.taps.groups.iter_mut();
        let group = groups.find(|group| group.fanout == fanout);
        match group {
            Some(group) if fanout.kind == FanoutKind::Program => {
                group.program = Some(program);
                Ok(())
            }
            _ => Err(Error::Invalid),
        }
    }

    /// PACKET_ROLLOVER_STATS; `None` where nothing rolls over.
    pub fn tap_rollover(&self, id: TapId) -> Option<RolloverCounts> {
        self.taps.slab.get(id.0)?.group.as_ref()?.counts
    }

    /// A tap is closed: its group forgets it, and goes with its last member.
    pub(super) fn tap_part(&mut self, id: TapId) {
        for group in &mut self.taps.groups {
            if let Some(at) = group.members.iter().position(|&key| key == id.0) {
                group.members.swap_remove(at);
            }
        }
        self.taps.groups.retain(|group| !group.members.is_empty());
    }
}
