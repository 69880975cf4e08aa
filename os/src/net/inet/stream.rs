//! TCP sockets. tcp(7).

mod early;

use super::dgram::headers::label_to;
use super::{apply_generic, bind_address, check_port, direction, is_v6, lift, only_v6};
use crate::{
    Result,
    mm::UserPtr,
    net::{
        Caller, SockAddr, Socket,
        errno::errno,
        registry,
        socket::{
            Common, Generic, Protocol,
            generic::Ancillary,
            message::{Flags, Incoming, Outgoing, Received, Shutdown},
        },
        stack::Namespace,
    },
    sched::Events,
    sync::SpinLock,
};
use abi::{
    Errno,
    net::{AF_INET, AF_INET6, AF_UNSPEC, SOL_TCP, TCP_INQ as TCP_CM_INQ},
};
use alloc::sync::Arc;
use core::{
    any::Any,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};
use inet::{DgramId, DgramKind, Endpoint, Error, Linger, Ready, Stack, TcpId, TcpState};

/// How much is faulted in and copied per hold of the stack lock, in bytes: large
/// enough to fill a send buffer, small enough to let interrupts in.
const CHUNK: usize = 256 * 1024;

/// One TCP socket.
pub struct Stream {
    id: TcpId,
    net: Arc<Namespace>,
    /// connect(2) answered `EINPROGRESS`; the next call that finds the connection made reports it, once.
    in_progress: AtomicBool,
    /// See [`Stream::members`]; most streams have none.
    members: SpinLock<Option<DgramId>>,
    /// TCP_FASTOPEN_CONNECT: connect(2) said yes, and the first write will connect to this.
    put_off: SpinLock<Option<Endpoint>>,
}

impl Stream {
    /// socket(2).
    pub fn open(common: &Common, cx: &Caller<'_>) -> Stream {
        let owner = cx.euid;
        let id = common.net.with(|stack, _| {
            let id = stack.tcp_open(is_v6(common.domain()), common.token());
            // A fresh handle is there.
            let _ = stack.tcp_configure(id, |options| options.common.owner = owner);
            id
        });
        let buffers = common.net.look(|stack| {
            let options = stack
                .tcp_options(id)
                .map(|o| (o.common.recv_buffer, o.common.send_buffer));
            options.unwrap_or_default()
        });
        common.change_generic(|generic| {
            generic.multicast_all = common.domain() == AF_INET;
            generic.recv_buffer = buffers.0 as u32;
            generic.send_buffer = buffers.1 as u32;
        });
        Stream::new(common, id)
    }

    fn new(common: &Common, id: TcpId) -> Stream {
        Stream {
            id,
            net: common.net.clone(),
            in_progress: AtomicBool::new(false),
            members: SpinLock::new(None),
            put_off: SpinLock::new(None),
        }
    }

    /// What carries the multicast groups that this socket joins (MCAST_JOIN_GROUP): a datagram socket that is never
    /// bound. They are without use to a stream, but others see that this machine is in them; accept(2) does not inherit.
    pub fn members(&self) -> DgramId {
        let mut members = self.members.lock();
        *members.get_or_insert_with(|| {
            let open = |stack: &mut Stack, _| stack.dgram_open(DgramKind::Udp, true, 0);
            self.net.with(open)
        })
    }

    /// The engine's handle, for `opt` and `ioctl`.
    pub fn id(&self) -> TcpId {
        self.id
    }

    /// The flow label of what is sent; 0 for the kernel's own.
    fn set_label(&self, label: u32) -> Result<()> {
        lift(self.net.with(|stack, _| {
            let idle = stack.tcp_state(self.id) == TcpState::Closed;
            let now = stack.tcp_additions(self.id).map_or(0, |it| it.label);
            match idle && now != label {
                true => stack.tcp_add(self.id, |additions| additions.label = label),
                false => Ok(()),
            }
        }))
    }

