//! What the caller owes the world after a call into the engine.

use alloc::vec::Vec;
use core::ops::{BitOr, BitOrAssign};

use crate::iface::IfaceId;
use crate::time::Instant;

/// The bill of one [`crate::Stack::flush`]. The caller keeps one and reuses it, so that a flush allocates nothing.
///
/// Apply `wake` after dropping the stack's lock; take frames with [`crate::Stack::pop_frame`] from each interface in `send`
/// and kick its device once; arm a timer for `next_deadline`.
#[derive(Debug, Default)]
#[must_use]
pub struct Effects {
    /// One entry per socket to which something happened. `flush` appends; the caller drains.
    pub wake: Vec<Wake>,
    /// Bit `n` is set when the interface with index `n` has frames to take. `flush` adds bits; the caller clears them.
    pub send: u64,
    /// A datagram filled a socket's receive buffer, or found it full: whoever sends had better let the reader run first.
    /// `flush` sets it; the caller clears it.
    pub crowded: bool,
    /// When to call [`crate::Stack::poll_timers`] next. Overwritten by each flush.
    pub next_deadline: Option<Instant>,
}

impl Effects {
    /// No effects yet.
    pub const fn new() -> Self {
        Effects {
            wake: Vec::new(),
            send: 0,
            crowded: false,
            next_deadline: None,
        }
    }

    /// Whether `iface` has frames to take.
    pub fn sends(&self, iface: IfaceId) -> bool {
        self.send & iface.bit() != 0
    }

    /// Forgets what was applied.
    pub fn clear(&mut self) {
        self.wake.clear();
        self.send = 0;
        self.crowded = false;
    }
}

/// Wake whoever waits on the socket to which the shell gave this token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// What the shell passed when it opened or accepted the socket.
    pub token: u64,
    /// What happened since the last flush: an edge, as EPOLLET wants it. For levels ask `tcp_ready` and its siblings.
    pub events: Ready,
}

/// A set of readiness conditions; the bits follow poll(2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ready(pub u8);

impl Ready {
    /// Nothing.
    pub const NONE: Ready = Ready(0);
    /// Data, end of stream, a connection to accept, or an error to read: POLLIN.
    pub const READ: Ready = Ready(1);
    /// Room to send: POLLOUT. Also set when sending would fail at once.
    pub const WRITE: Ready = Ready(2);
    /// Both directions are shut: POLLHUP.
    pub const HUP: Ready = Ready(4);
    /// The peer shut its sending side: POLLRDHUP.
    pub const RDHUP: Ready = Ready(8);
    /// An error is pending (SO_ERROR or the error queue): POLLERR.
    pub const ERR: Ready = Ready(16);
    /// Edge only: everything sent, FIN included, has been acknowledged. A lingering close waits for it.
    pub const DRAINED: Ready = Ready(32);
    /// Urgent data: POLLPRI.
    pub const PRIORITY: Ready = Ready(64);

    /// Whether every condition of `other` holds.
    pub const fn has(self, other: Ready) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any condition of `other` holds.
    pub const fn any(self, other: Ready) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether no condition holds.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for Ready {
    type Output = Ready;

    fn bitor(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }
}

impl BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Ready) {
        self.0 |= other.0;
    }
}
