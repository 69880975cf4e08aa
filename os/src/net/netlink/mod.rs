//! AF_NETLINK: how programs configure the network and ask about it. netlink(7).
//!
//! **What.** [`Netlink`] is a socket of the family, a [`port`] its mailbox; what a
//! protocol answers is in a file or directory of its name: [`route`] (NETLINK_ROUTE),
//! [`diag`] (NETLINK_SOCK_DIAG), [`generic`] (NETLINK_GENERIC). NETLINK_KOBJECT_UEVENT
//! and NETLINK_USERSOCK have no questions. Every other protocol is not built in:
//! `EPROTONOSUPPORT`. **Who calls.** The socket layer, and `net::stack`, which hands
//! over what changed in the engine for those who subscribed. **Who owns and locks.** A
//! port belongs to its socket; the table of ports and each port's mailbox have a spin
//! lock, never two at a time and never together with the engine's. Questions are
//! answered in sendmsg(2) itself: the answer waits in the mailbox when it returns.
//!
//! ```text
//! sendmsg -> codec: each message -> route::answer -> engine (stack::with) -> Answer -> own mailbox
//! any change in the engine -> stack::with, its lock dropped -> route::notify -> mailboxes of the group
//! ```

mod answer;
mod diag;
mod generic;
mod port;
pub mod route;
mod socket;

/// Tells those who listen to NETLINK_KOBJECT_UEVENT in a namespace.
pub fn uevent(net: &Namespace, text: &[u8]) {
    const GROUP: u32 = 1;
    if port::anybody(net, Protocol::Uevent, GROUP) {
        let datagram = port::Datagram {
            bytes: text.into(),
            from: 0,
            group: GROUP,
            creds: [0; 3],
        };
        port::multicast(net, Protocol::Uevent, GROUP, &datagram, 0);
    }
}

pub use port::{Wishes, group_bit, report};
pub use socket::Netlink;

use super::{Caller, Namespace, Socket, socket::Common};
use crate::Result;
use abi::{
    Errno,
    net::{AF_NETLINK, SOCK_DGRAM, SOCK_RAW},
};
use alloc::sync::Arc;

/// The protocols that there are, with NETLINK_*'s numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Protocol {
    Route = 0,
    User = 2,
    SockDiag = 4,
    Uevent = 15,
    Generic = 16,
}

impl Protocol {
    fn of(number: u32) -> Option<Protocol> {
        [
            Protocol::Route,
            Protocol::User,
            Protocol::SockDiag,
            Protocol::Uevent,
            Protocol::Generic,
        ]
        .into_iter()
        .find(|protocol| *protocol as u32 == number)
    }

    /// How many multicast groups the protocol has.
    fn groups(self) -> u32 {
        match self {
            Protocol::Route => netlink::route::group::MAX,
            // SKNLGRP_MAX.
            Protocol::SockDiag => 4,
            Protocol::User | Protocol::Uevent | Protocol::Generic => 32,
        }
    }

    /// Whether users without CAP_NET_ADMIN may send to others than the kernel.
    fn users_send(self) -> bool {
        self == Protocol::User
    }
}

/// socket(2). `ESOCKTNOSUPPORT`, `EPROTONOSUPPORT`.
pub fn open(_cx: &Caller<'_>, kind: u32, protocol: u32) -> Result<Arc<Socket>> {
    if kind != SOCK_RAW && kind != SOCK_DGRAM {
        return Err(Errno::ESOCKTNOSUPPORT);
    }
    let known = Protocol::of(protocol).ok_or(Errno::EPROTONOSUPPORT)?;
    let common = Common::new(AF_NETLINK, kind, protocol);
    let socket = Netlink::new(&common, known);
    Ok(Socket::new(common, socket))
}
