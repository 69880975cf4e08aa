//! ICMP and ICMPv6 (RFC 792, RFC 4443): echo, errors in both directions.

mod extension;
mod limit;

pub use extension::Extension;
pub(crate) use limit::ErrorBudget;
pub use limit::IcmpConfig;

use core::net::IpAddr;

use crate::checksum::Sum;
use crate::dgram::ErrorOrigin;
use crate::error::Error;
use crate::frame::{Buf, Frame};
use crate::group;
use crate::iface::IfaceId;
use crate::ip::additions::write_v4;
use crate::ip::extension::UNKNOWN_OPTION;
use crate::ip::header::{HeaderFields, IPV4_HEADER, IpHeader, header_len, protocol};
use crate::ip::options::Ipv4Options;
use crate::ip::{Destination, Rx};
use crate::ndp;
use crate::stack::Stack;
use crate::tap::PacketKind;
use crate::time::Instant;

/// Type, code, checksum, and four bytes that depend on the type.
pub(crate) const HEADER: usize = 8;

/// Message types: (ICMP, ICMPv6).
pub(crate) const ECHO: [u8; 2] = [8, 128];
pub(crate) const ECHO_REPLY: [u8; 2] = [0, 129];
/// Extended echo request (RFC 8335), IPv4 and IPv6.
const EXTENDED_ECHO: [u8; 2] = [42, 160];
const UNREACHABLE: [u8; 2] = [3, 1];
const TIME_EXCEEDED: [u8; 2] = [11, 3];
const PARAMETER: [u8; 2] = [12, 4];
const PACKET_TOO_BIG: u8 = 2;
const FRAGMENTATION_NEEDED: u8 = 4;

/// What we tell a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Complaint {
    PortUnreachable,
    ProtocolUnreachable,
    NetUnreachable,
    HostUnreachable,
    Prohibited,
    TimeExceeded,
    /// The link takes packets of up to so many bytes.
    TooBig(u32),
    /// The byte of the packet at this offset is wrong; an unknown protocol of IPv6 is that too.
    Malformed {
        code: u8,
        at: u32,
    },
}

/// An error that somebody reported about a packet of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub error: Error,
    /// Ends a connected socket's patience even without IP_RECVERR.
    pub hard: bool,
    pub origin: ErrorOrigin,
    pub kind: u8,
    pub code: u8,
    pub info: u32,
    pub offender: IpAddr,
    /// Time to live of the packet that reported; 0 where there was none.
    pub ttl: u8,
    /// Bytes of the error that are the packet, where its length field says so (RFC 4884); 0 where not.
    pub quoted: usize,
    /// Bytes behind the error's header.
    pub len: usize,
}

/// Linux's icmp_err_convert[]: what a code of "destination unreachable" means.
fn unreachable_v4(code: u8) -> (Error, bool) {
    match code {
        0 | 11 => (Error::NetUnreachable, false),
        1 | 12 => (Error::HostUnreachable, false),
        2 => (Error::ProtocolUnreachable, true),
        3 => (Error::Refused, true),
        4 => (Error::MessageTooBig, false),
        5 => (Error::NotSupported, false),
        6 | 9 => (Error::NetUnreachable, true),
        7 => (Error::HostDown, true),
        _ => (Error::HostUnreachable, true),
    }
}

/// RFC 4443 section 3.1 by the codes.
fn unreachable_v6(code: u8) -> (Error, bool) {
    match code {
        0 => (Error::NetUnreachable, false),
        1 | 5 | 6 => (Error::Access, true),
        4 => (Error::Refused, true),
        _ => (Error::HostUnreachable, false),
    }
}

impl Report {
    fn parse(header: &IpHeader, message: &[u8; HEADER], len: usize) -> Option<Report> {
        let v = header.version();
        let [kind, code, ..] = *message;
        let word = u32::from_be_bytes([message[4], message[5], message[6], message[7]]);
        let (error, hard, info) = match kind {
            _ if kind == UNREACHABLE[v] && v == 1 => {
                let (error, hard) = unreachable_v6(code);
                (error, hard, 0)
            }
            _ if kind == UNREACHABLE[v] => {
                let (error, hard) = unreachable_v4(code);
                (
                    error,
                    hard,
                    if code == FRAGMENTATION_NEEDED {
                        word & 0xffff
                    } else {
                        0
                    },
                )
            }
            PACKET_TOO_BIG if v == 1 => (Error::MessageTooBig, false, word),
            _ if kind == TIME_EXCEEDED[v] => (Error::HostUnreachable, false, 0),
            _ if kind == PARAMETER[v] => (Error::Protocol, true, 0),
            _ => return None,
        };
        // RFC 4884 section 4: in words of 32 or 64 bits.
        let extensible = [UNREACHABLE[v], TIME_EXCEEDED[v]].contains(&kind);
        let quoted = match v {
            0 if extensible || kind == PARAMETER[0] => usize::from(message[5]) * 4,
            1 if extensible => usize::from(message[4]) * 8,
            _ => 0,
        };
        let origin = if v == 1 {
            ErrorOrigin::Icmp6
        } else {
            ErrorOrigin::Icmp
        };
        Some(Report {
            error,
            hard,
            origin,
            kind,
            code,
            info,
            offender: header.src,
            ttl: header.ttl,
            quoted,
            len,
        })
    }
}

