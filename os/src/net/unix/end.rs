//! [`End`]: one side of a connection, or a datagram socket, as the other side sees it.

use super::{
    Unix,
    connection::Listener,
    inbox::{Chunk, Inbox},
    name::Name,
    proc, rights,
};
use crate::{
    file::{
        Events, OpenFile,
        hooks::{self, ProcessHandle},
    },
    fs::Place,
    net::{Caller, Socket, socket::Common, sysctl},
    sched::WaitQueue,
    sync::{Mutex, SpinLock},
};
use abi::{
    Errno,
    net::{AF_UNIX, SOCK_DGRAM},
};
use alloc::{
    sync::{Arc, Weak},
    vec::Vec,
};
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicUsize, Ordering::Relaxed};

/// See the module.
pub struct End {
    /// SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET.
    pub kind: u32,
    /// Inode number of the socket.
    pub inode: u64,
    /// Whoever waits for this socket.
    pub queue: Arc<WaitQueue>,
    /// What was received and not yet read.
    pub inbox: Mutex<Inbox>,
    /// Chunks in the inbox, for those who may not sleep.
    pub received: AtomicUsize,
    /// One of them is the byte that MSG_OOB reads.
    pub urgent: AtomicBool,
    /// The network namespace that it was made in: abstract names are of one.
    pub net: Arc<crate::net::Namespace>,
    /// Connecting streams wait here for room in the backlog, datagram senders for room in the inbox.
    pub room: WaitQueue,
    /// Bytes that were sent from here and not yet read, with overhead; bounded by `send_buffer`.
    pub inflight: AtomicUsize,
    /// SO_SNDBUF.
    pub send_buffer: AtomicUsize,
    /// [`Passes`] as bits.
    pub passes: AtomicU8,
    /// SO_PEEK_OFF; negative for none.
    pub peek_offset: AtomicI32,
    /// SO_ATTACH_FILTER.
    pub filter: SpinLock<Option<Arc<bpf::Program>>>,
    pub state: SpinLock<State>,
}

/// What is decided about an end.
pub struct State {
    /// bind(2), or what accept(2) inherits from the listener.
    pub name: Option<Arc<Name>>,
    /// The other side; dangling when there is none or it is closed.
    pub peer: Weak<End>,
    /// What the other side was bound to when it closed.
    pub left_name: Option<Arc<Name>>,
    /// There is or was another side.
    pub connected: bool,
    /// After listen(2).
    pub listener: Option<Arc<Listener>>,
    /// Nothing more comes in: shutdown(2) here, or the other side shut down or closed.
    pub shut_read: bool,
    /// Nothing more goes out.
    pub shut_write: bool,
    /// The socket is closed; who still finds it is refused.
    pub closed: bool,
    /// SO_ERROR.
    pub error: Option<Errno>,
    /// The file that bind(2) made.
    pub place: Option<Place>,
    /// Who opened the socket, or called listen(2) or connect(2).
    pub owner: Identity,
    /// SO_PEERCRED, SO_PEERPIDFD, SO_PEERGROUPS.
    pub peer_owner: Option<Identity>,
    /// Ends that poll for room in this inbox (connected datagram senders).
    pub pollers: Vec<Weak<End>>,
}

/// Who a process is, for SO_PEERCRED (effective ids) and SCM_CREDENTIALS (real ids).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Credentials {
    pub pid: i32,
    pub uid: u32,
    pub gid: u32,
    pub euid: u32,
    pub egid: u32,
}

impl Credentials {
    /// The caller's.
    pub fn of(cx: &Caller<'_>) -> Credentials {
        Credentials {
            pid: cx.pid,
            uid: cx.uid,
            gid: cx.gid,
            euid: cx.euid,
            egid: cx.egid,
        }
    }
}

/// Credentials, and what else is known of a process afterwards.
#[derive(Clone)]
pub struct Identity {
    pub creds: Credentials,
    pub process: Option<ProcessHandle>,
    /// Supplementary groups.
    pub groups: Arc<[u32]>,
}

