//! Listeners: a SYN becomes a child, a completed child waits to be accepted.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use super::congestion::Window;
use super::connection::{Connection, Offers, Path, Record, Wire, state_of};
use super::fastopen::{FastOpen, Verdict};
use super::headers::Heard;
use super::local::LocalEnd;
use super::machine::{Machine, Outbox, Shape, beside};
use super::sack::Scoreboard;
use super::segment::{ACK, RST, SYN, Segment, Tuple};
use super::socket::{Bound, Role, Tcp};
use super::{Accepted, TcpOptions, TcpState};
use crate::addr::{Endpoint, is_link_local};
use crate::effects::Ready;
use crate::error::{Error, Result};
use crate::ip::Rx;
use crate::ip::header::header_len;
use crate::rule::Flow;
use crate::slab::Key;
use crate::stack::{SocketRef, Stack};
use crate::tcp::TcpId;
use crate::time::Instant;

/// Keys of half-open connections that a listener may remember without need.
const TIDY_AT: usize = 64;
/// Buffers under memory pressure, in bytes.
const SMALL_BUFFER: usize = 16_384;
/// The least and the most a buffer may be.
pub(crate) const BUFFER_RANGE: (usize, usize) = (4_608, 8 << 20);
/// The most that fits an IPv4 packet: its length field has 16 bits.
const LARGEST_V4: usize = 65_535;

impl Stack {
    /// A segment for a listener.
    pub(crate) fn listener_input(
        &mut self,
        rx: Rx,
        listener: Key,
        tuple: Tuple,
        segment: &Segment,
        bytes: &[u8],
        packet: &[u8],
    ) {
        if segment.has(RST) {
            return;
        }
        if segment.has(ACK) {
            let cookie = self.config.syn_cookies != 0
                && !segment.has(SYN)
                && self.tcp.cookies.is_open(rx.now);
            if cookie && self.cookie_take(rx, listener, tuple, segment, bytes, packet) {
                return;
            }
            let (local, peer) = (tuple.local(), tuple.peer());
            let bare = super::segment::Bare {
                local,
                peer,
                seq: segment.ack,
                ack: 0,
                flags: RST,
                window: 0,
                tos: 0,
                ttl: 64,
            };
            return self.tcp_send_bare(rx.now, &bare, Some(rx.iface));
        }
        if !segment.has(SYN) {
            return;
        }
        let Some(parent) = self.tcp.slab.get(listener) else {
            return;
        };
        let Some(queue) = parent.listener() else {
            return;
        };
        // Linux's sk_acceptq_is_full and inet_csk_reqsk_queue_is_full: dropped, not refused; the peer tries again.
        if queue.ready.len() > queue.backlog {
            self.counters.tcp.listen_drops += 1;
            self.counters.tcp.listen_overflows += 1;
            return;
        }
        let most = self.config.max_half_open.max(1);
        let full = match self.config.syn_cookies {
            0 => queue.embryos >= most,
            1 => queue.embryos >= most || queue.embryos > queue.backlog,
            _ => true,
        };
        if full {
            if self.config.syn_cookies != 0 {
                return self.cookie_give(rx, listener, &tuple, segment, bytes);
            }
            self.listener_make_room(listener);
        }
        self.listener_child(rx, listener, tuple, segment, bytes, packet);
    }