/// The checksum of a message; ICMPv6's covers a pseudo-header.
pub(crate) fn checksum(src: IpAddr, dst: IpAddr, message: &[u8]) -> Sum {
    let start = if dst.is_ipv6() {
        Sum::pseudo(src, dst, protocol::ICMPV6, message.len())
    } else {
        Sum::default()
    };
    start.bytes(message)
}

/// Fills in the checksum of a message.
pub(crate) fn seal(src: IpAddr, dst: IpAddr, message: &mut [u8]) {
    message[2..4].fill(0);
    let sum = checksum(src, dst, message).finish();
    message[2..4].copy_from_slice(&sum);
}

/// Whether a program without privilege may send a message of this type and code: requests
/// for an echo only. icmp(7).
pub(crate) fn may_be_asked(v6: bool, kind: u8, code: u8) -> bool {
    let at = usize::from(v6);
    code == 0 && [ECHO[at], EXTENDED_ECHO[at]].contains(&kind)
}

pub(crate) fn protocol_of(v6: bool) -> u8 {
    if v6 { protocol::ICMPV6 } else { protocol::ICMP }
}

impl Stack {
    pub(crate) fn icmp_input(
        &mut self,
        rx: Rx,
        header: &IpHeader,
        destination: Destination,
        packet: Buf<'_>,
    ) {
        let v = header.version();
        self.counters.icmp[v].in_messages += 1;
        let bytes = packet.bytes();
        let message = &bytes[header.payload..header.end];
        let Some(&front) = message.first_chunk::<HEADER>() else {
            self.counters.icmp[v].in_errors += 1;
            return packet.discard(&mut self.frames);
        };
        if rx.verify && !checksum(header.src, header.dst, message).is_valid() {
            self.counters.icmp[v].in_errors += 1;
            self.counters.icmp[v].in_checksum_errors += 1;
            return packet.discard(&mut self.frames);
        }
        let kind = front[0];
        if kind == ECHO[v] {
            self.counters.icmp[v].in_echos += 1;
            // RFC 1122 section 3.2.2.6 lets a host ignore broadcast echo; Linux does by default.
            let icmp = &self.config.icmp;
            let ignored = icmp.ignore_echo[v]
                || destination != Destination::Unicast && icmp.ignore_group_echo[v];
            if !ignored && self.icmp_allowed(rx, header.src, ECHO_REPLY[v], 0) {
                self.echo(rx, header, destination, bytes);
            }
            packet.discard(&mut self.frames);
        } else if kind == ECHO_REPLY[v] {
            self.counters.icmp[v].in_echo_replies += 1;
            self.ping_input(rx, header, packet);
        } else if header.is_v6() && ndp::is_ndp(kind) {
            self.ndp_input(rx.now, rx.iface, header, message);
            packet.discard(&mut self.frames);
        } else if header.is_v6() && group::is_mld(kind) {
            self.mld_input(rx, header, bytes);
            packet.discard(&mut self.frames);
        } else {
            if let Some(report) = Report::parse(header, &front, message.len() - HEADER) {
                match kind {
                    _ if kind == UNREACHABLE[v] => self.counters.icmp[v].in_dest_unreachable += 1,
                    _ if kind == TIME_EXCEEDED[v] => self.counters.icmp[v].in_time_exceeded += 1,
                    _ => {}
                }
                self.report_input(rx.now, &report, &message[HEADER..]);
            }
            packet.discard(&mut self.frames);
        }
    }

    /// Answers an echo request from the address it was sent to.
    fn echo(&mut self, rx: Rx, header: &IpHeader, destination: Destination, packet: &[u8]) {
        let v = header.version();
        let message = &packet[header.payload..header.end];
        let source = match destination {
            Destination::Unicast => header.dst,
            _ => match self.select_route(header.src, Some(rx.iface)) {
                Ok(route) => route.source,
                Err(_) => return,
            },
        };
        let Some(options) = self.options_back(header, packet) else {
            return;
        };
        let front = header_len(header.is_v6()) + options.as_ref().map_or(0, Ipv4Options::len);
        let mut frame = self.frames.get(front + message.len());
        let reply = &mut frame[front..];
        reply.copy_from_slice(message);
        reply[0] = ECHO_REPLY[v];
        seal(source, header.src, reply);
        self.counters.icmp[v].out_echo_replies += 1;
        self.icmp_send(rx, source, header.src, header.tos, options, frame);
    }

