//! Datagrams in: one message, its ancillary data, and the error queue. ip(7), ipv6(7), RFC 3542.
//!
//! Called by the socket's `recv` in [`super`]. Everything is copied out under the engine's lock, the user's pages being
//! there already; ancillary data is collected in kernel memory.

use super::{Dgram, headers, lift};
use crate::{
    Result,
    net::{
        Control, SockAddr,
        errno::errno,
        socket::{
            Common, Generic,
            generic::{Ancillary, Timestamp},
            message::{Flags, Incoming, Received},
            notice,
        },
    },
    time,
};
use abi::net::{
    AF_INET, AF_INET6, IP_CHECKSUM, IP_ORIGDSTADDR, IP_PKTINFO, IP_RECVERR, IP_RECVFRAGSIZE,
    IP_TOS, IP_TTL, IPPROTO_IP, IPPROTO_IPV6, IPV6_2292HOPLIMIT, IPV6_2292PKTINFO, IPV6_HOPLIMIT,
    IPV6_ORIGDSTADDR, IPV6_PATHMTU, IPV6_PKTINFO, IPV6_RECVERR, IPV6_RECVFRAGSIZE, IPV6_TCLASS,
    SO_MARK, SO_PRIORITY, SO_RXQ_OVFL, SOL_SOCKET, SOL_UDP,
};
use core::net::IpAddr;
use inet::{Arrival, Endpoint, ErrorOrigin, ErrorRecord};

impl Dgram {
    pub(super) fn recv_error(
        &self,
        common: &Common,
        generic: &Generic,
        message: &mut Incoming<'_, '_>,
    ) -> Result<Received> {
        let domain = common.domain();
        let outcome = self.net.with(|stack, _| {
            stack.dgram_recv_error(self.id, |record| {
                let copied = message.out.write_whole(record.data)?;
                let mut flags = Flags::ERRQUEUE;
                flags.set(Flags::TRUNC, copied < record.data.len());
                if let Some(control) = message.control.as_deref_mut() {
                    push_error_hops(control, record, generic);
                    push_error(control, record, generic, domain);
                }
                let from = Some(SockAddr::from_endpoint(record.to, domain));
                Ok(Received {
                    len: copied,
                    flags,
                    from,
                })
            })
        });
        lift(outcome)?
    }

    /// IPV6_RECVPATHMTU: an empty message, with `struct ip6_mtuinfo` beside it. RFC 3542, section 11.3.
    pub(super) fn recv_path_mtu(&self, message: &mut Incoming<'_, '_>) -> Option<Received> {
        let taken = self.net.with(|stack, _| stack.dgram_take_path_mtu(self.id));
        let (to, mtu) = taken?;
        let to = SockAddr::from_endpoint(Endpoint::new(to.addr, 0), AF_INET6);
        if let Some(control) = message.control.as_deref_mut() {
            let mut data = [0; 28 + 4];
            data[..to.bytes().len()].copy_from_slice(to.bytes());
            data[28..].copy_from_slice(&mtu.to_ne_bytes());
            control.push(IPPROTO_IPV6 as i32, IPV6_PATHMTU as i32, &data);
        }
        Some(Received {
            from: Some(to),
            ..Received::default()
        })
    }

    pub(super) fn recv_one(
        &self,
        common: &Common,
        generic: &Generic,
        message: &mut Incoming<'_, '_>,
    ) -> Result<Received> {
        let peek = message.flags.contains(Flags::PEEK);
        let whole = message.flags.contains(Flags::TRUNC);
        let original = Ancillary::ORIGINAL | Ancillary::ORIGINAL6;
        let port = match generic.ancillary.intersects(original) {
            true => self.net.look(|stack| stack.dgram_local(self.id)).port,
            false => 0,
        };
        let from_offset = common.peek_offset();
        let mut take = |arrival: &Arrival<'_>, at: usize| {
            let data = &arrival.data[at..];
            let copied = match message.out.remaining() {
                0 => 0,
                _ => message.out.write_whole(data)?,
            };
            let cut = copied < data.len();
            if let Some(control) = message.control.as_deref_mut() {
                if let Some(new_layout) = common.notices.receive_stamps() {
                    notice::push_stamp(control, arrived(arrival), new_layout);
                }
                push_ancillary(control, arrival, generic, port);
            }
            let len = if whole { arrival.data.len() } else { copied };
            if from_offset.is_some() {
                common.moved(peek, len);
            }
            Ok(Received {
                len,
                flags: if cut { Flags::TRUNC } else { Flags::empty() },
                from: Some(SockAddr::from_endpoint(arrival.from, common.domain())),
            })
        };
        let outcome = self.net.with(|stack, _| match from_offset {
            Some(offset) if peek => stack.dgram_peek(self.id, offset, take),
            _ => stack.dgram_recv(self.id, peek, |arrival| take(arrival, 0)),
        });
        match outcome {
            // After shutdown(SHUT_RD) an empty queue is end of file.
            Err(inet::Error::NotConnected) => Ok(Received::default()),
            outcome => lift(outcome)?,
        }
    }
}