    /// The end of a connect that waits. `EAGAIN` while it is under way.
    fn connected(&self, stack: &mut Stack) -> Result<()> {
        if let Some(error) = stack.tcp_take_error(self.id) {
            return Err(errno(error));
        }
        match stack.tcp_state(self.id) {
            TcpState::SynSent | TcpState::SynReceived => Err(Errno::EAGAIN),
            TcpState::Closed => Err(Errno::ECONNABORTED),
            _ => Ok(()),
        }
    }

    /// Waits for the end of a connect that has begun. `EINPROGRESS` when that takes longer than the socket waits.
    fn wait_connected(&self, common: &Common) -> Result<()> {
        let timeout = common.generic().send_timeout;
        match common.wait(false, timeout, || {
            self.net.with(|stack, _| self.connected(stack))
        }) {
            Err(Errno::EAGAIN) => {
                self.in_progress.store(true, Relaxed);
                Err(Errno::EINPROGRESS)
            }
            done => {
                self.in_progress.store(false, Relaxed);
                done
            }
        }
    }

    /// Queues what fits; `EAGAIN` when nothing does.
    fn send_some(&self, message: &mut Outgoing<'_, '_>, chunk: usize) -> Result<usize> {
        let more = message.flags.contains(Flags::MORE);
        let urgent = message.flags.contains(Flags::OOB);
        self.net.with(|stack, _| {
            let mut sent = 0;
            // Twice around at most: the ring wraps once.
            while sent < chunk {
                let copied = stack.tcp_send_with(self.id, more, |ring| {
                    let room = ring.len().min(chunk - sent);
                    let copied = message.data.read(&mut ring[..room]);
                    (*copied.as_ref().unwrap_or(&0), copied)
                });
                match lift(copied).and_then(|copied| copied) {
                    Ok(0) => break,
                    Ok(copied) => sent += copied,
                    Err(errno) if sent == 0 => return Err(errno),
                    Err(_) => break,
                }
            }
            if urgent && sent > 0 {
                stack.tcp_urge(self.id);
            }
            Ok(sent)
        })
    }

    /// Moves out what is there, up to the room in `message`; `EAGAIN` when nothing is.
    /// `Ok((0, true))` is end of stream.
    fn recv_some(&self, message: &mut Incoming<'_, '_>, limit: usize) -> Result<(usize, bool)> {
        let discard = message.flags.contains(Flags::TRUNC);
        self.net.with(|stack, _| {
            let mut got = 0;
            while got < limit {
                let taken = stack.tcp_recv_with(self.id, got > 0, |bytes| {
                    let bytes = &bytes[..bytes.len().min(limit - got)];
                    let taken = match discard {
                        true => Ok(bytes.len()),
                        false => message.out.write(bytes),
                    };
                    (*taken.as_ref().unwrap_or(&0), taken)
                });
                match lift(taken).and_then(|taken| taken) {
                    Ok(0) => return Ok((got, true)),
                    Ok(taken) => got += taken,
                    Err(errno) if got == 0 => return Err(errno),
                    Err(_) => break,
                }
            }
            Ok((got, false))
        })
    }

    /// MSG_OOB: the urgent byte. Never waits.
    fn recv_urgent(&self, message: &mut Incoming<'_, '_>) -> Result<Received> {
        let peek = message.flags.contains(Flags::PEEK);
        let byte = lift(
            self.net
                .with(|stack, _| stack.tcp_recv_urgent(self.id, peek)),
        )?;
        let Some(byte) = byte else {
            return Ok(Received::default());
        };
        let mut received = Received {
            len: message.out.remaining().min(1),
            flags: Flags::OOB,
            ..Received::default()
        };
        match received.len {
            0 => received.flags |= Flags::TRUNC,
            _ if message.flags.contains(Flags::TRUNC) => {}
            _ => {
                message.out.prefault(1)?;
                message.out.write(&[byte])?;
            }
        }
        Ok(received)
    }