    /// A SYN becomes a connection.
    pub(crate) fn listener_child(
        &mut self,
        rx: Rx,
        listener: Key,
        tuple: Tuple,
        segment: &Segment,
        bytes: &[u8],
        packet: &[u8],
    ) {
        let Some(parent) = self.tcp.slab.get(listener) else {
            return;
        };
        let (v6, mut options, filter) = (parent.v6, parent.options, parent.filter.clone());
        let verdict = self.fast_verdict(listener, &tuple, segment, bytes);
        let (local, mut peer) = (tuple.local(), tuple.peer());
        let v6_peer = peer.addr.is_ipv6();
        let additions = self.tcp_inherited(listener, v6_peer);
        options.extra_header = additions.as_ref().map_or(0, |it| it.len(v6_peer)) as u16;
        let link_local = is_link_local(peer.addr);
        if link_local {
            peer.scope = rx.iface.0;
        }
        let Ok((path, _)) = self.find_path(&Flow {
            via: link_local.then_some(rx.iface),
            source: Some(local.addr),
            mark: options.common.mark,
            ..Flow::to(peer.addr)
        }) else {
            return;
        };
        let mut connection = self.new_connection(rx.now, tuple, local, peer, path, &options);
        let Wire::Packets(machine) = &mut connection.wire else {
            return;
        };
        if !machine.listen(local) {
            return;
        }
        machine.set_stamps(connection.offers.stamps);
        connection.parent = Some(listener);
        connection.hear_headers(rx, packet, self.tcp.came_with.as_deref());
        connection.observe_input(rx.now, segment, bytes);
        let mut hidden = None;
        if let Some(temper) = connection.tempers_syn() {
            let mut copy = self.frames.copy(packet);
            temper.apply(&mut copy[packet.len() - bytes.len()..]);
            hidden = Some(copy);
        }
        let mut out = Outbox::new(&mut self.frames, &mut self.scratch);
        let Wire::Packets(machine) = &mut connection.wire else {
            return;
        };
        machine.input(rx.now, hidden.as_deref().unwrap_or(packet), &mut out);
        self.scratch
            .drain(..)
            .chain(hidden)
            .for_each(|frame| self.frames.put(frame));
        if let Verdict::Offer(cookie) = verdict {
            connection.fast = Some(Box::new(FastOpen::Offer(cookie)));
        }
        let saved_syn = (options.save_syn != 0).then(|| {
            let front = packet.len() - bytes.len();
            let own = self.tcp.came_with.as_ref().map(|came| &came.front[..]);
            let end = packet.len() - segment.payload_len;
            let syn = [own.unwrap_or(&packet[..front]), &packet[front..end]].concat();
            match options.save_syn {
                1 => syn.into(),
                _ => self.with_link_header(rx, &syn),
            }
        });
        connection.state = state_of(machine.socket().state());
        if connection.state != TcpState::SynReceived {
            return self.release(connection);
        }
        self.tcp.filtered += usize::from(filter.is_some());
        let key = self.tcp.slab.insert(Tcp {
            v6,
            orphan: true,
            token: 0,
            options,
            local,
            bound: Bound::Inherited,
            role: Role::Connection(Box::new(connection)),
            error: None,
            done: false,
            shut_early: (false, false),
            filter,
            fast_keys: None,
            saved_syn,
            additions,
            pending: Ready::NONE,
        });
        self.tcp.demux.insert(tuple, key);
        self.tcp.port_used(tuple.local_port());
        if let Some(queue) = self
            .tcp
            .slab
            .get_mut(listener)
            .and_then(|tcp| tcp.listener_mut())
        {
            queue.embryos += 1;
            queue.half_open.push_back(key);
        }
        self.listener_tidy(listener);
        if let Verdict::Accept = verdict {
            return self.fast_accept(rx, key, listener, segment, packet);
        }
        self.tcp.mark_dirty(key);
    }

    /// A packet behind the Ethernet header with which it came, as far as that is known here: lo has zeros.
    fn with_link_header(&self, rx: Rx, packet: &[u8]) -> Box<[u8]> {
        let mut bytes = alloc::vec![0; crate::frame::LINK_HEADER];
        if let Ok(slot) = self.iface(rx.iface)
            && let crate::iface::IfaceKind::Ethernet { mac } = slot.info.kind
        {
            bytes[..6].copy_from_slice(&mac);
        }
        let kind: u16 = match packet.first().map(|byte| byte >> 4) {
            Some(6) => 0x86dd,
            _ => 0x0800,
        };
        bytes[12..].copy_from_slice(&kind.to_be_bytes());
        bytes.extend_from_slice(packet);
        bytes.into()
    }

    /// Forgets those that are not half open any more, once they are many.
    fn listener_tidy(&mut self, listener: Key) {
        let Some(queue) = self
            .tcp
            .slab
            .get_mut(listener)
            .and_then(|tcp| tcp.listener_mut())
        else {
            return;
        };
        if queue.half_open.len() <= 2 * queue.embryos + TIDY_AT {
            return;
        }
        let mut half_open = core::mem::take(&mut queue.half_open);
        half_open.retain(|&key| self.is_half_open(key, listener));
        if let Some(queue) = self
            .tcp
            .slab
            .get_mut(listener)
            .and_then(|tcp| tcp.listener_mut())
        {
            queue.half_open = half_open;
        }
    }

    fn is_half_open(&self, key: Key, listener: Key) -> bool {
        let connection = self.tcp.slab.get(key).and_then(|tcp| tcp.connection());
        connection.is_some_and(|connection| {
            connection.state == TcpState::SynReceived && connection.parent == Some(listener)
        })
    }

    /// Too many connections are half open, perhaps because nobody means them (RFC 4987): the oldest gives way. One that is meant
    /// has answered long before so many newer ones come.
    fn listener_make_room(&mut self, listener: Key) {
        loop {
            let queue = self
                .tcp
                .slab
                .get_mut(listener)
                .and_then(|tcp| tcp.listener_mut());
            let Some(oldest) = queue.and_then(|queue| queue.half_open.pop_front()) else {
                return;
            };
            if self.is_half_open(oldest, listener) {
                self.counters.tcp.listen_drops += 1;
                return self.connection_end(oldest, None);
            }
        }
    }

