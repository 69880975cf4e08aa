//! A connection on a shared ring becomes one of packets, because somebody wants to see packets: a tap was opened, a filter attached.
//!
//! Two machines are made and talk to each other aside, seen by nobody: the handshake, what waits in the rings, the FINs that were
//! sent. Then they take the rings' place, and all that comes later travels over lo. Bytes that were sent stay sent: they are in the
//! reader's buffer, whatever its size.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::connection::{Connection, Record, Wire};
use super::machine::{ACK_DELAY, Outbox};
use super::segment::Segment;
use super::socket::Role;
use super::{TcpId, TcpState};
use crate::ip::header::header_len;
use crate::slab::Key;
use crate::stack::Stack;
use crate::time::Instant;

/// One end while it is rebuilt.
struct Half {
    connection: Box<Connection>,
    /// What it has to read.
    unread: Vec<u8>,
    /// The counts up to now.
    record: Record,
}

impl Stack {
    /// Every connection on a ring.
    pub(crate) fn local_convert_all(&mut self) {
        if !self.config.local_fast_path {
            return;
        }
        let on_rings = self.tcp.slab.iter().filter(|(_, tcp)| {
            tcp.connection().is_some_and(|connection| {
                matches!(connection.wire, Wire::Local(_)) && !connection.detached
            })
        });
        let keys: Vec<Key> = on_rings.map(|(key, _)| key).collect();
        for key in keys {
            self.local_convert(key);
        }
    }

    /// One connection, both ends of it. A connection of a socket with itself stays as it is.
    pub(crate) fn local_convert(&mut self, key: Key) {
        let now = self.now;
        let connection = self.tcp.slab.get(key).and_then(|tcp| tcp.connection());
        let Some(connection) = connection.filter(|connection| !connection.detached) else {
            return;
        };
        let Wire::Local(end) = &connection.wire else {
            return;
        };
        let Some(peer) = end.peer else {
            return self.local_connect_anew(now, key);
        };
        let whole = self.tcp.slab.get(peer).and_then(|tcp| tcp.connection());
        let whole = whole.is_some_and(|other| {
            !other.detached && matches!(&other.wire, Wire::Local(end) if end.peer == Some(key))
        });
        if peer == key || !whole {
            return;
        }
        let heard = [key, peer].map(|end| self.tcp_heard(TcpId(end)).map(|(heard, _)| heard));
        let (Some(mut a), Some(mut b)) = (self.half(now, key), self.half(now, peer)) else {
            return;
        };
        self.shake_hands(now, &mut a, &mut b);
        self.refill(now, &mut a, &mut b);
        self.refill(now, &mut b, &mut a);
        for (half, heard) in [&mut a, &mut b].into_iter().zip(heard) {
            half.connection.heard = heard.unwrap_or_default();
            if half.connection.state == TcpState::FinWait2
                && let Wire::Packets(machine) = &mut half.connection.wire
            {
                machine.socket_mut().close();
            }
        }
        self.talk(now, &mut a, &mut b);
        self.put_half(key, a);
        self.put_half(peer, b);
    }

    /// A SYN that waits for room in the accept queue is said again, in a packet.
    fn local_connect_anew(&mut self, now: Instant, key: Key) {
        let Some(mut half) = self.half(now, key) else {
            return;
        };
        let (local, peer) = (half.connection.local, half.connection.peer);
        if let Wire::Packets(machine) = &mut half.connection.wire {
            machine.connect(local, peer);
            machine.set_stamps(half.connection.offers.stamps);
        }
        half.record = Record {
            waiting_since: half.record.waiting_since,
            ..half.connection.record
        };
        self.put_half(key, half);
    }

    /// Takes an end out of the table and gives it a machine.
    fn half(&mut self, now: Instant, key: Key) -> Option<Half> {
        let tcp = self.tcp.slab.get_mut(key)?;
        let mut options = tcp.options;
        let Role::Connection(mut connection) = core::mem::replace(&mut tcp.role, Role::Idle) else {
            return None;
        };
        let mut unread = Vec::new();
        if let Some(end) = connection.end_mut() {
            end.ring.reveal();
            while end.ring.visible() > 0 {
                end.ring.read(|bytes| {
                    unread.extend_from_slice(bytes);
                    (bytes.len(), ())
                });
            }
        }
        options.common.recv_buffer = options.recv_buffer().max(unread.len());
        options.window_clamp = None;
        let fresh = self.new_connection(
            now,
            connection.tuple,
            connection.local,
            connection.peer,
            connection.path,
            &options,
        );
        connection.label = fresh.label;
        let record = core::mem::replace(&mut connection.record, fresh.record);
        if let Wire::Local(end) = core::mem::replace(&mut connection.wire, fresh.wire) {
            self.tcp.spares.put_ring(end.ring.release());
        }
        connection.corked_until = None;
        Some(Half {
            connection,
            unread,
            record,
        })
    }