/// linux/udp.h.
const UDP_GRO: i32 = 104;

/// What the program asked to be told about a datagram; `port` is the socket's own.
pub(super) fn push_ancillary(
    control: &mut Control,
    arrival: &Arrival<'_>,
    generic: &Generic,
    port: u16,
) {
    let sol_socket = SOL_SOCKET as i32;
    let ip = IPPROTO_IP as i32;
    let ipv6 = IPPROTO_IPV6 as i32;
    let asked = |what| generic.ancillary.contains(what);
    if generic.timestamp != Timestamp::None {
        let at = arrived(arrival);
        let (seconds, nanos) = (at / 1_000_000_000, at % 1_000_000_000);
        if let Some((kind, fraction)) = generic.timestamp.item(nanos) {
            control.push(sol_socket, kind as i32, &pair_bytes(seconds, fraction));
        }
    }
    if generic.drop_count && arrival.drops != 0 {
        control.push(sol_socket, SO_RXQ_OVFL as i32, &arrival.drops.to_ne_bytes());
    }
    if generic.recv_mark {
        let mark = arrival.tag.mark.to_ne_bytes();
        control.push(sol_socket, SO_MARK as i32, &mark);
    }
    if generic.recv_priority {
        let priority = arrival.tag.priority.to_ne_bytes();
        control.push(sol_socket, SO_PRIORITY as i32, &priority);
    }
    if asked(Ancillary::SEGMENT) && arrival.segment != 0 {
        let segment = i32::from(arrival.segment).to_ne_bytes();
        control.push(SOL_UDP as i32, UDP_GRO, &segment);
    }
    if asked(Ancillary::PKTINFO)
        && let IpAddr::V4(to) = arrival.to
    {
        let mut data = [0; 12];
        data[..4].copy_from_slice(&arrival.iface.0.to_ne_bytes());
        data[4..8].copy_from_slice(&to.octets());
        data[8..].copy_from_slice(&to.octets());
        control.push(ip, IP_PKTINFO as i32, &data);
    }
    if asked(Ancillary::TTL) && arrival.from.addr.is_ipv4() {
        control.push(ip, IP_TTL as i32, &i32::from(arrival.ttl).to_ne_bytes());
    }
    if asked(Ancillary::TOS) && arrival.from.addr.is_ipv4() {
        control.push(ip, IP_TOS as i32, &[arrival.tos]);
    }
    if generic.ancillary.intersects(Ancillary::HEADERS) {
        headers::push_options(control, arrival, generic);
    }
    if asked(Ancillary::ORIGINAL) && arrival.to.is_ipv4() {
        let to = SockAddr::from_endpoint(Endpoint::new(arrival.to, port), AF_INET);
        control.push(ip, IP_ORIGDSTADDR as i32, to.bytes());
    }
    if asked(Ancillary::CHECKSUM) && arrival.tag.summed {
        let sum = inet_sum(arrival.data).to_ne_bytes();
        control.push(ip, IP_CHECKSUM as i32, &sum);
    }
    for (what, level, kind, v6) in [
        (Ancillary::FRAGMENT, ip, IP_RECVFRAGSIZE, false),
        (Ancillary::FRAGMENT6, ipv6, IPV6_RECVFRAGSIZE, true),
    ] {
        if asked(what) && arrival.tag.fragment != 0 && arrival.from.addr.is_ipv6() == v6 {
            let longest = arrival.tag.fragment.to_ne_bytes();
            control.push(level, kind as i32, &longest);
        }
    }
    for (what, kind) in [
        (Ancillary::PKTINFO6, IPV6_PKTINFO),
        (Ancillary::PKTINFO_2292, IPV6_2292PKTINFO),
    ] {
        if asked(what) {
            let to = match arrival.to {
                IpAddr::V4(to) => to.to_ipv6_mapped(),
                IpAddr::V6(to) => to,
            };
            let mut data = [0; 20];
            data[..16].copy_from_slice(&to.octets());
            data[16..].copy_from_slice(&arrival.iface.0.to_ne_bytes());
            control.push(ipv6, kind as i32, &data);
        }
    }
    for (what, kind) in [
        (Ancillary::HOPLIMIT, IPV6_HOPLIMIT),
        (Ancillary::HOPLIMIT_2292, IPV6_2292HOPLIMIT),
    ] {
        if asked(what) && arrival.from.addr.is_ipv6() {
            let hops = i32::from(arrival.ttl).to_ne_bytes();
            control.push(ipv6, kind as i32, &hops);
        }
    }
    if asked(Ancillary::ORIGINAL6) && arrival.to.is_ipv6() {
        let to = SockAddr::from_endpoint(Endpoint::new(arrival.to, port), AF_INET6);
        control.push(ipv6, IPV6_ORIGDSTADDR as i32, to.bytes());
    }
    if asked(Ancillary::TCLASS) && arrival.from.addr.is_ipv6() {
        control.push(
            ipv6,
            IPV6_TCLASS as i32,
            &i32::from(arrival.tos).to_ne_bytes(),
        );
    }
}

