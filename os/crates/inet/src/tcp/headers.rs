//! What segments have between the fixed network header and their own: IPv4 options and IPv6 extension headers, sent and received,
//! and the label of IPv6 (ip(7), RFC 3542, RFC 6437).
//!
//! Machines neither make nor understand any of it. What a socket adds is put into its packets when they leave ([`Stack::dress`]); what
//! a packet brought is taken out before its connection is looked for, and lies in [`super::socket::TcpTable::came_with`] meanwhile.
//! A stream that adds nothing pays for a look at an empty pointer.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::BuildHasher;
use core::net::IpAddr;

use super::TcpId;
use super::connection::{Connection, Wire};
use super::options::{MSS, SACK_PERMITTED, blank, option_mut};
use super::segment::Tuple;
use super::socket::{Bound, Role, TcpTable};
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::iface::IfaceId;
use crate::ip::Rx;
use crate::ip::additions::Additions;
use crate::ip::header::{IPV4_HEADER, IpHeader, header_len, protocol};
use crate::ip::label;
use crate::ip::options::Ipv4Options;
use crate::slab::Key;
use crate::stack::Stack;

/// The headers of the segment that is being looked at, where they are more than the fixed one.
pub(crate) struct CameWith {
    /// The network header with everything that belongs to it.
    pub front: Vec<u8>,
    /// IPv4 options to answer with.
    answer: Option<Ipv4Options>,
}

/// What a stream knows of a packet that it got: IP_PKTOPTIONS, IPV6_2292PKTOPTIONS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The interface by which it came; 0 before there was one.
    pub iface: u32,
    /// Time to live or hop limit.
    pub ttl: u8,
    /// Type of service or traffic class.
    pub tos: u8,
    /// IPv6: traffic class and flow label, 28 bits.
    pub flow: u32,
}

impl Heard {
    /// Of an IP packet.
    pub(crate) fn of(iface: IfaceId, packet: &[u8]) -> Heard {
        let Some(&[a, b, c, d, _, _, _, hops, ttl]) = packet.first_chunk() else {
            return Heard::default();
        };
        let v6 = a >> 4 == 6;
        Heard {
            iface: iface.0,
            ttl: if v6 { hops } else { ttl },
            tos: if v6 { a << 4 | b >> 4 } else { b },
            flow: if v6 {
                u32::from_be_bytes([a & 15, b, c, d])
            } else {
                0
            },
        }
    }
}

/// What is changed in a SYN that the machine is shown.
#[derive(Clone, Copy)]
pub(crate) struct Temper {
    /// We did not offer it.
    no_sack: bool,
    /// What our own headers take of each segment (Linux: tcp_mtu_to_mss).
    extra: u16,
}

impl Temper {
    pub fn apply(self, segment: &mut [u8]) {
        if self.no_sack {
            blank(segment, SACK_PERMITTED);
        }
        if let Some([high, low]) = option_mut(segment, MSS) {
            let told = u16::from_be_bytes([*high, *low]);
            [*high, *low] = told.saturating_sub(self.extra).to_be_bytes();
        }
    }
}

impl TcpTable {
    /// The kernel's label for the segments of a connection.
    pub(crate) fn label(&self, tuple: &Tuple) -> u32 {
        let hash = BuildHasher::hash_one(self.demux.hasher(), tuple);
        hash as u32 & label::MASK | label::STATELESS
    }
}

impl Connection {
    /// What the machine must not see of the peer's SYN; mostly nothing.
    pub(crate) fn tempers_syn(&self) -> Option<Temper> {
        let temper = Temper {
            no_sack: !self.offers.sack,
            extra: self.extra() as u16,
        };
        (temper.no_sack || temper.extra != 0).then_some(temper)
    }

    /// Bytes that options or extension headers take in every segment.
    pub(crate) fn extra(&self) -> usize {
        match &self.wire {
            Wire::Packets(machine) => machine.shape.extra,
            Wire::Local(_) => 0,
        }
    }

    /// Keeps what the headers of a segment said (Linux: tcp_v6_do_rcv).
    pub(crate) fn hear_headers(&mut self, rx: Rx, packet: &[u8], came: Option<&CameWith>) {
        self.heard = Heard::of(rx.iface, packet);
        self.heard_headers = came.map(|came| Box::from(&came.front[..]));
    }
}

impl Stack {
    /// What the socket adds to its segments' headers; `None` for nothing.
    pub fn tcp_additions(&self, id: TcpId) -> Option<Arc<Additions>> {
        self.tcp.slab.get(id.0)?.additions.clone()
    }