    /// A child's handshake is complete: it waits to be accepted, or for its first data if the listener asked for that.
    pub(crate) fn connection_established(&mut self, now: Instant, key: Key) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        self.counters.tcp.passive_opens += 1;
        match tcp.options.defer_accept {
            Some(patience) if connection.unread == 0 && !connection.fin_received => {
                connection.defer_until = Some(now + patience);
            }
            _ => self.connection_enqueue(key),
        }
    }

    /// Puts a complete child into its listener's queue.
    pub(crate) fn connection_enqueue(&mut self, key: Key) {
        let Some(connection) = self
            .tcp
            .slab
            .get_mut(key)
            .and_then(|tcp| tcp.connection_mut())
        else {
            return;
        };
        let Some(parent) = connection.parent.filter(|_| !connection.queued) else {
            return;
        };
        connection.queued = true;
        connection.defer_until = None;
        let Some(tcp) = self.tcp.slab.get_mut(parent) else {
            return;
        };
        if let Some(queue) = tcp.listener_mut() {
            queue.embryos -= 1;
            queue.ready.push_back(key);
        }
        self.woken
            .note(SocketRef::Tcp(parent), &mut tcp.pending, Ready::READ);
    }

    pub(crate) fn listener_accept(&mut self, id: TcpId, token: u64) -> Result<Accepted> {
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let queue = tcp.listener_mut().ok_or(Error::Invalid)?;
        let key = queue.ready.pop_front().ok_or(Error::WouldBlock)?;
        let child = self.tcp.slab.get_mut(key).ok_or(Error::WouldBlock)?;
        child.orphan = false;
        child.token = token;
        child.pending = Ready::NONE;
        let connection = child.connection_mut().ok_or(Error::WouldBlock)?;
        connection.parent = None;
        connection.queued = false;
        Ok(Accepted {
            id: TcpId(key),
            local: connection.local,
            peer: connection.peer,
        })
    }

    /// Stops listening: connections nobody accepted are reset.
    pub(crate) fn listener_stop(&mut self, key: Key) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let Role::Listener(_) = &tcp.role else { return };
        let Role::Listener(listener) = core::mem::replace(&mut tcp.role, Role::Idle) else {
            return;
        };
        self.reuse_part(true, key);
        let mut children: VecDeque<Key> = listener.ready;
        if listener.embryos > 0 {
            let embryos = self.tcp.slab.iter().filter(|(_, tcp)| {
                tcp.connection()
                    .is_some_and(|connection| connection.parent == Some(key) && !connection.queued)
            });
            children.extend(embryos.map(|(child, _)| child));
        }
        for child in children {
            self.connection_reset(child);
        }
    }

    /// RST to the peer; the connection ends in the next flush.
    pub(crate) fn connection_reset(&mut self, key: Key) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        tcp.orphan = true;
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        connection.parent = None;
        connection.queued = false;
        if connection.detached {
            return self.tcp_forget(key);
        }
        if matches!(connection.wire, Wire::Local(_)) {
            return self.local_abort(key);
        }
        connection.abort();
        self.tcp.mark_dirty(key);
    }

    /// Removes a socket from every table.
    pub(crate) fn tcp_forget(&mut self, key: Key) {
        let Some(tcp) = self.tcp.slab.remove(key) else {
            return;
        };
        self.reuse_part(true, key);
        self.tcp.filtered -= usize::from(tcp.filter.is_some());
        if tcp.bound == Bound::Explicit {
            self.tcp.take_from_bucket(tcp.local.port, key);
        }
        if let Role::Connection(connection) = tcp.role {
            self.tcp.orphans -= usize::from(connection.orphaned);
            self.release(*connection);
        }
    }

    /// Keeps an ended connection's machine for the next one.
    pub(crate) fn release(&mut self, connection: Connection) {
        match connection.wire {
            Wire::Packets(machine) => {
                let shape = machine.shape;
                if !self.tcp.spares.put(*machine) {
                    self.tcp.memory -= shape.recv_buffer + shape.send_buffer;
                }
            }
            Wire::Local(end) => self.tcp.spares.put_ring(end.ring.release()),
        }
    }

    /// A connection with a closed machine, known to nobody yet.
    pub(crate) fn new_connection(
        &mut self,
        now: Instant,
        tuple: Tuple,
        local: Endpoint,
        peer: Endpoint,
        path: Path,
        options: &TcpOptions,
    ) -> Connection {
        let v6 = peer.addr.is_ipv6();
        let machine = self.machine(now, path, options, v6);
        let mut connection = self.connection_over(
            Wire::Packets(Box::new(machine)),
            now,
            tuple,
            local,
            peer,
            path,
        );
        connection.apply(options);
        connection
    }

    /// A connection to a socket of this host.
    pub(crate) fn new_local_connection(
        &mut self,
        now: Instant,
        tuple: Tuple,
        local: Endpoint,
        peer: Endpoint,
        path: Path,
        options: &TcpOptions,
    ) -> Connection {
        let (least, most) = BUFFER_RANGE;
        let recv_buffer = options.recv_buffer().clamp(least, most);
        let send_buffer = options.common.send_buffer.clamp(least, most);
        let end = LocalEnd::new(recv_buffer, send_buffer);
        self.connection_over(Wire::Local(end), now, tuple, local, peer, path)
    }

    fn connection_over(
        &mut self,
        wire: Wire,
        now: Instant,
        tuple: Tuple,
        local: Endpoint,
        peer: Endpoint,
        path: Path,
    ) -> Connection {
        let recv_buffer = match &wire {
            Wire::Packets(machine) => machine.shape.recv_buffer,
            Wire::Local(end) => end.recv_buffer,
        };
        let offers = Offers {
            stamps: self.config.timestamps != 0,
            sack: self.config.sack,
            duplicates: self.config.dsack,
        };
        let stamp_offset = match (&wire, self.config.timestamps) {
            (Wire::Packets(_), 1) => self.rng.u32(),
            _ => 0,
        };
        let label = match (&wire, peer.addr.is_ipv6()) {
            (Wire::Packets(_), true) => self.tcp.label(&tuple),
            _ => 0,
        };
        Connection {
            tuple,
            local,
            peer,
            wire,
            state: TcpState::Closed,
            parent: None,
            queued: false,
            path,
            dirty: false,
            armed: None,
            detached: false,
            shut_read: false,
            shut_write: false,
            fin_received: false,
            unread: 0,
            writable: false,
            corked_until: None,
            fin_wait_until: None,
            orphaned: false,
            urgent: None,
            urgent_out: None,
            defer_until: None,
            cwnd: Window::default(),
            offers,
            fast: None,
            label,
            heard: Heard::default(),
            heard_headers: None,
            sacked: Scoreboard::default(),
            record: Record {
                stamp_at: now,
                stamp_offset,
                last_recv: now,
                last_ack: now,
                last_send: now,
                mss: 536,
                // As smoltcp computes it from the buffer.
                shift_recv: (usize::BITS - recv_buffer.leading_zeros()).saturating_sub(16) as u8,
                ..Record::default()
            },
        }
    }

    fn machine(&mut self, now: Instant, path: Path, options: &TcpOptions, v6: bool) -> Machine {
        let headers = header_len(v6) + super::segment::HEADER;
        let mut mtu = if v6 {
            path.mtu
        } else {
            path.mtu.min(LARGEST_V4)
        };
        if let Some(most) = options.common.mtu {
            mtu = mtu.min(most as usize);
        }
        if let Some(mss) = options.max_segment {
            mtu = mtu.min(usize::from(mss).max(88) + headers);
        }
        let (least, most) = BUFFER_RANGE;
        let pressed = self.tcp.memory >= self.config.tcp_memory;
        let size = |wanted: usize| {
            let wanted = wanted.clamp(least, most);
            if pressed {
                wanted.min(SMALL_BUFFER)
            } else {
                wanted
            }
        };
        let quirks = self
            .iface(path.iface)
            .map(|iface| iface.info.quirks)
            .unwrap_or_default();
        let shape = Shape {
            whole: mtu,
            mtu: beside(mtu, options.extra_header.into(), v6),
            extra: options.extra_header.into(),
            unsegmented: quirks.tso_to_slirp
                && !v6
                && options.max_segment.is_none()
                && options.extra_header == 0,
            recv_buffer: size(options.recv_buffer()),
            send_buffer: size(options.common.send_buffer),
        };
        let seed = self.rng.u64();
        let seed = self.tcp.cookies.seed.take().unwrap_or(seed);
        let spares = &mut self.tcp.spares.machines;
        let fits = |spare: &Machine| {
            (spare.shape.recv_buffer, spare.shape.send_buffer)
                == (shape.recv_buffer, shape.send_buffer)
        };
        if let Some(at) = spares.iter().rposition(fits) {
            return spares.swap_remove(at).renew(now, seed, shape);
        }
        if let Some(other) = if spares.len() >= 32 {
            spares.pop()
        } else {
            None
        } {
            self.tcp.memory -= other.shape.recv_buffer + other.shape.send_buffer;
        }
        self.tcp.memory += shape.recv_buffer + shape.send_buffer;
        Machine::new(now, seed, shape)
    }
}
