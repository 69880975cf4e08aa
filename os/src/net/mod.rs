//! The socket layer: the shell around the `inet` engine, and the families that need no engine.
//!
//! **What.** [`Socket`] is an open socket: what every family shares, around a
//! [`Protocol`], what one family does. INET and INET6 (`inet`) drive the engine
//! through [`stack`]; AF_UNIX (`unix`) moves buffers between tasks. **Who calls.**
//! `syscall/net.rs`, and `syscall/file.rs` through [`crate::file::File`]. **Who owns
//! and locks.** The engine has one lock, in `stack`; a socket's options have their
//! own, taken before it. Waiters are woken after both are dropped.
//!
//! A received packet: NIC interrupt -> [`card`] (mask, drain, unmask) -> engine
//! ingress -> `stack` applies the effects: wakes by token -> the reader's `try_op`
//! copies out of the engine's ring.

pub mod addr;
mod alg;
mod boot;
mod card;
mod class;
mod cmsg;
mod device;
mod errno;
mod ethtool;
mod groups;
mod inet;
mod ioctl;
mod netlink;
pub mod opt;
mod packet;
pub mod proc;
mod registry;
pub mod socket;
pub mod stack;
mod statistics;
mod sysctl;
mod tun;
mod uevent;
pub mod unix;
mod veth;
mod vsock;

pub use addr::SockAddr;
pub use cmsg::Control;
pub use socket::{Socket, message};
pub use stack::Namespace;

use crate::Result;
use abi::{
    Errno,
    net::{AF_ALG, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX, AF_VSOCK},
};
use alloc::sync::Arc;

/// Brings up `lo` and every NIC that `drivers` found, gives the first one its
/// address as the command line says, and publishes /proc/net.
pub fn init(cmdline: &str) {
    stack::init();
    card::init();
    veth::init();
    tun::init();
    proc::init();
    statistics::init();
    groups::init();
    sysctl::init();
    class::init();
    unix::init();
    packet::init();
    vsock::init();
    boot::init(cmdline);
}

/// AF_MAX and SOCK_MAX: what lies beyond is no family (`EAFNOSUPPORT`) or no type
/// (`EINVAL`), whatever the other argument says.
fn check_type(domain: u32, kind: u32) -> Result<()> {
    const AF_MAX: u32 = 46;
    const SOCK_MAX: u32 = 11;
    match (domain < AF_MAX, kind < SOCK_MAX) {
        (false, _) => Err(Errno::EAFNOSUPPORT),
        (true, false) => Err(Errno::EINVAL),
        (true, true) => Ok(()),
    }
}

/// socket(2): `kind` is the SOCK_* type without flags. Families that are not built in: `EAFNOSUPPORT`.
pub fn open(cx: &Caller<'_>, domain: u32, kind: u32, protocol: u32) -> Result<Arc<Socket>> {
    check_type(domain, kind)?;
    match domain {
        AF_INET | AF_INET6 => inet::open(cx, domain, kind, protocol),
        AF_UNIX => unix::open(cx, kind, protocol),
        AF_NETLINK => netlink::open(cx, kind, protocol),
        AF_PACKET => packet::open(cx, kind, protocol),
        AF_ALG => alg::open(kind, protocol),
        AF_VSOCK => vsock::open(kind, protocol),
        _ => Err(Errno::EAFNOSUPPORT),
    }
}

/// socketpair(2).
pub fn pair(
    cx: &Caller<'_>,
    domain: u32,
    kind: u32,
    protocol: u32,
) -> Result<(Arc<Socket>, Arc<Socket>)> {
    check_type(domain, kind)?;
    match domain {
        // Two sockets are made before they are asked to be a pair: what is wrong with one goes first.
        AF_INET | AF_INET6 | AF_NETLINK => {
            open(cx, domain, kind, protocol).and(Err(Errno::EOPNOTSUPP))
        }
        AF_UNIX => unix::pair(cx, kind, protocol),
        AF_PACKET => packet::pair(cx, kind),
        AF_ALG => alg::pair(kind, protocol),
        AF_VSOCK => vsock::pair(kind, protocol),
        _ => Err(Errno::EAFNOSUPPORT),
    }
}

/// Who makes a call, as far as sockets care.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// Paths of AF_UNIX names, and credentials.
    pub fs: crate::fs::Caller<'a>,
    /// Process id, for SO_PEERCRED and SCM_CREDENTIALS.
    pub pid: i32,
    /// Effective user and group, for the same.
    pub euid: u32,
    #[allow(missing_docs)]
    pub egid: u32,
    /// Real user and group, for SCM_CREDENTIALS.
    pub uid: u32,
    #[allow(missing_docs)]
    pub gid: u32,
    /// Descriptors, for SCM_RIGHTS.
    pub files: &'a crate::file::FdTable,
}

impl Caller<'_> {
    /// Whether the capability is effective.
    pub fn capable(&self, capability: u32) -> bool {
        self.fs.creds.capable(capability)
    }
}

/// CAP_NET_BIND_SERVICE, capabilities(7).
pub const CAP_NET_BIND_SERVICE: u32 = 10;
/// CAP_NET_ADMIN.
pub const CAP_NET_ADMIN: u32 = 12;
/// CAP_NET_RAW.
pub const CAP_NET_RAW: u32 = 13;