impl Identity {
    /// The caller's.
    pub fn of(cx: &Caller<'_>) -> Identity {
        Identity {
            creds: Credentials::of(cx),
            process: hooks::tasks().process(cx.pid),
            groups: cx.fs.creds.groups.clone(),
        }
    }
}

bitflags::bitflags! {
    /// What a socket wants to come with its messages, or not.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct Passes: u8 {
        /// SO_PASSCRED.
        const CRED = 1;
        /// SO_PASSPIDFD.
        const PIDFD = 2;
        /// SO_PASSRIGHTS is off.
        const NO_RIGHTS = 4;
        /// Either of those that say who sent it.
        const IDENTITY = 3;
    }
}

/// A new socket and its end.
pub fn socket(kind: u32, owner: Identity) -> (Arc<Socket>, Arc<End>) {
    let common = Common::new(AF_UNIX, kind, 0);
    let end = Arc::new(End {
        kind,
        inode: common.inode,
        net: common.net.clone(),
        queue: common.queue_handle(),
        inbox: Mutex::new(Inbox::default()),
        received: AtomicUsize::new(0),
        urgent: AtomicBool::new(false),
        room: WaitQueue::new(),
        inflight: AtomicUsize::new(0),
        send_buffer: AtomicUsize::new(sysctl::value(sysctl::Value::WmemDefault) as usize),
        passes: AtomicU8::new(0),
        peek_offset: AtomicI32::new(-1),
        filter: SpinLock::new(None),
        state: SpinLock::new(State {
            name: None,
            peer: Weak::new(),
            left_name: None,
            connected: false,
            listener: None,
            shut_read: false,
            shut_write: false,
            closed: false,
            error: None,
            place: None,
            owner,
            peer_owner: None,
            pollers: Vec::new(),
        }),
    });
    proc::known(&end);
    (Socket::new(common, Unix { end: end.clone() }), end)
}

impl End {
    /// The other side, while it is open.
    pub fn peer(&self) -> Option<Arc<End>> {
        self.state.lock().peer.upgrade()
    }

    /// What it is bound to.
    pub fn name(&self) -> Option<Arc<Name>> {
        self.state.lock().name.clone()
    }

    /// What the socket was asked to pass.
    pub fn passes(&self) -> Passes {
        Passes::from_bits_truncate(self.passes.load(Relaxed))
    }

    /// Makes `peer` the other side. `owner`: what SO_PEERCRED says from now on; a datagram socket that connected knows nobody.
    pub fn join(&self, peer: &Arc<End>, owner: Option<Identity>) {
        let mut state = self.state.lock();
        state.peer = Arc::downgrade(peer);
        state.connected = true;
        state.peer_owner = owner;
    }

    /// Who sends to `peer`, if one side wants to know: `given`, or the caller, or where there is
    /// none at hand, the calling process with the ids that the socket was opened with.
    pub fn sender(
        &self,
        peer: &End,
        cx: Option<&Caller<'_>>,
        given: Option<Credentials>,
    ) -> (Credentials, Option<ProcessHandle>) {
        let passes = self.passes() | peer.passes();
        if !passes.intersects(Passes::IDENTITY) {
            return (given.unwrap_or_default(), None);
        }
        let creds = given.unwrap_or_else(|| match cx {
            Some(cx) => Credentials::of(cx),
            None => {
                let mut creds = self.state.lock().owner.creds;
                if let Some(job) = hooks::tasks().job() {
                    creds.pid = job.pid;
                }
                creds
            }
        });
        let process = match passes.contains(Passes::PIDFD) {
            true => hooks::tasks().process(creds.pid),
            false => None,
        };
        (creds, process)
    }

    /// Whether a send would find room at once, as poll(2) sees it: a quarter of the buffer at most is in use.
    pub fn writable(&self) -> bool {
        self.inflight.load(Relaxed) * 4 <= self.send_buffer.load(Relaxed)
    }

