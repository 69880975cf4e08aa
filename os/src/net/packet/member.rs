//! PACKET_ADD_MEMBERSHIP: what a socket asks of an interface. packet(7).
//!
//! Memberships are counted per socket and end with it. Cards here deliver every frame of their link, so that
//! groups change nothing; promiscuous mode decides whether frames to other stations reach packet sockets.

use crate::{
    Result,
    net::{errno::errno, stack::Namespace},
    sync::SpinLock,
};
use abi::{
    Errno,
    if_packet::{PACKET_MR_MULTICAST, PACKET_MR_PROMISC, PACKET_MR_UNICAST},
};
use alloc::vec::Vec;
use inet::IfaceId;

/// Bytes of a hardware address on every link there is.
const ADDRESS: usize = 6;

/// `struct packet_mreq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    iface: u32,
    kind: u16,
    len: u16,
    addr: [u8; 8],
}

impl Request {
    /// `sizeof(struct packet_mreq)`, and what stands before its address.
    const SIZE: usize = 16;
    const HEADER: usize = 8;

    /// What setsockopt(2) was given. `EINVAL` when it is shorter than the structure or its own length says.
    pub fn decode(bytes: &[u8]) -> Result<Request> {
        let Some(&[i0, i1, i2, i3, k0, k1, l0, l1, ref addr @ ..]) =
            bytes.first_chunk::<{ Request::SIZE }>()
        else {
            return Err(Errno::EINVAL);
        };
        let len = u16::from_ne_bytes([l0, l1]);
        if bytes.len() < Request::HEADER + usize::from(len) {
            return Err(Errno::EINVAL);
        }
        let mut request = Request {
            iface: u32::from_ne_bytes([i0, i1, i2, i3]),
            kind: u16::from_ne_bytes([k0, k1]),
            len,
            addr: *addr,
        };
        let used = usize::from(len).min(request.addr.len());
        request.addr[used..].fill(0);
        Ok(request)
    }

    fn promiscuous(&self) -> bool {
        u32::from(self.kind) == PACKET_MR_PROMISC
    }
}

/// The memberships of one socket, each with how often it was asked for.
#[derive(Default)]
pub struct Members(SpinLock<Vec<(Request, u32)>>);

impl Members {
    /// `ENODEV`, `EINVAL` (length of the address).
    pub fn join(&self, net: &Namespace, request: &Request) -> Result<()> {
        let iface = IfaceId(request.iface);
        if !net.look(|stack| stack.interface(iface).is_some()) {
            return Err(Errno::ENODEV);
        }
        let len = usize::from(request.len);
        let exact = [PACKET_MR_MULTICAST, PACKET_MR_UNICAST].contains(&u32::from(request.kind));
        if len > ADDRESS || exact && len != ADDRESS {
            return Err(Errno::EINVAL);
        }
        let mut members = self.0.lock();
        if let Some((_, count)) = members.iter_mut().find(|(other, _)| other == request) {
            *count += 1;
            return Ok(());
        }
        members.push((*request, 1));
        drop(members);
        turn(net, request, true)
    }

    /// What was never joined is left as well, as on Linux.
    pub fn leave(&self, net: &Namespace, request: &Request) -> Result<()> {
        let mut members = self.0.lock();
        let Some(at) = members.iter().position(|(other, _)| other == request) else {
            return Ok(());
        };
        members[at].1 -= 1;
        if members[at].1 > 0 {
            return Ok(());
        }
        members.swap_remove(at);
        drop(members);
        turn(net, request, false)
    }

    /// The socket is closed.
    pub fn leave_all(&self, net: &Namespace) {
        let members = core::mem::take(&mut *self.0.lock());
        for (request, _) in members {
            // An interface that is gone wants nothing.
            let _ = turn(net, &request, false);
        }
    }
}

fn turn(net: &Namespace, request: &Request, on: bool) -> Result<()> {
    if !request.promiscuous() {
        return Ok(());
    }
    net.with(|stack, _| stack.promiscuity(IfaceId(request.iface), on))
        .map_err(errno)
}
