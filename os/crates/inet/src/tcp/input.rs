//! Segments in: to their connection, to TIME-WAIT, to a listener, or answered with RST.

use core::net::IpAddr;
use core::time::Duration;

use super::connection::{Connection, Wire, state_of};
use super::machine::{Outbox, Shape};
use super::options::{MSS, SACK_PERMITTED, SCALE, STAMPS, option};
use super::segment::{ACK, Bare, RST, SYN, Segment, Tuple, URG, after};
use super::socket::Role;
use super::{TcpOptions, TcpState};
use crate::addr::Endpoint;
use crate::checksum::Sum;
use crate::effects::Ready;
use crate::error::Error;
use crate::filter::Keep;
use crate::icmp::Report;
use crate::ip::Rx;
use crate::ip::header::{IpHeader, header_len, protocol};
use crate::slab::Key;
use crate::stack::{SocketRef, Stack};
use crate::time::Instant;

/// What made the machine change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Segment {
        reset: bool,
    },
    /// Our own doing.
    Output,
}

impl Stack {
    pub(crate) fn tcp_input(&mut self, rx: Rx, header: &IpHeader, packet: &[u8]) {
        if header.payload != header_len(header.is_v6()) {
            return self.tcp_undress(rx, header, packet);
        }
        let bytes = &packet[header.payload..header.end];
        self.counters.tcp.in_segments += 1;
        let Some(segment) = Segment::parse(bytes) else {
            self.counters.tcp.in_errors += 1;
            return;
        };
        if rx.verify
            && !Sum::pseudo(header.src, header.dst, protocol::TCP, bytes.len())
                .bytes(bytes)
                .is_valid()
        {
            self.counters.tcp.in_errors += 1;
            self.counters.tcp.in_checksum_errors += 1;
            return;
        }
        if header.src.is_unspecified() || segment.src_port == 0 || segment.dst_port == 0 {
            return;
        }
        let tuple = Tuple::new(header.dst, segment.dst_port, header.src, segment.src_port);
        // RFC 5082: from further away than the socket allows.
        let too_far = |stack: &Stack, key: Key| {
            let least = stack
                .tcp
                .slab
                .get(key)
                .map_or(0, |tcp| tcp.options.common.min_ttl);
            header.ttl < least
        };
        if let Some(&key) = self.tcp.demux.get(&tuple) {
            if too_far(self, key) {
                return;
            }
            return match self.tcp_filter(rx, key, header, packet) {
                Keep::Nothing => {}
                Keep::All => self.connection_input(rx, key, &segment, bytes, &packet[..header.end]),
                Keep::Start(keep) => self.trimmed_input(rx, key, header, packet, keep),
            };
        }
        if let Some(&wait) = self.tcp.time_wait.entries.get(&tuple)
            && !self.time_wait_input(rx, tuple, wait, &segment)
        {
            return;
        }
        let found = self.listener_at(rx, tuple.local(), tuple.peer());
        let data = header.payload + usize::from(bytes[12] >> 4) * 4;
        match self.reuse_choose(true, found, rx, header, data, packet) {
            Some(listener) if too_far(self, listener) => {}
            Some(listener) => {
                if matches!(self.tcp_filter(rx, listener, header, packet), Keep::Nothing) {
                    return;
                }
                self.listener_input(rx, listener, tuple, &segment, bytes, &packet[..header.end])
            }
            None => self.tcp_refuse(rx, header, &segment),
        }
    }

    /// A segment of which the socket's filter wants no more than `keep` bytes of payload.
    fn trimmed_input(&mut self, rx: Rx, key: Key, header: &IpHeader, packet: &[u8], keep: usize) {
        let mut copy = self.frames.copy(&packet[..header.payload + keep]);
        header.set_end(&mut copy);
        let bytes = &copy[header.payload..];
        if let Some(segment) = Segment::parse(bytes) {
            self.connection_input(rx, key, &segment, bytes, &copy);
        }
        self.frames.put(copy);
    }

    /// RST, unless it answers one.
    pub(crate) fn tcp_refuse(&mut self, rx: Rx, header: &IpHeader, segment: &Segment) {
        if !segment.has(RST) {
            self.tcp_send_bare(rx.now, &Bare::reset(header, segment), Some(rx.iface));
        }
    }