    /// Whether the buffer takes another chunk.
    pub fn may_send(&self) -> bool {
        self.inflight.load(Relaxed) < self.send_buffer.load(Relaxed)
    }

    /// More datagrams wait than net.unix.max_dgram_qlen: strangers may not add to them.
    pub fn crowded(&self) -> bool {
        self.received.load(Relaxed) as i64 > self.net.values.get(sysctl::Value::MaxDgramQlen)
    }

    /// SIOCINQ: all bytes of a stream, the first packet otherwise.
    pub fn unread(&self) -> usize {
        let inbox = self.inbox.lock();
        match self.kind {
            abi::net::SOCK_STREAM => inbox.bytes(),
            _ => inbox.chunks.front().map_or(0, Chunk::len),
        }
    }

    /// A chunk was read whole, or is dropped: its sender has its room back.
    pub fn settle(&self, mut chunk: Chunk, inbox: &mut Inbox) -> Settled {
        self.received.fetch_sub(1, Relaxed);
        let sender = chunk.sender.upgrade();
        if let Some(sender) = &sender {
            sender.inflight.fetch_sub(chunk.charge, Relaxed);
        }
        let dropped = chunk.rights.take();
        inbox.recycle(chunk);
        Settled { sender, dropped }
    }

    /// Datagram senders may go on.
    pub fn room_again(&self) {
        if self.crowded() {
            return;
        }
        self.room.wake(Events::OUT);
        let pollers = core::mem::take(&mut self.state.lock().pollers);
        for poller in pollers.iter().filter_map(Weak::upgrade) {
            poller.queue.wake(Events::OUT | Events::WRNORM);
        }
    }

    /// Level readiness, as Linux's unix_poll and unix_dgram_poll.
    pub fn ready(self: &Arc<End>) -> Events {
        let state = self.state.lock();
        let mut events = Events::empty();
        if state.error.is_some() {
            events |= Events::ERR;
        }
        if state.shut_read && state.shut_write {
            events |= Events::HUP;
        }
        if state.shut_read {
            events |= Events::RDHUP | Events::IN | Events::RDNORM;
        }
        if let Some(listener) = &state.listener {
            if listener.pending() > 0 {
                events |= Events::IN | Events::RDNORM;
            }
            return events;
        }
        if self.received.load(Relaxed) > 0 {
            events |= Events::IN | Events::RDNORM;
        }
        if self.urgent.load(Relaxed) {
            events |= Events::PRI;
        }
        if self.kind != SOCK_DGRAM && !state.connected {
            events |= Events::HUP;
        }
        let peer = state.peer.upgrade();
        drop(state);
        if self.writable() && !self.blocked_by(peer) {
            events |= Events::OUT | Events::WRNORM | Events::WRBAND;
        }
        events
    }

    /// A connected datagram sender cannot write while the receiver, who answers to somebody else, is crowded.
    fn blocked_by(self: &Arc<End>, peer: Option<Arc<End>>) -> bool {
        let Some(peer) = peer.filter(|peer| self.kind == SOCK_DGRAM && peer.crowded()) else {
            return false;
        };
        let mut state = peer.state.lock();
        if core::ptr::eq(state.peer.as_ptr(), Arc::as_ptr(self)) {
            return false;
        }
        let me = Arc::downgrade(self);
        if !state.pollers.iter().any(|poller| Weak::ptr_eq(poller, &me)) {
            state.pollers.push(me);
        }
        true
    }
}

/// A sender whose account was relieved; tell it once no lock is held.
#[must_use]
pub struct Settled {
    sender: Option<Arc<End>>,
    /// Descriptors that nobody received.
    dropped: Vec<Arc<OpenFile>>,
}

impl Settled {
    /// Wakes the sender when a quarter of its buffer at most is in use.
    pub fn tell(self) {
        if let Some(sender) = self.sender
            && sender.writable()
        {
            sender.queue.wake(Events::OUT | Events::WRNORM);
        }
        rights::discard(self.dropped);
    }
}
