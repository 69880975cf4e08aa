//! NETLINK_SOCK_DIAG: the sockets of the machine, as ss(8) asks for them. sock_diag(7).

mod inet;
mod packet;
mod unix;

use super::answer::{Outcome, Request};
use abi::{
    Errno,
    net::{AF_INET, AF_INET6, AF_MAX, AF_PACKET, AF_UNIX},
};
use netlink::diag;

/// Answers one message. `ENOENT` for families that are not built in, as on Linux without their module.
pub fn answer(request: &Request<'_>) -> Outcome {
    let family = request.body.first().copied().map(u32::from);
    match (request.header.kind, family) {
        (diag::BY_FAMILY, Some(AF_INET | AF_INET6)) => inet::get(request),
        (diag::BY_FAMILY, Some(AF_UNIX)) => unix::get(request),
        (diag::BY_FAMILY, Some(AF_PACKET)) => packet::get(request),
        (diag::BY_FAMILY | diag::DESTROY, None | Some(AF_MAX..)) => Err(Errno::EINVAL.into()),
        (diag::BY_FAMILY, Some(_)) => Err(Errno::ENOENT.into()),
        // A kernel without INET_DIAG_DESTROY.
        (diag::DESTROY, Some(_)) => Err(Errno::EOPNOTSUPP.into()),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// `struct sk_meminfo`: SK_MEMINFO_*.
fn memory(
    received: usize,
    recv_buffer: usize,
    sent: usize,
    send_buffer: usize,
    drops: u64,
) -> [u32; 9] {
    [
        received as u32,
        recv_buffer as u32,
        0,
        send_buffer as u32,
        0,
        sent as u32,
        0,
        0,
        drops as u32,
    ]
}

/// The cookie of a socket: inode numbers are never used twice. All ones is "any".
fn cookie_matches(asked: [u32; 2], inode: u64) -> bool {
    asked == [u32::MAX; 2] || asked == cookie(inode)
}

fn cookie(inode: u64) -> [u32; 2] {
    [inode as u32, (inode >> 32) as u32]
}
