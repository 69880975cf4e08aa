//! IPv4 options (RFC 791 section 3.1, RFC 2113): checked, filled in on the way, turned round for an answer.
//!
//! What a socket adds to its packets is an [`Ipv4Options`], checked once when it is given and written into each packet; what a
//! packet brought is checked and filled in by [`receive`], once and before anything else looks at the payload. Offsets are
//! into the options, that is behind the fixed header, unless said otherwise. No length is believed.

use core::net::Ipv4Addr;

const END: u8 = 0;
const NOTHING: u8 = 1;
const RECORD_ROUTE: u8 = 7;
const TIME_STAMP: u8 = 68;
const LOOSE_ROUTE: u8 = 131;
const LABEL: u8 = 134;
const STRICT_ROUTE: u8 = 137;
const ROUTER_ALERT: u8 = 148;
/// In the type: every fragment has the option.
const COPIED: u8 = 0x80;

/// Flags of a time stamp: only times, times behind addresses, times for the addresses that are given.
const TIMES: u8 = 0;
const ADDRESSES_TOO: u8 = 1;
const ADDRESSES_GIVEN: u8 = 3;

/// Bytes that a header has room for.
pub(crate) const LONGEST: usize = 40;

/// What a hop writes down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop {
    /// Its address.
    pub address: Ipv4Addr,
    /// Milliseconds since midnight, universal time.
    pub millis: u32,
}

/// Where the options that somebody acts on begin, and what they have room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// LSRR, SSRR: a source route.
    pub route: Option<u8>,
    strict: bool,
    record: Option<u8>,
    records_address: bool,
    stamp: Option<u8>,
    stamps_address: bool,
    stamps_time: bool,
    /// Routers are to look into the packet.
    pub alert: bool,
}

/// IP_OPTIONS: options to send, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4Options {
    /// As they are sent but for the last address of a source route: pointers are behind what the sender itself fills in.
    bytes: [u8; LONGEST],
    len: u8,
    marks: Marks,
    /// Where a source route begins.
    first_hop: Option<Ipv4Addr>,
}

impl Default for Ipv4Options {
    fn default() -> Self {
        Ipv4Options {
            bytes: [0; LONGEST],
            len: 0,
            marks: Marks::default(),
            first_hop: None,
        }
    }
}

impl Ipv4Options {
    /// Checks what a program wants to send. `foreign` says of an address whether it is another host's; `privileged` allows
    /// options that are not known here. `None` is malformed, too long or not allowed.
    pub(crate) fn parse(
        given: &[u8],
        privileged: bool,
        foreign: impl Fn(Ipv4Addr) -> bool,
    ) -> Option<Ipv4Options> {
        let mut options = Ipv4Options::default();
        options.bytes.get_mut(..given.len())?.copy_from_slice(given);
        options.len = given.len().next_multiple_of(4) as u8;
        let mut walk = Walk {
            hop: None,
            privileged,
            foreign: &foreign,
            marks: Marks::default(),
            first_hop: None,
        };
        walk.options(options.bytes.get_mut(..usize::from(options.len))?)
            .ok()?;
        options.marks = walk.marks;
        options.first_hop = walk.first_hop;
        Some(options)
    }

