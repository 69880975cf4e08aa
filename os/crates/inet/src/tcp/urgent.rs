//! Urgent data as Linux has it: one byte that may be read beside the stream, and a mark where it was (tcp(7), RFC 6093).
//!
//! The pointer of a segment names the byte behind the urgent one, as BSD reads RFC 793. The machine knows nothing of all this: it
//! hands the urgent byte out in its place, and [`Connection`] stops the reader there. The same on a shared ring, where the sender
//! leaves the mark with the receiver.

use super::TcpId;
use super::connection::{Connection, Wire};
use super::segment::{Segment, URG, after};
use super::socket::{Role, Tcp};
use crate::effects::Ready;
use crate::error::{Error, Result};
use crate::slab::Key;
use crate::stack::{SocketRef, Stack};

/// What became of the urgent byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Byte {
    /// Announced, not yet received.
    Awaited,
    Here(u8),
    /// MSG_OOB took it.
    Taken,
}

/// The latest urgent byte of a connection, until the reader has passed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Urgent {
    /// How many bytes of the stream come before it.
    at: u64,
    byte: Byte,
}

impl Connection {
    /// Bytes of the stream that were read.
    fn consumed(&self) -> u64 {
        self.record.bytes_received - self.unread as u64
    }

    /// Unread bytes in front of the mark; `None` without one.
    pub(crate) fn before_mark(&self) -> Option<usize> {
        let urgent = self.urgent.as_ref()?;
        Some(urgent.at.saturating_sub(self.consumed()) as usize)
    }

    /// The next unread byte is the urgent one, and reading does not give it (tcp_poll asks for one byte more then).
    pub(crate) fn hides_next(&self, inline: bool) -> bool {
        !inline && self.unread > 0 && self.before_mark() == Some(0)
    }

    /// POLLPRI.
    pub(crate) fn has_urgent(&self) -> bool {
        matches!(
            self.urgent,
            Some(Urgent {
                byte: Byte::Here(_),
                ..
            })
        )
    }

    /// The byte that was announced may have come.
    pub(crate) fn settle_urgent(&mut self) -> Ready {
        let Some(urgent) = self.urgent else {
            return Ready::NONE;
        };
        if urgent.byte != Byte::Awaited || urgent.at >= self.record.bytes_received {
            return Ready::NONE;
        }
        let offset = urgent.at.saturating_sub(self.consumed()) as usize;
        let byte = self.peek(offset).first().copied();
        self.urgent = byte.map(|byte| Urgent {
            byte: Byte::Here(byte),
            ..urgent
        });
        Ready::PRIORITY
    }

    /// The reader went on: a mark behind it is forgotten.
    pub(crate) fn pass_mark(&mut self) {
        if self
            .urgent
            .is_some_and(|urgent| urgent.at < self.consumed())
        {
            self.urgent = None;
        }
    }

    /// Which byte a segment's urgent pointer names (Linux: tcp_check_urg); `None` when that is no news.
    fn announced(&self, segment: &Segment, pointer: u16) -> Option<u64> {
        let received = self.record.bytes_received;
        let next = self.record.start.wrapping_add(received as u32);
        let byte = segment
            .seq
            .wrapping_add(u32::from(pointer))
            .wrapping_sub(u32::from(pointer != 0));
        let ahead = byte.wrapping_sub(next) as i32;
        // What was received already is not urgent any more; nor is what the last announcement named.
        let at = received + u64::try_from(ahead).ok()?;
        self.urgent
            .is_none_or(|urgent| urgent.at < at)
            .then_some(at)
    }

    /// Marks a segment on its way out whose connection has urgent data (Linux: tcp_transmit_skb).
    pub(crate) fn mark_segment(&mut self, tcp: &mut [u8]) {
        let Some(up) = self.urgent_out else { return };
        if !after(up, self.record.una) {
            self.urgent_out = None;
            return;
        }
        let Some(segment) = Segment::parse(tcp) else {
            return;
        };
        if after(up, segment.seq) {
            let pointer = up.wrapping_sub(segment.seq).min(0xffff) as u16;
            tcp[13] |= URG;
            tcp[18..20].copy_from_slice(&pointer.to_be_bytes());
        }
    }
}

impl Stack {
    /// A segment with URG came.
    pub(crate) fn connection_urged(&mut self, key: Key, segment: &Segment, bytes: &[u8]) {
        let Some(&[high, low]) = bytes.get(18..20).and_then(|field| field.first_chunk()) else {
            return;
        };
        let pointer = u16::from_be_bytes([high, low]);
        let connection = self.tcp.slab.get(key).and_then(|tcp| tcp.connection());
        let Some(at) = connection.and_then(|connection| connection.announced(segment, pointer))
        else {
            return;
        };
        self.step_over(key);
        self.set_mark(key, at);
    }