/// When it came, in ns of the wall clock: an arrival is noted on the monotonic one.
fn arrived(arrival: &Arrival<'_>) -> u64 {
    let age = time::now().0.saturating_sub(arrival.arrived.nanos());
    time::realtime().saturating_sub(age)
}

/// The one's complement sum of the payload, not complemented (IP_CHECKSUM).
fn inet_sum(data: &[u8]) -> u32 {
    let word = |pair: &[u8]| u32::from(u16::from_ne_bytes([pair[0], *pair.get(1).unwrap_or(&0)]));
    let add = |sum: u32, pair: &[u8]| {
        let (sum, carry) = sum.overflowing_add(word(pair));
        sum + u32::from(carry)
    };
    data.chunks(2).fold(0, add)
}

pub(super) fn pair_bytes(seconds: u64, fraction: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&seconds.to_ne_bytes());
    bytes[8..].copy_from_slice(&fraction.to_ne_bytes());
    bytes
}

/// The time to live of the packet that brought an error, for who asked for it of datagrams.
fn push_error_hops(control: &mut Control, record: &ErrorRecord<'_>, generic: &Generic) {
    let asked = |what| generic.ancillary.contains(what);
    let ttl = i32::from(record.ttl).to_ne_bytes();
    match record.offender {
        _ if record.ttl == 0 => {}
        Some(IpAddr::V4(_)) if asked(Ancillary::TTL) => {
            control.push(IPPROTO_IP as i32, IP_TTL as i32, &ttl);
        }
        Some(IpAddr::V6(_)) => {
            for (what, kind) in [
                (Ancillary::HOPLIMIT, IPV6_HOPLIMIT),
                (Ancillary::HOPLIMIT_2292, IPV6_2292HOPLIMIT),
            ] {
                if asked(what) {
                    control.push(IPPROTO_IPV6 as i32, kind as i32, &ttl);
                }
            }
        }
        _ => {}
    }
}

/// `struct sock_extended_err` and the offender's address behind it.
pub(super) fn push_error(
    control: &mut Control,
    record: &ErrorRecord<'_>,
    generic: &Generic,
    domain: u32,
) {
    let mut data = [0; 16 + 28];
    data[..4].copy_from_slice(&errno(record.error).number().to_ne_bytes());
    data[4] = record.origin as u8;
    data[5] = record.kind;
    data[6] = record.code;
    data[8..12].copy_from_slice(&record.info.to_ne_bytes());
    let wanted = match record.origin {
        ErrorOrigin::Icmp6 => Ancillary::EXTENSIONS6,
        _ => Ancillary::EXTENSIONS,
    };
    if let Some(extension) = record
        .extension
        .filter(|_| generic.ancillary.contains(wanted))
    {
        // `ee_data` is then a struct sock_ee_data_rfc4884.
        data[12..14].copy_from_slice(&extension.offset.to_ne_bytes());
        data[14] = extension.invalid.into();
    }
    let offender_domain = if domain == AF_INET { AF_INET } else { AF_INET6 };
    let icmp = record.origin != ErrorOrigin::Local;
    if let Some(offender) = record.offender.filter(|_| icmp) {
        let addr = SockAddr::from_endpoint(Endpoint::new(offender, 0), offender_domain);
        data[16..16 + addr.bytes().len()].copy_from_slice(addr.bytes());
    }
    let (level, kind, len) = match domain {
        AF_INET => (IPPROTO_IP as i32, IP_RECVERR, 16 + 16),
        _ => (IPPROTO_IPV6 as i32, IPV6_RECVERR, 16 + 28),
    };
    control.push(level, kind as i32, &data[..len]);
}
