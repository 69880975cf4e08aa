//! AF_INET and AF_INET6: TCP, UDP and raw sockets. `linux/inet_diag.h`.

use super::{cookie, cookie_matches, memory};
use crate::net::{
    netlink::answer::{Answer, Outcome, Refusal, Request},
    opt, registry, stack,
};
use abi::{
    Errno,
    net::{AF_INET, AF_INET6, AF_UNSPEC, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_TCP, IPPROTO_UDP},
};
use alloc::vec::Vec;
use core::net::IpAddr;
use inet::{DgramKind, DgramRow, Endpoint, Instant, SocketOptions, Stack, TcpRow, TcpState};
use netlink::{
    Attributes, Builder, Filter, Header, diag, diag::inet as attribute, filter::Subject,
};

/// `sizeof(struct inet_diag_req_v2)` and of `struct inet_diag_msg`.
const REQUEST: usize = 56;
const RECORD: usize = 72;
/// IPPROTO_RAW, which stands for every raw socket here.
const RAW: u32 = 255;
/// `cubic` and `reno` are names of this length at most.
const NUL: u8 = 0;

/// `struct inet_diag_req_v2`, taken apart.
struct Question {
    family: u32,
    protocol: u32,
    /// Bit `n - 1` asks for attribute `n`.
    wants: u8,
    /// Bit `n` is TCP state `n`.
    states: u32,
    source_port: u16,
    destination_port: u16,
    source: [u8; 16],
    destination: [u8; 16],
    cookie: [u32; 2],
}

impl Question {
    fn of(request: &Request<'_>) -> Result<Question, Refusal> {
        let body: &[u8; REQUEST] = request.body.first_chunk().ok_or(Errno::EINVAL)?;
        let word = |at: usize| u32::from_ne_bytes(core::array::from_fn(|i| body[at + i]));
        let port = |at: usize| u16::from_be_bytes([body[at], body[at + 1]]);
        let attributes = Attributes::after(request.body, REQUEST);
        // A protocol beyond a byte (MPTCP) comes as an attribute.
        let long = attributes.get(attribute::REQ_PROTOCOL);
        Ok(Question {
            family: u32::from(body[0]),
            protocol: long
                .and_then(|number| number.u32())
                .unwrap_or(u32::from(body[1])),
            wants: body[2],
            states: word(4),
            source_port: port(8),
            destination_port: port(10),
            source: core::array::from_fn(|i| body[12 + i]),
            destination: core::array::from_fn(|i| body[28 + i]),
            cookie: [word(48), word(52)],
        })
    }

    fn asks_for(&self, attribute: u16) -> bool {
        self.wants & 1 << (attribute - 1) != 0
    }
}

/// A socket of any of the protocols.
struct Entry {
    v6: bool,
    state: u8,
    local: Endpoint,
    peer: Endpoint,
    timer: u8,
    retransmits: u8,
    expires_ms: u32,
    received: usize,
    sent: usize,
    inode: u64,
    shut: u8,
    drops: u64,
    options: SocketOptions,
    /// TCP_CONGESTION.
    congestion: &'static str,
    /// `struct tcp_info`.
    info: Option<Vec<u8>>,
    tcp: bool,
    /// In TIME-WAIT there is no socket any more to tell about.
    remnant: bool,
}

