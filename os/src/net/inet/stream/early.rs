//! Data that goes with the SYN: MSG_FASTOPEN, and connects that are put off until there is some. tcp(7), send(2), RFC 7413.
//!
//! **What.** The shell's side of the engine's `tcp_connect_fast`.
//! **Who calls.** [`Stream`]'s connect, send, receive and readiness, where they find the socket not connected.
//! **Who owns and locks.** [`Stream::put_off`] is the address of the connect that waits; the engine knows nothing of it.
//! Typical sequence: connect(2) puts off, poll(2) says writable, send(2) connects with its bytes.

use super::Stream;
use crate::{
    Result,
    net::{
        SockAddr,
        inet::lift,
        socket::{Common, message::Outgoing},
    },
};
use abi::{Errno, net::AF_UNSPEC};
use core::sync::atomic::Ordering::Relaxed;
use inet::{Endpoint, TcpState};

impl Stream {
    /// Whether connect(2) was put off until there is data. Asked only where the socket is found not to be connected.
    pub(super) fn is_put_off(&self) -> bool {
        self.put_off.lock().is_some()
    }

    /// Whether a connect to `peer` is put off: TCP_FASTOPEN_CONNECT is set, and data could go with the SYN.
    pub(super) fn puts_off(&self, peer: Endpoint) -> bool {
        self.net.look(|stack| {
            let asked = stack
                .tcp_options(self.id)
                .is_ok_and(|o| o.fast_open_connect);
            asked
                && stack.tcp_state(self.id) == TcpState::Closed
                && stack
                    .tcp_fast_room(self.id, peer)
                    .is_ok_and(|room| room > 0)
        })
    }

    /// A first send that connects (MSG_FASTOPEN, or after a connect that was put off): how many bytes went with the SYN. As
    /// Linux, a socket that may wait does so until it is connected. `EOPNOTSUPP` when the sysctl forbids it, `EINPROGRESS`.
    pub(super) fn connect_with(
        &self,
        common: &Common,
        message: &mut Outgoing<'_, '_>,
        to: Option<Endpoint>,
    ) -> Result<usize> {
        let unspecified = |to: &&SockAddr| to.bytes().len() >= 2 && to.family() == AF_UNSPEC;
        let allowed = self.net.look(|stack| stack.config().fast_open & 1 != 0);
        if !allowed || message.to.as_ref().filter(unspecified).is_some() {
            return Err(Errno::EOPNOTSUPP);
        }
        let peer = match (to, &message.to) {
            (Some(peer), _) => peer,
            (None, Some(to)) => to.endpoint(common.domain())?,
            (None, None) => return Err(Errno::EINVAL),
        };
        let room = lift(self.net.look(|stack| stack.tcp_fast_room(self.id, peer)))?;
        let mut data = alloc::vec![0; room.min(message.data.remaining())];
        if !data.is_empty() {
            let there = message.data.prefault(data.len())?;
            data.truncate(there);
            let copied = message.data.read(&mut data)?;
            data.truncate(copied);
        }
        lift(
            self.net
                .with(|stack, now| stack.tcp_connect_fast(now, self.id, peer, &data)),
        )?;
        *self.put_off.lock() = None;
        if message.flags.nonblock() {
            if data.is_empty() {
                self.in_progress.store(true, Relaxed);
                return Err(Errno::EINPROGRESS);
            }
            return Ok(data.len());
        }
        self.wait_connected(common)?;
        Ok(data.len())
    }
}
