//! One send or receive: what sendmsg(2) and recvmsg(2) pass down, and what comes back.

use super::SockAddr;
use crate::mm::{UserIn, UserOut};
use crate::net::cmsg::Control;

bitflags::bitflags! {
    /// MSG_*, with the values of send(2) and recv(2).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    #[allow(missing_docs)]
    pub struct Flags: u32 {
        const OOB = 0x1;
        const PEEK = 0x2;
        const DONTROUTE = 0x4;
        const CTRUNC = 0x8;
        const PROBE = 0x10;
        const TRUNC = 0x20;
        const DONTWAIT = 0x40;
        const EOR = 0x80;
        const WAITALL = 0x100;
        const CONFIRM = 0x800;
        const ERRQUEUE = 0x2000;
        const NOSIGNAL = 0x4000;
        const MORE = 0x8000;
        const WAITFORONE = 0x1_0000;
        const FASTOPEN = 0x2000_0000;
        const CMSG_CLOEXEC = 0x4000_0000;
        // What else a program sets is ignored, as on Linux.
        const _ = !0;
    }
}

impl Flags {
    /// Whether the call may sleep.
    pub fn nonblock(self) -> bool {
        self.contains(Flags::DONTWAIT)
    }
}

/// What to send. O_NONBLOCK is folded into [`Flags::DONTWAIT`] by the caller.
pub struct Outgoing<'a, 'b> {
    /// The payload; the cursor moves over what was sent.
    pub data: &'a mut UserIn<'b>,
    /// `msg_name`; `None` when not given.
    pub to: Option<SockAddr>,
    /// `msg_control`, copied in; empty when not given.
    pub control: &'a [u8],
    /// MSG_*.
    pub flags: Flags,
}

/// What to receive into.
pub struct Incoming<'a, 'b> {
    /// Where the payload goes.
    pub out: &'a mut UserOut<'b>,
    /// MSG_*.
    pub flags: Flags,
    /// Whether the caller has room for ancillary data, and collects it here.
    pub control: Option<&'a mut Control>,
}

/// What was received.
#[derive(Default)]
pub struct Received {
    /// The call's result: bytes copied, or with MSG_TRUNC the datagram's real length.
    pub len: usize,
    /// `msg_flags`: MSG_TRUNC, MSG_EOR, MSG_ERRQUEUE, MSG_OOB (MSG_CTRUNC is added by the caller).
    pub flags: Flags,
    /// Who sent it; `None` leaves `msg_namelen` 0.
    pub from: Option<SockAddr>,
}

/// shutdown(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Shutdown {
    Read,
    Write,
    Both,
}
