//! TCP Fast Open (RFC 7413): data with the SYN, allowed by a cookie that the server gave the client's address before.
//!
//! The machines know nothing of it. The client's SYN gets the option and the data on its way out, and the answer is shown to the
//! machine in two steps: a plain SYN-ACK, then the acknowledgement of the data. The server's machine is shown the end of the
//! handshake before it came; until it does, the SYN-ACK is repeated from here.
//!
//! Connections with Fast Open always travel in packets, over lo too.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hash::Hasher;
use core::net::IpAddr;

use super::connection::{Connection, Wire};
use super::machine::Outbox;
use super::options::{FAST_OPEN, extended, option};
use super::segment::{ACK, Bare, SYN, Segment, Tuple, after};
use super::socket::Role;
use super::{TcpId, TcpState};
use crate::addr::{Endpoint, unmapped};
use crate::error::{Error, Result};
use crate::frame::{Frame, FramePool};
use crate::ip::Rx;
use crate::ip::header::header_len;
use crate::rng::Rng;
use crate::slab::Key;
use crate::stack::Stack;
use crate::time::Instant;

/// Bits of net.ipv4.tcp_fastopen.
pub(crate) const CLIENT: u32 = 1;
const SERVER: u32 = 2;
const CLIENT_NO_COOKIE: u32 = 4;
const SERVER_NO_COOKIE: u32 = 0x200;
const SERVER_ALWAYS: u32 = 0x400;

/// Bytes of a cookie that we make; others may be 4 to 16 bytes long (RFC 7413 section 4.1.1).
const COOKIE: usize = 8;
/// Cookies of other hosts that are remembered.
const REMEMBERED: usize = 256;
/// Room that options may take in a SYN.
const OPTIONS: usize = 40;

/// One or two keys for cookies (TCP_FASTOPEN_KEY): the first makes them, both are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FastOpenKeys {
    /// In use.
    pub primary: [u8; 16],
    /// Accepted, too.
    pub backup: Option<[u8; 16]>,
}

/// Of a stack: its key, and what other hosts gave us.
#[derive(Default)]
pub(crate) struct FastOpenTable {
    pub keys: Option<FastOpenKeys>,
    /// By the server's address, oldest first.
    cookies: Vec<(IpAddr, Vec<u8>)>,
}

/// What a connection still has to do with it.
pub(crate) enum FastOpen {
    /// The SYN asks for a cookie or brings one; these bytes go with it.
    Client {
        cookie: Vec<u8>,
        /// No option at all, only data.
        bare: bool,
        data: Vec<u8>,
        /// Its sequence number, once it is out. What is repeated is a plain SYN.
        sent: Option<u32>,
    },
    /// The SYN-ACK gives a cookie.
    Offer([u8; COOKIE]),
    /// Data came with the SYN, and the handshake is not over: the SYN-ACK, and the listener.
    Child { answer: Vec<u8>, listener: Key },
}

/// What a listener does with a SYN.
#[derive(Clone, Copy)]
pub(crate) enum Verdict {
    /// The usual handshake.
    Plain,
    Offer([u8; COOKIE]),
    Accept,
}

fn cookie(key: &[u8; 16], client: IpAddr, server: IpAddr) -> [u8; COOKIE] {
    let (front, back) = key.split_at(8);
    let half = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0, |word, &byte| word << 8 | u64::from(byte))
    };
    #[allow(deprecated, reason = "SipHash-2-4 with a key is what is wanted")]
    let mut hash = core::hash::SipHasher::new_with_keys(half(front), half(back));
    for addr in [client, server] {
        match addr {
            IpAddr::V4(addr) => hash.write(&addr.octets()),
            IpAddr::V6(addr) => hash.write(&addr.octets()),
        }
    }
    hash.finish().to_be_bytes()
}