    fn shake_hands(&mut self, now: Instant, a: &mut Half, b: &mut Half) {
        for half in [&mut *a, &mut *b] {
            if let Wire::Packets(machine) = &mut half.connection.wire {
                let socket = machine.socket_mut();
                socket.set_nagle_enabled(false);
                socket.set_ack_delay(None);
            }
        }
        let (local, peer) = (a.connection.local, a.connection.peer);
        if let Wire::Packets(machine) = &mut b.connection.wire {
            machine.listen(peer);
            machine.set_stamps(b.connection.offers.stamps);
        }
        if let Wire::Packets(machine) = &mut a.connection.wire {
            machine.connect(local, peer);
            machine.set_stamps(a.connection.offers.stamps);
        }
        self.talk(now, a, b);
    }

    /// Brings what `to` has not read yet back into its buffer.
    fn refill(&mut self, now: Instant, from: &mut Half, to: &mut Half) {
        let bytes = core::mem::take(&mut to.unread);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let Wire::Packets(machine) = &mut from.connection.wire else {
                return;
            };
            match machine.socket_mut().send_slice(rest) {
                // The buffer is as large as what was in it.
                Ok(0) | Err(_) => return,
                Ok(sent) => rest = &rest[sent..],
            }
            self.talk(now, from, to);
        }
        // Where the stream would have begun, had it been in packets all along.
        let received = to.record.bytes_received as u32;
        to.connection.record.start = from.connection.record.next.wrapping_sub(received);
    }

    /// Lets the two machines exchange segments until both are silent.
    fn talk(&mut self, now: Instant, a: &mut Half, b: &mut Half) {
        while self.say(now, a, b) | self.say(now, b, a) {}
    }

    fn say(&mut self, now: Instant, from: &mut Half, to: &mut Half) -> bool {
        let mut frames = core::mem::take(&mut self.scratch);
        let mut out = Outbox::new(&mut self.frames, &mut frames);
        if let Wire::Packets(machine) = &mut from.connection.wire {
            machine.output(now, &mut out);
        }
        let spoke = !frames.is_empty();
        // What is said at once in answer is heard in the next round.
        let mut answers = Vec::new();
        for frame in frames.drain(..) {
            self.hear(now, &frame, from, to, &mut answers);
            self.frames.put(frame);
        }
        while let Some(frame) = answers.pop() {
            self.hear(now, &frame, to, from, &mut answers);
            self.frames.put(frame);
        }
        self.scratch = frames;
        spoke
    }

    fn hear(
        &mut self,
        now: Instant,
        frame: &[u8],
        from: &mut Half,
        to: &mut Half,
        answers: &mut Vec<crate::frame::Frame>,
    ) {
        from.connection.observe_output(now, frame);
        let front = header_len(from.connection.peer.addr.is_ipv6());
        let bytes = frame.get(front..).unwrap_or_default();
        if let Some(segment) = Segment::parse(bytes) {
            to.connection.observe_input(now, &segment, bytes);
        }
        let mut out = Outbox::new(&mut self.frames, answers);
        if let Wire::Packets(machine) = &mut to.connection.wire {
            machine.input(now, frame, &mut out);
        }
    }

    /// Puts an end back, with its counts.
    fn put_half(&mut self, key: Key, half: Half) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let mut connection = half.connection;
        let old = half.record;
        let record = &mut connection.record;
        *record = Record {
            bytes_acked: old.bytes_acked,
            bytes_received: old.bytes_received,
            bytes_sent: old.bytes_sent,
            segs_in: old.segs_in,
            segs_out: old.segs_out,
            data_segs_in: old.data_segs_in,
            data_segs_out: old.data_segs_out,
            waiting_since: old.waiting_since,
            retransmits: old.retransmits,
            total_retransmits: old.total_retransmits,
            last_recv: old.last_recv,
            last_ack: old.last_ack,
            last_send: old.last_send,
            rtt_us: old.rtt_us,
            rtt_var_us: old.rtt_var_us,
            min_rtt_us: old.min_rtt_us,
            bytes_again: old.bytes_again,
            sample: None,
            // What was said aside had no time.
            stamp_seen: None,
            syn_data: old.syn_data,
            early: old.early,
            ..*record
        };
        connection.unread = connection.unread();
        if let Wire::Packets(machine) = &mut connection.wire {
            machine.socket_mut().set_ack_delay(Some(ACK_DELAY));
        }
        connection.apply(&tcp.options);
        connection.writable = connection.is_writable(&tcp.options);
        connection.dirty = false;
        tcp.role = Role::Connection(connection);
        self.tcp.mark_dirty(key);
    }
}
