//! Advisory locks: the record locks of fcntl(2) (per process and per description)
//! and the whole-file locks of flock(2).
//!
//! What it is: [`Locks`], one per inode, owned by the inode; `fs` returns it from
//! [`super::File::locks`]. Who calls: `syscall/file/lock.rs` sets and asks; descriptor
//! tables and descriptions release what they hold when they go. Who locks: one spin
//! lock inside; waiting happens outside it. Typical sequence of F_SETLKW:
//!
//! ```text
//! locks.set(owner, pid, range, Some(Mode::Write), Wait::Yes)   // sleeps until the range is free
//! ```

use crate::{
    Result,
    sched::{self, Events, Interruptible, WaitQueue},
    sync::SpinLock,
};
use abi::Errno;
use alloc::vec::Vec;

/// Shared or exclusive. `F_RDLCK`, `F_WRLCK`; `LOCK_SH`, `LOCK_EX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Mode {
    Read,
    Write,
}

/// Whose lock it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockOwner {
    /// A process, by its descriptor table: [`super::FdTable::lock_owner`].
    Process(usize),
    /// An open file description, by its address (F_OFD_SETLK, flock).
    Description(usize),
}

/// Whether to sleep for a lock that somebody else holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Wait {
    Yes,
    No,
}

/// Bytes `start..=last`; `last` is `i64::MAX` for "to the end of the file".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Range {
    pub start: u64,
    pub last: u64,
}

/// The last byte that a range can name.
pub const LAST: u64 = i64::MAX as u64;

/// A record lock that is held.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Record {
    pub range: Range,
    pub mode: Mode,
    pub owner: LockOwner,
    /// Process id of the holder as F_GETLK tells it; -1 for a description's.
    pub pid: i32,
}

/// The locks on one inode.
pub struct Locks {
    state: SpinLock<State>,
    released: WaitQueue,
}

struct State {
    records: Vec<Record>,
    whole: Vec<(usize, Mode)>,
}

/// Which process waits for which: F_SETLKW fails with `EDEADLK` where the chain
/// would close (record locks of processes only, as Linux).
static WAITING: SpinLock<Vec<(LockOwner, LockOwner)>> = SpinLock::new(Vec::new());

impl Locks {
    /// No locks.
    pub const fn new() -> Locks {
        Locks {
            state: SpinLock::new(State {
                records: Vec::new(),
                whole: Vec::new(),
            }),
            released: WaitQueue::new(),
        }
    }

    /// F_GETLK: the first record that keeps `owner` from locking `range`.
    pub fn conflict(&self, owner: LockOwner, range: Range, mode: Mode) -> Option<Record> {
        self.state.lock().conflict(owner, range, mode)
    }

    /// F_SETLK and F_SETLKW: locks, changes or (`None`) unlocks a range. `EAGAIN` when
    /// it is held and `wait` says no; `EDEADLK` instead of waiting in a circle.
    pub fn set(
        &self,
        owner: LockOwner,
        pid: i32,
        range: Range,
        mode: Option<Mode>,
        wait: Wait,
    ) -> Result<()> {
        let attempt = || {
            let mut state = self.state.lock();
            match mode.and_then(|mode| state.conflict(owner, range, mode)) {
                Some(held) => Err(held.owner),
                None => {
                    state.put(owner, pid, range, mode);
                    Ok(())
                }
            }
        };
        let holder = match attempt() {
            Ok(()) => {
                self.released.wake_all();
                return Ok(());
            }
            Err(_) if wait == Wait::No => return Err(Errno::EAGAIN),
            Err(holder) => holder,
        };
        wait_edge(owner, holder)?;
        let done = sched::wait_until(
            &[&self.released],
            None,
            Interruptible::Yes,
            || match attempt() {
                Ok(()) => Some(Ok(())),
                Err(holder) => wait_edge(owner, holder).err().map(Err),
            },
        );
        WAITING.lock().retain(|&(waiter, _)| waiter != owner);
        done?
    }

    /// flock(2) for a description; `None` unlocks. Converting a lock gives the old one up first.
    pub fn set_whole(&self, description: usize, mode: Option<Mode>, wait: Wait) -> Result<()> {
        {
            let mut state = self.state.lock();
            if mode.is_some_and(|mode| state.whole.contains(&(description, mode))) {
                return Ok(());
            }
            state.whole.retain(|&(holder, _)| holder != description);
        }
        self.released.wake_all();
        let Some(mode) = mode else { return Ok(()) };
        let attempt = || {
            let mut state = self.state.lock();
            let taken = |&(_, held): &(usize, Mode)| held == Mode::Write || mode == Mode::Write;
            if state.whole.iter().any(taken) {
                return None;
            }
            state.whole.push((description, mode));
            Some(())
        };
        match wait {
            Wait::No => attempt().ok_or(Errno::EAGAIN),
            Wait::Yes => sched::wait_until(&[&self.released], None, Interruptible::Yes, attempt),
        }
    }