impl FastOpenTable {
    /// There is a key from now on.
    pub fn begin(&mut self, rng: &mut Rng) -> FastOpenKeys {
        *self.keys.get_or_insert_with(|| {
            let mut primary = [0; 16];
            primary[..8].copy_from_slice(&rng.u64().to_le_bytes());
            primary[8..].copy_from_slice(&rng.u64().to_le_bytes());
            FastOpenKeys {
                primary,
                backup: None,
            }
        })
    }

    fn cookie_of(&self, server: IpAddr) -> Option<&[u8]> {
        let found = self.cookies.iter().find(|(addr, _)| *addr == server);
        found.map(|(_, cookie)| &cookie[..])
    }

    fn remember(&mut self, server: IpAddr, cookie: &[u8]) {
        self.cookies.retain(|(addr, _)| *addr != server);
        if self.cookies.len() >= REMEMBERED {
            self.cookies.remove(0);
        }
        self.cookies.push((server, Vec::from(cookie)));
    }
}

impl Connection {
    /// The SYN or SYN-ACK with what Fast Open adds to it; `None` leaves it as it is.
    pub(crate) fn fast_output(&mut self, pool: &mut FramePool, packet: &[u8]) -> Option<Frame> {
        let v6 = self.peer.addr.is_ipv6();
        let segment = packet.get(header_len(v6)..).and_then(Segment::parse)?;
        if !segment.has(SYN) {
            return None;
        }
        match self.fast.as_deref_mut()? {
            FastOpen::Client {
                cookie,
                bare,
                data,
                sent: sent @ None,
            } if !segment.has(ACK) => {
                *sent = Some(segment.seq);
                let mut bytes = Vec::from([FAST_OPEN, 2 + cookie.len() as u8]);
                bytes.extend_from_slice(cookie);
                let bytes = if *bare { &[][..] } else { &bytes[..] };
                extended(pool, packet, v6, bytes, data)
            }
            FastOpen::Offer(cookie) if segment.has(ACK) => {
                let mut bytes = [FAST_OPEN, 2 + COOKIE as u8, 0, 0, 0, 0, 0, 0, 0, 0];
                bytes[2..].copy_from_slice(cookie);
                extended(pool, packet, v6, &bytes, &[])
            }
            _ => None,
        }
    }

    /// Its handshake is not over although it is in use.
    pub(crate) fn is_early(&self) -> bool {
        matches!(self.fast.as_deref(), Some(FastOpen::Child { .. }))
    }

    /// The state that is told to others.
    pub(crate) fn shown_state(&self) -> TcpState {
        match self.state {
            TcpState::Established if self.is_early() => TcpState::SynReceived,
            state => state,
        }
    }
}

impl Stack {
    /// How many bytes of a first send would go with the SYN to `peer`: 0 while there is no cookie. Errors: `NotSupported` when
    /// net.ipv4.tcp_fastopen does not let clients do it.
    pub fn tcp_fast_room(&self, id: TcpId, peer: Endpoint) -> Result<usize> {
        let tcp = self.tcp.slab.get(id.0).ok_or(Error::NoSocket)?;
        if self.config.fast_open & CLIENT == 0 {
            return Err(Error::NotSupported);
        }
        let addr = Self::effective_destination(unmapped(peer.addr));
        if self.fast_cookie(id, addr).is_none() {
            return Ok(0);
        }
        let route = self.select_route(addr, None);
        let mtu = route.map_or(576, |route| route.mtu.min(65_535));
        let mtu = tcp
            .options
            .common
            .mtu
            .map_or(mtu, |most| mtu.min(most as usize));
        let headers = header_len(addr.is_ipv6()) + super::segment::HEADER + OPTIONS;
        let added = tcp.additions.as_ref();
        let added = added.map_or(0, |it| it.len(addr.is_ipv6()));
        Ok(mtu.saturating_sub(headers + added))
    }

