//! Segments out: lets the machines of connections that have something to do speak, completes their packets, and runs their timers.

use super::connection::{Connection, Path, Wire};
use super::input::Cause;
use super::machine::Outbox;
use super::options::{MSS, SACK, SACK_PERMITTED, blank, extended, option_mut};
use super::sack::with_duplicate;
use super::segment::{ACK, FIN, RST, SYN, Segment, after};
use super::socket::Role;
use super::timewait::TimeWait;
use super::{TcpOptions, TcpState};
use crate::checksum::Sum;
use crate::error::{Error, Result};
use crate::frame::{Frame, FramePool};
use crate::ip::header::{header_len, protocol, refresh_v4_checksum};
use crate::ip::label;
use crate::rule::Flow;
use crate::slab::Key;
use crate::stack::Stack;
use crate::time::Instant;
use core::net::IpAddr;
use core::time::Duration;

/// More than an acknowledgement is ever delayed.
const ACK_SOON: Duration = Duration::from_millis(20);
/// A machine that wants to speak at once and yet says nothing waits for something that it does not tell.
const PAUSE: Duration = Duration::from_millis(1);

impl Stack {
    /// Lets every connection that is marked speak.
    pub(crate) fn tcp_egress(&mut self, now: Instant) {
        if self.tcp.dirty.is_empty() {
            return;
        }
        let mut list = core::mem::take(&mut self.tcp.dirty);
        for key in list.drain(..) {
            self.connection_output(now, key);
        }
        if self.tcp.dirty.is_empty() {
            self.tcp.dirty = list;
        }
    }

    pub(crate) fn tcp_is_busy(&self) -> bool {
        !self.tcp.dirty.is_empty()
    }

    /// Connections whose device has room again may speak.
    pub(crate) fn tcp_unstall(&mut self) {
        if self.tcp.stalled.is_empty() {
            return;
        }
        let stalled = core::mem::take(&mut self.tcp.stalled);
        self.tcp.dirty.extend(stalled);
    }

    fn connection_output(&mut self, now: Instant, key: Key) {
        self.refresh_path(key);
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        if connection.detached {
            connection.dirty = false;
            return;
        }
        if let Wire::Local(_) = connection.wire {
            connection.dirty = false;
            if connection.state == TcpState::SynSent {
                return self.local_connect(now, key);
            }
            if tcp.options.user_timeout.is_some() && connection.unacked() > 0 {
                connection.record.waiting_since.get_or_insert(now);
                self.connection_arm(now, key);
            }
            return;
        }
        let iface = connection.path.iface;
        let queued = match connection.path.local {
            true => 0,
            false => self.ifaces.get(iface).map_or(0, |slot| slot.tx.len()),
        };
        let room = self.config.tx_queue_len.saturating_sub(queued);
        if room == 0 {
            // Still marked, so that it is not listed twice.
            return self.tcp.stalled.push(key);
        }
        connection.dirty = false;
        // A cork holds the machine's tongue, unless it owes an acknowledgement.
        if connection.corked_until.is_some_and(|until| now < until)
            && connection.record.since_ack == 0
        {
            return self.connection_arm(now, key);
        }
        if connection.cwnd.is_grown() && connection.has_idled(now, &tcp.options, &self.config) {
            connection.cwnd.restart();
            self.congestion_show(now, key);
            return self.tcp.mark_dirty(key);
        }
        let Wire::Packets(machine) = &mut connection.wire else {
            return;
        };
        let mut out = Outbox {
            pool: &mut self.frames,
            frames: &mut self.scratch,
            room: if connection.path.local {
                usize::MAX
            } else {
                room
            },
        };
        machine.output(now, &mut out);
        if out.frames.len() >= out.room {
            connection.dirty = true;
            self.tcp.stalled.push(key);
        }
        if !self.scratch.is_empty() {
            self.connection_emit(now, key);
        }
        self.connection_settle(now, key, Cause::Output);
        self.connection_retire(now, key);
        self.connection_arm(now, key);
    }

