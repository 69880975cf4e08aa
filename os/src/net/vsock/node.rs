//! [`Node`]: one side of a connection, or a listener, as the other side sees it.

use super::address::Address;
use crate::{file::Events, net::Socket, sched::WaitQueue, sync::SpinLock};
use abi::Errno;
use alloc::{
    collections::VecDeque,
    sync::{Arc, Weak},
    vec::Vec,
};

/// See the module.
pub struct Node {
    /// SOCK_STREAM or SOCK_SEQPACKET.
    pub kind: u32,
    /// Who waits for this socket.
    pub queue: Arc<WaitQueue>,
    #[allow(missing_docs)]
    pub state: SpinLock<State>,
}

/// What a socket is doing.
pub enum Phase {
    #[allow(missing_docs)]
    Unconnected,
    #[allow(missing_docs)]
    Listening(Listener),
    #[allow(missing_docs)]
    Connected,
    /// The other side is closed.
    Disconnected,
}

/// What listen(2) adds.
pub struct Listener {
    /// Connections that nobody accepted yet.
    pub pending: VecDeque<Arc<Socket>>,
    #[allow(missing_docs)]
    pub backlog: usize,
}

/// What is decided about a node.
pub struct State {
    /// bind(2), or what connect(2) took.
    pub local: Option<Address>,
    /// connect(2)'s, or who connected.
    pub remote: Option<Address>,
    #[allow(missing_docs)]
    pub phase: Phase,
    /// The other side; dangling when there is none or it is closed.
    pub peer: Weak<Node>,
    /// Received and not yet read: packets, or pieces of a stream.
    pub inbox: VecDeque<Piece>,
    /// Bytes in it, and how many there may be.
    pub held: usize,
    #[allow(missing_docs)]
    pub limit: usize,
    /// shutdown(2) here.
    pub shut_read: bool,
    #[allow(missing_docs)]
    pub shut_write: bool,
    /// The same on the other side.
    pub peer_shut_read: bool,
    #[allow(missing_docs)]
    pub peer_shut_write: bool,
    /// SO_ERROR.
    pub error: Option<Errno>,
}

/// Bytes of one send.
pub struct Piece {
    #[allow(missing_docs)]
    pub bytes: Vec<u8>,
    /// How many were read.
    pub start: usize,
    /// MSG_EOR.
    pub end_of_record: bool,
}

impl Node {
    /// Unbound.
    pub fn new(kind: u32, queue: Arc<WaitQueue>) -> Arc<Node> {
        Arc::new(Node {
            kind,
            queue,
            state: SpinLock::new(State {
                local: None,
                remote: None,
                phase: Phase::Unconnected,
                peer: Weak::new(),
                inbox: VecDeque::new(),
                held: 0,
                limit: super::Sizes::default().buffer as usize,
                shut_read: false,
                shut_write: false,
                peer_shut_read: false,
                peer_shut_write: false,
                error: None,
            }),
        })
    }

    /// Whoever waits looks again.
    pub fn wake(&self) {
        self.queue.wake_all();
    }

    /// Bytes at the peer that it has not read.
    pub fn unread_by_peer(&self) -> usize {
        let peer = self.state.lock().peer.upgrade();
        peer.map_or(0, |peer| peer.state.lock().held)
    }

    /// Level readiness, as Linux's vsock_poll.
    pub fn ready(&self) -> Events {
        let state = self.state.lock();
        let (readable, writable) = (Events::IN | Events::RDNORM, Events::OUT | Events::WRNORM);
        let mut events = Events::empty();
        if state.error.is_some() {
            events |= Events::ERR;
        }
        if state.shut_write && (state.shut_read || state.peer_shut_write) {
            events |= Events::HUP;
        }
        if state.shut_read || state.peer_shut_write {
            events |= Events::RDHUP | readable;
        }
        if !state.inbox.is_empty() {
            events |= readable;
        }
        let peer = match &state.phase {
            Phase::Listening(listener) => {
                if !listener.pending.is_empty() {
                    events |= readable;
                }
                return events;
            }
            Phase::Unconnected | Phase::Disconnected if !state.shut_write => {
                return events | writable;
            }
            _ if state.shut_write => return events,
            _ => state.peer.upgrade(),
        };
        drop(state);
        let room = peer.is_none_or(|peer| {
            let state = peer.state.lock();
            state.held < state.limit
        });
        if room {
            events |= writable | Events::WRBAND;
        }
        events
    }
}
