//! Bytes in and out of a connection: send, receive, peek (send(2), recv(2), tcp(7)).

use core::time::Duration;

use super::TcpId;
use super::TcpState;
use super::connection::Wire;
use super::socket::{Role, Tcp};
use crate::error::{Error, Result};
use crate::slab::Key;
use crate::stack::Stack;
use crate::time::Instant;

/// How long a cork holds a partial segment (tcp(7), TCP_CORK: 200 ms).
const CORK: Duration = Duration::from_millis(200);
/// A cork put in since the last flush, which knows the time.
const CORK_BEGINS: Instant = Instant::from_nanos(u64::MAX);
/// A ring holds back no more than a segment would.
const CORK_HOLDS: usize = 65_495;

/// What a reader finds.
enum Inbox {
    Data,
    End,
}

impl Tcp {
    /// What reading would give now; takes the pending error if that is it.
    fn inbox(&mut self) -> Result<Inbox> {
        let Role::Connection(connection) = &self.role else {
            return match self.error.take() {
                Some(error) => Err(error),
                None if self.done || self.shut_early.0 => Ok(Inbox::End),
                None => Err(Error::NotConnected),
            };
        };
        let hidden = usize::from(connection.hides_next(self.options.common.oob_inline));
        if connection.unread() > hidden {
            return Ok(Inbox::Data);
        }
        // The end of the stream comes before what happened after it (SOCK_DONE).
        if connection.fin_received {
            return Ok(Inbox::End);
        }
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if connection.detached && !self.done {
            return Err(Error::NotConnected);
        }
        if connection.detached || connection.fin_received || connection.shut_read {
            return Ok(Inbox::End);
        }
        Err(Error::WouldBlock)
    }
}

impl Stack {
    /// Copies into the send buffer. Returns how much fitted, never 0 for a non-empty `data`. Errors: `WouldBlock` (no room, or
    /// still connecting), `NotConnected`, `Pipe` (shut for sending), or the pending error.
    pub fn tcp_send(&mut self, id: TcpId, data: &[u8]) -> Result<usize> {
        let mut done = 0;
        loop {
            let rest = &data[done..];
            let step = self.tcp_send_with(id, false, |room| {
                let len = room.len().min(rest.len());
                room[..len].copy_from_slice(&rest[..len]);
                (len, len)
            });
            match step {
                Ok(len) => done += len,
                Err(error) if done == 0 => return Err(error),
                Err(_) => return Ok(done),
            }
            if done == data.len() {
                return Ok(done);
            }
        }
    }

    /// Lets `fill` write into the largest contiguous free part of the send buffer and return how many bytes it wrote; these are
    /// queued. Call again for the rest (the ring wraps). `more` is MSG_MORE: hold back the last partial segment. Errors: as
    /// `tcp_send`; `fill` is not called then.
    pub fn tcp_send_with<R>(
        &mut self,
        id: TcpId,
        more: bool,
        fill: impl FnOnce(&mut [u8]) -> (usize, R),
    ) -> Result<R> {
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let Role::Connection(connection) = &mut tcp.role else {
            return Err(tcp.error.take().unwrap_or(Error::Pipe));
        };
        if let Some(error) = tcp.error.take() {
            return Err(error);
        }
        if connection.shut_write || connection.detached {
            return Err(Error::Pipe);
        }
        if !connection.state.may_send() {
            let opening = matches!(connection.state, TcpState::SynSent | TcpState::SynReceived);
            return Err(if opening {
                Error::WouldBlock
            } else {
                Error::Pipe
            });
        }
        if connection.room() == 0 || connection.unsent() >= tcp.options.notsent_low_water {
            connection.writable = false;
            return Err(Error::WouldBlock);
        }
        let cork = more || tcp.options.cork;
        let Wire::Packets(machine) = &mut connection.wire else {
            let result = self.local_send(id.0, cork, fill);
            self.local_cork(id.0, cork);
            return result;
        };
        let result = machine.socket_mut().send(fill).map_err(|_| Error::Pipe)?;
        connection.writable = connection.is_writable(&tcp.options);
        if cork && connection.has_partial_segment(&tcp.options) {
            if connection.corked_until.is_none() {
                connection.corked_until = Some(CORK_BEGINS);
                self.tcp.corked.push(id.0);
            }
            return Ok(result);
        }
        connection.corked_until = None;
        self.tcp.mark_dirty(id.0);
        Ok(result)
    }

    /// Moves received bytes out. `Ok(0)` for a non-empty `buf` is end of stream. Errors: `WouldBlock`, `NotConnected`, or the
    /// pending error (once; then end of stream).
    pub fn tcp_recv(&mut self, id: TcpId, buf: &mut [u8]) -> Result<usize> {
        let mut done = 0;
        while done < buf.len() {
            let rest = &mut buf[done..];
            let step = self.tcp_recv_with(id, done > 0, |bytes| {
                let len = bytes.len().min(rest.len());
                rest[..len].copy_from_slice(&bytes[..len]);
                (len, len)
            });
            match step {
                Ok(0) => break,
                Ok(len) => done += len,
                Err(_) if done > 0 => break,
                Err(error) => return Err(error),
            }
            if self.tcp_unread(id) == 0 {
                break;
            }
        }
        Ok(done)
    }