    /// MSG_PEEK: copies without consuming, from `skip` bytes into the queue (SO_PEEK_OFF).
    fn peek_some(
        &self,
        message: &mut Incoming<'_, '_>,
        limit: usize,
        skip: usize,
    ) -> Result<(usize, bool)> {
        self.net.with(|stack, _| {
            let mut got = 0;
            while got < limit {
                let seen = stack.tcp_peek_with(self.id, skip + got, |bytes| {
                    message.out.write(&bytes[..bytes.len().min(limit - got)])
                });
                match lift(seen).and_then(|seen| seen) {
                    Ok(0) if got == 0 => return Ok((0, true)),
                    Ok(0) => break,
                    Ok(seen) => got += seen,
                    Err(errno) if got == 0 => return Err(errno),
                    Err(_) => break,
                }
            }
            Ok((got, false))
        })
    }
}

impl Protocol for Stream {
    fn bind(&self, common: &Common, cx: &Caller<'_>, addr: &SockAddr) -> Result<()> {
        let local = bind_address(addr, common.domain())?;
        check_port(&self.net, cx, local.port)?;
        lift(self.net.with(|stack, _| {
            stack.tcp_bind(self.id, local)?;
            // As on Linux, an IPv6 address of its own makes it an IPv6 socket only.
            match only_v6(&local) {
                true => stack.tcp_configure(self.id, |options| options.common.v6_only = true),
                false => Ok(()),
            }
        }))
    }

    fn connect(
        &self,
        common: &Common,
        _cx: &Caller<'_>,
        addr: &SockAddr,
        nonblock: bool,
    ) -> Result<()> {
        if addr.bytes().len() < 2 {
            return Err(Errno::EINVAL);
        }
        if addr.family() == AF_UNSPEC {
            return lift(
                self.net
                    .with(|stack, now| stack.tcp_disconnect(now, self.id)),
            );
        }
        let peer = addr.endpoint(common.domain())?;
        if self.is_put_off() {
            return Err(Errno::EISCONN);
        }
        if self.puts_off(peer) {
            *self.put_off.lock() = Some(peer);
            return Ok(());
        }
        if common.domain() == AF_INET6 {
            self.set_label(label_to(common, addr)?)?;
        }
        match self
            .net
            .with(|stack, now| stack.tcp_connect(now, self.id, peer))
        {
            Ok(()) if nonblock => {
                self.in_progress.store(true, Relaxed);
                return Err(Errno::EINPROGRESS);
            }
            Err(Error::Connected) if self.in_progress.swap(false, Relaxed) => return Ok(()),
            // A blocking call joins an attempt that is under way.
            Ok(()) | Err(Error::Already) if !nonblock => {}
            Ok(()) => {}
            Err(error) => return Err(errno(error)),
        }
        self.wait_connected(common)
    }

    fn listen(&self, _common: &Common, _cx: &Caller<'_>, backlog: i32) -> Result<()> {
        // A negative backlog is a huge one: the argument is compared unsigned. The engine caps it at somaxconn.
        let backlog = backlog as u32 as usize;
        lift(self.net.with(|stack, _| stack.tcp_listen(self.id, backlog)))
    }

    fn accept(&self, common: &Common, nonblock: bool) -> Result<Arc<Socket>> {
        if !self.listening() {
            return Err(Errno::EINVAL);
        }
        let timeout = common.generic().recv_timeout;
        common.wait(nonblock, timeout, || {
            if !self.listening() {
                return Err(Errno::EINVAL);
            }
            if !self
                .net
                .look(|stack| stack.tcp_ready(self.id))
                .has(Ready::READ)
            {
                return Err(Errno::EAGAIN);
            }
            let child = Common::within(
                common.net.clone(),
                common.domain(),
                common.kind,
                common.protocol,
            );
            let token = child.token();
            let accepted = lift(self.net.with(|stack, _| stack.tcp_accept(self.id, token)))?;
            let inherited = common.generic();
            child.change_generic(|generic| generic.clone_from(&inherited));
            let stream = Stream::new(&child, accepted.id);
            Ok(Socket::new(child, stream))
        })
    }