    /// Completes what the machine made and sends it.
    pub(crate) fn connection_emit(&mut self, now: Instant, key: Key) {
        let mut frames = core::mem::take(&mut self.scratch);
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        let tos = tcp.options.common.tos;
        let additions = tcp.additions.clone();
        let v6 = connection.peer.addr.is_ipv6();
        let label = match &additions {
            _ if !v6 => 0,
            Some(additions) if additions.label != 0 => additions.label,
            _ if tcp.options.auto_label => connection.label,
            _ => 0,
        };
        let watched = self.taps.is_watched();
        if !connection.sacked.is_empty() {
            frames.retain(|frame| !connection.is_needless(frame));
        }
        for frame in &mut frames {
            if connection.fast.is_some()
                && let Some(longer) = connection.fast_output(&mut self.frames, frame)
            {
                self.frames.put(core::mem::replace(frame, longer));
            }
            self.counters.tcp.out_segments += 1;
            match connection.observe_output(now, frame) {
                Sent::Again => {
                    self.counters.tcp.retransmitted_segments += 1;
                    connection.congestion_lost(tcp.options.congestion, false);
                }
                Sent::Reset => self.counters.tcp.out_resets += 1,
                Sent::New => {}
            }
            if connection.urgent_out.is_some()
                && let Some(segment) = frame.get_mut(header_len(v6)..)
            {
                connection.mark_segment(segment);
            }
            if connection.offers.stamps
                && let Some(segment) = frame.get_mut(header_len(v6)..)
            {
                connection.write_stamps(now, segment);
            }
            if let Some(duplicate) = connection.record.duplicate
                && let Some(longer) = tell_duplicate(&mut self.frames, frame, v6, duplicate)
            {
                connection.record.duplicate = None;
                self.counters.tcp.dsack_sent += 1;
                self.frames.put(core::mem::replace(frame, longer));
            }
            if !connection.offers.sack
                && let Some(segment) = frame.get_mut(header_len(v6)..)
                && segment.get(13).is_some_and(|flags| flags & SYN != 0)
            {
                blank(segment, SACK_PERMITTED);
            }
            if tos != 0 {
                set_tos(frame, v6, tos);
            }
            if label != 0 {
                label::write(frame, label);
            }
            if tcp.options.extra_header != 0 {
                announce_whole(frame, v6, tcp.options.extra_header);
            }
            if !connection.path.local || watched {
                complete(frame, connection, v6);
            }
        }
        let Path {
            iface, next_hop, ..
        } = connection.path;
        let from = connection.local.addr;
        let v = usize::from(v6);
        for mut frame in frames.drain(..) {
            if let Some(additions) = &additions {
                frame = self.dress(frame, additions, from);
            }
            self.counters.ip[v].out_requests += 1;
            self.counters.ip[v].out_octets += frame.len() as u64;
            // Never longer than the path's MTU, but where the device takes it: no fragmentation here.
            self.ip_transmit(now, iface, next_hop, frame);
        }
        self.scratch = frames;
    }

    /// Once the last ACK is out, a connection in TIME-WAIT needs no machine.
    fn connection_retire(&mut self, now: Instant, key: Key) {
        let Some(tcp) = self.tcp.slab.get(key) else {
            return;
        };
        let Some(connection) = tcp.connection() else {
            return;
        };
        if connection.state != TcpState::TimeWait || connection.detached {
            return;
        }
        let wait = TimeWait {
            seq: connection.record.next,
            ack: connection.record.ack_sent,
            window: connection.record.window_sent,
            until: now,
            v6: tcp.v6,
            owner: tcp.options.common.owner,
            reuse_addr: tcp.options.common.reuse_addr,
        };
        let tuple = connection.tuple;
        self.connection_end(key, None);
        self.time_wait_insert(now, tuple, wait);
    }