    pub(crate) fn connection_input(
        &mut self,
        rx: Rx,
        key: Key,
        segment: &Segment,
        bytes: &[u8],
        packet: &[u8],
    ) {
        if self.must_wait_for_accept(key, segment) {
            self.counters.tcp.listen_overflows += 1;
            self.counters.tcp.listen_drops += 1;
            if self.config.abort_on_overflow {
                self.connection_reset(key);
            }
            return;
        }
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let (orphan, algorithm, may_hurry) =
            (tcp.orphan, tcp.options.congestion, tcp.options.quick_ack);
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        if connection.is_outdated(rx.now, segment, bytes) {
            return self.refuse_outdated(rx.now, key);
        }
        if tcp.options.shows_headers && connection.peer.addr.is_ipv6() {
            connection.hear_headers(rx, packet, self.tcp.came_with.as_deref());
        }
        if connection.is_early() {
            if segment.has(SYN) {
                return self.fast_repeat(rx.now, key);
            }
            if segment.has(ACK) && after(segment.ack, connection.record.una) {
                self.fast_over(key);
            }
        }
        let Some(Role::Connection(connection)) =
            self.tcp.slab.get_mut(key).map(|tcp| &mut tcp.role)
        else {
            return;
        };
        let una = connection.record.una;
        let hurry = may_hurry && connection.acknowledges_at_once(rx.now, segment);
        let progress = connection.observe_input(rx.now, segment, bytes);
        if progress && !connection.path.local {
            let acked = connection.record.una.wrapping_sub(una);
            connection.congestion_acked(rx.now, algorithm, acked);
        }
        let mut holes = false;
        if connection.record.sack {
            let twice = connection.hear_sack(segment, bytes);
            if twice > 0 {
                connection.record.duplicates += 1;
                self.counters.tcp.dsack_received += 1;
            }
            holes = !connection.sacked.is_empty();
        }
        // Nobody can read this any more (RFC 9293 section 3.10.7: after CLOSE, data is answered with RST).
        let fresh = segment.payload_len > 0 && after(segment.end(), connection.record.ack_sent);
        if orphan && connection.parent.is_none() && fresh && connection.state.is_synchronized() {
            self.counters.tcp.abort_on_data += 1;
            connection.abort();
            return self.tcp.mark_dirty(key);
        }
        if segment.has(URG) {
            self.connection_urged(key, segment, bytes);
        }
        let Some(Role::Connection(connection)) =
            self.tcp.slab.get_mut(key).map(|tcp| &mut tcp.role)
        else {
            return;
        };
        if connection.fast.is_some() && connection.state == TcpState::SynSent {
            if segment.has(SYN) && segment.has(ACK) {
                self.fast_answered(rx.now, key, segment, bytes, packet);
                if !self.scratch.is_empty() {
                    self.connection_emit(rx.now, key);
                }
                self.connection_settle(rx.now, key, Cause::Output);
                return self.tcp.mark_dirty(key);
            }
            if !segment.has(RST) && !segment.has(SYN) {
                // It overtook the SYN-ACK (RFC 9293 section 3.10.7.3: dropped).
                return;
            }
        }
        let mut out = Outbox::new(&mut self.frames, &mut self.scratch);
        let shown = connection.shown_window(segment);
        let temper = connection.tempers_syn().filter(|_| segment.has(SYN));
        // A packet for a connection that has none is forged.
        let Wire::Packets(machine) = &mut connection.wire else {
            return;
        };
        let patience = machine.socket().ack_delay();
        if hurry {
            machine.socket_mut().set_ack_delay(None);
        }
        match shown {
            None if temper.is_none() => machine.input(rx.now, packet, &mut out),
            shown => {
                let mut copy = out.pool.copy(packet);
                let at = packet.len() - bytes.len();
                let window = shown.unwrap_or(segment.window);
                copy[at + 14..at + 16].copy_from_slice(&window.to_be_bytes());
                if let Some(temper) = temper {
                    temper.apply(&mut copy[at..]);
                }
                machine.input(rx.now, &copy, &mut out);
                out.pool.put(copy);
            }
        }
        if hurry {
            machine.socket_mut().set_ack_delay(patience);
        }
        let path = connection.path;
        if !self.scratch.is_empty() {
            self.connection_emit(rx.now, key);
        }
        if progress
            && !path.local
            && let Some(slot) = self.ifaces.get_mut(path.iface)
        {
            slot.neighbours.confirm(rx.now, path.next_hop);
        }
        self.connection_settle(
            rx.now,
            key,
            Cause::Segment {
                reset: segment.has(RST),
            },
        );
        if holes {
            self.sack_repair(rx.now, key);
        }
        self.tcp.mark_dirty(key);
    }