    /// The IPv4 options of what is sent back to the sender of a packet; the outer `None` says that nothing can be.
    fn options_back(&self, header: &IpHeader, packet: &[u8]) -> Option<Option<Ipv4Options>> {
        if header.payload == IPV4_HEADER || header.is_v6() {
            return Some(None);
        }
        let received = packet.get(IPV4_HEADER..header.payload)?;
        self.ipv4_answer(received).map(Some)
    }

    /// Sends a message whose IP header is still to be written, back where a packet came from.
    fn icmp_send(
        &mut self,
        rx: Rx,
        src: IpAddr,
        dst: IpAddr,
        tos: u8,
        options: Option<Ipv4Options>,
        mut frame: Frame,
    ) {
        let via = (crate::addr::is_link_local(dst)).then_some(rx.iface);
        let Ok(route) = self.select_route(dst, via) else {
            self.counters.ip[usize::from(dst.is_ipv6())].out_no_routes += 1;
            return self.frames.put(frame);
        };
        let fields = HeaderFields {
            src,
            dst,
            protocol: protocol_of(dst.is_ipv6()),
            ttl: 64,
            tos,
            id: self.rng.u16(),
            dont_fragment: false,
        };
        fields.write(&mut frame);
        if let Some(options) = options
            && let IpAddr::V4(to) = dst
        {
            write_v4(&options, &mut frame, self.hop(src), to);
        }
        self.counters.icmp[usize::from(dst.is_ipv6())].out_messages += 1;
        self.ip_output(rx.now, route.iface, route.next_hop, route.mtu, frame);
    }

    /// Tells the sender of a packet what is wrong with it (RFC 1122 section 3.2.2 says when not to).
    pub(crate) fn complain(
        &mut self,
        rx: Rx,
        header: &IpHeader,
        destination: Destination,
        bytes: &[u8],
        complaint: Complaint,
    ) {
        // RFC 4443 section 2.4 (e): of an option that wants it, also the sender to a group hears.
        let one_only = !matches!(
            complaint,
            Complaint::Malformed {
                code: UNKNOWN_OPTION,
                ..
            }
        );
        let of_group = matches!(rx.kind, PacketKind::Broadcast | PacketKind::Multicast)
            || !matches!(destination, Destination::Unicast | Destination::Transit);
        let silent = (one_only && of_group)
            // Of a fragmented packet only the first part is complained about (RFC 1812 section 4.3.2.7), and never an error
            // about an error.
            || header.fragment.is_some_and(|part| part.offset != 0)
            || destination == Destination::Transit && is_error(header, bytes)
            || header.src.is_unspecified()
            || header.src.is_multicast();
        if silent {
            return;
        }
        let v6 = header.is_v6();
        // (type, code, pointer): ICMPv6 calls an unknown protocol a parameter problem that points at "next header".
        let (kind, code, word) = match (complaint, v6) {
            (Complaint::PortUnreachable, false) => (UNREACHABLE[0], 3, 0u32),
            (Complaint::PortUnreachable, true) => (UNREACHABLE[1], 4, 0),
            (Complaint::ProtocolUnreachable, false) => (UNREACHABLE[0], 2, 0),
            (Complaint::ProtocolUnreachable, true) => (PARAMETER[1], 1, 6),
            (Complaint::NetUnreachable, v6) => (UNREACHABLE[usize::from(v6)], 0, 0),
            (Complaint::HostUnreachable, false) => (UNREACHABLE[0], 1, 0),
            (Complaint::HostUnreachable, true) => (UNREACHABLE[1], 3, 0),
            (Complaint::Prohibited, false) => (UNREACHABLE[0], 13, 0),
            (Complaint::Prohibited, true) => (UNREACHABLE[1], 1, 0),
            (Complaint::TimeExceeded, v6) => (TIME_EXCEEDED[usize::from(v6)], 0, 0),
            (Complaint::TooBig(mtu), false) => (UNREACHABLE[0], FRAGMENTATION_NEEDED, mtu),
            (Complaint::TooBig(mtu), true) => (PACKET_TOO_BIG, 0, mtu),
            (Complaint::Malformed { code, at }, false) => (PARAMETER[0], code, at << 24),
            (Complaint::Malformed { code, at }, true) => (PARAMETER[1], code, at),
        };
        if !self.icmp_allowed(rx, header.src, kind, code) {
            return;
        }
        // As much of the packet as fits without exceeding 576 bytes (RFC 1812 4.3.2.3) or the IPv6 minimum MTU.
        // What is malformed is not turned round.
        let options = match complaint {
            Complaint::Malformed { .. } => Some(None),
            _ => self.options_back(header, bytes),
        };
        let Some(options) = options else { return };
        let front = header_len(v6) + options.as_ref().map_or(0, Ipv4Options::len);
        let most = if v6 { 1280 } else { 576 } - front - HEADER;
        let quote = &bytes[..header.end.min(most)];
        let mut frame = self.frames.get(front + HEADER + quote.len());
        let message = &mut frame[front..];
        message[..4].copy_from_slice(&[kind, code, 0, 0]);
        message[4..HEADER].copy_from_slice(&word.to_be_bytes());
        message[HEADER..].copy_from_slice(quote);
        // A router speaks for itself, a host as whom the packet meant.
        let source = match destination {
            Destination::Transit | Destination::Multicast | Destination::Broadcast => {
                self.select_route(header.src, None).map(|way| way.source)
            }
            _ => Ok(header.dst),
        };
        let Ok(source) = source else {
            return self.frames.put(frame);
        };
        seal(source, header.src, &mut frame[front..]);
        let counters = &mut self.counters.icmp[usize::from(v6)];
        match complaint {
            Complaint::TimeExceeded => counters.out_time_exceeded += 1,
            Complaint::Malformed { .. } => counters.out_parameter_problems += 1,
            _ => counters.out_dest_unreachable += 1,
        }
        self.icmp_send(rx, source, header.src, 0, options, frame);
    }

