//! TCP between two sockets of this host without packets: each end keeps the bytes that it is to read, the other end writes them
//! there. Two copies in all, no segments, no timers.
//!
//! Everything that a socket can tell is as over lo: the handshake waits for room in the accept queue, FIN and RST change states
//! at both ends, TIME-WAIT holds the port, lo counts packets. What cannot be told apart is left out: acknowledgements,
//! retransmission, Nagle. While a packet tap is open or a socket has a filter, new connections take the packet path; running ones are
//! brought there (`conversion.rs`).

use alloc::boxed::Box;

use super::TcpState;
use super::connection::{Connection, Wire};
use super::listener::BUFFER_RANGE;
use super::retransmit::syn_wait;
use super::ring::Ring;
use super::segment::Tuple;
use super::socket::{Bound, Role, Tcp};
use super::timewait::TimeWait;
use crate::addr::Endpoint;
use crate::effects::Ready;
use crate::error::{Error, Result};
use crate::frame::Tag;
use crate::iface::IfaceId;
use crate::ip::Rx;
use crate::rule::Flow;
use crate::slab::Key;
use crate::stack::{SocketRef, Stack};
use crate::time::Instant;

/// lo's largest segment over IPv4 and IPv6, time stamps included.
pub(crate) const LOCAL_MSS: [u32; 2] = [65_495, 65_476];
/// Link, network and transport header of a segment over lo, as its counters see it.
const OVERHEAD: u64 = 66;
/// Ring buffers kept for the next connections.
const SPARE_RINGS: usize = 64;

/// One end.
pub(crate) struct LocalEnd {
    /// The other one; itself for a socket connected to itself. `None` before the handshake and after the end.
    pub peer: Option<Key>,
    /// What is to be read here.
    pub ring: Ring,
    /// What is in the peer's ring, and how much may be: its receive buffer, and our send buffer beyond.
    pub out: usize,
    pub out_window: usize,
    pub send_buffer: usize,
    pub recv_buffer: usize,
    /// When to try again to connect.
    pub again_at: Option<Instant>,
}

impl LocalEnd {
    pub fn new(recv_buffer: usize, send_buffer: usize) -> LocalEnd {
        LocalEnd {
            peer: None,
            ring: Ring::default(),
            out: 0,
            out_window: recv_buffer,
            send_buffer,
            recv_buffer,
            again_at: None,
        }
    }

    /// Bytes that packets would still hold in the send buffer.
    pub fn unacked(&self) -> usize {
        self.out.saturating_sub(self.out_window)
    }

    fn limit(&self) -> usize {
        self.out_window + self.send_buffer
    }

    pub fn room(&self) -> usize {
        self.limit().saturating_sub(self.out)
    }
}

fn is_live(state: TcpState) -> bool {
    matches!(state, TcpState::Established | TcpState::CloseWait)
}

impl Connection {
    fn end(&self) -> Option<&LocalEnd> {
        match &self.wire {
            Wire::Local(end) => Some(end),
            Wire::Packets(_) => None,
        }
    }

    pub(crate) fn end_mut(&mut self) -> Option<&mut LocalEnd> {
        match &mut self.wire {
            Wire::Local(end) => Some(end),
            Wire::Packets(_) => None,
        }
    }
}

impl Stack {
    fn local(&mut self, key: Key) -> Option<(&mut Connection, Key)> {
        let connection = self.tcp.slab.get_mut(key)?.connection_mut()?;
        let peer = connection.end()?.peer?;
        Some((connection, peer))
    }

    /// lo's counters for `packets` segments with `bytes` of payload between them.
    fn count_local(&mut self, packets: u64, bytes: u64) {
        self.counters.tcp.in_segments += packets;
        self.counters.tcp.out_segments += packets;
        if let Some(slot) = self.ifaces.get_mut(IfaceId::LO) {
            let counters = &mut slot.info.counters;
            counters.tx_packets += packets;
            counters.rx_packets += packets;
            counters.tx_bytes += bytes + packets * OVERHEAD;
            counters.rx_bytes += bytes + packets * OVERHEAD;
        }
    }

