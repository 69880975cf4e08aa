//! Connections of streams and sequenced packets: listen, connect, accept, shutdown, close.

use super::{
    collect,
    end::{self, End, Identity, Passes},
    name, rights,
};
use crate::{
    Result,
    file::Events,
    net::{
        Caller, SockAddr, Socket,
        socket::{Common, message::Shutdown, wait_on},
    },
    sync::SpinLock,
};
use abi::{
    Errno,
    net::{SOCK_DGRAM, SOCK_STREAM},
};
use alloc::{
    collections::VecDeque,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// net.core.somaxconn.
const SOMAXCONN: usize = 4096;

/// What listen(2) adds to an end.
pub struct Listener {
    pending: SpinLock<VecDeque<Arc<Socket>>>,
    backlog: AtomicUsize,
}

impl Listener {
    /// Connections that nobody accepted yet.
    pub fn pending(&self) -> usize {
        self.pending.lock().len()
    }

    /// What listen(2) was given.
    pub fn backlog(&self) -> usize {
        self.backlog.load(Relaxed)
    }

    /// The sockets themselves.
    pub fn waiting(&self) -> Vec<Arc<Socket>> {
        self.pending.lock().iter().cloned().collect()
    }

    /// Linux lets one more in than the backlog says.
    fn full(&self) -> bool {
        self.pending() > self.backlog.load(Relaxed)
    }
}

/// listen(2). `EINVAL` without a name or on a connected socket.
pub fn listen(end: &Arc<End>, cx: &Caller<'_>, backlog: i32) -> Result<()> {
    let backlog = (backlog as u32 as usize).min(SOMAXCONN);
    let mut state = end.state.lock();
    if state.name.is_none() || state.connected {
        return Err(Errno::EINVAL);
    }
    state.owner = Identity::of(cx);
    state.peer_owner = Some(Identity::of(cx));
    let listener = state.listener.get_or_insert_with(|| {
        Arc::new(Listener {
            pending: SpinLock::new(VecDeque::new()),
            backlog: AtomicUsize::new(0),
        })
    });
    listener.backlog.store(backlog, Relaxed);
    drop(state);
    end.room.wake(Events::OUT);
    Ok(())
}

/// connect(2): waits for room in the backlog for SO_SNDTIMEO; `EAGAIN` when it may not
/// wait. The connection is there at once, accepted or not.
pub fn connect(
    end: &Arc<End>,
    common: &Common,
    cx: &Caller<'_>,
    addr: &SockAddr,
    nonblock: bool,
) -> Result<()> {
    if end.passes().intersects(Passes::IDENTITY) {
        name::autobind(end)?;
    }
    let timeout = common.generic().send_timeout;
    loop {
        let target = name::find(&end.net, cx, addr, end.kind)?;
        // A listener that closes meanwhile is looked for again: there may be a new one.
        let attempt = || try_connect(end, &target, cx);
        match wait_on(&[common.queue(), &target.room], nonblock, timeout, attempt) {
            Ok(Connected::Yes) => return Ok(()),
            Ok(Connected::LookAgain) => {}
            Err(errno) => return Err(errno),
        }
    }
}

enum Connected {
    Yes,
    LookAgain,
}

fn try_connect(end: &Arc<End>, target: &Arc<End>, cx: &Caller<'_>) -> Result<Connected> {
    let state = target.state.lock();
    if state.closed {
        return Ok(Connected::LookAgain);
    }
    let listener = state.listener.clone().ok_or(Errno::ECONNREFUSED)?;
    if state.shut_read {
        return Err(Errno::ECONNREFUSED);
    }
    let (target_owner, target_name) = (state.owner.clone(), state.name.clone());
    drop(state);
    if listener.full() {
        return Err(Errno::EAGAIN);
    }
    {
        let state = end.state.lock();
        if state.connected {
            return Err(Errno::EISCONN);
        }
        if state.listener.is_some() {
            return Err(Errno::EINVAL);
        }
    }
    let owner = Identity::of(cx);
    let (socket, other) = end::socket(end.kind, target_owner.clone());
    inherit(&socket, &other, target.passes());
    other.join(end, Some(owner.clone()));
    other.state.lock().name = target_name;
    end.join(&other, Some(target_owner));
    end.state.lock().owner = owner;
    listener.pending.lock().push_back(socket);
    target.queue.wake(Events::IN | Events::RDNORM);
    Ok(Connected::Yes)
}

/// accept(2). `EINVAL` without listen(2) or after shutdown(2).
pub fn accept(end: &Arc<End>, common: &Common, nonblock: bool) -> Result<Arc<Socket>> {
    let timeout = common.generic().recv_timeout;
    let socket = common.wait(nonblock, timeout, || {
        let state = end.state.lock();
        let listener = state.listener.as_ref().ok_or(Errno::EINVAL)?;
        if state.shut_read {
            return Err(Errno::EINVAL);
        }
        let next = listener.pending.lock().pop_front();
        next.ok_or(Errno::EAGAIN)
    })?;
    end.room.wake(Events::OUT);
    Ok(socket)
}

/// What the listener wants passed, its connections want passed from the start.
fn inherit(socket: &Socket, end: &End, passes: Passes) {
    if passes.is_empty() {
        return;
    }
    end.passes.store(passes.bits(), Relaxed);
    socket.common().change_generic(|generic| {
        generic.pass_cred = passes.contains(Passes::CRED);
        generic.pass_pidfd = passes.contains(Passes::PIDFD);
        generic.refuse_rights = passes.contains(Passes::NO_RIGHTS);
    });
}

/// shutdown(2): the other side of a connection notices. Unread data stays readable.
pub fn shutdown(end: &End, how: Shutdown) {
    let read = matches!(how, Shutdown::Read | Shutdown::Both);
    let write = matches!(how, Shutdown::Write | Shutdown::Both);
    let mut state = end.state.lock();
    state.shut_read |= read;
    state.shut_write |= write;
    let peer = state.peer.upgrade();
    drop(state);
    if let Some(peer) = peer.filter(|_| end.kind != SOCK_DGRAM) {
        let mut state = peer.state.lock();
        state.shut_read |= write;
        state.shut_write |= read;
        drop(state);
        // The peer's owner hears of an end as of data, of the end of both ways as of a hang-up.
        match (read, write) {
            (true, true) => wake_all(&peer),
            (false, true) => peer.queue.wake(AN_END),
            _ => peer.queue.wake(Events::OUT | Events::WRNORM),
        }
    }
    wake_all(end);
}

/// The last descriptor is gone: the other side reads to the end, or finds
/// `ECONNRESET` if something that it sent was not read.
pub fn close(end: &End) {
    name::release(end);
    let mut state = end.state.lock();
    state.closed = true;
    state.shut_read = true;
    state.shut_write = true;
    let peer = core::mem::take(&mut state.peer).upgrade();
    let listener = state.listener.take();
    let name = state.name.clone();
    let place = state.place.take();
    drop(state);
    drop(place);

    let unread = core::mem::take(&mut end.inbox.lock().chunks);
    // The mark of an urgent byte that was read is nothing.
    let lost = unread
        .iter()
        .any(|chunk| chunk.len() > 0 || end.kind != SOCK_STREAM);
    end.received.store(0, Relaxed);
    if let Some(peer) = peer.filter(|_| end.kind != SOCK_DGRAM) {
        peer.state.lock().left_name = name;
        disconnect(&peer, lost);
    }
    let mut files = Vec::new();
    for mut chunk in unread {
        files.append(&mut chunk.rights.take());
        if let Some(sender) = chunk.sender.upgrade() {
            sender.inflight.fetch_sub(chunk.charge, Relaxed);
            sender.queue.wake(Events::OUT | Events::WRNORM);
        }
    }
    rights::discard(files);
    if let Some(listener) = listener {
        let pending = core::mem::take(&mut *listener.pending.lock());
        for socket in pending {
            // Nobody will: the other side of each finds its connection reset.
            refuse(&socket);
        }
    }
    wake_all(end);
    end.room.wake_all();
    end.room_again();
    collect::collect();
}

fn refuse(socket: &Socket) {
    if let Some(unix) = socket.protocol().as_any().downcast_ref::<super::Unix>() {
        let peer = unix.end.peer();
        close(&unix.end);
        if let Some(peer) = peer {
            peer.state.lock().error = Some(Errno::ECONNRESET);
        }
    }
}

/// The other side of `peer` is gone.
fn disconnect(peer: &End, lost: bool) {
    let mut state = peer.state.lock();
    state.peer = Weak::new();
    state.shut_read = true;
    state.shut_write = true;
    if lost {
        state.error = Some(Errno::ECONNRESET);
    }
    drop(state);
    wake_all(peer);
}

/// What there is to see when the other side sends no more.
const AN_END: Events = Events::IN.union(Events::RDNORM).union(Events::RDHUP);

/// Everything but ERR, of which waiters hear unasked: to an owner a lost peer is a hang-up.
fn wake_all(end: &End) {
    end.queue
        .wake(AN_END | Events::OUT | Events::WRNORM | Events::HUP);
}