    /// Changes that, also for a connection that is there: it then goes by packets, with segments that leave room. Errors: `NoSocket`.
    pub fn tcp_add(&mut self, id: TcpId, change: impl FnOnce(&mut Additions)) -> Result<()> {
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let mut additions = tcp.additions.as_deref().cloned().unwrap_or_default();
        change(&mut additions);
        tcp.additions = (!additions.is_empty()).then(|| Arc::new(additions));
        self.tcp.adds |= tcp.additions.is_some();
        let adds = tcp.additions.is_some();
        let Role::Connection(connection) = &mut tcp.role else {
            return Ok(());
        };
        let v6 = connection.peer.addr.is_ipv6();
        let extra = tcp.additions.as_ref().map_or(0, |it| it.len(v6)) as u16;
        tcp.options.extra_header = extra;
        let generation = connection.path.generation;
        connection.path.generation = generation.wrapping_sub(1);
        if let Wire::Packets(machine) = &mut connection.wire {
            let seed = self.rng.u64();
            machine.set_mtu(self.now, seed, v6, machine.shape.whole, extra.into());
        } else if adds {
            self.local_convert(id.0);
        }
        Ok(())
    }

    /// What the peer's packets said, and the network headers of the last one where it had more than the fixed one: of an accepted
    /// connection its first segment's; with [`super::TcpOptions::shows_headers`] the latest.
    pub fn tcp_heard(&self, id: TcpId) -> Option<(Heard, &[u8])> {
        let tcp = self.tcp.slab.get(id.0)?;
        let connection = tcp.connection()?;
        let Wire::Local(end) = &connection.wire else {
            let headers = connection.heard_headers.as_deref().unwrap_or_default();
            return (connection.heard.iface != 0).then_some((connection.heard, headers));
        };
        // What the packets would have said.
        let child = tcp.bound == Bound::Inherited;
        let asked = tcp.options.shows_headers && connection.record.bytes_received > 0;
        let from = self.tcp.slab.get(end.peer?).filter(|_| child || asked)?;
        let options = &from.options.common;
        let added = from.additions.as_ref().map_or(0, |it| it.label);
        let label = match (connection.peer.addr.is_ipv6(), added) {
            (false, _) => 0,
            (true, 0) => self.tcp.label(&from.connection()?.tuple),
            (true, added) => added,
        };
        let heard = Heard {
            iface: IfaceId::LO.0,
            ttl: options.ttl.filter(|&ttl| ttl != 0).unwrap_or(64),
            tos: options.tos,
            flow: u32::from(options.tos) << 20 | label,
        };
        Some((heard, &[]))
    }

    /// Puts what a socket adds into a packet that has the fixed header only.
    pub(crate) fn dress(&mut self, packet: Frame, additions: &Additions, from: IpAddr) -> Frame {
        let Some(header) = IpHeader::parse(&packet, false) else {
            return packet;
        };
        let v6 = header.is_v6();
        let (front, extra) = (header_len(v6), additions.len(v6));
        if extra == 0 {
            return packet;
        }
        let mut longer = self.frames.get(packet.len() + extra);
        longer.tag = packet.tag;
        longer[..front].copy_from_slice(&packet[..front]);
        longer[front + extra..].copy_from_slice(&packet[front..]);
        header.set_end(&mut longer);
        if let (false, Some(IpAddr::V4(first))) = (v6, additions.first_hop(false)) {
            longer[16..IPV4_HEADER].copy_from_slice(&first.octets());
        }
        additions.write(&mut longer, self.hop(from), header.dst);
        self.frames.put(packet);
        longer
    }

    /// A segment whose headers are more than the fixed one: they are put aside, and the rest is taken as if it had come without.
    pub(crate) fn tcp_undress(&mut self, rx: Rx, header: &IpHeader, packet: &[u8]) {
        let front = header_len(header.is_v6());
        let mut plain = self.frames.get(front + header.end - header.payload);
        plain.tag = rx.tag;
        plain[..front].copy_from_slice(&packet[..front]);
        plain[front..].copy_from_slice(&packet[header.payload..header.end]);
        let answer = match header.is_v6() {
            true => {
                plain[6] = protocol::TCP;
                None
            }
            false => {
                plain[0] = 0x45;
                self.ipv4_answer(&packet[front..header.payload])
            }
        };
        header.set_end(&mut plain);
        let inner = IpHeader {
            payload: front,
            end: plain.len(),
            ..*header
        };
        self.tcp.came_with = Some(Box::new(CameWith {
            front: Vec::from(&packet[..header.payload]),
            answer: answer.filter(|answer| !answer.is_empty()),
        }));
        self.tcp_input(rx, &inner, &plain);
        self.tcp.came_with = None;
        self.frames.put(plain);
    }

    /// What answers to the segment that is being looked at have (Linux: __ip_options_echo).
    pub(crate) fn tcp_echo(&self) -> Option<Arc<Additions>> {
        let v4 = self.tcp.came_with.as_ref()?.answer?;
        Some(Arc::new(Additions {
            v4,
            ..Additions::default()
        }))
    }

    /// What a child's segments have: options as its SYN had, extension headers as its listener's.
    pub(crate) fn tcp_inherited(&self, listener: Key, v6: bool) -> Option<Arc<Additions>> {
        match v6 {
            true => self.tcp.slab.get(listener)?.additions.clone(),
            false => self.tcp_echo(),
        }
    }
}
