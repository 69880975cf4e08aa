//! AF_UNIX: streams, datagrams and sequenced packets between tasks. unix(7).
//!
//! What it is: [`Unix`], the [`Protocol`] of the family, around an [`End`], the part
//! that the other side knows. Data goes straight into the receiver's [`inbox`]: one
//! copy in, one copy out, no engine. Who calls: [`crate::net::open`] and `pair`, then the
//! socket layer. Who owns and locks: an end belongs to its socket and knows its peer
//! weakly. Its inbox has a sleeping lock, held over user copies; its state a spin lock,
//! never two at a time. Waiters are woken with no lock held. Typical sequence of a write:
//!
//! ```text
//! send -> room in SO_SNDBUF? (else sleep) -> peer.inbox: join the last chunk or a new one -> wake the peer
//! recv -> copy out -> chunk empty: its bytes leave the sender's account -> wake the sender at a quarter
//! ```

mod collect;
mod connection;
mod end;
mod inbox;
mod name;
mod packet;
mod proc;
mod rights;
mod stream;
mod urgent;

pub use proc::{Row, init, rows};

use super::{
    CAP_NET_ADMIN, Caller, SockAddr, Socket,
    socket::{
        Common, Generic, Protocol,
        message::{Incoming, Outgoing, Received, Shutdown},
    },
};
use crate::{
    Result,
    file::{
        Events,
        hooks::{self, ProcessHandle},
    },
    fs,
    mm::UserPtr,
};
use abi::{
    Errno,
    general::O_PATH,
    net::{AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM},
};
use alloc::sync::Arc;
use core::{any::Any, sync::atomic::Ordering::Relaxed};
use end::{End, Identity, Passes};

/// Linux uapi `linux/un.h`.
const SIOCUNIXFILE: u32 = 0x89e0;

/// One socket of the family.
pub struct Unix {
    end: Arc<End>,
}

/// socket(2). `ESOCKTNOSUPPORT`, `EPROTONOSUPPORT`.
pub fn open(cx: &Caller<'_>, kind: u32, protocol: u32) -> Result<Arc<Socket>> {
    Ok(create(cx, kind, protocol)?.0)
}

/// socketpair(2): two ends that are connected from the start.
pub fn pair(cx: &Caller<'_>, kind: u32, protocol: u32) -> Result<(Arc<Socket>, Arc<Socket>)> {
    let (first, one) = create(cx, kind, protocol)?;
    let (second, other) = create(cx, kind, protocol)?;
    let owner = Identity::of(cx);
    one.join(&other, Some(owner.clone()));
    other.join(&one, Some(owner));
    Ok((first, second))
}

fn create(cx: &Caller<'_>, kind: u32, protocol: u32) -> Result<(Arc<Socket>, Arc<End>)> {
    if protocol != 0 && protocol != AF_UNIX {
        return Err(Errno::EPROTONOSUPPORT);
    }
    let kind = match kind {
        SOCK_STREAM | SOCK_DGRAM | SOCK_SEQPACKET => kind,
        // Linux takes SOCK_RAW for SOCK_DGRAM here.
        SOCK_RAW => SOCK_DGRAM,
        _ => return Err(Errno::ESOCKTNOSUPPORT),
    };
    Ok(end::socket(kind, Identity::of(cx)))
}

impl Unix {
    /// SO_PEERCRED as `struct ucred`: process, user, group; (0, -1, -1) without a peer.
    pub fn peer_credentials(&self) -> [u32; 3] {
        match &self.end.state.lock().peer_owner {
            Some(Identity { creds, .. }) => [creds.pid as u32, creds.euid, creds.egid],
            None => [0, u32::MAX, u32::MAX],
        }
    }

    /// SO_PEERGROUPS. A listening socket tells of who called listen(2).
    pub fn peer_groups(&self) -> Option<Arc<[u32]>> {
        let state = self.end.state.lock();
        state.peer_owner.as_ref().map(|owner| owner.groups.clone())
    }

    /// SO_PEERPIDFD: the process that connected, listened or made the pair.
    pub fn peer_process(&self) -> Option<ProcessHandle> {
        self.end.state.lock().peer_owner.as_ref()?.process.clone()
    }

    /// SO_PEEK_OFF; negative for none.
    pub fn peek_offset(&self) -> i32 {
        self.end.peek_offset.load(Relaxed)
    }

    #[allow(missing_docs)]
    pub fn set_peek_offset(&self, offset: i32) {
        self.end.peek_offset.store(offset, Relaxed);
    }

    /// SIOCUNIXFILE: a descriptor of the path that the socket is bound to. `EPERM`, `ENOENT`.
    fn open_file(&self) -> Result<usize> {
        if !hooks::tasks().capable(CAP_NET_ADMIN) {
            return Err(Errno::EPERM);
        }
        let place = self.end.state.lock().place.clone();
        let file = fs::open::open_path(&place.ok_or(Errno::ENOENT)?, O_PATH);
        Ok(hooks::tasks().install(file)? as usize)
    }
}