    /// A process closed a descriptor of the file: all its record locks go. fcntl(2).
    pub fn release_posix(&self, table: usize) {
        self.release(|owner| owner == LockOwner::Process(table), None);
    }

    /// A description is gone: its record locks and its flock go.
    pub fn release_description(&self, description: usize) {
        self.release(
            |owner| owner == LockOwner::Description(description),
            Some(description),
        );
    }

    fn release(&self, gone: impl Fn(LockOwner) -> bool, whole: Option<usize>) {
        let mut state = self.state.lock();
        let before = state.records.len() + state.whole.len();
        state.records.retain(|record| !gone(record.owner));
        if let Some(description) = whole {
            state.whole.retain(|&(holder, _)| holder != description);
        }
        let changed = state.records.len() + state.whole.len() != before;
        drop(state);
        if changed {
            self.released.wake(Events::all());
        }
    }
}

impl State {
    fn conflict(&self, owner: LockOwner, range: Range, mode: Mode) -> Option<Record> {
        let clash = |record: &&Record| {
            record.owner != owner
                && record.range.overlaps(range)
                && (record.mode == Mode::Write || mode == Mode::Write)
        };
        self.records.iter().find(clash).copied()
    }

    /// Replaces what `owner` holds in `range` by `mode`: cuts, then joins with
    /// neighbours of the same kind.
    fn put(&mut self, owner: LockOwner, pid: i32, range: Range, mode: Option<Mode>) {
        let mut kept = Vec::with_capacity(self.records.len() + 2);
        let mut new = range;
        for record in self.records.drain(..) {
            let old = record.range;
            if record.owner != owner {
                kept.push(record);
            } else if Some(record.mode) == mode && old.touches(new) {
                new.start = new.start.min(old.start);
                new.last = new.last.max(old.last);
            } else if old.overlaps(range) {
                if old.start < range.start {
                    let last = range.start - 1;
                    kept.push(Record {
                        range: Range { last, ..old },
                        ..record
                    });
                }
                if old.last > range.last {
                    let start = range.last + 1;
                    kept.push(Record {
                        range: Range { start, ..old },
                        ..record
                    });
                }
            } else {
                kept.push(record);
            }
        }
        if let Some(mode) = mode {
            kept.push(Record {
                range: new,
                mode,
                owner,
                pid,
            });
        }
        self.records = kept;
    }
}

impl Range {
    /// `struct flock`'s start and length: a negative length names the bytes before the
    /// start, zero means to the end. `EINVAL` before byte 0, `EOVERFLOW` past the last one.
    pub fn from_flock(base: u64, start: i64, len: i64) -> Result<Range> {
        let start = (base as i64).checked_add(start).ok_or(Errno::EOVERFLOW)?;
        if start < 0 {
            return Err(Errno::EINVAL);
        }
        if len > 0 {
            let last = start.checked_add(len - 1).ok_or(Errno::EOVERFLOW)?;
            return Ok(Range {
                start: start as u64,
                last: last as u64,
            });
        }
        if len == 0 {
            return Ok(Range {
                start: start as u64,
                last: LAST,
            });
        }
        let first = start
            .checked_add(len)
            .filter(|&first| first >= 0)
            .ok_or(Errno::EINVAL)?;
        Ok(Range {
            start: first as u64,
            last: start as u64 - 1,
        })
    }

    /// `l_len`: 0 when the range goes to the end.
    pub fn flock_len(self) -> i64 {
        match self.last {
            LAST => 0,
            last => (last - self.start + 1) as i64,
        }
    }

    fn overlaps(self, other: Range) -> bool {
        self.start <= other.last && other.start <= self.last
    }

    fn touches(self, other: Range) -> bool {
        self.start <= other.last.saturating_add(1) && other.start <= self.last.saturating_add(1)
    }
}

/// Notes that `waiter` waits for `holder`; `EDEADLK` if `holder` already waits for `waiter`.
fn wait_edge(waiter: LockOwner, holder: LockOwner) -> Result<()> {
    let mut edges = WAITING.lock();
    edges.retain(|&(from, _)| from != waiter);
    if !matches!(waiter, LockOwner::Process(_)) {
        return Ok(());
    }
    let mut at = holder;
    for _ in 0..=edges.len() {
        if at == waiter {
            return Err(Errno::EDEADLK);
        }
        match edges.iter().find(|&&(from, _)| from == at) {
            Some(&(_, to)) => at = to,
            None => break,
        }
    }
    edges.push((waiter, holder));
    Ok(())
}
