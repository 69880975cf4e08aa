//! SOCK_DGRAM and SOCK_SEQPACKET: messages with boundaries.

use super::{
    collect,
    end::{Credentials, End, wait_also},
    inbox::Envelope,
    name, rights,
};
use crate::{
    Result,
    file::Events,
    net::{
        Caller, SockAddr,
        socket::{
            Common,
            message::{Flags, Incoming, Outgoing, Received},
        },
    },
};
use abi::{
    Errno,
    net::{AF_UNSPEC, SOCK_DGRAM, SOCK_SEQPACKET},
};
use alloc::sync::{Arc, Weak};
use core::sync::atomic::Ordering::Relaxed;

/// connect(2) of a datagram socket: who send(2) sends to, and the only one who may answer.
pub fn connect(end: &Arc<End>, cx: &Caller<'_>, addr: &SockAddr) -> Result<()> {
    if addr.bytes().len() < 2 {
        return Err(Errno::EINVAL);
    }
    if addr.family() == AF_UNSPEC {
        let mut state = end.state.lock();
        state.peer = Weak::new();
        state.connected = false;
        return Ok(());
    }
    if end.pass_cred.load(Relaxed) {
        name::autobind(end)?;
    }
    let target = name::find(cx, addr, SOCK_DGRAM)?;
    check_partner(end, &target)?;
    let creds = target.state.lock().creds;
    end.join(&target, creds);
    end.queue.wake(Events::OUT | Events::WRNORM);
    Ok(())
}

/// A datagram socket that is connected takes messages of its peer only. `EPERM`.
fn check_partner(end: &Arc<End>, target: &End) -> Result<()> {
    match target.peer() {
        Some(partner) if !Arc::ptr_eq(&partner, end) => Err(Errno::EPERM),
        _ => Ok(()),
    }
}

/// send(2): one message, whole.
pub fn send(
    end: &Arc<End>,
    common: &Common,
    cx: Option<&Caller<'_>>,
    message: &mut Outgoing<'_, '_>,
) -> Result<usize> {
    if message.flags.contains(Flags::OOB) {
        return Err(Errno::EOPNOTSUPP);
    }
    let ancillary = rights::parse(cx, message.control)?;
    let packets = end.kind == SOCK_SEQPACKET;
    let state = end.state.lock();
    if packets && !state.connected {
        return Err(Errno::ENOTCONN);
    }
    if state.shut_write {
        return Err(Errno::EPIPE);
    }
    let connected = state.connected;
    drop(state);
    // A sequenced packet goes to the peer, whatever the address says.
    let target = match (&message.to, cx) {
        (Some(addr), Some(cx)) if !packets => name::find(cx, addr, SOCK_DGRAM)?,
        _ => match end.peer() {
            Some(peer) => peer,
            None if connected => return Err(gone(end)),
            None => return Err(Errno::ENOTCONN),
        },
    };
    if end.pass_cred.load(Relaxed) {
        name::autobind(end)?;
    }
    let len = message.data.remaining();
    if len > end.send_buffer.load(Relaxed).saturating_sub(32) {
        return Err(Errno::EMSGSIZE);
    }
    let mut envelope = Envelope {
        rights: ancillary.rights,
        creds: ancillary.creds.unwrap_or_else(|| end.sender(&target, cx)),
        from: end.name(),
    };
    let timeout = common.generic().send_timeout;
    let outcome = wait_also(
        common,
        &target.room,
        message.flags.nonblock(),
        timeout,
        || try_send(end, &target, message, &mut envelope),
    );
    rights::discard(envelope.rights);
    outcome.map(|()| len)
}

fn try_send(
    end: &Arc<End>,
    target: &Arc<End>,
    message: &mut Outgoing<'_, '_>,
    envelope: &mut Envelope,
) -> Result<()> {
    if end.state.lock().shut_write {
        return Err(Errno::EPIPE);
    }
    let state = target.state.lock();
    let (closed, shut) = (state.closed, state.shut_read);
    drop(state);
    if closed {
        return Err(gone(end));
    }
    if end.kind == SOCK_DGRAM {
        check_partner(end, target)?;
    }
    if shut {
        return Err(Errno::EPIPE);
    }
    let answers_us = target.peer().is_some_and(|peer| Arc::ptr_eq(&peer, end));
    let crowded = !answers_us && !Arc::ptr_eq(target, end) && target.crowded();
    if !end.may_send() || crowded {
        return Err(Errno::EAGAIN);
    }
    target.push_packet(end, message.data, envelope)?;
    target.queue.wake(Events::IN | Events::RDNORM);
    Ok(())
}

/// The peer is closed: a datagram socket is not connected any more.
fn gone(end: &End) -> Errno {
    if end.kind == SOCK_SEQPACKET {
        return Errno::EPIPE;
    }
    let mut state = end.state.lock();
    state.peer = Weak::new();
    state.connected = false;
    Errno::ECONNREFUSED
}

/// recv(2): one message; what does not fit is lost (MSG_TRUNC).
pub fn recv(end: &Arc<End>, common: &Common, message: &mut Incoming<'_, '_>) -> Result<Received> {
    if message.flags.contains(Flags::OOB) {
        return Err(Errno::EOPNOTSUPP);
    }
    let packets = end.kind == SOCK_SEQPACKET;
    if packets && !end.state.lock().connected {
        return Err(Errno::ENOTCONN);
    }
    let generic = common.generic();
    let nonblock = message.flags.nonblock();
    common.wait(nonblock, generic.recv_timeout, || {
        if end.received.load(Relaxed) > 0 {
            return take(end, message, generic.pass_cred);
        }
        let mut state = end.state.lock();
        if let Some(errno) = state.error.take() {
            return Err(errno);
        }
        // A datagram socket that may not sleep says EAGAIN also after shutdown(2), as Linux.
        match state.shut_read && (packets || !nonblock) {
            true => Ok(Received::default()),
            false => Err(Errno::EAGAIN),
        }
    })
}

fn take(end: &Arc<End>, message: &mut Incoming<'_, '_>, pass_cred: bool) -> Result<Received> {
    let peek = message.flags.contains(Flags::PEEK);
    let mut inbox = end.inbox.lock();
    let Some(chunk) = inbox.chunks.front_mut() else {
        return Err(Errno::EAGAIN);
    };
    let full = chunk.len();
    let fits = full.min(message.out.remaining());
    if fits > 0 && message.out.write(&chunk.bytes()[..fits])? < fits {
        return Err(Errno::EFAULT);
    }
    let creds: Option<Credentials> = pass_cred.then_some(chunk.creds);
    let from = chunk.from.clone();
    let files = match peek {
        true => chunk.rights.clone(),
        false => {
            collect::arrived(&chunk.rights);
            core::mem::take(&mut chunk.rights)
        }
    };
    let mut settled = None;
    if !peek && let Some(chunk) = inbox.chunks.pop_front() {
        settled = Some(end.settle(chunk, &mut inbox));
    }
    drop(inbox);
    if let Some(settled) = settled {
        settled.tell();
        end.room_again();
    }
    rights::deliver(message.control.as_deref_mut(), creds, files);
    let mut flags = Flags::empty();
    flags.set(Flags::TRUNC, fits < full);
    if end.kind == SOCK_SEQPACKET {
        flags |= Flags::EOR;
    }
    Ok(Received {
        len: match message.flags.contains(Flags::TRUNC) {
            true => full,
            false => fits,
        },
        flags,
        from: from.map(|name| name::address(Some(&name))),
    })
}