impl Protocol for Unix {
    fn bind(&self, _common: &Common, cx: &Caller<'_>, addr: &SockAddr) -> Result<()> {
        name::bind(&self.end, cx, addr)
    }

    fn connect(
        &self,
        common: &Common,
        cx: &Caller<'_>,
        addr: &SockAddr,
        nonblock: bool,
    ) -> Result<()> {
        match self.end.kind {
            SOCK_DGRAM => packet::connect(&self.end, cx, addr),
            _ => connection::connect(&self.end, common, cx, addr, nonblock),
        }
    }

    fn listen(&self, _common: &Common, cx: &Caller<'_>, backlog: i32) -> Result<()> {
        match self.end.kind {
            SOCK_DGRAM => Err(Errno::EOPNOTSUPP),
            _ => connection::listen(&self.end, cx, backlog),
        }
    }

    fn accept(&self, common: &Common, nonblock: bool) -> Result<Arc<Socket>> {
        match self.end.kind {
            SOCK_DGRAM => Err(Errno::EOPNOTSUPP),
            _ => connection::accept(&self.end, common, nonblock),
        }
    }

    fn local(&self, _common: &Common) -> Result<SockAddr> {
        Ok(name::address(self.end.name().as_deref()))
    }

    fn peer(&self, _common: &Common) -> Result<SockAddr> {
        let peer = self.end.peer();
        let state = self.end.state.lock();
        let (connected, left) = (state.connected, state.left_name.clone());
        drop(state);
        match peer {
            Some(peer) => Ok(name::address(peer.name().as_deref())),
            // The other side is closed: a stream still knows that there was one.
            None if connected && self.end.kind != SOCK_DGRAM => Ok(name::address(left.as_deref())),
            None => Err(Errno::ENOTCONN),
        }
    }

    fn send(
        &self,
        common: &Common,
        cx: Option<&Caller<'_>>,
        message: &mut Outgoing<'_, '_>,
    ) -> Result<usize> {
        match self.end.kind {
            SOCK_STREAM => stream::send(&self.end, common, cx, message),
            _ => packet::send(&self.end, common, cx, message),
        }
    }

    fn recv(&self, common: &Common, message: &mut Incoming<'_, '_>) -> Result<Received> {
        match self.end.kind {
            SOCK_STREAM => stream::recv(&self.end, common, message),
            _ => packet::recv(&self.end, common, message),
        }
    }

    fn shutdown(&self, _common: &Common, how: Shutdown) -> Result<()> {
        connection::shutdown(&self.end, how);
        Ok(())
    }

    fn ready(&self, _common: &Common) -> Events {
        self.end.ready()
    }

    fn take_error(&self, _common: &Common) -> Option<Errno> {
        self.end.state.lock().error.take()
    }

    fn listening(&self) -> bool {
        self.end.state.lock().listener.is_some()
    }

    fn wants_caller(&self) -> bool {
        let passes = |end: &End| end.passes().intersects(Passes::IDENTITY);
        passes(&self.end) || self.end.peer().is_some_and(|peer| passes(&peer))
    }

    fn generic_changed(&self, _common: &Common, generic: &Generic) {
        let end = &*self.end;
        end.send_buffer.store(generic.send_buffer as usize, Relaxed);
        let mut passes = Passes::empty();
        passes.set(Passes::CRED, generic.pass_cred);
        passes.set(Passes::PIDFD, generic.pass_pidfd);
        passes.set(Passes::NO_RIGHTS, generic.refuse_rights);
        end.passes.store(passes.bits(), Relaxed);
        *end.filter.lock() = generic.filter.clone();
        if end.writable() {
            end.queue.wake(Events::OUT | Events::WRNORM);
        }
    }

    fn ioctl(&self, _common: &Common, request: u32, arg: usize) -> Result<usize> {
        use abi::ioctl::{FIONREAD, SIOCATMARK, TIOCOUTQ};
        // FIONREAD and TIOCOUTQ are SIOCINQ and SIOCOUTQ.
        let bytes = match request {
            FIONREAD if self.listening() => return Err(Errno::EINVAL),
            FIONREAD => self.end.unread(),
            TIOCOUTQ if self.listening() => return Err(Errno::EINVAL),
            TIOCOUTQ => self.end.inflight.load(Relaxed),
            SIOCUNIXFILE => return self.open_file(),
            SIOCATMARK if self.end.kind != SOCK_STREAM => return Err(Errno::EOPNOTSUPP),
            SIOCATMARK => self.end.inbox.lock().at_mark().into(),
            _ => return Err(Errno::ENOTTY),
        };
        UserPtr::new(arg).write(&(bytes as i32))?;
        Ok(0)
    }

    fn close(&self, _common: &Common) {
        connection::close(&self.end);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