    fn local(&self, common: &Common) -> Result<SockAddr> {
        let local = self.net.look(|stack| stack.tcp_local(self.id));
        Ok(SockAddr::from_endpoint(local, common.domain()))
    }

    fn peer(&self, common: &Common) -> Result<SockAddr> {
        let peer: Option<Endpoint> = self.net.look(|stack| stack.tcp_peer(self.id));
        let peer = peer.ok_or(Errno::ENOTCONN)?;
        Ok(SockAddr::from_endpoint(peer, common.domain()))
    }

    fn accepted_from(&self, common: &Common) -> Result<SockAddr> {
        let peer = self.net.look(|stack| stack.tcp_last_peer(self.id));
        Ok(SockAddr::from_endpoint(
            peer.ok_or(Errno::ENOTCONN)?,
            common.domain(),
        ))
    }

    fn send(
        &self,
        common: &Common,
        _cx: Option<&Caller<'_>>,
        message: &mut Outgoing<'_, '_>,
    ) -> Result<usize> {
        let timeout = common.generic().send_timeout;
        let nonblock = message.flags.nonblock();
        let mut sent = 0;
        if message.flags.contains(Flags::FASTOPEN) {
            let put_off = *self.put_off.lock();
            sent = self.connect_with(common, message, put_off)?;
            if nonblock || message.data.remaining() == 0 {
                return Ok(sent);
            }
        }
        if message.data.remaining() == 0 {
            // An empty send still reports the state of the connection.
            return lift(self.net.with(|stack, _| stack.tcp_send(self.id, &[])));
        }
        while message.data.remaining() > 0 {
            // A buffer that is not there shows only when there is room for what is in it.
            let chunk = match message.data.prefault(CHUNK) {
                Err(_) if sent == 0 => Ok(1),
                chunk => chunk,
            };
            let step = chunk.and_then(|chunk| {
                common.wait(nonblock, timeout, || self.send_some(message, chunk))
            });
            match step {
                Ok(step) => sent += step,
                Err(_) if sent > 0 => break,
                Err(Errno::EPIPE) if self.is_put_off() => {
                    let put_off = *self.put_off.lock();
                    sent = self.connect_with(common, message, put_off)?;
                    if nonblock {
                        break;
                    }
                }
                // A connection still being made is waited for like a full buffer; not being connected is not EAGAIN.
                Err(errno) => return Err(errno),
            }
        }
        Ok(sent)
    }

    fn recv(&self, common: &Common, message: &mut Incoming<'_, '_>) -> Result<Received> {
        if message.flags.contains(Flags::ERRQUEUE) {
            return Err(Errno::EAGAIN);
        }
        if message.flags.contains(Flags::OOB) {
            return self.recv_urgent(message);
        }
        let generic = common.generic();
        let peek = message.flags.contains(Flags::PEEK);
        let wanted = message.out.remaining();
        if wanted == 0 {
            return Ok(Received::default());
        }
        let enough = match message.flags.contains(Flags::WAITALL) {
            true => wanted,
            false => wanted.min(generic.recv_low_water.max(1) as usize),
        };
        let discards = message.flags.contains(Flags::TRUNC) && !peek;
        let mut got = 0;
        while got < wanted {
            // The socket's options may make it wait although something is there.
            let nonblock = message.flags.nonblock();
            let chunk = match message.out.prefault(CHUNK) {
                // MSG_TRUNC throws away: the memory is not looked at. tcp(7).
                _ if discards => Ok(wanted - got),
                Err(_) if got == 0 => Ok(1),
                chunk => chunk,
            };
            let step = chunk.and_then(|chunk| {
                common.wait(nonblock, generic.recv_timeout, || match peek {
                    true => self.peek_some(message, chunk, common.peek_offset().unwrap_or(0)),
                    false => self.recv_some(message, chunk),
                })
            });
            match step {
                Ok((step, end)) => {
                    got += step;
                    let done = end || got >= enough || peek;
                    // More is wanted, but not from behind the mark of urgent data.
                    if done || self.net.look(|stack| stack.tcp_at_mark(self.id)) {
                        break;
                    }
                }
                Err(_) if got > 0 => break,
                // As if connected, with nothing to read yet.
                Err(Errno::ENOTCONN) if self.is_put_off() => {
                    let nonblock = message.flags.nonblock();
                    return common.wait(nonblock, generic.recv_timeout, || Err(Errno::EAGAIN));
                }
                Err(errno) => return Err(errno),
            }
        }
        common.moved(peek, got);
        if generic.ancillary.contains(Ancillary::UNREAD)
            && let Some(control) = message.control.as_deref_mut()
        {
            let unread = self.net.look(|stack| stack.tcp_unread(self.id)) as i32;
            control.push(SOL_TCP as i32, TCP_CM_INQ as i32, &unread.to_ne_bytes());
        }
        Ok(Received {
            len: got,
            ..Received::default()
        })
    }

