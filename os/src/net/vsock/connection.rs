//! bind, listen, connect, accept, shutdown, close.

use super::{
    address::{self, Address, LAST_RESERVED, WILDCARD},
    node::{Listener, Node, Phase},
};
use crate::{
    Result,
    file::Events,
    net::{
        CAP_NET_BIND_SERVICE, Caller, SockAddr, Socket,
        socket::{Common, message::Shutdown},
    },
};
use abi::{
    Errno,
    vm_sockets::{VMADDR_CID_HOST, VMADDR_CID_LOCAL},
};
use alloc::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

/// net.core.somaxconn.
const SOMAXCONN: usize = 4096;

/// bind(2). `EINVAL` (bound), `EACCES`, `EADDRNOTAVAIL`, `EADDRINUSE`.
pub fn bind(node: &Arc<Node>, cx: &Caller<'_>, addr: Address) -> Result<()> {
    if node.state.lock().local.is_some() {
        return Err(Errno::EINVAL);
    }
    if addr.cid == WILDCARD || addr.cid == VMADDR_CID_LOCAL {
        let reserved = addr.port != WILDCARD && addr.port <= LAST_RESERVED;
        if reserved && !cx.capable(CAP_NET_BIND_SERVICE) {
            return Err(Errno::EACCES);
        }
    }
    let addr = address::take(node, addr)?;
    node.state.lock().local = Some(addr);
    Ok(())
}

/// listen(2). `EINVAL` without an address or on a connected socket.
pub fn listen(node: &Node, backlog: i32) -> Result<()> {
    let backlog = (backlog as u32 as usize).min(SOMAXCONN);
    let mut state = node.state.lock();
    if state.local.is_none() {
        return Err(Errno::EINVAL);
    }
    match &mut state.phase {
        Phase::Unconnected => {
            state.phase = Phase::Listening(Listener {
                pending: VecDeque::new(),
                backlog,
            });
            Ok(())
        }
        Phase::Listening(listener) => {
            listener.backlog = backlog;
            Ok(())
        }
        Phase::Connected | Phase::Disconnected => Err(Errno::EINVAL),
    }
}

/// connect(2). `ENODEV` for other machines, `ECONNRESET` where nobody listens or has room. One that may not wait
/// learns the outcome later, as it would from a transport.
pub fn connect(node: &Arc<Node>, addr: &SockAddr, nonblock: bool) -> Result<()> {
    let state = node.state.lock();
    match state.phase {
        Phase::Connected => return Err(Errno::EISCONN),
        Phase::Disconnected | Phase::Listening(_) => return Err(Errno::EINVAL),
        Phase::Unconnected => {}
    }
    let local = state.local;
    drop(state);
    let remote = Address::decode(addr).map_err(|_| Errno::EINVAL)?;
    if ![VMADDR_CID_LOCAL, VMADDR_CID_HOST].contains(&remote.cid) {
        return Err(Errno::ENODEV);
    }
    let local = match local {
        Some(local) => local,
        None => address::take(node, Address::ANY)?,
    };
    {
        let mut state = node.state.lock();
        state.local = Some(local);
        state.remote = Some(remote);
    }
    match (join(node, local, remote), nonblock) {
        (outcome, false) => outcome,
        (Ok(()), true) => Err(Errno::EINPROGRESS),
        (Err(errno), true) => {
            node.state.lock().error = Some(errno);
            Err(Errno::EINPROGRESS)
        }
    }
}

fn join(node: &Arc<Node>, local: Address, remote: Address) -> Result<()> {
    // What is bound to the loopback address answers under the host's number, too.
    let listener = address::find(remote).or_else(|| {
        address::find(Address {
            cid: VMADDR_CID_LOCAL,
            ..remote
        })
    });
    let listener = listener.ok_or(Errno::ECONNRESET)?;
    if listener.kind != node.kind {
        return Err(Errno::ECONNRESET);
    }
    let (socket, child) = super::socket(node.kind);
    let refused = {
        let mut state = listener.state.lock();
        match &mut state.phase {
            Phase::Listening(queue) if queue.pending.len() <= queue.backlog => {
                queue.pending.push_back(socket.clone());
                false
            }
            _ => true,
        }
    };
    if refused {
        return Err(Errno::ECONNRESET);
    }
    {
        let mut state = child.state.lock();
        state.local = Some(remote);
        state.remote = Some(Address {
            cid: VMADDR_CID_LOCAL,
            ..local
        });
        state.peer = Arc::downgrade(node);
        state.phase = Phase::Connected;
    }
    {
        let mut state = node.state.lock();
        state.peer = Arc::downgrade(&child);
        state.phase = Phase::Connected;
    }
    listener.wake();
    node.queue.wake(Events::OUT | Events::WRNORM);
    Ok(())
}

/// accept(2). `EINVAL` without listen(2).
pub fn accept(node: &Node, common: &Common, nonblock: bool) -> Result<Arc<Socket>> {
    let timeout = common.generic().recv_timeout;
    common.wait(nonblock, timeout, || match &mut node.state.lock().phase {
        Phase::Listening(listener) => listener.pending.pop_front().ok_or(Errno::EAGAIN),
        _ => Err(Errno::EINVAL),
    })
}

/// shutdown(2). `ENOTCONN`.
pub fn shutdown(node: &Node, how: Shutdown) -> Result<()> {
    let (read, write) = (how != Shutdown::Write, how != Shutdown::Read);
    let mut state = node.state.lock();
    if !matches!(state.phase, Phase::Connected) {
        return Err(Errno::ENOTCONN);
    }
    state.shut_read |= read;
    state.shut_write |= write;
    let peer = state.peer.upgrade();
    drop(state);
    if let Some(peer) = peer {
        let mut state = peer.state.lock();
        state.peer_shut_read |= read;
        state.peer_shut_write |= write;
        drop(state);
        peer.wake();
    }
    node.wake();
    Ok(())
}

/// The last descriptor is gone: the peer reads to the end. Connections that nobody accepted are reset.
pub fn close(node: &Arc<Node>) {
    address::give_back(node);
    let mut state = node.state.lock();
    let phase = core::mem::replace(&mut state.phase, Phase::Disconnected);
    let peer = core::mem::replace(&mut state.peer, Weak::new()).upgrade();
    let unread = core::mem::take(&mut state.inbox);
    state.held = 0;
    drop(state);
    drop(unread);
    if let Phase::Listening(listener) = phase {
        for socket in listener.pending {
            if let Some(child) = socket.protocol().as_any().downcast_ref::<super::Vsock>() {
                let peer = child.node.state.lock().peer.upgrade();
                close(&child.node);
                if let Some(peer) = peer {
                    peer.state.lock().error = Some(Errno::ECONNRESET);
                    peer.wake();
                }
            }
        }
    }
    if let Some(peer) = peer {
        let mut state = peer.state.lock();
        state.peer_shut_read = true;
        state.peer_shut_write = true;
        state.peer = Weak::new();
        state.phase = Phase::Disconnected;
        drop(state);
        peer.wake();
    }
}
