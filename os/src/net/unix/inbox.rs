//! What a socket has received: a queue of chunks. A packet is one chunk; a stream's
//! small writes share one.

use super::{
    end::{Credentials, End},
    name::Name,
    rights::Rights,
};
use crate::{Result, file::hooks::ProcessHandle, mm::UserIn};
use abi::Errno;
use alloc::{
    collections::VecDeque,
    sync::{Arc, Weak},
    vec,
    vec::Vec,
};
use core::sync::atomic::Ordering::Relaxed;

/// What a chunk costs its sender beside its bytes, about Linux's sk_buff.
const OVERHEAD: usize = 576;
/// Buffers of a stream are at least this long, so that small writes find room to join.
const STREAM_BUFFER: usize = 2048;
/// The longest piece that a stream's write is cut into.
pub const STREAM_CHUNK: usize = 32 * 1024;
/// Emptied buffers kept for the next messages, and the longest that is kept: as much
/// as a stream has in flight by default.
const SPARES: usize = 6;
const SPARE_MAX: usize = STREAM_CHUNK;

/// The queue.
#[derive(Default)]
pub struct Inbox {
    pub chunks: VecDeque<Chunk>,
    spares: Vec<Vec<u8>>,
}

/// Bytes from one sender.
pub struct Chunk {
    /// All of it is initialised; `start..end` is unread.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Descriptors that travel with the first byte (SCM_RIGHTS).
    pub rights: Rights,
    /// SCM_CREDENTIALS.
    pub creds: Credentials,
    /// SCM_PIDFD.
    pub process: Option<ProcessHandle>,
    /// What the sender was bound to.
    pub from: Option<Arc<Name>>,
    /// The byte that MSG_OOB reads. Read apart, it stays as an empty chunk: the mark.
    pub urgent: bool,
    /// Whose account carries `charge`.
    pub sender: Weak<End>,
    pub charge: usize,
}

/// What goes with the bytes of one send.
pub struct Envelope {
    #[allow(missing_docs)]
    pub rights: Rights,
    #[allow(missing_docs)]
    pub creds: Credentials,
    #[allow(missing_docs)]
    pub process: Option<ProcessHandle>,
    #[allow(missing_docs)]
    pub from: Option<Arc<Name>>,
}

impl Chunk {
    /// Unread bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub fn len(&self) -> usize {
        self.end - self.start
    }

    pub fn consume(&mut self, count: usize) {
        self.start += count;
    }
}

impl Inbox {
    /// Unread bytes of all chunks.
    pub fn bytes(&self) -> usize {
        self.chunks.iter().map(Chunk::len).sum()
    }

    /// Where the byte is that MSG_OOB reads.
    pub fn urgent(&self) -> Option<usize> {
        self.chunks.iter().position(|chunk| chunk.urgent)
    }

    /// SIOCATMARK: the next byte is the urgent one, or follows one that was read apart.
    pub fn at_mark(&self) -> bool {
        let urgent = self.urgent();
        match self.chunks.front() {
            None => false,
            Some(first) => {
                first.urgent || first.len() == 0 && urgent.is_none_or(|urgent| urgent == 1)
            }
        }
    }

    /// Keeps the buffer of a chunk that was read.
    pub fn recycle(&mut self, chunk: Chunk) {
        if self.spares.len() < SPARES && chunk.buffer.len() <= SPARE_MAX {
            self.spares.push(chunk.buffer);
        }
    }

    fn buffer(&mut self, len: usize) -> Vec<u8> {
        match self.spares.pop() {
            Some(spare) if spare.len() >= len => spare,
            _ => vec![0; len],
        }
    }
}

impl End {
    /// Takes up to `most` bytes, and [`STREAM_CHUNK`], of a stream from `sender`. `EFAULT`.
    pub fn push_stream(
        &self,
        sender: &Arc<End>,
        data: &mut UserIn<'_>,
        most: usize,
        envelope: &mut Envelope,
    ) -> Result<()> {
        let mut inbox = self.inbox.lock();
        let want = most.min(STREAM_CHUNK);
        if envelope.rights.is_empty()
            && let Some(last) = inbox.chunks.back_mut()
            && last.creds == envelope.creds
            && last.end + want <= last.buffer.len()
        {
            let end = last.end;
            let got = data.read(&mut last.buffer[end..end + want])?;
            last.end += got;
            last.charge += got;
            sender.inflight.fetch_add(got, Relaxed);
            return Ok(());
        }
        let mut buffer = inbox.buffer(want.max(STREAM_BUFFER));
        let got = data.read(&mut buffer[..want])?;
        self.put(&mut inbox, sender, buffer, got, envelope);
        Ok(())
    }

    /// Takes one packet, all of `data`. `EFAULT`.
    pub fn push_packet(
        &self,
        sender: &Arc<End>,
        data: &mut UserIn<'_>,
        envelope: &mut Envelope,
    ) -> Result<()> {
        let mut inbox = self.inbox.lock();
        let want = data.remaining();
        let mut buffer = inbox.buffer(want);
        if want > 0 && data.read(&mut buffer[..want])? < want {
            return Err(Errno::EFAULT);
        }
        // A message that the filter drops was sent all the same.
        if let Some(keep) = self.filtered(&buffer[..want]) {
            self.put(&mut inbox, sender, buffer, keep, envelope);
        }
        Ok(())
    }

    /// How much of a message the filter leaves; `None` drops it.
    fn filtered(&self, message: &[u8]) -> Option<usize> {
        let Some(filter) = self.filter.lock().clone() else {
            return Some(message.len());
        };
        let packet = bpf::Packet {
            bytes: message,
            seed: crate::time::now().0,
            ..bpf::Packet::default()
        };
        match filter.run(&packet) as usize {
            0 => None,
            keep => Some(keep.min(message.len())),
        }
    }

    /// Appends a chunk, on the sender's account.
    pub fn put(
        &self,
        inbox: &mut Inbox,
        sender: &Arc<End>,
        buffer: Vec<u8>,
        end: usize,
        envelope: &mut Envelope,
    ) {
        let charge = OVERHEAD + end;
        inbox.chunks.push_back(Chunk {
            buffer,
            start: 0,
            end,
            rights: envelope.rights.depart(),
            creds: envelope.creds,
            process: envelope.process.clone(),
            from: envelope.from.clone(),
            urgent: false,
            sender: Arc::downgrade(sender),
            charge,
        });
        sender.inflight.fetch_add(charge, Relaxed);
        self.received.fetch_add(1, Relaxed);
    }
}
