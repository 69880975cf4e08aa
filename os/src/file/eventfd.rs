//! eventfd(2): a counter that can be waited for.

use super::{Events, File, Io, OpenFile, VectorFlags, anon_stat};
use crate::{
    Result,
    mm::{UserIn, UserOut},
    sched::{self, Interruptible, WaitQueue},
    sync::SpinLock,
};
use abi::{
    Errno,
    general::{EFD_SEMAPHORE, O_NONBLOCK, O_RDWR},
};
use alloc::{string::String, sync::Arc};
use core::any::Any;

/// The largest value that the counter takes.
const MAX: u64 = u64::MAX - 1;

/// The counter. Readers take all of it, or one with EFD_SEMAPHORE.
struct EventFd {
    count: SpinLock<u64>,
    semaphore: bool,
    queue: WaitQueue,
}

/// eventfd2(2): the description, without its descriptor. `flags`: EFD_SEMAPHORE, EFD_NONBLOCK.
pub fn create(initial: u32, flags: u32) -> Arc<OpenFile> {
    let file = EventFd {
        count: SpinLock::new(initial.into()),
        semaphore: flags & EFD_SEMAPHORE != 0,
        queue: WaitQueue::new(),
    };
    OpenFile::new(Arc::new(file), O_RDWR | flags & O_NONBLOCK)
}

impl EventFd {
    fn take(&self) -> Option<u64> {
        let mut count = self.count.lock();
        let taken = if self.semaphore {
            1.min(*count)
        } else {
            *count
        };
        *count -= taken;
        (taken > 0).then_some(taken)
    }

    fn add(&self, value: u64) -> Option<()> {
        let mut count = self.count.lock();
        if value > MAX - *count {
            return None;
        }
        *count += value;
        Some(())
    }

    /// Blocks until `attempt` succeeds.
    fn wait<T>(&self, io: Io, attempt: impl Fn() -> Option<T>) -> Result<T> {
        if io.nonblock {
            return attempt().ok_or(Errno::EAGAIN);
        }
        sched::wait_until(&[&self.queue], None, Interruptible::Yes, attempt)
    }
}

impl File for EventFd {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        if out.remaining() < 8 {
            return Err(Errno::EINVAL);
        }
        let value = self.wait(io, || self.take())?;
        self.queue.wake(Events::OUT | Events::WRNORM);
        match out.write(&value.to_ne_bytes())? {
            8 => Ok(8),
            _ => Err(Errno::EFAULT),
        }
    }

    fn write(&self, io: Io, data: &mut UserIn<'_>) -> Result<usize> {
        if data.remaining() != 8 {
            return Err(Errno::EINVAL);
        }
        let mut value = [0; 8];
        if data.read(&mut value)? != 8 {
            return Err(Errno::EFAULT);
        }
        let value = u64::from_ne_bytes(value);
        if value > MAX {
            return Err(Errno::EINVAL);
        }
        self.wait(io, || self.add(value))?;
        self.queue.wake(Events::IN | Events::RDNORM);
        Ok(8)
    }

    fn poll(&self) -> Events {
        let count = *self.count.lock();
        let mut events = Events::empty();
        if count > 0 {
            events |= Events::IN;
        }
        if count < MAX {
            events |= Events::OUT;
        }
        events
    }

    fn queue(&self) -> Option<&WaitQueue> {
        Some(&self.queue)
    }

    fn ignores_seek(&self) -> bool {
        true
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(anon_stat(0o600, 1))
    }

    fn link_name(&self) -> String {
        "anon_inode:[eventfd]".into()
    }

    fn vector_flags(&self) -> (VectorFlags, VectorFlags) {
        (VectorFlags::All, VectorFlags::Plain)
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