/// SOCK_DIAG_BY_FAMILY: all that pass a filter, or one by its addresses. `ENOENT`.
pub fn get(request: &Request<'_>) -> Outcome {
    let question = Question::of(request)?;
    let attributes = Attributes::after(request.body, REQUEST);
    let program = attributes.get(attribute::REQ_BYTECODE);
    let filter = match program {
        Some(code) => Some(Filter::new(code.value).ok_or(Errno::EINVAL)?),
        None => None,
    };
    let now = stack::now();
    let entries = request.net.look(|stack| entries(stack, &question, now))?;
    if !request.dumps() {
        let one = entries.iter().find(|entry| exactly(entry, &question));
        let one = one.ok_or(Errno::ENOENT)?;
        let header = request.reply(diag::BY_FAMILY);
        return Ok(Answer::Messages(alloc::vec![record(
            header, &question, one
        )]));
    }
    let header = request.record(diag::BY_FAMILY);
    let passing = entries.iter().filter(|entry| {
        question.states & 1 << entry.state != 0
            && (question.family == AF_UNSPEC || question.family == family(entry.v6))
            && (question.source_port == 0 || question.source_port == entry.local.port)
            && (question.destination_port == 0 || question.destination_port == entry.peer.port)
            && filter.is_none_or(|filter| filter.accepts(&subject(entry)))
    });
    let records = passing.map(|entry| record(header, &question, entry));
    Ok(Answer::Dump(records.collect()))
}

fn family(v6: bool) -> u32 {
    if v6 { AF_INET6 } else { AF_INET }
}

/// `ENOENT` for protocols without sockets here.
fn entries(stack: &Stack, question: &Question, now: Instant) -> Result<Vec<Entry>, Refusal> {
    let mut entries = Vec::new();
    let want_info = question.asks_for(attribute::INFO);
    match question.protocol {
        protocol if protocol == IPPROTO_TCP as u32 => stack.tcp_rows(|row| {
            entries.push(tcp(stack, row, now, want_info));
        }),
        protocol if protocol == IPPROTO_UDP as u32 => {
            stack.dgram_rows(|row| match row.kind {
                DgramKind::Udp => entries.push(datagram(row)),
                DgramKind::Ping | DgramKind::Raw { .. } => {}
            });
        }
        RAW => stack.dgram_rows(|row| match row.kind {
            DgramKind::Raw { .. } => entries.push(datagram(row)),
            DgramKind::Udp | DgramKind::Ping => {}
        }),
        // Linux has no table of ping sockets for this protocol either.
        protocol if protocol == IPPROTO_ICMP as u32 || protocol == IPPROTO_ICMPV6 => {
            return Err(Errno::ENOENT.into());
        }
        _ => return Err(Errno::ENOENT.into()),
    }
    Ok(entries)
}

fn tcp(stack: &Stack, row: &TcpRow, now: Instant, want_info: bool) -> Entry {
    let listens = row.state == TcpState::Listen;
    let options = row.id.and_then(|id| stack.tcp_options(id).ok());
    let congestion = options.map_or(stack.config().congestion, |options| options.congestion);
    let info = row.id.filter(|_| want_info);
    let info = info.and_then(|id| stack.tcp_info(now, id).ok());
    Entry {
        v6: row.v6,
        state: row.state as u8,
        local: row.local,
        peer: row.peer,
        timer: row.timer as u8,
        retransmits: row.retransmits as u8,
        expires_ms: row.expires.map_or(0, |at| at.since(now).as_millis() as u32),
        received: row.rx_queue,
        sent: if listens { row.backlog } else { row.tx_queue },
        inode: registry::inode(row.token),
        shut: row.shut,
        drops: 0,
        options: row.options,
        congestion: congestion.name(),
        info: info.map(|info| opt::tcp_info(&info)),
        tcp: true,
        remnant: row.id.is_none(),
    }
}

fn datagram(row: &DgramRow) -> Entry {
    let state = match row.connected {
        true => TcpState::Established,
        false => TcpState::Closed,
    };
    Entry {
        v6: row.v6,
        state: state as u8,
        local: row.local,
        peer: row.peer,
        timer: 0,
        retransmits: 0,
        expires_ms: 0,
        received: row.rx_queue,
        sent: 0,
        inode: registry::inode(row.token),
        shut: row.shut,
        drops: row.drops,
        options: row.options,
        congestion: "",
        info: None,
        tcp: false,
        remnant: false,
    }
}