    /// Lets `take` look at the largest contiguous part of the received bytes and return how many it consumed. `take` gets an
    /// empty slice at end of stream. Never goes past the mark of urgent data in one step; a reader that has `begun` stops there
    /// (tcp(7)). Errors: as `tcp_recv`.
    pub fn tcp_recv_with<R>(
        &mut self,
        id: TcpId,
        begun: bool,
        take: impl FnOnce(&[u8]) -> (usize, R),
    ) -> Result<R> {
        let mut tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let mut limit = usize::MAX;
        if tcp
            .connection()
            .is_some_and(|connection| connection.urgent.is_some())
        {
            limit = self.up_to_mark(id, begun)?;
            tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        }
        let take = |bytes: &[u8]| take(&bytes[..bytes.len().min(limit)]);
        let Inbox::Data = tcp.inbox()? else {
            return Ok(take(&[]).1);
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return Err(Error::NotConnected);
        };
        let machine = match &mut connection.wire {
            Wire::Packets(machine) => machine,
            Wire::Local(end) => {
                let (taken, result) = end.ring.read(take);
                connection.unread = connection.unread();
                if connection.urgent.is_some() {
                    connection.pass_mark();
                }
                self.local_was_read(id.0, taken);
                return Ok(result);
            }
        };
        let result = machine
            .socket_mut()
            .recv(|bytes| take(bytes))
            .map_err(|_| Error::NotConnected)?;
        connection.unread = connection.unread();
        if connection.urgent.is_some() {
            connection.pass_mark();
        }
        if connection.owes_window_update() {
            self.tcp.mark_dirty(id.0);
        }
        Ok(result)
    }

    /// MSG_PEEK: shows the contiguous received bytes that start `offset` bytes into the queue, consuming nothing; an empty slice
    /// past the end. Errors: as `tcp_recv`.
    pub fn tcp_peek_with<R>(
        &mut self,
        id: TcpId,
        offset: usize,
        look: impl FnOnce(&[u8]) -> R,
    ) -> Result<R> {
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let inline = tcp.options.common.oob_inline;
        let Inbox::Data = tcp.inbox()? else {
            return Ok(look(&[]));
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return Err(Error::NotConnected);
        };
        let Some(mark) = connection.before_mark() else {
            return Ok(look(connection.peek(offset)));
        };
        // Up to the mark; from there on without the urgent byte, unless that is in line.
        if mark > 0 {
            let bytes = connection.peek(offset);
            return Ok(look(&bytes[..bytes.len().min(mark.saturating_sub(offset))]));
        }
        Ok(look(connection.peek(offset + usize::from(!inline))))
    }

    /// How many bytes may be read before the mark of urgent data. Steps over a byte that reading does not give. Errors:
    /// `WouldBlock` when a reader that has `begun` is at the mark.
    fn up_to_mark(&mut self, id: TcpId, begun: bool) -> Result<usize> {
        if begun && self.tcp_at_mark(id) {
            return Err(Error::WouldBlock);
        }
        self.step_over(id.0);
        let connection = self.tcp.slab.get(id.0).and_then(|tcp| tcp.connection());
        let mark = connection.and_then(|connection| connection.before_mark());
        Ok(mark.filter(|&mark| mark > 0).unwrap_or(usize::MAX))
    }

    /// Unread bytes, urgent ones included.
    pub fn tcp_unread(&self, id: TcpId) -> usize {
        self.tcp
            .slab
            .get(id.0)
            .and_then(|tcp| tcp.connection())
            .map_or(0, |connection| connection.unread())
    }

    /// SIOCOUTQ: bytes not acknowledged.
    pub fn tcp_unacked(&self, id: TcpId) -> usize {
        let connection = self.tcp.slab.get(id.0).and_then(|tcp| tcp.connection());
        connection
            .filter(|connection| !connection.detached)
            .map_or(0, |connection| connection.unacked())
    }

    /// SIOCOUTQNSD: bytes not sent.
    pub fn tcp_unsent(&self, id: TcpId) -> usize {
        let connection = self.tcp.slab.get(id.0).and_then(|tcp| tcp.connection());
        connection
            .filter(|connection| !connection.detached)
            .map_or(0, |connection| connection.unsent())
    }

    /// After a send on a local connection: begins or ends holding back.
    fn local_cork(&mut self, key: Key, cork: bool) {
        let Some(connection) = self
            .tcp
            .slab
            .get_mut(key)
            .and_then(|tcp| tcp.connection_mut())
        else {
            return;
        };
        let begun = connection.corked_until.is_some();
        let over = connection.end_mut().is_none_or(|end| end.out >= CORK_HOLDS);
        if !cork || over {
            if begun || over {
                self.local_uncork(key);
            }
        } else if !begun {
            connection.corked_until = Some(CORK_BEGINS);
            self.tcp.corked.push(key);
        }
    }

    /// Gives corks that were put in since the last flush their end.
    pub(crate) fn time_corks(&mut self, now: Instant) {
        while let Some(key) = self.tcp.corked.pop() {
            let Some(connection) = self
                .tcp
                .slab
                .get_mut(key)
                .and_then(|tcp| tcp.connection_mut())
            else {
                continue;
            };
            if connection.corked_until == Some(CORK_BEGINS) {
                let until = now + CORK;
                connection.corked_until = Some(until);
                self.timers.arm(&mut connection.armed, key, until);
            }
        }
    }
}