    /// An error about one of our packets, of which `quote` is the beginning.
    fn report_input(&mut self, now: Instant, report: &Report, quote: &[u8]) {
        let Some(original) = quoted_header(quote) else {
            return;
        };
        let payload = &quote[original.payload.min(quote.len())..original.end.min(quote.len())];
        self.raw_error(&original, report, payload);
        match original.protocol {
            protocol::TCP => self.tcp_error(now, &original, report, payload),
            protocol::UDP => self.udp_error(&original, report, payload),
            protocol::ICMP | protocol::ICMPV6 => self.ping_error(&original, report, payload),
            _ => {}
        }
    }

    /// A packet whose neighbour does not answer: its sender learns by an ICMP "host unreachable", which of ours is not sent.
    pub(crate) fn report_unreachable(&mut self, now: Instant, iface: IfaceId, packet: &[u8]) {
        let Some(header) = IpHeader::parse(packet, false) else {
            return;
        };
        if self.config.forward[header.version()] && !self.is_local(header.src) {
            let rx = Rx {
                now,
                iface,
                kind: PacketKind::Host,
                verify: false,
                tag: Default::default(),
            };
            return self.complain(
                rx,
                &header,
                Destination::Transit,
                packet,
                Complaint::HostUnreachable,
            );
        }
        let v6 = header.is_v6();
        let report = Report {
            error: Error::HostUnreachable,
            hard: false,
            origin: if v6 {
                ErrorOrigin::Icmp6
            } else {
                ErrorOrigin::Icmp
            },
            kind: UNREACHABLE[usize::from(v6)],
            code: if v6 { 3 } else { 1 },
            info: 0,
            offender: header.src,
            ttl: 0,
            quoted: 0,
            len: packet.len(),
        };
        self.report_input(now, &report, packet);
    }
}

/// Whether a packet is an ICMP error, about which nobody complains.
fn is_error(header: &IpHeader, bytes: &[u8]) -> bool {
    let kind = bytes.get(header.payload).copied();
    match header.protocol {
        protocol::ICMP => !matches!(kind, Some(0 | 8 | 9 | 10 | 13..=18)),
        protocol::ICMPV6 => kind.is_none_or(|kind| kind < 128),
        _ => false,
    }
}

/// The header of a packet quoted in an error: the quote is cut short, so its length field is not to be believed.
fn quoted_header(quote: &[u8]) -> Option<IpHeader> {
    let mut copy = [0u8; 128];
    let len = quote.len().min(copy.len());
    copy[..len].copy_from_slice(&quote[..len]);
    match copy[0] >> 4 {
        4 => copy[2..4].copy_from_slice(&(len as u16).to_be_bytes()),
        6 => copy[4..6].copy_from_slice(&(len.checked_sub(40)? as u16).to_be_bytes()),
        _ => return None,
    }
    let mut header = IpHeader::parse(&copy[..len], false)?;
    header.end = quote.len();
    Some(header)
}
