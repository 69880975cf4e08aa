//! `struct sockaddr_vm`, and who has which port. vsock(7).

use super::node::Node;
use crate::{Result, net::SockAddr, sync::SpinLock};
use abi::{Errno, net::AF_VSOCK, vm_sockets::VMADDR_CID_LOCAL};
use alloc::{
    sync::{Arc, Weak},
    vec::Vec,
};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// VMADDR_CID_ANY and VMADDR_PORT_ANY.
pub const WILDCARD: u32 = u32::MAX;
/// Ports up to this need CAP_NET_BIND_SERVICE.
pub const LAST_RESERVED: u32 = 1023;

/// A machine and a port on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Address {
    pub cid: u32,
    pub port: u32,
}

impl Address {
    /// Neither decided.
    pub const ANY: Address = Address {
        cid: WILDCARD,
        port: WILDCARD,
    };

    /// `EFAULT` when too short, `EAFNOSUPPORT`, `EINVAL` for unknown flags.
    pub fn decode(addr: &SockAddr) -> Result<Address> {
        const SIZE: usize = 16;
        const FLAGS: usize = 12;
        /// VMADDR_FLAG_TO_HOST.
        const KNOWN: u8 = 1;
        let bytes: &[u8; SIZE] = addr.bytes().first_chunk().ok_or(Errno::EFAULT)?;
        if addr.family() != AF_VSOCK {
            return Err(Errno::EAFNOSUPPORT);
        }
        if bytes[FLAGS] & !KNOWN != 0 {
            return Err(Errno::EINVAL);
        }
        let word = |at: usize| u32::from_ne_bytes(core::array::from_fn(|i| bytes[at + i]));
        Ok(Address {
            port: word(4),
            cid: word(8),
        })
    }

    /// As a program reads it.
    pub fn encode(self) -> SockAddr {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&(AF_VSOCK as u16).to_ne_bytes());
        bytes[4..8].copy_from_slice(&self.port.to_ne_bytes());
        bytes[8..12].copy_from_slice(&self.cid.to_ne_bytes());
        SockAddr::new(&bytes)
    }
}

/// Where the search for a free port goes on; 0 before the first.
static NEXT_PORT: AtomicU32 = AtomicU32::new(0);

/// MAX_PORT_RETRIES: how many ports a search looks at.
const PORTS_TRIED: usize = 24;

/// Who is bound.
static BOUND: SpinLock<Vec<(Address, Weak<Node>)>> = SpinLock::new(Vec::new());

/// Gives `node` an address; port [`WILDCARD`] takes a free one. `EADDRNOTAVAIL`, `EADDRINUSE`.
pub fn take(node: &Arc<Node>, mut addr: Address) -> Result<Address> {
    if addr.cid != WILDCARD && addr.cid != VMADDR_CID_LOCAL {
        return Err(Errno::EADDRNOTAVAIL);
    }
    let mut bound = BOUND.lock();
    bound.retain(|(_, node)| node.strong_count() > 0);
    let taken = |addr: Address| {
        bound.iter().any(|(other, _)| {
            other.port == addr.port
                && (other.cid == addr.cid || other.cid == WILDCARD || addr.cid == WILDCARD)
        })
    };
    if addr.port == WILDCARD {
        // The port behind the last one that was tried, and a few more.
        let next = || {
            let mut port = NEXT_PORT.load(Relaxed);
            if port <= LAST_RESERVED || port == WILDCARD {
                port = LAST_RESERVED + 1;
            }
            NEXT_PORT.store(port.wrapping_add(1), Relaxed);
            Address { port, ..addr }
        };
        let mut candidates = core::iter::repeat_with(next).take(PORTS_TRIED);
        addr = candidates
            .find(|&candidate| !taken(candidate))
            .ok_or(Errno::EADDRNOTAVAIL)?;
    } else if taken(addr) {
        return Err(Errno::EADDRINUSE);
    }
    bound.push((addr, Arc::downgrade(node)));
    Ok(addr)
}

/// The address is free again.
pub fn give_back(node: &Arc<Node>) {
    let me = Arc::downgrade(node);
    BOUND.lock().retain(|(_, other)| !Weak::ptr_eq(other, &me));
}

/// Who is bound to a port of this machine.
pub fn find(addr: Address) -> Option<Arc<Node>> {
    let bound = BOUND.lock();
    let found = bound
        .iter()
        .find(|(other, _)| other.port == addr.port && [addr.cid, WILDCARD].contains(&other.cid));
    found.and_then(|(_, node)| node.upgrade())
}
