//! SOCK_DGRAM and SOCK_SEQPACKET: messages with boundaries.

use super::{
    end::{End, Passes, Settled},
    inbox::{Envelope, Inbox},
    name,
    rights::{self, Parcel},
};
use crate::{
    Result,
    file::Events,
    net::{
        Caller, SockAddr,
        socket::{
            Common,
            message::{Flags, Incoming, Outgoing, Received},
            wait_on,
        },
    },
};
use abi::{
    Errno,
    net::{AF_UNSPEC, SOCK_DGRAM, SOCK_SEQPACKET},
};
use alloc::{
    sync::{Arc, Weak},
    vec::Vec,
};
use core::sync::atomic::Ordering::Relaxed;

/// connect(2) of a datagram socket: who send(2) sends to, and the only one who may answer.
pub fn connect(end: &Arc<End>, cx: &Caller<'_>, addr: &SockAddr) -> Result<()> {
    if addr.bytes().len() < 2 {
        return Err(Errno::EINVAL);
    }
    if addr.family() == AF_UNSPEC {
        let mut state = end.state.lock();
        let old = core::mem::take(&mut state.peer).upgrade();
        state.connected = false;
        drop(state);
        if let Some(old) = old {
            part(end, &old);
        }
        return Ok(());
    }
    if end.passes().intersects(Passes::IDENTITY) {
        name::autobind(end)?;
    }
    let target = name::find(&end.net, cx, addr, SOCK_DGRAM)?;
    check_partner(end, &target)?;
    let old = end.peer();
    end.join(&target, None);
    if let Some(old) = old.filter(|old| !Arc::ptr_eq(old, &target)) {
        part(end, &old);
    }
    end.queue.wake(Events::OUT | Events::WRNORM);
    Ok(())
}

/// `end` is not connected to `old` any more: what it received of it is lost, and `old`,
/// if it is connected to `end`, finds `ECONNRESET`.
fn part(end: &Arc<End>, old: &Arc<End>) {
    let mut inbox = end.inbox.lock();
    let lost = core::mem::take(&mut inbox.chunks);
    if !lost.is_empty() {
        let settled: Vec<_> = lost
            .into_iter()
            .map(|chunk| end.settle(chunk, &mut inbox))
            .collect();
        drop(inbox);
        settled.into_iter().for_each(Settled::tell);
        end.room_again();
        let mut state = old.state.lock();
        let mutual = core::ptr::eq(state.peer.as_ptr(), Arc::as_ptr(end)) && !state.closed;
        if mutual {
            state.error = Some(Errno::ECONNRESET);
        }
        drop(state);
        if mutual {
            old.queue.wake(Events::ERR);
        }
    }
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
        (Some(addr), Some(cx)) if !packets => name::find(&end.net, cx, addr, SOCK_DGRAM)?,
        _ => match end.peer() {
            Some(peer) => peer,
            None if connected && packets => return Err(Errno::EPIPE),
            None if connected => {
                end.state.lock().connected = false;
                return Err(Errno::ECONNREFUSED);
            }
            None => return Err(Errno::ENOTCONN),
        },
    };
    if end.passes().intersects(Passes::IDENTITY) {
        name::autobind(end)?;
    }
    let len = message.data.remaining();
    if len > end.send_buffer.load(Relaxed).saturating_sub(32) {
        return Err(Errno::EMSGSIZE);
    }
    rights::check(cx, &target, &ancillary.rights)?;
    let (creds, process) = end.sender(&target, cx, ancillary.creds);
    let mut envelope = Envelope {
        rights: ancillary.rights,
        creds,
        process,
        from: end.name(),
    };
    let timeout = common.generic().send_timeout;
    let outcome = wait_on(
        &[common.queue(), &target.room],
        message.flags.nonblock(),
        timeout,
        || try_send(end, &target, message, &mut envelope),
    );
    rights::discard(envelope.rights.take());
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
        return Err(gone(end, target));
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

/// The target is closed: a datagram socket is not connected to it any more.
fn gone(end: &Arc<End>, target: &Arc<End>) -> Errno {
    if end.kind == SOCK_SEQPACKET {
        return Errno::EPIPE;
    }
    let mut state = end.state.lock();
    if core::ptr::eq(state.peer.as_ptr(), Arc::as_ptr(target)) {
        state.peer = Weak::new();
        state.connected = false;
    }
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
            return take(end, message);
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

fn take(end: &Arc<End>, message: &mut Incoming<'_, '_>) -> Result<Received> {
    let peek = message.flags.contains(Flags::PEEK);
    let peek_offset = end.peek_offset.load(Relaxed);
    let mut inbox = end.inbox.lock();
    let (index, skip) = match peek {
        true => peeked(&inbox, peek_offset).ok_or(Errno::EAGAIN)?,
        false => (0, 0),
    };
    let chunk = inbox.chunks.get_mut(index).ok_or(Errno::EAGAIN)?;
    let full = chunk.len() - skip;
    let fits = full.min(message.out.remaining());
    let copied = message.out.write_whole(&chunk.bytes()[skip..skip + fits]);
    if peek {
        copied?;
    }
    let parcel = Parcel {
        creds: Some(chunk.creds),
        process: chunk.process.clone(),
        files: match peek {
            true => chunk.rights.files.clone(),
            false => chunk.rights.take(),
        },
    };
    let from = chunk.from.clone();
    if peek_offset >= 0 {
        let moved = match peek {
            true => peek_offset.saturating_add(fits as i32),
            false => (peek_offset - full as i32).max(0),
        };
        end.peek_offset.store(moved, Relaxed);
    }
    let mut settled = None;
    if !peek && let Some(chunk) = inbox.chunks.pop_front() {
        settled = Some(end.settle(chunk, &mut inbox));
    }
    drop(inbox);
    if let Some(settled) = settled {
        settled.tell();
        end.room_again();
    }
    // The message is gone also where it could not be copied, as on Linux.
    copied?;
    rights::deliver(end, message.control.as_deref_mut(), parcel);
    let mut flags = Flags::empty();
    flags.set(Flags::TRUNC, fits < full);
    Ok(Received {
        len: match message.flags.contains(Flags::TRUNC) {
            true => full,
            false => fits,
        },
        flags,
        from: from.map(|name| name::address(Some(&name))),
    })
}

/// Which message MSG_PEEK looks at, and how many of its bytes it leaves out: SO_PEEK_OFF
/// counts over all of them.
fn peeked(inbox: &Inbox, offset: i32) -> Option<(usize, usize)> {
    let mut left = usize::try_from(offset).unwrap_or(0);
    for (index, chunk) in inbox.chunks.iter().enumerate() {
        if left < chunk.len() || left == 0 {
            return Some((index, left));
        }
        left -= chunk.len();
    }
    None
}