    /// A handshake that completes while the listener's queue is full is not noticed yet; the peer will try again.
    fn must_wait_for_accept(&self, key: Key, segment: &Segment) -> bool {
        let Some(connection) = self.tcp.slab.get(key).and_then(|tcp| tcp.connection()) else {
            return false;
        };
        if connection.state != TcpState::SynReceived || segment.has(SYN) || segment.has(RST) {
            return false;
        }
        let listener = connection
            .parent
            .and_then(|parent| self.tcp.slab.get(parent)?.listener());
        listener.is_some_and(|listener| listener.ready.len() > listener.backlog)
    }

    /// Compares the machine with what was last seen of it and acts on the difference.
    pub(crate) fn connection_settle(&mut self, now: Instant, key: Key, cause: Cause) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        if connection.detached {
            return;
        }
        let was = connection.state;
        let Wire::Packets(machine) = &connection.wire else {
            return;
        };
        let state = state_of(machine.socket().state());
        let mut events = connection.settle_queues(&tcp.options);
        if state == was {
            let deferred = connection.defer_until.is_some() && events.has(Ready::READ);
            self.woken
                .note(SocketRef::Tcp(key), &mut tcp.pending, events);
            if deferred {
                self.connection_enqueue(key);
            }
            return;
        }
        connection.state = state;
        events |= connection.settle_state(was);
        let child = connection.parent.is_some() && !connection.queued;
        if was.is_synchronized() {
            tcp.done = true;
        }
        let live = |state: TcpState| matches!(state, TcpState::Established | TcpState::CloseWait);
        match (live(was), live(state)) {
            (false, true) => self.counters.tcp.current_established += 1,
            (true, false) => self.counters.tcp.current_established -= 1,
            _ => {}
        }
        if (live(was) || was == TcpState::SynReceived) && state == TcpState::Closed {
            self.counters.tcp.established_resets += 1;
        }
        if state == TcpState::Closed || state == TcpState::Listen {
            let error = reset_error(was, cause);
            return self.connection_end(key, error);
        }
        self.woken
            .note(SocketRef::Tcp(key), &mut tcp.pending, events);
        if state == TcpState::FinWait2 {
            return self.connection_orphaned(now, key);
        }
        match (child && state.is_synchronized(), was.is_synchronized()) {
            (true, false) => self.connection_established(now, key),
            // The peer of a deferred child has shut its side.
            (true, true) => self.connection_enqueue(key),
            (false, _) => {}
        }
    }

    /// The connection is over: out of the demultiplexer, and out of the table if nobody holds it.
    pub(crate) fn connection_end(&mut self, key: Key, error: Option<Error>) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let orphan = tcp.orphan;
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        let parent = connection.parent.filter(|_| !connection.queued);
        let queued = connection.queued;
        let early = connection.is_early();
        if !connection.detached {
            connection.detached = true;
            connection.state = TcpState::Closed;
            let tuple = connection.tuple;
            self.tcp.demux.remove(&tuple);
            self.tcp.port_unused(tuple.local_port());
        }
        if early {
            self.fast_over(key);
        }
        if let Some(parent) = parent {
            // A half-open child: its listener forgets it.
            if let Some(listener) = self
                .tcp
                .slab
                .get_mut(parent)
                .and_then(|tcp| tcp.listener_mut())
            {
                listener.embryos -= 1;
            }
            self.counters.tcp.attempt_fails += 1;
            return self.tcp_forget(key);
        }
        if orphan && !queued {
            return self.tcp_forget(key);
        }
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        if error.is_some() {
            tcp.error = error;
        }
        let mut events = Ready::READ | Ready::WRITE | Ready::HUP | Ready::RDHUP | Ready::DRAINED;
        if tcp.error.is_some() {
            events |= Ready::ERR;
        }
        self.woken
            .note(SocketRef::Tcp(key), &mut tcp.pending, events);
    }

    /// An ICMP error about a segment of ours.
    pub(crate) fn tcp_error(
        &mut self,
        now: Instant,
        original: &IpHeader,
        report: &Report,
        payload: &[u8],
    ) {
        // RFC 792 quotes eight bytes: the ports and the sequence number.
        let Some(&[a, b, c, d, s0, s1, s2, s3]) = payload.first_chunk() else {
            return;
        };
        let (local, peer) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let tuple = Tuple::new(original.src, local, original.dst, peer);
        let Some(&key) = self.tcp.demux.get(&tuple) else {
            return;
        };
        let Some(connection) = self
            .tcp
            .slab
            .get_mut(key)
            .and_then(|tcp| tcp.connection_mut())
        else {
            return;
        };
        let seq = u32::from_be_bytes([s0, s1, s2, s3]);
        let record = &connection.record;
        // Not about anything in flight: forged or stale (RFC 5927 section 4).
        if after(record.una, seq) || after(seq, record.next) {
            return;
        }
        let v6 = connection.peer.addr.is_ipv6();
        match (connection.state, report.error) {
            (_, Error::MessageTooBig) => {
                let Wire::Packets(machine) = &mut connection.wire else {
                    return;
                };
                let Shape { whole, extra, .. } = machine.shape;
                let mtu = (report.info as usize).clamp(576, whole.max(576));
                if mtu < whole {
                    let seed = self.rng.u64();
                    machine.set_mtu(now, seed, v6, mtu, extra);
                }
            }
            (TcpState::SynSent, error) => self.connection_end(key, Some(error)),
            (TcpState::SynReceived, _) => self.connection_end(key, None),
            // RFC 1122 section 4.2.3.9: soft errors do not end a connection; nor do hard ones once it is established (RFC 5461).
            _ => {}
        }
    }

    /// The listener for a connection from `peer` to `local` (Linux: inet_lookup_listener and compute_score).
    pub(crate) fn listener_at(&self, rx: Rx, local: Endpoint, peer: Endpoint) -> Option<Key> {
        let bucket = self.tcp.ports.get(&local.port)?;
        let (mut best, mut score, mut sharers) = (None, 0, 0u32);
        for &key in bucket {
            let Some(tcp) = self.tcp.slab.get(key) else {
                continue;
            };
            if tcp.listener().is_none() {
                continue;
            }
            let Some(this) = match_score(tcp.local.addr, tcp.v6, &tcp.options, rx, local.addr)
            else {
                continue;
            };
            if this > score {
                (best, score, sharers) = (Some(key), this, 1);
            } else if this == score && tcp.options.common.reuse_port {
                // Listeners that share the port share the connections, by a hash of the four-tuple.
                sharers += 1;
                let tuple = Tuple::new(local.addr, local.port, peer.addr, peer.port);
                let hash = core::hash::BuildHasher::hash_one(self.tcp.demux.hasher(), tuple);
                if ((hash >> 32) as u32).is_multiple_of(sharers) {
                    best = Some(key);
                }
            }
        }
        best
    }
}