    /// The cookie to send; an empty one where none is needed.
    fn fast_cookie(&self, id: TcpId, addr: IpAddr) -> Option<&[u8]> {
        let tcp = self.tcp.slab.get(id.0)?;
        let bare = tcp.options.fast_open_no_cookie || self.config.fast_open & CLIENT_NO_COOKIE != 0;
        match self.tcp.fast_open.cookie_of(addr) {
            Some(cookie) => Some(cookie),
            None if bare => Some(&[]),
            None => None,
        }
    }

    /// connect(2) whose SYN brings `data`, no more than [`Stack::tcp_fast_room`], or asks for a cookie. Errors: as `tcp_connect`.
    pub fn tcp_connect_fast(
        &mut self,
        now: Instant,
        id: TcpId,
        peer: Endpoint,
        data: &[u8],
    ) -> Result<()> {
        let addr = Self::effective_destination(unmapped(peer.addr));
        let cookie = self.fast_cookie(id, addr).map(Vec::from);
        self.tcp_begin(now, id, peer, true)?;
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        if let Some(connection) = tcp.connection_mut() {
            connection.fast = Some(Box::new(FastOpen::Client {
                bare: cookie.as_ref().is_some_and(|cookie| cookie.is_empty()),
                data: Vec::from(if cookie.is_some() { data } else { &[] }),
                cookie: cookie.unwrap_or_default(),
                sent: None,
            }));
        }
        Ok(())
    }

    /// TCP_FASTOPEN: how many connections of a listener may be in use before their handshake is over. Makes the key.
    pub fn tcp_fast_listen(&mut self, id: TcpId, queue: u32) -> Result<()> {
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        tcp.options.fast_open_queue = queue.min(self.config.max_backlog as u32);
        self.tcp.fast_open.begin(&mut self.rng);
        Ok(())
    }

    /// TCP_FASTOPEN_KEY of a socket.
    pub fn tcp_fast_keys(&self, id: TcpId) -> Option<FastOpenKeys> {
        self.tcp.slab.get(id.0)?.fast_keys.as_deref().copied()
    }

    /// The same.
    pub fn tcp_set_fast_keys(&mut self, id: TcpId, keys: FastOpenKeys) {
        if let Some(tcp) = self.tcp.slab.get_mut(id.0) {
            tcp.fast_keys = Some(Box::new(keys));
        }
    }

    /// net.ipv4.tcp_fastopen_key.
    pub fn fast_keys(&self) -> Option<FastOpenKeys> {
        self.tcp.fast_open.keys
    }

    /// The same.
    pub fn set_fast_keys(&mut self, keys: FastOpenKeys) {
        self.tcp.fast_open.keys = Some(keys);
    }

    /// What to do with a SYN.
    pub(crate) fn fast_verdict(
        &mut self,
        listener: Key,
        tuple: &Tuple,
        segment: &Segment,
        bytes: &[u8],
    ) -> Verdict {
        let given = option(bytes, FAST_OPEN);
        if given.is_none() && segment.payload_len == 0 {
            return Verdict::Plain;
        }
        let mode = self.config.fast_open;
        let Some(tcp) = self.tcp.slab.get(listener) else {
            return Verdict::Plain;
        };
        let queue = match tcp.options.fast_open_queue {
            0 if mode & SERVER_ALWAYS != 0 => self.config.max_backlog as u32,
            queue => queue,
        };
        if given.is_some_and(|given| given.is_empty()) {
            self.counters.tcp.fast_open_asked += 1;
        }
        if mode & SERVER == 0 || queue == 0 {
            return Verdict::Plain;
        }
        if tcp
            .listener()
            .is_some_and(|listener| listener.early >= queue as usize)
        {
            self.counters.tcp.fast_open_overflows += 1;
            return Verdict::Plain;
        }
        if tcp.options.fast_open_no_cookie || mode & SERVER_NO_COOKIE != 0 {
            return Verdict::Accept;
        }
        let own = tcp.fast_keys.as_deref().copied();
        let keys = match own {
            Some(keys) => keys,
            None => self.tcp.fast_open.begin(&mut self.rng),
        };
        let (client, server) = (tuple.peer().addr, tuple.local().addr);
        let right = cookie(&keys.primary, client, server);
        match given {
            None => Verdict::Plain,
            Some([]) => Verdict::Offer(right),
            Some(given) if given == right => Verdict::Accept,
            Some(given) => {
                let backup = keys.backup.map(|key| cookie(&key, client, server));
                if backup.is_some_and(|backup| given == backup) {
                    return Verdict::Accept;
                }
                self.counters.tcp.fast_open_passive_fails += 1;
                Verdict::Offer(right)
            }
        }
    }