    /// Bytes of the header that they take: a multiple of four.
    pub fn len(&self) -> usize {
        self.len.into()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where a packet with a source route goes first.
    pub(crate) fn first_hop(&self) -> Option<Ipv4Addr> {
        self.first_hop
    }

    /// A source route that allows no hops between.
    pub(crate) fn is_strict(&self) -> bool {
        self.marks.route.is_some() && self.marks.strict
    }

    /// As the program gave them: what getsockopt(2) shows.
    pub fn given(&self) -> ([u8; LONGEST], usize) {
        let mut bytes = self.bytes;
        let marks = &self.marks;
        if let (Some(at), Some(first)) = (marks.route, self.first_hop)
            && let Some(option) = option_at(&mut bytes, at)
        {
            let len = option.len();
            option.copy_within(3..len - 4, 7);
            option[3..7].copy_from_slice(&first.octets());
        }
        if marks.records_address
            && let Some(option) = marks.record.and_then(|at| option_at(&mut bytes, at))
        {
            take_back(option);
        }
        if let Some(option) = marks.stamp.and_then(|at| option_at(&mut bytes, at)) {
            if marks.stamps_time {
                take_back(option);
                if option[3] & 15 == ADDRESSES_GIVEN {
                    option[2] = option[2].saturating_sub(4);
                }
            }
            if marks.stamps_address {
                take_back(option);
            }
        }
        (bytes, self.len())
    }

    /// Writes them behind a fixed header, as the sender `from` of a packet that is to end at `to`.
    pub(crate) fn write(&self, room: &mut [u8], from: Hop, to: Ipv4Addr) {
        let marks = &self.marks;
        let Some(room) = room.get_mut(..self.len()) else {
            return;
        };
        room.copy_from_slice(&self.bytes[..self.len()]);
        if let Some(option) = marks.route.and_then(|at| option_at(room, at)) {
            let len = option.len();
            put(option, len - 4, to.octets());
        }
        if marks.records_address
            && let Some(option) = marks.record.and_then(|at| option_at(room, at))
        {
            let end = usize::from(option[2]);
            put(option, end.saturating_sub(5), from.address.octets());
        }
        if let Some(option) = marks.stamp.and_then(|at| option_at(room, at)) {
            let end = usize::from(option[2]);
            if marks.stamps_address {
                put(option, end.saturating_sub(9), from.address.octets());
            }
            if marks.stamps_time {
                put(option, end.saturating_sub(5), from.millis.to_be_bytes());
            }
        }
    }

    /// The options of an answer to a packet that came with `received` (already filled in): what was recorded so far, and room
    /// for the way back. Source routes are not turned round: packets that have one are not taken. `None` where an option has
    /// room for a part of an address only.
    pub(crate) fn answer(
        received: &[u8],
        foreign: impl Fn(Ipv4Addr) -> bool,
    ) -> Option<Ipv4Options> {
        let mut answer = Ipv4Options::default();
        let (mut record, mut stamp) = (None, None);
        for option in Each(received) {
            match option[0] {
                RECORD_ROUTE if option.len() >= 3 && option[2] >= 4 => record = Some(option),
                TIME_STAMP if option.len() >= 4 && option[2] >= 5 => stamp = Some(option),
                _ => {}
            }
        }
        let mut end = 0;
        if let Some(option) = record {
            let room = answer.bytes.get_mut(end..end + option.len())?;
            room.copy_from_slice(option);
            if usize::from(option[2]) <= option.len() {
                advance(room, 4)?;
                answer.marks.records_address = true;
            }
            answer.marks.record = Some(end as u8);
            end += option.len();
        }
        if let Some(option) = stamp {
            let room = answer.bytes.get_mut(end..end + option.len())?;
            room.copy_from_slice(option);
            answer.marks.stamp = Some(end as u8);
            end += option.len();
            if usize::from(option[2]) <= option.len() {
                match option[3] & 15 {
                    TIMES => {
                        advance(room, 4)?;
                        answer.marks.stamps_time = true;
                    }
                    ADDRESSES_TOO => {
                        advance(room, 4)?;
                        advance(room, 4)?;
                        answer.marks.stamps_address = true;
                        answer.marks.stamps_time = true;
                    }
                    ADDRESSES_GIVEN => {
                        let next = usize::from(option[2]) - 1;
                        let next = option.get(next..).and_then(|rest| rest.first_chunk());
                        if next.is_some_and(|&next: &[u8; 4]| !foreign(Ipv4Addr::from(next)))
                            && usize::from(option[2]) + 7 <= option.len()
                        {
                            room[2] += 8;
                            answer.marks.stamps_time = true;
                        }
                    }
                    _ => {}
                }
            }
        }
        answer.len = end.next_multiple_of(4) as u8;
        Some(answer)
    }
}

/// The option that begins there. An offset that was found before always has one: `None` is never seen.
fn option_at(bytes: &mut [u8], at: u8) -> Option<&mut [u8]> {
    let at = usize::from(at);
    let len = usize::from(*bytes.get(at + 1)?);
    bytes.get_mut(at..at + len)
}

/// Writes four bytes if there is room.
fn put(option: &mut [u8], at: usize, value: [u8; 4]) {
    if let Some(room) = option.get_mut(at..at + 4) {
        room.copy_from_slice(&value);
    }
}

/// Moves the pointer back by one entry, and clears that.
fn take_back(option: &mut [u8]) {
    option[2] = option[2].saturating_sub(4);
    let at = usize::from(option[2]).saturating_sub(1);
    put(option, at, [0; 4]);
}

/// Moves the pointer over one entry; `None` where there is only room for a part of one.
fn advance(option: &mut [u8], by: u8) -> Option<()> {
    if usize::from(option[2]) + 3 > option.len() {
        return None;
    }
    option[2] += by;
    Some(())
}

/// Checks the options of a packet that arrived, and adds to them what this hop has to. Errors: the offset of what is wrong.
pub(crate) fn receive(
    options: &mut [u8],
    hop: Hop,
    foreign: impl Fn(Ipv4Addr) -> bool,
) -> Result<Marks, usize> {
    let mut walk = Walk {
        hop: Some(hop),
        privileged: true,
        foreign: &foreign,
        marks: Marks::default(),
        first_hop: None,
    };
    walk.options(options)?;
    Ok(walk.marks)
}

/// A router's own address in a route that [`receive`] recorded: that of the side on which the packet leaves.
pub(crate) fn leave_by(options: &mut [u8], marks: &Marks, address: Ipv4Addr) {
    if marks.records_address
        && let Some(option) = marks.record.and_then(|at| option_at(options, at))
    {
        let end = usize::from(option[2]);
        put(option, end.saturating_sub(5), address.octets());
    }
}

/// Leaves of the options what every fragment has: the header of the second and of all later ones.
pub(crate) fn keep_copied(options: &mut [u8]) {
    let mut at = 0;
    while let Some(&kind) = options.get(at) {
        let len = match (kind, options.get(at + 1)) {
            (END, _) => return,
            (NOTHING, _) => 1,
            (_, Some(&len)) if len >= 2 => usize::from(len),
            _ => return,
        };
        let Some(option) = options.get_mut(at..at + len) else {
            return;
        };
        if kind & COPIED == 0 {
            option.fill(NOTHING);
        }
        at += len;
    }
}

/// Each option of more than one byte.
struct Each<'a>(&'a [u8]);

