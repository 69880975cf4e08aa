//! Urgent data of a stream: one byte that MSG_OOB sends and reads apart. send(2), sockatmark(3).
//!
//! What it is: a [`Chunk`](super::inbox::Chunk) of one byte with a flag; [`End::urgent`] says that there is one, so
//! that readers of ordinary data need not look. Who calls: `stream`. Locks: the inbox.
//!
//! Typical sequence: `abX` with MSG_OOB is a chunk `ab` and an urgent chunk `X`. A read of ordinary data stops
//! in front of it; the next one drops it, or reads it with SO_OOBINLINE. A read with MSG_OOB leaves an empty
//! chunk: the mark, where a read stops as well.

use super::{
    end::{End, Settled},
    inbox::{Envelope, Inbox},
};
use crate::{
    Result,
    file::Events,
    mm::UserIn,
    net::socket::{
        Common,
        message::{Flags, Incoming, Received},
    },
};
use abi::Errno;
use alloc::{sync::Arc, vec};
use core::sync::atomic::Ordering::Relaxed;

/// Puts the byte that `data` begins with into `peer`'s inbox, and tells the peer's owner. `EFAULT`.
pub fn send(
    peer: &End,
    sender: &Arc<End>,
    data: &mut UserIn<'_>,
    envelope: &mut Envelope,
) -> Result<()> {
    let mut inbox = peer.inbox.lock();
    // No byte more fits into such a buffer: what is sent next does not join it.
    let mut buffer = vec![0; 1];
    if data.read(&mut buffer)? < 1 {
        return Err(Errno::EFAULT);
    }
    // One at a time: what was urgent before is read in line.
    if let Some(old) = inbox.urgent() {
        inbox.chunks[old].urgent = false;
    }
    peer.put(&mut inbox, sender, buffer, 1, envelope);
    if let Some(chunk) = inbox.chunks.back_mut() {
        chunk.urgent = true;
    }
    peer.urgent.store(true, Relaxed);
    drop(inbox);
    peer.queue.wake(Events::PRI);
    Ok(())
}

/// recv(2) with MSG_OOB, which never waits. `EINVAL` when there is none or it is in line.
pub fn recv(end: &End, common: &Common, message: &mut Incoming<'_, '_>) -> Result<Received> {
    let mut inbox = end.inbox.lock();
    let index = inbox.urgent().ok_or(Errno::EINVAL)?;
    if common.generic().oob_inline {
        return Err(Errno::EINVAL);
    }
    if message.out.write(inbox.chunks[index].bytes())? < 1 {
        return Err(Errno::EFAULT);
    }
    let mut old_mark = None;
    if !message.flags.contains(Flags::PEEK) {
        let chunk = &mut inbox.chunks[index];
        chunk.consume(1);
        chunk.urgent = false;
        end.urgent.store(false, Relaxed);
        // Two marks with nothing in between are one.
        if index > 0 && inbox.chunks[index - 1].len() == 0 {
            old_mark = remove(end, &mut inbox, index - 1);
        }
    }
    drop(inbox);
    old_mark.into_iter().for_each(Settled::tell);
    Ok(Received {
        len: 1,
        flags: Flags::OOB,
        from: None,
    })
}

/// What a read of ordinary data does at an urgent byte or a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// Ends here.
    Stop,
    /// Goes on behind it; unless it only peeks, it is dropped.
    Skip,
    /// Reads it.
    Read,
}

/// Decides for the chunk at `index`, after `copied` bytes.
pub fn pass(
    end: &End,
    inbox: &mut Inbox,
    index: usize,
    in_line: bool,
    peek: bool,
    copied: usize,
) -> Passage {
    let waits = end.urgent.load(Relaxed);
    let chunk = &mut inbox.chunks[index];
    if chunk.len() == 0 {
        return match copied > 0 && !waits {
            true => Passage::Stop,
            false => Passage::Skip,
        };
    }
    if copied > 0 {
        return Passage::Stop;
    }
    if !peek {
        chunk.urgent = false;
        end.urgent.store(false, Relaxed);
    }
    match in_line {
        true => Passage::Read,
        false => Passage::Skip,
    }
}

/// Drops a chunk from the middle of an inbox, with the descriptors that nobody received.
pub fn remove(end: &End, inbox: &mut Inbox, index: usize) -> Option<Settled> {
    let chunk = inbox.chunks.remove(index)?;
    Some(end.settle(chunk, inbox))
}