    /// Notes in the deadline index when the connection wants to be looked at.
    pub(crate) fn connection_arm(&mut self, now: Instant, key: Key) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        if connection.detached {
            return;
        }
        let machine = match (&mut connection.wire, connection.corked_until) {
            (Wire::Packets(machine), None) => machine.poll_at(now).map(|at| at.max(now + PAUSE)),
            (Wire::Packets(_), Some(_)) => None,
            (Wire::Local(end), _) => end.again_at,
        };
        let patience = connection.give_up_at(&tcp.options, tcp.orphan, &self.config);
        let again = connection.retransmit_at(now, &tcp.options, &self.config);
        // While our timer runs, of the machine's only the one for a delayed acknowledgement counts.
        let machine = machine.filter(|&at| again.is_none() || at <= now + ACK_SOON);
        let deadlines = [
            machine,
            patience,
            connection.keepalive_at(&tcp.options),
            connection.fin_wait_until,
            connection.corked_until,
            again,
            connection.defer_until,
        ];
        if let Some(at) = deadlines.into_iter().flatten().min() {
            self.timers.arm(&mut connection.armed, key, at);
        }
    }

    /// An entry of the deadline index has come due.
    pub(crate) fn tcp_deadline(&mut self, now: Instant, at: Instant, key: Key) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        if connection.armed != Some(at) || connection.detached {
            return;
        }
        connection.armed = None;
        let patience = connection.give_up_at(&tcp.options, tcp.orphan, &self.config);
        if patience.is_some_and(|at| at <= now) {
            self.counters.tcp.abort_on_timeout += 1;
            // Linux says nothing to the peer, which has not answered for so long.
            return self.connection_fail(key, Error::TimedOut);
        }
        if connection.fin_wait_until.is_some_and(|until| until <= now) {
            return self.connection_fail(key, Error::TimedOut);
        }
        if connection.corked_until.is_some_and(|until| until <= now) {
            connection.corked_until = None;
            if matches!(connection.wire, Wire::Local(_)) {
                self.local_uncork(key);
                return self.connection_arm(now, key);
            }
        }
        if connection.defer_until.is_some_and(|until| until <= now) {
            self.connection_enqueue(key);
            return self.tcp.mark_dirty(key);
        }
        if connection
            .retransmit_at(now, &tcp.options, &self.config)
            .is_some_and(|due| due <= now)
        {
            return self.connection_retransmit(now, key);
        }
        if connection
            .keepalive_at(&tcp.options)
            .is_some_and(|due| due <= now)
        {
            return self.connection_probe(now, key);
        }
        self.tcp.mark_dirty(key);
    }

    /// The retransmission timer has expired.
    fn connection_retransmit(&mut self, now: Instant, key: Key) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        connection.record.retransmits += 1;
        connection.record.clock = Some(now);
        connection.sacked.timed_out();
        self.counters.tcp.timeouts += 1;
        if connection.is_early() {
            return self.fast_repeat(now, key);
        }
        self.congestion_restrain(now, key);
        let spoke = self.connection_expire(now, key);
        self.tcp.mark_dirty(key);
        if spoke {
            return;
        }
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        if connection.has_lost_fin() {
            let record = &mut connection.record;
            record.total_retransmits += 1;
            self.counters.tcp.retransmitted_segments += 1;
            let seq = record.next.wrapping_sub(1);
            self.connection_say(now, key, seq, FIN | ACK);
        }
    }

    /// Lets the machine believe that its timer is over, and sends what it makes of it. Whether that was anything.
    pub(crate) fn connection_expire(&mut self, now: Instant, key: Key) -> bool {
        let Some(Role::Connection(connection)) =
            self.tcp.slab.get_mut(key).map(|tcp| &mut tcp.role)
        else {
            return false;
        };
        let Wire::Packets(machine) = &mut connection.wire else {
            return false;
        };
        let mut out = Outbox::new(&mut self.frames, &mut self.scratch);
        machine.expire(now, &mut out);
        let spoke = !self.scratch.is_empty();
        if spoke {
            self.connection_emit(now, key);
        }
        spoke
    }

    /// The keepalive timer has expired: asks the peer for a sign of life, or gives it up.
    fn connection_probe(&mut self, now: Instant, key: Key) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        let record = &mut connection.record;
        // TCP_USER_TIMEOUT takes the place of the count (tcp(7)).
        let over = match tcp.options.user_timeout {
            Some(limit) => record.keep_probes > 0 && record.last_recv + limit <= now,
            None => record.keep_probes >= tcp.options.keep_count,
        };
        record.keep_probes += 1;
        let next = record.next;
        if over {
            self.connection_say(now, key, next, RST | ACK);
            return self.connection_fail(key, Error::TimedOut);
        }
        // RFC 9293 section 3.8.4: one before what the peer expects, so that it must answer.
        self.connection_say(now, key, next.wrapping_sub(1), ACK);
        self.tcp.mark_dirty(key);
    }

    /// Ends a connection without a word to the peer.
    fn connection_fail(&mut self, key: Key, error: Error) {
        if let Some(connection) = self.tcp.slab.get(key).and_then(|tcp| tcp.connection())
            && matches!(
                connection.state,
                TcpState::Established | TcpState::CloseWait
            )
        {
            self.counters.tcp.current_established -= 1;
        }
        if let Some(tcp) = self.tcp.slab.get_mut(key) {
            tcp.done |= tcp.state().is_synchronized();
        }
        self.connection_end(key, Some(error));
    }

    /// Where packets go, and from which address where the flow does not say.
    pub(crate) fn find_path(&self, flow: &Flow) -> Result<(Path, IpAddr)> {
        let route = self.select_route_for(flow)?;
        let quirks = self.iface(route.iface)?.info.quirks;
        let path = Path {
            iface: route.iface,
            next_hop: route.next_hop,
            mtu: route.mtu,
            generation: self.route_generation,
            local: route.local,
            offload: quirks.tx_checksum_offload,
        };
        Ok((path, route.source))
    }

    fn refresh_path(&mut self, key: Key) {
        let Some(connection) = self.tcp.slab.get(key).and_then(|tcp| tcp.connection()) else {
            return;
        };
        if connection.path.generation == self.route_generation {
            return;
        }
        let via = crate::addr::is_link_local(connection.peer.addr).then_some(connection.path.iface);
        let additions = self
            .tcp
            .slab
            .get(key)
            .and_then(|tcp| tcp.additions.as_ref());
        let peer = connection.peer.addr;
        let toward = additions.and_then(|it| it.first_hop(peer.is_ipv6()));
        let path = self.find_path(&Flow {
            via,
            source: Some(connection.local.addr),
            ..Flow::to(toward.unwrap_or(peer))
        });
        if let Some(connection) = self
            .tcp
            .slab
            .get_mut(key)
            .and_then(|tcp| tcp.connection_mut())
        {
            connection.path.generation = self.route_generation;
            // Without a route the connection stalls where it was; it does not end (RFC 1122 section 4.2.3.9).
            if let Ok((path, _)) = path {
                connection.path = path;
            }
        }
    }
}