impl<'a> Iterator for Each<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while let Some((&NOTHING, rest)) = self.0.split_first() {
            self.0 = rest;
        }
        let (&kind, &len) = (self.0.first()?, self.0.get(1)?);
        if kind == END || len < 2 {
            return None;
        }
        let (option, rest) = self.0.split_at_checked(len.into())?;
        self.0 = rest;
        Some(option)
    }
}

/// One walk over options, of a program or of a packet.
struct Walk<'a> {
    /// Who fills them in; `None` only makes the room.
    hop: Option<Hop>,
    privileged: bool,
    foreign: &'a dyn Fn(Ipv4Addr) -> bool,
    marks: Marks,
    first_hop: Option<Ipv4Addr>,
}

impl Walk<'_> {
    /// Errors: the offset of what is wrong, as in Linux's ip_options_compile().
    fn options(&mut self, options: &mut [u8]) -> Result<(), usize> {
        let mut at = 0;
        while let Some(&kind) = options.get(at) {
            if kind == END {
                options[at..].fill(END);
                break;
            }
            if kind == NOTHING {
                at += 1;
                continue;
            }
            let len = options.get(at + 1).map_or(0, |&len| usize::from(len));
            if len < 2 {
                return Err(at);
            }
            let option = options.get_mut(at..at + len).ok_or(at)?;
            let begin = at as u8;
            match kind {
                LOOSE_ROUTE | STRICT_ROUTE => self.route(option, begin),
                RECORD_ROUTE => self.record(option, begin),
                TIME_STAMP => self.stamp(option, begin),
                ROUTER_ALERT if len < 4 => Err(1),
                ROUTER_ALERT => {
                    self.marks.alert = option[2..4] == [0, 0];
                    Ok(())
                }
                // No domain of labels is configured.
                LABEL => Err(0),
                _ if self.privileged => Ok(()),
                _ => Err(0),
            }
            .map_err(|wrong: usize| at + wrong)?;
            at += len;
        }
        Ok(())
    }

    fn route(&mut self, option: &mut [u8], at: u8) -> Result<(), usize> {
        let len = option.len();
        if len < 3 {
            return Err(1);
        }
        if option[2] < 4 {
            return Err(2);
        }
        if self.marks.route.is_some() {
            return Err(0);
        }
        if self.hop.is_none() {
            let Some(&first) = option.get(3..).and_then(|rest| rest.first_chunk::<4>()) else {
                return Err(1);
            };
            if option[2] != 4 || (len - 3) & 3 != 0 {
                return Err(1);
            }
            self.first_hop = Some(Ipv4Addr::from(first));
            option.copy_within(7.., 3);
        }
        self.marks.strict = option[0] == STRICT_ROUTE;
        self.marks.route = Some(at);
        Ok(())
    }

    fn record(&mut self, option: &mut [u8], at: u8) -> Result<(), usize> {
        let len = option.len();
        if self.marks.record.is_some() {
            return Err(0);
        }
        if len < 3 {
            return Err(1);
        }
        let next = usize::from(option[2]);
        if next < 4 {
            return Err(2);
        }
        if next <= len {
            if next + 3 > len {
                return Err(2);
            }
            if let Some(hop) = self.hop {
                put(option, next - 1, hop.address.octets());
            }
            option[2] += 4;
            self.marks.records_address = true;
        }
        self.marks.record = Some(at);
        Ok(())
    }

    fn stamp(&mut self, option: &mut [u8], at: u8) -> Result<(), usize> {
        let len = option.len();
        if self.marks.stamp.is_some() {
            return Err(0);
        }
        if len < 4 {
            return Err(1);
        }
        let next = usize::from(option[2]);
        if next < 5 {
            return Err(2);
        }
        let flags = option[3] & 15;
        if next > len {
            // Hops that found no room are counted.
            let missed = option[3] >> 4;
            if missed == 15 {
                return Err(3);
            }
            self.marks.stamp = Some(at);
            if self.hop.is_some() {
                option[3] = flags | (missed + 1) << 4;
            }
            return Ok(());
        }
        let entry = if flags == TIMES { 4 } else { 8 };
        let short =
            next + 3 > len || ([ADDRESSES_TOO, ADDRESSES_GIVEN].contains(&flags) && next + 7 > len);
        if short {
            return Err(2);
        }
        match flags {
            TIMES => {}
            ADDRESSES_TOO => {
                if let Some(hop) = self.hop {
                    put(option, next - 1, hop.address.octets());
                }
                self.marks.stamps_address = true;
            }
            ADDRESSES_GIVEN => {
                let whose: [u8; 4] = core::array::from_fn(|i| option[next - 1 + i]);
                self.marks.stamp = Some(at);
                if (self.foreign)(Ipv4Addr::from(whose)) {
                    return Ok(());
                }
            }
            _ if self.privileged => return Ok(()),
            _ => return Err(3),
        }
        self.marks.stamp = Some(at);
        self.marks.stamps_time = true;
        if let Some(hop) = self.hop {
            put(option, next - 1 + entry - 4, hop.millis.to_be_bytes());
        }
        option[2] += entry as u8;
        Ok(())
    }
}