    /// The listener's end is used before the handshake is over: data that came with the SYN can be read at once.
    pub(crate) fn fast_accept(
        &mut self,
        rx: Rx,
        key: Key,
        listener: Key,
        segment: &Segment,
        packet: &[u8],
    ) {
        let Some(Role::Connection(connection)) =
            self.tcp.slab.get_mut(key).map(|tcp| &mut tcp.role)
        else {
            return;
        };
        let v6 = connection.peer.addr.is_ipv6();
        let Wire::Packets(machine) = &mut connection.wire else {
            return;
        };
        let mut frames = Vec::new();
        let mut out = Outbox {
            pool: &mut self.frames,
            frames: &mut frames,
            room: 1,
        };
        machine.output(rx.now, &mut out);
        let Some(mut answer) = frames.pop() else {
            return;
        };
        let front = header_len(v6);
        let Some(reply) = answer.get(front..).and_then(Segment::parse) else {
            return;
        };
        // As if the handshake's last segment had come, with the data.
        let mut last = self.frames.copy(packet);
        let at = packet.len() - segment.payload_len - super::options::header_of(packet, front);
        last[at + 4..at + 8].copy_from_slice(&segment.seq.wrapping_add(1).to_be_bytes());
        last[at + 8..at + 12].copy_from_slice(&reply.seq.wrapping_add(1).to_be_bytes());
        last[at + 13] = ACK;
        let window = segment.window >> connection.record.shift_send;
        last[at + 14..at + 16].copy_from_slice(&window.to_be_bytes());
        let mut out = Outbox::new(&mut self.frames, &mut frames);
        machine.input(rx.now, &last, &mut out);
        // The SYN-ACK acknowledges the data.
        let patience = machine.socket().ack_delay();
        machine.socket_mut().set_ack_delay(None);
        machine.output(rx.now, &mut out);
        machine.socket_mut().set_ack_delay(patience);
        let end = segment.end();
        if let Some(field) = answer.get_mut(front + 8..front + 12) {
            field.copy_from_slice(&end.to_be_bytes());
        }
        self.frames.put(last);
        frames.drain(..).for_each(|frame| self.frames.put(frame));
        connection.fast = Some(Box::new(FastOpen::Child {
            answer: answer.to_vec(),
            listener,
        }));
        connection.record.syn_data = segment.payload_len > 0;
        connection.record.early = true;
        self.counters.tcp.fast_open_passive += 1;
        if let Some(queue) = self
            .tcp
            .slab
            .get_mut(listener)
            .and_then(|tcp| tcp.listener_mut())
        {
            queue.early += 1;
        }
        self.scratch.push(answer);
        self.connection_emit(rx.now, key);
        self.connection_settle(rx.now, key, super::input::Cause::Output);
        self.connection_arm(rx.now, key);
    }

    /// The SYN-ACK of a connection that is in use already, once more.
    pub(crate) fn fast_repeat(&mut self, now: Instant, key: Key) {
        let Some(connection) = self.tcp.slab.get(key).and_then(|tcp| tcp.connection()) else {
            return;
        };
        let Some(FastOpen::Child { answer, .. }) = connection.fast.as_deref() else {
            return;
        };
        let frame = self.frames.copy(answer);
        self.scratch.push(frame);
        self.connection_emit(now, key);
        self.connection_arm(now, key);
    }