/// An address as a socket of that version has it, in 16 bytes.
fn octets(addr: IpAddr, v6: bool) -> [u8; 16] {
    match (addr, v6) {
        (IpAddr::V4(v4), false) => {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&v4.octets());
            bytes
        }
        (IpAddr::V4(v4), true) if v4.is_unspecified() => [0; 16],
        (IpAddr::V4(v4), true) => v4.to_ipv6_mapped().octets(),
        (IpAddr::V6(v6), _) => v6.octets(),
    }
}

fn subject(entry: &Entry) -> Subject {
    let addr = |addr: IpAddr| match entry.v6 {
        true => IpAddr::V6(octets(addr, true).into()),
        false => addr,
    };
    Subject {
        source: addr(entry.local.addr),
        source_port: entry.local.port,
        destination: addr(entry.peer.addr),
        destination_port: entry.peer.port,
        port_chosen: entry.state == TcpState::Listen as u8 || !entry.tcp,
        device: entry.options.bound_iface.map_or(0, |iface| iface.0),
        mark: 0,
    }
}

fn exactly(entry: &Entry, question: &Question) -> bool {
    question.family == family(entry.v6)
        && question.source_port == entry.local.port
        && question.destination_port == entry.peer.port
        && question.source == octets(entry.local.addr, entry.v6)
        && question.destination == octets(entry.peer.addr, entry.v6)
        && cookie_matches(question.cookie, entry.inode)
}

/// `struct inet_diag_msg` and the attributes that were asked for.
fn record(header: Header, question: &Question, entry: &Entry) -> Vec<u8> {
    let mut head = [0; RECORD];
    head[..4].copy_from_slice(&[
        family(entry.v6) as u8,
        entry.state,
        entry.timer,
        entry.retransmits,
    ]);
    head[4..6].copy_from_slice(&entry.local.port.to_be_bytes());
    head[6..8].copy_from_slice(&entry.peer.port.to_be_bytes());
    head[8..24].copy_from_slice(&octets(entry.local.addr, entry.v6));
    head[24..40].copy_from_slice(&octets(entry.peer.addr, entry.v6));
    let iface = entry.options.bound_iface.map_or(0, |iface| iface.0);
    let [low, high] = cookie(entry.inode);
    let words = [
        iface,
        low,
        high,
        entry.expires_ms,
        entry.received as u32,
        entry.sent as u32,
        entry.options.owner,
        entry.inode as u32,
    ];
    for (n, word) in words.iter().enumerate() {
        let at = 40 + 4 * n;
        head[at..at + 4].copy_from_slice(&word.to_ne_bytes());
    }
    let mut b = Builder::message(header, &head);
    if entry.remnant {
        return b.finish();
    }
    b.u8(attribute::SHUTDOWN, entry.shut);
    if question.asks_for(attribute::TOS) {
        b.u8(attribute::TOS, entry.options.tos);
    }
    if entry.v6 {
        if question.asks_for(attribute::TCLASS) {
            b.u8(attribute::TCLASS, entry.options.tos);
        }
        b.u8(attribute::SKV6ONLY, entry.options.v6_only.into());
    }
    let sent = if entry.state == TcpState::Listen as u8 {
        0
    } else {
        entry.sent
    };
    let received = if entry.state == TcpState::Listen as u8 {
        0
    } else {
        entry.received
    };
    if question.asks_for(attribute::MEMINFO) {
        // `struct inet_diag_meminfo`: receive, write queue, forward, send.
        b.words(attribute::MEMINFO, &[received as u32, sent as u32, 0, 0]);
    }
    if question.asks_for(attribute::SKMEMINFO) {
        let (room, out) = (entry.options.recv_buffer, entry.options.send_buffer);
        b.words(
            attribute::SKMEMINFO,
            &memory(received, room, sent, out, entry.drops),
        );
    }
    if let Some(info) = &entry.info {
        b.attr(attribute::INFO, info);
    }
    if entry.tcp && question.asks_for(attribute::CONG) {
        let mut name = Vec::from(entry.congestion);
        name.push(NUL);
        b.attr(attribute::CONG, &name);
    }
    b.finish()
}