/// How well a bound address fits a destination; `None` when it does not.
fn match_score(bound: IpAddr, v6: bool, options: &TcpOptions, rx: Rx, dst: IpAddr) -> Option<u32> {
    let mut score = 1;
    if let Some(only) = options.common.bound_iface {
        if only != rx.iface {
            return None;
        }
        score += 4;
    }
    if bound.is_unspecified() {
        let dual = v6 && bound.is_ipv6() && !options.common.v6_only;
        if bound.is_ipv6() != dst.is_ipv6() && !dual {
            return None;
        }
    } else if bound != dst {
        return None;
    } else {
        score += 8;
    }
    if v6 == dst.is_ipv6() {
        score += 1;
    }
    Some(score)
}

/// Linux's tcp_reset: what a connection's owner learns.
fn reset_error(was: TcpState, cause: Cause) -> Option<Error> {
    match (cause, was) {
        (Cause::Segment { reset: true }, TcpState::SynSent) => Some(Error::Refused),
        (Cause::Segment { reset: true }, TcpState::CloseWait) => Some(Error::Pipe),
        (Cause::Segment { reset: true }, _) => Some(Error::Reset),
        _ => None,
    }
}

/// How many segments with data are acknowledged at once: TCP_MAX_QUICKACKS.
const QUICK_ACKS: u8 = 16;
/// After so long without a segment the sender begins anew, and waits for each acknowledgement: TCP_RTO_MIN.
const NEW_BURST: Duration = Duration::from_millis(200);

impl Connection {
    /// Whether the sender should not have to wait for the acknowledgement of this segment: its window, or Nagle's algorithm,
    /// may let nothing more go before (Linux: tcp_enter_quickack_mode).
    fn acknowledges_at_once(&mut self, now: Instant, segment: &Segment) -> bool {
        let record = &mut self.record;
        if segment.payload_len == 0 || !self.state.is_synchronized() {
            return false;
        }
        if now.since(record.last_recv) > NEW_BURST {
            record.quick_acks = 0;
        }
        let hurry = record.quick_acks < QUICK_ACKS;
        record.quick_acks += u8::from(hurry);
        hurry
    }

