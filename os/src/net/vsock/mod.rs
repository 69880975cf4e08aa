//! AF_VSOCK within one machine: streams and sequenced packets to VMADDR_CID_LOCAL. vsock(7).
//!
//! What it is: [`Vsock`], the [`Protocol`] of the family, around a [`Node`], the part that the other side knows. The
//! answers are those of a Linux that has the loopback transport and no other: there are no datagrams (`ENODEV`), and no
//! machine but this one (`ENODEV`). Who calls: [`crate::net::open`], then the socket layer. Who owns and locks: a node belongs
//! to its socket and knows its peer weakly; each has one spin lock, never two at a time, never over a user copy. Waiters are
//! woken with no lock held. Typical sequence of a write:
//!
//! ```text
//! send -> copy in -> room at the peer? (else sleep) -> peer's queue -> wake the peer
//! recv -> off the queue -> copy out -> wake the peer, who may wait for room
//! ```

mod address;
mod connection;
mod device;
mod node;
mod transfer;

pub use device::init;

use super::{
    Caller, SockAddr, Socket,
    socket::{
        Common, Protocol,
        message::{Incoming, Outgoing, Received, Shutdown},
    },
};
use crate::{Result, file::Events, mm::UserPtr, sync::SpinLock};
use abi::{
    Errno,
    net::{AF_VSOCK, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM},
};
use address::Address;
use alloc::sync::Arc;
use core::any::Any;
use node::{Node, Phase};

/// One socket.
pub struct Vsock {
    node: Arc<Node>,
    sizes: SpinLock<Sizes>,
}

/// SO_VM_SOCKETS_*.
#[derive(Clone, Copy)]
pub struct Sizes {
    /// Bytes that may wait here.
    pub buffer: u64,
    #[allow(missing_docs)]
    pub least: u64,
    #[allow(missing_docs)]
    pub most: u64,
    /// How long connect(2) waits, in ns.
    pub connect_timeout: u64,
}

impl Default for Sizes {
    fn default() -> Sizes {
        Sizes {
            buffer: 256 * 1024,
            least: 128,
            most: 256 * 1024,
            connect_timeout: 2_000_000_000,
        }
    }
}

/// socket(2). `EPROTONOSUPPORT`, `ESOCKTNOSUPPORT`; `ENODEV` for datagrams, which only other transports have.
pub fn open(kind: u32, protocol: u32) -> Result<Arc<Socket>> {
    check(kind, protocol)?;
    Ok(socket(kind).0)
}

/// socketpair(2): there are none, and socket(2)'s errors come first. `EOPNOTSUPP`.
pub fn pair<T>(kind: u32, protocol: u32) -> Result<T> {
    check(kind, protocol)?;
    Err(Errno::EOPNOTSUPP)
}

fn check(kind: u32, protocol: u32) -> Result<()> {
    if protocol != 0 && protocol != AF_VSOCK {
        return Err(Errno::EPROTONOSUPPORT);
    }
    match kind {
        SOCK_STREAM | SOCK_SEQPACKET => Ok(()),
        SOCK_DGRAM => Err(Errno::ENODEV),
        _ => Err(Errno::ESOCKTNOSUPPORT),
    }
}

fn socket(kind: u32) -> (Arc<Socket>, Arc<Node>) {
    let common = Common::new(AF_VSOCK, kind, 0);
    let node = Node::new(kind, common.queue_handle());
    let vsock = Vsock {
        node: node.clone(),
        sizes: SpinLock::default(),
    };
    (Socket::new(common, vsock), node)
}

impl Vsock {
    /// SO_VM_SOCKETS_*, copied.
    pub fn sizes(&self) -> Sizes {
        *self.sizes.lock()
    }

    /// Changes them; the buffer stays within its bounds.
    pub fn change_sizes(&self, change: impl FnOnce(&mut Sizes)) {
        let mut sizes = self.sizes.lock();
        change(&mut sizes);
        sizes.buffer = sizes.buffer.min(sizes.most).max(sizes.least);
        let buffer = sizes.buffer;
        drop(sizes);
        self.node.state.lock().limit = usize::try_from(buffer).unwrap_or(usize::MAX);
    }
}

impl Protocol for Vsock {
    fn bind(&self, _common: &Common, cx: &Caller<'_>, addr: &SockAddr) -> Result<()> {
        let addr = Address::decode(addr).map_err(|_| Errno::EINVAL)?;
        connection::bind(&self.node, cx, addr)
    }

    fn connect(
        &self,
        _common: &Common,
        _cx: &Caller<'_>,
        addr: &SockAddr,
        nonblock: bool,
    ) -> Result<()> {
        connection::connect(&self.node, addr, nonblock)
    }

    fn listen(&self, _common: &Common, _cx: &Caller<'_>, backlog: i32) -> Result<()> {
        connection::listen(&self.node, backlog)
    }

    fn accept(&self, common: &Common, nonblock: bool) -> Result<Arc<Socket>> {
        connection::accept(&self.node, common, nonblock)
    }

    fn local(&self, _common: &Common) -> Result<SockAddr> {
        Ok(self
            .node
            .state
            .lock()
            .local
            .unwrap_or(Address::ANY)
            .encode())
    }

    fn peer(&self, _common: &Common) -> Result<SockAddr> {
        let state = self.node.state.lock();
        match (&state.phase, state.remote) {
            (Phase::Connected, Some(remote)) => Ok(remote.encode()),
            _ => Err(Errno::ENOTCONN),
        }
    }

    fn send(
        &self,
        common: &Common,
        _cx: Option<&Caller<'_>>,
        message: &mut Outgoing<'_, '_>,
    ) -> Result<usize> {
        transfer::send(&self.node, common, message)
    }

    fn recv(&self, common: &Common, message: &mut Incoming<'_, '_>) -> Result<Received> {
        transfer::recv(&self.node, common, message)
    }

    fn shutdown(&self, _common: &Common, how: Shutdown) -> Result<()> {
        connection::shutdown(&self.node, how)
    }

    fn ready(&self, _common: &Common) -> Events {
        self.node.ready()
    }

    fn take_error(&self, _common: &Common) -> Option<Errno> {
        self.node.state.lock().error.take()
    }

    fn listening(&self) -> bool {
        matches!(self.node.state.lock().phase, Phase::Listening(_))
    }

    fn ioctl(&self, _common: &Common, request: u32, arg: usize) -> Result<usize> {
        let bytes = match request {
            // SIOCOUTQ: bytes that the peer has not read.
            abi::ioctl::TIOCOUTQ if self.listening() => return Err(Errno::EINVAL),
            abi::ioctl::TIOCOUTQ => self.node.unread_by_peer(),
            abi::ioctl::FIONREAD if self.listening() => return Err(Errno::EINVAL),
            abi::ioctl::FIONREAD => self.node.state.lock().held,
            _ => return Err(Errno::ENOTTY),
        };
        UserPtr::new(arg).write(&(bytes as i32))?;
        Ok(0)
    }

    fn close(&self, _common: &Common) {
        connection::close(&self.node);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
