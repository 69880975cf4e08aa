//! Bytes of a SOCK_STREAM connection.

use super::{
    end::End,
    inbox::Envelope,
    name,
    rights::{self, Parcel},
    urgent::{self, Passage},
};
use crate::{
    Result,
    file::Events,
    net::{
        Caller,
        socket::{
            Common, Generic,
            message::{Flags, Incoming, Outgoing, Received},
        },
    },
};
use abi::{
    Errno,
    net::{SO_INQ, SOL_SOCKET},
};
use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::Ordering::Relaxed;

/// send(2): all of it, waiting for room, unless it may not sleep.
pub fn send(
    end: &Arc<End>,
    common: &Common,
    cx: Option<&Caller<'_>>,
    message: &mut Outgoing<'_, '_>,
) -> Result<usize> {
    let urgent = message.flags.contains(Flags::OOB);
    let ancillary = rights::parse(cx, message.control)?;
    if urgent && message.data.remaining() == 0 {
        return Err(Errno::EOPNOTSUPP);
    }
    let state = end.state.lock();
    let (connected, shut, peer) = (state.connected, state.shut_write, state.peer.upgrade());
    drop(state);
    if message.to.is_some() {
        return Err(if connected {
            Errno::EISCONN
        } else {
            Errno::EOPNOTSUPP
        });
    }
    if !connected {
        return Err(Errno::ENOTCONN);
    }
    if shut {
        return Err(Errno::EPIPE);
    }
    let peer = peer.ok_or(Errno::EPIPE)?;
    rights::check(cx, &peer, &ancillary.rights)?;
    let (creds, process) = end.sender(&peer, cx, ancillary.creds);
    let mut envelope = Envelope {
        rights: ancillary.rights,
        creds,
        process,
        from: None,
    };
    let total = message.data.remaining();
    let timeout = common.generic().send_timeout;
    let nonblock = message.flags.nonblock();
    let mut outcome = Ok(());
    while message.data.remaining() > 0 && outcome.is_ok() {
        let ordinary = message.data.remaining() - usize::from(urgent);
        outcome = common.wait(nonblock, timeout, || {
            // The peer's close shuts this side, too.
            if end.state.lock().shut_write {
                return Err(Errno::EPIPE);
            }
            if !end.may_send() {
                return Err(Errno::EAGAIN);
            }
            match ordinary {
                0 => urgent::send(&peer, end, message.data, &mut envelope)?,
                most => peer.push_stream(end, message.data, most, &mut envelope)?,
            }
            peer.queue.wake(Events::IN | Events::RDNORM);
            Ok(())
        });
    }
    rights::discard(envelope.rights.take());
    match (outcome, total - message.data.remaining()) {
        (Err(errno), 0) => Err(errno),
        (_, sent) => Ok(sent),
    }
}

/// What one recv(2) has so far.
#[derive(Default)]
struct Progress {
    copied: usize,
    /// With SO_PASSCRED or SO_PASSPIDFD bytes of different senders do not mix.
    parcel: Parcel,
    /// What follows must not be glued to this.
    done: bool,
}