pub(crate) enum Sent {
    New,
    Again,
    Reset,
}

impl Connection {
    /// Notes what a packet of the machine says.
    pub(crate) fn observe_output(&mut self, now: Instant, packet: &[u8]) -> Sent {
        let front = header_len(self.peer.addr.is_ipv6());
        let Some(segment) = packet.get(front..).and_then(Segment::parse) else {
            return Sent::New;
        };
        let record = &mut self.record;
        let first = record.segs_out == 0;
        record.segs_out += 1;
        record.last_send = now;
        record.ack_sent = segment.ack;
        record.window_sent = segment.window;
        record.since_ack = 0;
        if segment.has(RST) {
            return Sent::Reset;
        }
        if segment.len() == 0 {
            return Sent::New;
        }
        if first {
            record.una = segment.seq;
            record.next = segment.seq;
        }
        if segment.has(SYN) && first {
            // The window of a SYN is not scaled, but what follows will be, if the peer agrees.
            record.window_sent = 0;
        }
        let end = segment.end();
        record.waiting_since.get_or_insert(now);
        record.stuck_since.get_or_insert(now);
        record.clock.get_or_insert(now);
        if segment.payload_len > 0 {
            record.data_segs_out += 1;
            record.bytes_sent += segment.payload_len as u64;
        }
        if after(end, record.next) {
            record.next = end;
            if record.sample.is_none() {
                record.sample = Some((end, now));
            }
            return Sent::New;
        }
        // RFC 6298 section 3, Karn's algorithm: no sample from what was sent twice.
        record.sample = None;
        record.bytes_again += segment.payload_len as u64;
        record.total_retransmits += 1;
        Sent::Again
    }