    fn local_state(&mut self, key: Key, state: TcpState) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        tcp.done |= state.is_synchronized();
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        let was = core::mem::replace(&mut connection.state, state);
        match (is_live(was), is_live(state)) {
            (false, true) => self.counters.tcp.current_established += 1,
            (true, false) => self.counters.tcp.current_established -= 1,
            _ => {}
        }
    }

    fn wake_local(&mut self, key: Key, events: Ready) {
        if let Some(tcp) = self.tcp.slab.get_mut(key) {
            self.woken
                .note(SocketRef::Tcp(key), &mut tcp.pending, events);
        }
    }

    /// The SYN: connects to the listener if it has room, is refused if there is none, or tries again later.
    pub(crate) fn local_connect(&mut self, now: Instant, key: Key) {
        let Some(connection) = self.tcp.slab.get(key).and_then(|tcp| tcp.connection()) else {
            return;
        };
        let (local, peer) = (connection.local, connection.peer);
        let there = Tuple::new(peer.addr, peer.port, local.addr, local.port);
        self.count_local(1, 0);
        if let Some(&other) = self.tcp.demux.get(&there) {
            let opening = self.tcp.slab.get(other).and_then(|tcp| tcp.connection());
            let opening = opening
                .is_some_and(|other| other.state == TcpState::SynSent && other.end().is_some());
            if opening {
                // Simultaneous open (RFC 9293 section 3.5); with itself if the addresses say so.
                return self.local_join(now, key, other);
            }
            // What is left of an older connection: our SYN would be answered by its ACK, and that by our RST.
            self.connection_reset_by_peer(other);
        }
        self.time_wait_remove(&there);
        let rx = Rx::local(now, Tag::default());
        let Some(listener) = self.listener_at(rx, peer, local) else {
            self.count_local(1, 0);
            self.counters.tcp.out_resets += 1;
            self.counters.tcp.attempt_fails += 1;
            return self.connection_end(key, Some(Error::Refused));
        };
        let Some(parent) = self.tcp.slab.get(listener) else {
            return;
        };
        let full = parent
            .listener()
            .is_none_or(|queue| queue.ready.len() > queue.backlog);
        if full {
            self.counters.tcp.listen_overflows += 1;
            self.counters.tcp.listen_drops += 1;
            return self.local_connect_later(now, key);
        }
        self.local_child(now, key, listener, there, peer, local);
    }

    fn local_connect_later(&mut self, now: Instant, key: Key) {
        let Some(connection) = self
            .tcp
            .slab
            .get_mut(key)
            .and_then(|tcp| tcp.connection_mut())
        else {
            return;
        };
        connection.record.waiting_since.get_or_insert(now);
        let again = now + syn_wait(connection.record.retransmits, &self.config);
        connection.record.retransmits += 1;
        if let Some(end) = connection.end_mut() {
            end.again_at = Some(again);
        }
        self.connection_arm(now, key);
    }

    /// The listener's end of a new connection.
    fn local_child(
        &mut self,
        now: Instant,
        key: Key,
        listener: Key,
        tuple: Tuple,
        local: Endpoint,
        peer: Endpoint,
    ) {
        let Some(parent) = self.tcp.slab.get(listener) else {
            return;
        };
        let (v6, options) = (parent.v6, parent.options);
        let Ok((path, _)) = self.find_path(&Flow::to(peer.addr)) else {
            return;
        };
        let mut child = self.new_local_connection(now, tuple, local, peer, path, &options);
        child.parent = Some(listener);
        let child = self.tcp.slab.insert(Tcp {
            v6,
            orphan: true,
            token: 0,
            options,
            local,
            bound: Bound::Inherited,
            role: Role::Connection(Box::new(child)),
            error: None,
            done: false,
            shut_early: (false, false),
            filter: None,
            fast_keys: None,
            saved_syn: None,
            additions: None,
            pending: Ready::NONE,
        });
        self.tcp.demux.insert(tuple, child);
        self.tcp.port_used(tuple.local_port());
        if let Some(queue) = self
            .tcp
            .slab
            .get_mut(listener)
            .and_then(|tcp| tcp.listener_mut())
        {
            queue.embryos += 1;
        }
        self.local_join(now, key, child);
        self.connection_established(now, child);
        self.connection_arm(now, child);
    }

    /// The handshake: both ends know each other and are established.
    fn local_join(&mut self, now: Instant, a: Key, b: Key) {
        self.count_local(2, 0);
        // TCP_MAXSEG of one is what the other is told and keeps to.
        let asked = |key| {
            self.tcp
                .slab
                .get(key)
                .and_then(|tcp| tcp.options.max_segment)
        };
        let most = [a, b].into_iter().filter_map(asked).min();
        let most = most.map_or(u32::MAX, u32::from);
        for (one, other) in [(a, b), (b, a)] {
            let buffers = self
                .tcp
                .slab
                .get(other)
                .and_then(|tcp| tcp.connection()?.end());
            let window = buffers.map_or(0, |end| end.recv_buffer);
            let Some(connection) = self
                .tcp
                .slab
                .get_mut(one)
                .and_then(|tcp| tcp.connection_mut())
            else {
                continue;
            };
            let record = &mut connection.record;
            record.mss = LOCAL_MSS[usize::from(connection.peer.addr.is_ipv6())].min(most);
            record.waiting_since = None;
            record.stuck_since = None;
            record.retransmits = 0;
            // Linux counts the SYN.
            record.bytes_acked = u64::from(connection.parent.is_none());
            (record.segs_out, record.segs_in) = match connection.parent {
                Some(_) => (1, 2),
                None => (2, 1),
            };
            record.min_rtt_us = 20;
            record.stamped = connection.offers.stamps;
            record.sack = connection.offers.sack;
            record.scaled = true;
            record.window = window as u32;
            record.rtt_us = 20;
            record.rtt_var_us = 10;
            record.last_recv = now;
            connection.writable = true;
            if let Some(end) = connection.end_mut() {
                end.peer = Some(other);
                end.out_window = window;
                end.again_at = None;
            }
            self.local_state(one, TcpState::Established);
            self.wake_local(one, Ready::WRITE);
        }
    }

    /// Sends on a connection that has been checked to be able to.
    pub(crate) fn local_send<R>(
        &mut self,
        key: Key,
        hide: bool,
        fill: impl FnOnce(&mut [u8]) -> (usize, R),
    ) -> Result<R> {
        let Some((connection, peer)) = self.local(key) else {
            return Err(Error::Pipe);
        };
        let limit = connection.end().map_or(0, LocalEnd::limit);
        let there = self.tcp.slab.get_mut(peer);
        // Nobody can read this any more: the first write is answered with RST, the next one fails.
        let reader = there.filter(|tcp| {
            !tcp.orphan
                || tcp
                    .connection()
                    .is_some_and(|connection| connection.parent.is_some())
        });
        let Some(reader) = reader else {
            return Ok(self.local_send_in_vain(key, peer, fill));
        };
        let Role::Connection(target) = &mut reader.role else {
            return Err(Error::Pipe);
        };
        let Wire::Local(end) = &mut target.wire else {
            return Err(Error::Pipe);
        };
        let (wrote, result) = end
            .ring
            .write(limit, hide, &mut self.tcp.spares.rings, fill);
        let visible = end.ring.visible();
        if visible > target.unread {
            target.record.bytes_received += (visible - target.unread) as u64;
            target.unread = visible;
            target.record.segs_in += 1;
            target.record.data_segs_in += 1;
            target.record.segs_out += 1;
            self.woken
                .note(SocketRef::Tcp(peer), &mut reader.pending, Ready::READ);
        }
        let deferred = wrote > 0 && target.defer_until.is_some();
        if deferred {
            self.connection_enqueue(peer);
        }
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return Ok(result);
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return Ok(result);
        };
        if let Wire::Local(end) = &mut connection.wire {
            end.out += wrote;
        }
        connection.writable = connection.is_writable(&tcp.options);
        let stuck = tcp.options.user_timeout.is_some() && connection.unacked() > 0;
        if stuck && connection.record.waiting_since.is_none() && !connection.dirty {
            // The flush knows what time it is.
            connection.dirty = true;
            self.tcp.dirty.push(key);
        }
        let record = &mut connection.record;
        record.bytes_sent += wrote as u64;
        record.bytes_acked += wrote as u64;
        record.segs_out += 1;
        record.data_segs_out += 1;
        record.segs_in += 1;
        self.count_local(1 + wrote as u64 / 65_536, wrote as u64);
        Ok(result)
    }

    fn local_send_in_vain<R>(
        &mut self,
        key: Key,
        peer: Key,
        fill: impl FnOnce(&mut [u8]) -> (usize, R),
    ) -> R {
        let mut nowhere = Ring::default();
        let (wrote, result) = nowhere.write(65_536, false, &mut self.tcp.spares.rings, fill);
        self.tcp.spares.put_ring(nowhere.release());
        if wrote > 0 {
            self.counters.tcp.abort_on_data += 1;
            self.count_local(2, wrote as u64);
            self.connection_reset_by_peer(key);
            self.local_state(peer, TcpState::Closed);
            self.connection_end(peer, None);
        }
        result
    }

    /// After `taken` bytes were read at `key`: the writer has room again.
    pub(crate) fn local_was_read(&mut self, key: Key, taken: usize) {
        let Some((_, peer)) = self.local(key) else {
            return;
        };
        let Some(tcp) = self.tcp.slab.get_mut(peer) else {
            return;
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        let Wire::Local(end) = &mut connection.wire else {
            return;
        };
        let before = end.unacked();
        end.out = end.out.saturating_sub(taken);
        let after = end.unacked();
        if connection.record.waiting_since.is_some() && !connection.dirty {
            // Progress: TCP_USER_TIMEOUT begins anew.
            connection.record.waiting_since = None;
            connection.dirty = true;
            self.tcp.dirty.push(peer);
        }
        let mut events = Ready::NONE;
        if before > 0 && after == 0 && connection.shut_write {
            events |= Ready::DRAINED;
        }
        let writable = connection.is_writable(&tcp.options);
        if writable && !connection.writable {
            events |= Ready::WRITE;
        }
        connection.writable = writable;
        self.woken
            .note(SocketRef::Tcp(peer), &mut tcp.pending, events);
    }

    /// A cork is pulled: the peer sees what was held back.
    pub(crate) fn local_uncork(&mut self, key: Key) {
        let Some((connection, peer)) = self.local(key) else {
            return;
        };
        connection.corked_until = None;
        let Some(tcp) = self.tcp.slab.get_mut(peer) else {
            return;
        };
        let Role::Connection(target) = &mut tcp.role else {
            return;
        };
        let Wire::Local(end) = &mut target.wire else {
            return;
        };
        end.ring.reveal();
        let visible = end.ring.visible();
        if visible > target.unread {
            target.record.bytes_received += (visible - target.unread) as u64;
            target.unread = visible;
            self.woken
                .note(SocketRef::Tcp(peer), &mut tcp.pending, Ready::READ);
        }
    }

    /// FIN from `key`: its sending side is shut, the peer will read end of stream.
    pub(crate) fn local_fin(&mut self, now: Instant, key: Key) {
        self.local_uncork(key);
        let Some((connection, peer)) = self.local(key) else {
            return;
        };
        let state = connection.state;
        let unacked = connection.unacked();
        self.count_local(2, 0);
        match state {
            TcpState::Established => self.local_state(key, TcpState::FinWait2),
            // The peer shut its side before: it gets the last ACK and waits, we are done.
            TcpState::CloseWait => {}
            _ => return,
        }
        if unacked == 0 {
            self.wake_local(key, Ready::DRAINED);
        }
        let Some(there) = self.tcp.slab.get_mut(peer) else {
            return;
        };
        let (v6, owner, reuse_addr) = (
            there.v6,
            there.options.common.owner,
            there.options.common.reuse_addr,
        );
        let Role::Connection(target) = &mut there.role else {
            return;
        };
        target.fin_received = true;
        let mut events = Ready::READ | Ready::RDHUP;
        if target.shut_write {
            events |= Ready::HUP;
        }
        self.woken
            .note(SocketRef::Tcp(peer), &mut there.pending, events);
        let tuple = target.tuple;
        if target.defer_until.is_some() {
            self.connection_enqueue(peer);
        }
        if key == peer {
            // Connected to itself: both directions are shut now.
            self.local_state(key, TcpState::Closed);
            return self.connection_end(key, None);
        }
        if state == TcpState::Established {
            return self.local_state(peer, TcpState::CloseWait);
        }
        let wait = TimeWait {
            seq: self.rng.u32(),
            ack: self.rng.u32(),
            window: 0,
            until: now,
            v6,
            owner,
            reuse_addr,
        };
        self.local_state(peer, TcpState::TimeWait);
        self.connection_end(peer, None);
        self.time_wait_insert(now, tuple, wait);
        self.local_state(key, TcpState::Closed);
        self.connection_end(key, None);
    }

    /// RST from `key`: it is over, and the peer learns why.
    pub(crate) fn local_abort(&mut self, key: Key) {
        let peer = self.local(key).map(|(_, peer)| peer);
        self.count_local(1, 0);
        self.counters.tcp.out_resets += 1;
        self.local_state(key, TcpState::Closed);
        self.connection_end(key, None);
        if let Some(peer) = peer.filter(|&peer| peer != key) {
            self.connection_reset_by_peer(peer);
        }
    }

    /// Linux's tcp_reset.
    fn connection_reset_by_peer(&mut self, key: Key) {
        let Some(connection) = self.tcp.slab.get(key).and_then(|tcp| tcp.connection()) else {
            return;
        };
        if connection.detached {
            return;
        }
        let error = match connection.state {
            TcpState::CloseWait => Error::Pipe,
            TcpState::SynSent => Error::Refused,
            _ => Error::Reset,
        };
        if is_live(connection.state) {
            self.counters.tcp.established_resets += 1;
        }
        self.local_state(key, TcpState::Closed);
        self.connection_end(key, Some(error));
    }

    /// SO_RCVBUF or SO_SNDBUF changed. (Machines keep the buffers that they were made with.)
    pub(crate) fn local_resize(&mut self, key: Key, recv_buffer: usize, send_buffer: usize) {
        let (least, most) = BUFFER_RANGE;
        let (recv_buffer, send_buffer) = (
            recv_buffer.clamp(least, most),
            send_buffer.clamp(least, most),
        );
        let Some(end) = self
            .tcp
            .slab
            .get_mut(key)
            .and_then(|tcp| tcp.connection_mut()?.end_mut())
        else {
            return;
        };
        end.recv_buffer = recv_buffer;
        end.send_buffer = send_buffer;
        let Some(peer) = end.peer else { return };
        if let Some(end) = self
            .tcp
            .slab
            .get_mut(peer)
            .and_then(|tcp| tcp.connection_mut()?.end_mut())
        {
            end.out_window = recv_buffer;
        }
        // More room for the peer may mean that it can write again.
        self.local_was_read(key, 0);
    }

    /// The end at `key` is now known by another key.
    pub(crate) fn local_moved(&mut self, old: Key, new: Key) {
        let Some((connection, peer)) = self.local(new) else {
            return;
        };
        if peer == old {
            if let Some(end) = connection.end_mut() {
                end.peer = Some(new);
            }
        } else if let Some(end) = self
            .tcp
            .slab
            .get_mut(peer)
            .and_then(|tcp| tcp.connection_mut()?.end_mut())
        {
            end.peer = Some(new);
        }
    }
}

impl super::socket::Spares {
    pub(crate) fn put_ring(&mut self, buf: alloc::vec::Vec<u8>) {
        if !buf.is_empty() && self.rings.len() < SPARE_RINGS {
            self.rings.push(buf);
        }
    }
}