    /// The handshake of such a connection is over, or the connection is.
    pub(crate) fn fast_over(&mut self, key: Key) {
        let connection = self
            .tcp
            .slab
            .get_mut(key)
            .and_then(|tcp| tcp.connection_mut());
        let Some(fast) = connection.and_then(|connection| connection.fast.take()) else {
            return;
        };
        if let FastOpen::Child { listener, .. } = *fast
            && let Some(queue) = self
                .tcp
                .slab
                .get_mut(listener)
                .and_then(|tcp| tcp.listener_mut())
        {
            queue.early = queue.early.saturating_sub(1);
        }
    }

    /// The answer to a SYN with Fast Open has come: what it acknowledges of the data is not sent again, and a cookie is kept.
    /// The machine is shown `packet` and what else it has to know.
    pub(crate) fn fast_answered(
        &mut self,
        now: Instant,
        key: Key,
        segment: &Segment,
        bytes: &[u8],
        packet: &[u8],
    ) {
        let Some(Role::Connection(connection)) =
            self.tcp.slab.get_mut(key).map(|tcp| &mut tcp.role)
        else {
            return;
        };
        let Some(fast) = connection.fast.take() else {
            return;
        };
        let answered = match &*fast {
            FastOpen::Client {
                data,
                sent: Some(first),
                ..
            } => {
                let start = first.wrapping_add(1);
                let most = start.wrapping_add(data.len() as u32);
                let right = !after(start, segment.ack) && !after(segment.ack, most);
                right.then_some(start)
            }
            _ => None,
        };
        let Wire::Packets(machine) = &mut connection.wire else {
            return;
        };
        let mut out = Outbox::new(&mut self.frames, &mut self.scratch);
        let (Some(start), FastOpen::Client { data, .. }) = (answered, &*fast) else {
            // Not an answer to what was sent: the machine says so.
            machine.input(now, packet, &mut out);
            connection.fast = Some(fast);
            return;
        };
        let acked = segment.ack.wrapping_sub(start);
        if let Some(given) = option(bytes, FAST_OPEN)
            && (4..=16).contains(&given.len())
            && given.len().is_multiple_of(2)
        {
            self.tcp.fast_open.remember(connection.peer.addr, given);
        }
        let mut copy = out.pool.copy(packet);
        let at = packet.len() - bytes.len() + 8;
        copy[at..at + 4].copy_from_slice(&start.to_be_bytes());
        machine.input(now, &copy, &mut out);
        out.pool.put(copy);
        // The buffer is larger than a segment.
        let _ = machine.socket_mut().send_slice(data);
        if data.is_empty() {
            return;
        }
        if acked == 0 {
            self.counters.tcp.fast_open_active_fails += 1;
            return;
        }
        self.counters.tcp.fast_open_active += 1;
        connection.record.syn_data = true;
        let bare = Bare {
            local: connection.peer,
            peer: connection.local,
            seq: segment.end(),
            ack: segment.ack,
            flags: ACK,
            window: (u32::from(segment.window) >> connection.record.shift_send) as u16,
            tos: 0,
            ttl: 64,
        };
        let shown = bare.packet(&mut self.frames, &[]);
        let mut unasked = Vec::new();
        let mut out = Outbox::new(&mut self.frames, &mut unasked);
        machine.input(now, &shown, &mut out);
        unasked.push(shown);
        unasked.drain(..).for_each(|frame| self.frames.put(frame));
        // The machine's own acknowledgement was made before it knew that.
        let front = header_len(connection.peer.addr.is_ipv6());
        for frame in &mut self.scratch {
            if let Some(field) = frame.get_mut(front + 4..front + 8) {
                field.copy_from_slice(&segment.ack.to_be_bytes());
            }
        }
    }
}
