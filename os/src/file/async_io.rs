//! Signal-driven I/O: O_ASYNC descriptions tell their owner when something happens. fcntl(2), signal(7).

use super::{Events, OpenFile, Owner, hooks};
use crate::{
    Result,
    sched::{Entry, Waiter},
};
use abi::Errno;
use alloc::sync::{Arc, Weak};

/// The registration of one description on its object's queue, while O_ASYNC is set.
pub struct AsyncIo {
    _entry: Entry,
    _waiter: Arc<Notify>,
}

struct Notify {
    file: Weak<OpenFile>,
}

impl AsyncIo {
    /// Registers; `ENOTTY` when the object has no queue.
    pub fn start(file: &Arc<OpenFile>) -> Result<AsyncIo> {
        let queue = file.file.queue().ok_or(Errno::ENOTTY)?;
        let waiter = Arc::new(Notify {
            file: Arc::downgrade(file),
        });
        let weak: Weak<Notify> = Arc::downgrade(&waiter);
        Ok(AsyncIo {
            _entry: queue.register(weak, Events::all(), false),
            _waiter: waiter,
        })
    }
}

impl Waiter for Notify {
    fn wake(&self, events: Events) {
        let Some(file) = self.file.upgrade() else {
            return;
        };
        let owner: Option<Owner> = *file.owner.lock();
        if let Some(owner) = owner.filter(|owner| owner.id != 0) {
            hooks::tasks().signal_owner(&owner, events);
        }
    }
}