    /// The window that the peer believes to have has become too small, and we could offer at least twice of it.
    pub(crate) fn owes_window_update(&self) -> bool {
        let record = &self.record;
        let offered = (usize::from(record.window_sent) << record.shift_recv)
            .saturating_sub(record.since_ack as usize);
        let room = self.recv_buffer() - self.unread();
        room >= offered * 2
    }

    /// Less than a full segment is unsent.
    pub(crate) fn has_partial_segment(&self, options: &TcpOptions) -> bool {
        let most = options
            .max_segment
            .map_or(u32::MAX, u32::from)
            .min(self.record.mss);
        let stamps = if self.record.stamped { 12 } else { 0 };
        self.unsent() < most.saturating_sub(stamps).max(1) as usize
    }
}

/// The pure acknowledgement with the D-SACK block; `None` for other segments.
fn tell_duplicate(
    pool: &mut FramePool,
    packet: &mut Frame,
    v6: bool,
    duplicate: (u32, u32),
) -> Option<Frame> {
    let front = header_len(v6);
    let segment = packet.get(front..).and_then(Segment::parse)?;
    if segment.len() > 0 || segment.has(RST) || !segment.has(ACK) {
        return None;
    }
    let option = with_duplicate(&packet[front..], duplicate);
    blank(&mut packet[front..], SACK);
    extended(pool, packet, v6, &option, &[])
}

/// A SYN tells the segment size that the link allows, whatever our own headers take of it (Linux: advmss).
fn announce_whole(packet: &mut [u8], v6: bool, extra: u16) {
    if let Some(segment) = packet.get_mut(header_len(v6)..)
        && segment.get(13).is_some_and(|flags| flags & SYN != 0)
        && let Some([high, low]) = option_mut(segment, MSS)
    {
        let whole = u16::from_be_bytes([*high, *low]).saturating_add(extra);
        [*high, *low] = whole.to_be_bytes();
    }
}

fn set_tos(packet: &mut [u8], v6: bool, tos: u8) {
    if v6 {
        packet[0] = 0x60 | tos >> 4;
        packet[1] = packet[1] & 0x0f | tos << 4;
    } else {
        packet[1] = tos;
    }
}

/// Fills in the checksums that the machine left out.
fn complete(packet: &mut Frame, connection: &Connection, v6: bool) {
    if !v6 {
        refresh_v4_checksum(packet);
    }
    if connection.path.offload && !connection.path.local {
        return;
    }
    let Some(segment) = packet.get_mut(header_len(v6)..) else {
        return;
    };
    segment[16..18].fill(0);
    let sum = Sum::pseudo(
        connection.local.addr,
        connection.peer.addr,
        protocol::TCP,
        segment.len(),
    );
    let sum = sum.bytes(segment).finish();
    segment[16..18].copy_from_slice(&sum);
}