/// recv(2). `EINVAL` on a socket that was never connected, as Linux.
pub fn recv(end: &Arc<End>, common: &Common, message: &mut Incoming<'_, '_>) -> Result<Received> {
    if !end.state.lock().connected {
        return Err(Errno::EINVAL);
    }
    if message.flags.contains(Flags::OOB) {
        return urgent::recv(end, common, message);
    }
    let generic = common.generic();
    let want = message.out.remaining();
    let least = match message.flags.contains(Flags::WAITALL) {
        true => want,
        false => want.min(generic.recv_low_water.max(1) as usize),
    };
    let peek = message.flags.contains(Flags::PEEK);
    let mut progress = Progress::default();
    let outcome = common.wait(message.flags.nonblock(), generic.recv_timeout, || {
        let waiting = end.received.load(Relaxed) > 0;
        if waiting {
            // What was looked at already is looked at again, from the start.
            take(end, message, peek, &generic, &mut progress)?;
        }
        if progress.done
            || (progress.copied >= least && (want > 0 || waiting))
            || peek && progress.copied > 0
        {
            return Ok(());
        }
        let mut state = end.state.lock();
        if progress.copied == 0
            && let Some(errno) = state.error.take()
        {
            return Err(errno);
        }
        match state.shut_read {
            true => Ok(()),
            false => Err(Errno::EAGAIN),
        }
    });
    if let Err(errno) = outcome
        && progress.copied == 0
    {
        return Err(errno);
    }
    rights::deliver(end, message.control.as_deref_mut(), progress.parcel);
    if generic.report_unread
        && let Some(control) = message.control.as_deref_mut()
    {
        let unread = end.unread() as i32;
        control.push(SOL_SOCKET as i32, SO_INQ as i32, &unread.to_ne_bytes());
    }
    let from = end.peer().and_then(|peer| peer.name());
    Ok(Received {
        len: progress.copied,
        flags: Flags::empty(),
        from: from.map(|name| name::address(Some(&name))),
    })
}

/// Copies out what is there, up to a change of sender or descriptors.
fn take(
    end: &End,
    message: &mut Incoming<'_, '_>,
    peek: bool,
    generic: &Generic,
    progress: &mut Progress,
) -> Result<()> {
    let mut settled = Vec::new();
    let mut inbox = end.inbox.lock();
    let mut index = 0;
    let apart = generic.pass_cred || generic.pass_pidfd;
    let mut peek_offset = end.peek_offset.load(Relaxed);
    let mut skip = match peek {
        true => peek_offset.max(0) as usize,
        false => 0,
    };
    while !progress.done && message.out.remaining() > 0 {
        let Some(chunk) = inbox.chunks.get(index) else {
            break;
        };
        if chunk.urgent || chunk.len() == 0 {
            let in_line = generic.oob_inline;
            let passage = urgent::pass(end, &mut inbox, index, in_line, peek, progress.copied);
            match passage {
                Passage::Stop => progress.done = true,
                Passage::Skip if peek => index += 1,
                Passage::Skip => settled.extend(urgent::remove(end, &mut inbox, index)),
                Passage::Read => {}
            }
            if passage != Passage::Read {
                continue;
            }
        }
        let Some(chunk) = inbox.chunks.get_mut(index) else {
            break;
        };
        if apart
            && progress
                .parcel
                .creds
                .is_some_and(|creds| creds != chunk.creds)
        {
            progress.done = true;
            break;
        }
        if skip >= chunk.len() {
            skip -= chunk.len();
            index += 1;
            continue;
        }
        let copied = match message.out.write(&chunk.bytes()[skip..]) {
            Ok(copied) => copied,
            Err(errno) if progress.copied == 0 => return Err(errno),
            Err(_) => {
                progress.done = true;
                break;
            }
        };
        progress.copied += copied;
        if apart {
            progress.parcel.creds = Some(chunk.creds);
            progress.parcel.process = chunk.process.clone();
        }
        if !chunk.rights.is_empty() {
            progress.done = true;
            progress.parcel.files = match peek {
                true => chunk.rights.files.clone(),
                false => chunk.rights.take(),
            };
        }
        if peek_offset >= 0 {
            let moved = match peek {
                true => peek_offset.saturating_add(copied as i32),
                false => (peek_offset - copied as i32).max(0),
            };
            peek_offset = moved;
            end.peek_offset.store(moved, Relaxed);
        }
        if peek {
            skip = 0;
            index += 1;
            continue;
        }
        chunk.consume(copied);
        if chunk.len() == 0
            && let Some(chunk) = inbox.chunks.pop_front()
        {
            settled.push(end.settle(chunk, &mut inbox));
        }
    }
    drop(inbox);
    settled.into_iter().for_each(|settled| settled.tell());
    Ok(())
}
