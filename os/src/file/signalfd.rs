//! signalfd(2): pending signals as records to read.
//!
//! The signals are the reader's own, whoever made the descriptor; they are asked for
//! through [`hooks`]. `task` calls [`arrived`] when it queues a signal for somebody.

use super::{Events, File, Io, OpenFile, VectorFlags, anon_stat, hooks};
use crate::{
    Result,
    mm::UserOut,
    sched::{self, Interruptible, WaitQueue},
};
use abi::{
    Errno,
    general::{O_NONBLOCK, O_RDWR, SIGKILL, SIGSTOP},
};
use alloc::{string::String, sync::Arc};
use core::{
    any::Any,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// Bytes in `struct signalfd_siginfo`.
const RECORD: usize = size_of::<hooks::SignalInfo>();

/// A set of signals to read.
pub struct SignalFd {
    mask: AtomicU64,
}

/// Everybody who waits for a signal through a descriptor. One queue for all: what a
/// signalfd shows depends on who looks, not on the descriptor.
static ARRIVED: WaitQueue = WaitQueue::new();

/// A signal was queued for a thread or process. Does not block.
pub fn arrived() {
    ARRIVED.wake(Events::IN | Events::RDNORM);
}

/// signalfd4(2) for a new description; bit `n - 1` of `mask` is signal `n`.
pub fn create(mask: u64, flags: u32) -> Arc<OpenFile> {
    let file = SignalFd {
        mask: AtomicU64::new(catchable(mask)),
    };
    OpenFile::new(Arc::new(file), O_RDWR | flags & O_NONBLOCK)
}

/// SIGKILL and SIGSTOP are silently left out.
fn catchable(mask: u64) -> u64 {
    mask & !(1 << (SIGKILL - 1)) & !(1 << (SIGSTOP - 1))
}

impl SignalFd {
    /// The signalfd behind a description; `EINVAL` when it is something else.
    pub fn of(file: &OpenFile) -> Result<&SignalFd> {
        file.file.as_any().downcast_ref().ok_or(Errno::EINVAL)
    }

    /// signalfd4(2) for a description that exists.
    pub fn set_mask(&self, mask: u64) {
        self.mask.store(catchable(mask), Relaxed);
        arrived();
    }

    fn take(&self) -> Option<hooks::SignalInfo> {
        hooks::tasks().dequeue(self.mask.load(Relaxed))
    }
}

impl File for SignalFd {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        if out.remaining() < RECORD {
            return Err(Errno::EINVAL);
        }
        let mut next = match io.nonblock {
            true => self.take().ok_or(Errno::EAGAIN)?,
            false => sched::wait_until(&[&ARRIVED], None, Interruptible::Yes, || self.take())?,
        };
        let mut total = 0;
        loop {
            total += match out.write(&next) {
                Err(error) if total == 0 => return Err(error),
                Err(_) => return Ok(total),
                Ok(count) => count,
            };
            if out.remaining() < RECORD {
                return Ok(total);
            }
            match self.take() {
                Some(more) => next = more,
                None => return Ok(total),
            }
        }
    }

    fn poll(&self) -> Events {
        match hooks::tasks().pending() & self.mask.load(Relaxed) {
            0 => Events::empty(),
            _ => Events::IN,
        }
    }

    fn queue(&self) -> Option<&WaitQueue> {
        Some(&ARRIVED)
    }

    fn ignores_seek(&self) -> bool {
        true
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(anon_stat(0o600, 1))
    }

    fn link_name(&self) -> String {
        "anon_inode:[signalfd]".into()
    }

    fn vector_flags(&self) -> (VectorFlags, VectorFlags) {
        (VectorFlags::All, VectorFlags::Absent)
    }

    fn signals_owner(&self) -> bool {
        false
    }

    fn can_splice(&self) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