    fn shutdown(&self, _common: &Common, how: Shutdown) -> Result<()> {
        let how = direction(how);
        lift(
            self.net
                .with(|stack, now| stack.tcp_shutdown(now, self.id, how)),
        )
    }

    fn ready(&self, _common: &Common) -> Events {
        let mut ready = self.net.look(|stack| stack.tcp_ready(self.id));
        if ready.has(Ready::HUP) && self.is_put_off() {
            ready = Ready::WRITE;
        }
        registry::events(ready) - Events::WRBAND
    }

    fn take_error(&self, _common: &Common) -> Option<Errno> {
        self.net
            .with(|stack, _| stack.tcp_take_error(self.id))
            .map(errno)
    }

    fn listening(&self) -> bool {
        self.net.look(|stack| stack.tcp_state(self.id)) == TcpState::Listen
    }

    fn generic_changed(&self, _common: &Common, generic: &Generic) {
        // The handle lives as long as the socket.
        let _ = self.net.with(|stack, _| {
            stack.tcp_set_filter(self.id, generic.filter.clone())?;
            stack.tcp_configure(self.id, |options| {
                let owner = options.common.owner;
                apply_generic(&mut options.common, generic);
                options.common.owner = owner;
                options.shows_headers = generic.ancillary.intersects(Ancillary::OF_IPV6);
            })
        });
    }

    fn ioctl(&self, _common: &Common, request: u32, arg: usize) -> Result<usize> {
        use abi::ioctl::{FIONREAD, SIOCATMARK, TIOCOUTQ};
        let value = match request {
            FIONREAD if self.listening() => return Err(Errno::EINVAL),
            FIONREAD => self.net.look(|stack| stack.tcp_readable(self.id)),
            TIOCOUTQ if self.listening() => return Err(Errno::EINVAL),
            TIOCOUTQ => self.net.look(|stack| stack.tcp_unacked(self.id)),
            SIOCATMARK => self.net.look(|stack| stack.tcp_at_mark(self.id)).into(),
            _ => return Err(Errno::ENOTTY),
        };
        UserPtr::<i32>::new(arg).write(&(value as i32))?;
        Ok(0)
    }

    fn close(&self, common: &Common) {
        if let Some(members) = self.members.lock().take() {
            self.net.with(|stack, now| stack.dgram_close(now, members));
        }
        let end = |linger| {
            self.net
                .with(|stack, now| stack.tcp_close(now, self.id, linger))
        };
        match common.generic().linger {
            None => end(Linger::Background),
            Some(0) => end(Linger::Abort),
            Some(seconds) => {
                if self.net.with(|stack, now| stack.tcp_linger(now, self.id)) {
                    let timeout = u64::from(seconds).saturating_mul(1_000_000_000);
                    // Whatever ends the wait, the close goes on in the background.
                    let _ = common.wait(false, timeout, || {
                        let unacked = self.net.look(|stack| stack.tcp_unacked(self.id));
                        if unacked == 0 {
                            Ok(())
                        } else {
                            Err(Errno::EAGAIN)
                        }
                    });
                }
                end(Linger::Background);
            }
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