    /// Notes what a segment says. `true` when it acknowledges something new.
    pub(crate) fn observe_input(&mut self, now: Instant, segment: &Segment, bytes: &[u8]) -> bool {
        let record = &mut self.record;
        record.segs_in += 1;
        record.last_recv = now;
        record.keep_probes = 0;
        if segment.payload_len > 0 {
            record.data_segs_in += 1;
            // The whole handshake, and then what was read or can be.
            let expected = record.start.wrapping_add(record.bytes_received as u32);
            if record.sack
                && self.offers.duplicates
                && after(expected, segment.seq)
                && self.state.is_synchronized()
            {
                let end = segment.seq.wrapping_add(segment.payload_len as u32);
                let end = if after(end, expected) { expected } else { end };
                record.duplicate = Some((segment.seq, end));
            }
        }
        if segment.has(SYN) {
            let scale = option(bytes, SCALE).and_then(|body| body.first());
            let default = if self.local.addr.is_ipv4() { 536 } else { 1220 };
            record.mss = match option(bytes, MSS) {
                Some(&[high, low]) => u32::from(u16::from_be_bytes([high, low])),
                _ => default,
            };
            record.start = segment.seq.wrapping_add(1);
            record.window = u32::from(segment.window);
            record.shift_send = scale.map_or(0, |&scale| scale.min(14));
            if scale.is_none() {
                record.shift_recv = 0;
            }
            record.scaled = scale.is_some();
            record.sack = self.offers.sack && option(bytes, SACK_PERMITTED).is_some();
            record.stamped = self.offers.stamps && option(bytes, STAMPS).is_some();
            record.stamp_seen = super::options::stamps(bytes)
                .map(|(value, _)| value)
                .filter(|_| record.stamped);
            record.stamp_at = now;
        } else {
            record.window = u32::from(segment.window) << record.shift_send;
        }
        if !segment.has(ACK) || segment.has(RST) {
            return false;
        }
        record.last_ack = now;
        let new = after(segment.ack, record.una) && !after(segment.ack, record.next);
        if new {
            // Linux counts the SYN of who connects, not that of who accepts.
            let syn = u32::from(self.state == TcpState::SynReceived);
            let acked = segment.ack.wrapping_sub(record.una).saturating_sub(syn);
            record.bytes_acked += u64::from(acked);
            record.una = segment.ack;
            record.retransmits = 0;
            record.waiting_since = (record.una != record.next).then_some(now);
            record.stuck_since = record.waiting_since;
            record.clock = record.waiting_since;
            if let Some((end, sent)) = record.sample
                && !after(end, segment.ack)
            {
                record.sample = None;
                record.sample_rtt(now.since(sent));
            } else if record.stamped && record.sample.is_none() {
                self.sample_echo(now, bytes);
            }
        } else if record.window == 0 && record.waiting_since.is_some() {
            // The peer answers window probes: it lives, however long it takes (RFC 9293 section 3.8.6.1).
            record.waiting_since = Some(now);
        }
        new
    }

    /// Data that arrived and room that came free since the last look.
    pub(crate) fn settle_queues(&mut self, options: &TcpOptions) -> Ready {
        let mut events = Ready::NONE;
        let unread = self.unread();
        if unread > self.unread {
            let grown = unread - self.unread;
            self.record.bytes_received += grown as u64;
            self.record.since_ack = self.record.since_ack.saturating_add(grown as u32);
            events |= Ready::READ;
        }
        self.unread = unread;
        if self.urgent.is_some() {
            events |= self.settle_urgent();
        }
        let writable = self.is_writable(options);
        if writable && !self.writable {
            events |= Ready::WRITE;
        }
        self.writable = writable;
        events
    }

    /// What the change from `was` to the present state means to the owner.
    fn settle_state(&mut self, was: TcpState) -> Ready {
        let mut events = Ready::NONE;
        if !was.is_synchronized() && self.state.is_synchronized() {
            events |= Ready::WRITE;
        }
        let fin = matches!(
            self.state,
            TcpState::CloseWait | TcpState::Closing | TcpState::TimeWait | TcpState::LastAck
        );
        if fin && !self.fin_received {
            self.fin_received = true;
            events |= Ready::READ | Ready::RDHUP;
            if self.shut_write {
                events |= Ready::HUP;
            }
        }
        if matches!(self.state, TcpState::FinWait2 | TcpState::TimeWait) {
            events |= Ready::DRAINED;
        }
        events
    }
}
