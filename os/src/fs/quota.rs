//! How many namespaces of a kind there may be: /proc/sys/user/max_*_namespaces. namespaces(7).
//!
//! **What.** Each namespace but the first of its kind holds a [`Counted`]; [`room`] says whether one more may be made. Linux
//! counts for each user of each user namespace, here all are one. **Who calls.** Whoever makes a namespace, and `task`
//! before it does. **Who owns and locks.** Two numbers a kind, set atomically; between question and making nobody else runs.

use super::pseudo::proc;
use crate::Result;
use abi::{
    Errno,
    general::{CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUSER},
};
use alloc::format;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A kind of namespace.
pub struct Quota {
    flag: u32,
    path: &'static str,
    most: AtomicU32,
    count: AtomicU32,
}

/// What the limits are until somebody writes them.
const MOST: u32 = 8192;

impl Quota {
    const fn new(flag: u32, path: &'static str) -> Quota {
        Quota {
            flag,
            path,
            most: AtomicU32::new(MOST),
            count: AtomicU32::new(0),
        }
    }

    /// One more.
    pub fn count(&'static self) -> Counted {
        self.count.fetch_add(1, Relaxed);
        Counted(self)
    }
}

/// Network namespaces.
pub static NET: Quota = Quota::new(CLONE_NEWNET, "sys/user/max_net_namespaces");
/// Mount namespaces.
pub static MOUNTS: Quota = Quota::new(CLONE_NEWNS, "sys/user/max_mnt_namespaces");
/// User namespaces.
pub static USERS: Quota = Quota::new(CLONE_NEWUSER, "sys/user/max_user_namespaces");

static ALL: [&Quota; 3] = [&NET, &MOUNTS, &USERS];

/// A namespace among those that count, as long as this lives.
pub struct Counted(&'static Quota);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Relaxed);
    }
}

/// Whether namespaces of all kinds in `flags` (CLONE_NEW*) may be made. `ENOSPC`.
pub fn room(flags: u64) -> Result<()> {
    let full = |quota: &&&Quota| {
        flags & u64::from(quota.flag) != 0 && quota.count.load(Relaxed) >= quota.most.load(Relaxed)
    };
    match ALL.iter().find(full) {
        Some(_) => Err(Errno::ENOSPC),
        None => Ok(()),
    }
}

/// Publishes the files.
pub(super) fn register() {
    for quota in ALL {
        proc().writable(
            quota.path,
            || format!("{}\n", quota.most.load(Relaxed)),
            |bytes| {
                let text = core::str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?;
                let number: i32 = text.trim().parse().map_err(|_| Errno::EINVAL)?;
                let number = u32::try_from(number).map_err(|_| Errno::EINVAL)?;
                quota.most.store(number, Relaxed);
                Ok(())
            },
        );
    }
}