    /// A reader that stands at the mark and does not get the byte in line is moved past it.
    pub(crate) fn step_over(&mut self, key: Key) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let inline = tcp.options.common.oob_inline;
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        if connection.hides_next(inline) {
            connection.urgent = None;
            match &mut connection.wire {
                Wire::Packets(machine) => {
                    // It is there: there are unread bytes.
                    let _ = machine.socket_mut().recv(|_| (1, ()));
                    connection.unread = connection.unread();
                }
                Wire::Local(end) => {
                    end.ring.read(|_| (1, ()));
                    connection.unread = connection.unread();
                    self.local_was_read(key, 1);
                }
            }
        }
    }

    /// send(2) with MSG_OOB, after the bytes were queued: the last of them is urgent.
    pub fn tcp_urge(&mut self, id: TcpId) {
        self.local_uncork(id.0);
        let Some(connection) = self
            .tcp
            .slab
            .get_mut(id.0)
            .and_then(|tcp| tcp.connection_mut())
        else {
            return;
        };
        connection.corked_until = None;
        let peer = match &mut connection.wire {
            Wire::Packets(machine) => {
                let socket = machine.socket_mut();
                let queued = socket.send_queue() as u32;
                // Urgent data does not wait for acknowledgements (Linux: tcp_nagle_test).
                socket.set_nagle_enabled(false);
                connection.urgent_out = Some(connection.record.una.wrapping_add(queued));
                return self.tcp.mark_dirty(id.0);
            }
            Wire::Local(end) => end.peer,
        };
        let Some(peer) = peer else { return };
        let news = |tcp: &Tcp| {
            let connection = tcp.connection()?;
            let at = connection.record.bytes_received.checked_sub(1)?;
            let fresh = connection.urgent.is_none_or(|urgent| urgent.at < at);
            (fresh && connection.unread > 0).then_some(at)
        };
        let Some(at) = self.tcp.slab.get(peer).and_then(news) else {
            return;
        };
        // The byte just written is behind an older mark at which the reader stands.
        let alone = self.tcp.slab.get(peer).and_then(|tcp| tcp.connection());
        if alone.is_some_and(|connection| connection.unread > 1) {
            self.step_over(peer);
        }
        self.set_mark(peer, at);
    }

    fn set_mark(&mut self, key: Key, at: u64) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        connection.urgent = Some(Urgent {
            at,
            byte: Byte::Awaited,
        });
        connection.settle_urgent();
        self.woken
            .note(SocketRef::Tcp(key), &mut tcp.pending, Ready::PRIORITY);
    }

    /// recv(2) with MSG_OOB: the urgent byte; `None` when there will never be one. Never waits (Linux: tcp_recv_urg). Errors:
    /// `Invalid` (none announced, taken already, or SO_OOBINLINE), `WouldBlock` (announced, not yet here).
    pub fn tcp_recv_urgent(&mut self, id: TcpId, peek: bool) -> Result<Option<u8>> {
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        if tcp.listener().is_some() {
            return Err(Error::NotConnected);
        }
        let inline = tcp.options.common.oob_inline;
        let Role::Connection(connection) = &mut tcp.role else {
            return Err(Error::Invalid);
        };
        let over = connection.detached || connection.shut_read;
        let urgent = connection.urgent.as_mut().filter(|_| !inline);
        let urgent = urgent.ok_or(Error::Invalid)?;
        match urgent.byte {
            Byte::Taken => Err(Error::Invalid),
            Byte::Awaited if over => Ok(None),
            Byte::Awaited => Err(Error::WouldBlock),
            Byte::Here(byte) => {
                if !peek {
                    urgent.byte = Byte::Taken;
                }
                Ok(Some(byte))
            }
        }
    }

    /// SIOCATMARK: the next byte to read is the urgent one, or would be.
    pub fn tcp_at_mark(&self, id: TcpId) -> bool {
        let connection = self.tcp.slab.get(id.0).and_then(|tcp| tcp.connection());
        connection.is_some_and(|connection| connection.before_mark() == Some(0))
    }

    /// SIOCINQ: unread bytes up to the mark, or all (Linux: tcp_inq).
    pub fn tcp_readable(&self, id: TcpId) -> usize {
        let Some(tcp) = self.tcp.slab.get(id.0) else {
            return 0;
        };
        let Some(connection) = tcp.connection() else {
            return 0;
        };
        let unread = connection.unread();
        match connection.before_mark() {
            Some(before) if !tcp.options.common.oob_inline => unread.min(before),
            _ => unread,
        }
    }
}
