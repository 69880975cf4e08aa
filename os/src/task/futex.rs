//! Futexes. futex(2), get_robust_list(2).
//!
//! A waiter stands in the bucket of its key: (address space, address) when private,
//! physical address when the memory is shared. Comparing the word and joining the
//! bucket happen without sleeping in between, which is all the atomicity that one
//! CPU without kernel preemption needs. Bucket locks are spin locks; no user
//! memory is touched under them.

use super::{Task, memory, signal::Restart};
use crate::{
    Result,
    mm::{UserOut, UserPtr},
    sched::{Interruptible, WaitQueue, wait_until},
    sync::SpinLock,
    time::Instant,
};
use abi::{Errno, general::*};
use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Where a futex is, whoever looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Private { space: usize, addr: usize },
    Shared { word: usize },
}

struct Waiter {
    /// Changes when it is requeued.
    key: SpinLock<Key>,
    bitset: u32,
    woken: AtomicBool,
    queue: WaitQueue,
}

const BUCKETS: usize = 64;

static WAITERS: [SpinLock<Vec<Arc<Waiter>>>; BUCKETS] =
    [const { SpinLock::new(Vec::new()) }; BUCKETS];

impl Key {
    fn bucket(self) -> &'static SpinLock<Vec<Arc<Waiter>>> {
        let hash = match self {
            Key::Private { space, addr } => space >> 4 ^ addr >> 2,
            Key::Shared { word } => word >> 2,
        };
        &WAITERS[(hash ^ hash >> 6 ^ hash >> 12) % BUCKETS]
    }

    /// `EINVAL`: not aligned; `EFAULT`: a shared futex on memory that is not there.
    fn of(task: &Task, addr: usize, shared: bool) -> Result<Key> {
        if !addr.is_multiple_of(4) {
            return Err(Errno::EINVAL);
        }
        let mm = task.mm();
        let space = Arc::as_ptr(&mm) as usize;
        if shared && let Some(word) = mm.shared_address(addr)? {
            return Ok(Key::Shared { word });
        }
        Ok(Key::Private { space, addr })
    }
}

/// FUTEX_WAIT, FUTEX_WAIT_BITSET: sleeps while the word is `expected`. `relative`
/// says that `deadline` came from a timeout that a restart must not begin anew.
pub fn wait(
    task: &Task,
    addr: usize,
    shared: bool,
    expected: u32,
    deadline: Option<Instant>,
    bitset: u32,
    relative: bool,
) -> Result<()> {
    if bitset == 0 {
        return Err(Errno::EINVAL);
    }
    let key = Key::of(task, addr, shared)?;
    // The page is in memory after this; nothing sleeps from the read to the wait.
    let value = UserPtr::<u32>::new(addr).read()?;
    if value != expected {
        return Err(Errno::EAGAIN);
    }
    let waiter = Arc::new(Waiter {
        key: SpinLock::new(key),
        bitset,
        woken: AtomicBool::new(false),
        queue: WaitQueue::new(),
    });
    key.bucket().lock().push(waiter.clone());
    let result = wait_until(&[&waiter.queue], deadline, Interruptible::Yes, || {
        waiter.woken.load(Relaxed).then_some(())
    });
    if !waiter.woken.load(Relaxed) {
        let key = *waiter.key.lock();
        key.bucket()
            .lock()
            .retain(|other| !Arc::ptr_eq(other, &waiter));
    }
    match (result, deadline) {
        (Err(Errno::RESTART), Some(deadline)) if relative => {
            *task.restart.lock() = Some(Restart::Futex {
                args: [
                    addr,
                    usize::from(shared),
                    expected as usize,
                    bitset as usize,
                ],
                deadline: deadline.0,
            });
            Err(Errno::RESTART_BLOCK)
        }
        (result, _) => result,
    }
}

/// FUTEX_WAKE, FUTEX_WAKE_BITSET: returns how many were woken.
pub fn wake(task: &Task, addr: usize, shared: bool, count: u32, bitset: u32) -> Result<usize> {
    if bitset == 0 {
        return Err(Errno::EINVAL);
    }
    Ok(wake_key(Key::of(task, addr, shared)?, count, bitset))
}

fn wake_key(key: Key, count: u32, bitset: u32) -> usize {
    let mut woken = 0;
    while woken < count as usize {
        let waiter = {
            let mut bucket = key.bucket().lock();
            let place = bucket
                .iter()
                .position(|w| *w.key.lock() == key && w.bitset & bitset != 0);
            let Some(place) = place else { break };
            // Order matters: the longest waiter first.
            bucket.remove(place)
        };
        waiter.woken.store(true, Relaxed);
        waiter.queue.wake_all();
        woken += 1;
    }
    woken
}

/// FUTEX_REQUEUE, FUTEX_CMP_REQUEUE (with `expected`): wakes `wake_count`, moves up to
/// `move_count` others to `to`. Returns (woken, moved).
pub fn requeue(
    task: &Task,
    from: usize,
    to: usize,
    shared: bool,
    wake_count: u32,
    move_count: u32,
    expected: Option<u32>,
) -> Result<(usize, usize)> {
    if (wake_count as i32) < 0 || (move_count as i32) < 0 {
        return Err(Errno::EINVAL);
    }
    let source = Key::of(task, from, shared)?;
    let target = Key::of(task, to, shared)?;
    if let Some(expected) = expected
        && UserPtr::<u32>::new(from).read()? != expected
    {
        return Err(Errno::EAGAIN);
    }
    let woken = wake_key(source, wake_count, u32::MAX);
    let mut moved = Vec::new();
    if source != target {
        let mut bucket = source.bucket().lock();
        let mut index = 0;
        while index < bucket.len() && moved.len() < move_count as usize {
            if *bucket[index].key.lock() == source {
                moved.push(bucket.remove(index));
            } else {
                index += 1;
            }
        }
    }
    let count = moved.len();
    for waiter in moved {
        *waiter.key.lock() = target;
        target.bucket().lock().push(waiter);
    }
    Ok((woken, count))
}

/// FUTEX_WAKE_OP: applies `op` to the second word, wakes on the first, and on the
/// second if its old value compares. Returns how many were woken.
pub fn wake_op(
    task: &Task,
    first: usize,
    second: usize,
    shared: bool,
    count: u32,
    second_count: u32,
    op: u32,
) -> Result<usize> {
    let key = Key::of(task, first, shared)?;
    let second_key = Key::of(task, second, shared)?;
    // futex(2): op in bits 28..32, comparison in 24..28, then two signed 12-bit arguments.
    let sign_extend = |bits: u32| (bits << 20) as i32 >> 20;
    let mut argument = sign_extend(op >> 12) as u32;
    if op >> 28 & FUTEX_OP_ARG_SHIFT != 0 {
        argument = 1 << (argument & 31);
    }
    // Faulted in for writing first: read and write then do not sleep.
    UserOut::new(second, 4)?.prefault(4)?;
    let word = UserPtr::<u32>::new(second);
    let old = word.read()?;
    let new = match op >> 28 & 7 {
        FUTEX_OP_SET => argument,
        FUTEX_OP_ADD => old.wrapping_add(argument),
        FUTEX_OP_OR => old | argument,
        FUTEX_OP_ANDN => old & !argument,
        FUTEX_OP_XOR => old ^ argument,
        _ => return Err(Errno::ENOSYS),
    };
    word.write(&new)?;
    let (old, limit) = (old as i32, sign_extend(op));
    let also = match op >> 24 & 15 {
        FUTEX_OP_CMP_EQ => old == limit,
        FUTEX_OP_CMP_NE => old != limit,
        FUTEX_OP_CMP_LT => old < limit,
        FUTEX_OP_CMP_LE => old <= limit,
        FUTEX_OP_CMP_GT => old > limit,
        FUTEX_OP_CMP_GE => old >= limit,
        _ => return Err(Errno::ENOSYS),
    };
    let mut woken = wake_key(key, count, u32::MAX);
    if also {
        woken += wake_key(second_key, second_count, u32::MAX);
    }
    Ok(woken)
}

/// Bit 3 of the operation: the argument is a shift count.
const FUTEX_OP_ARG_SHIFT: u32 = FUTEX_OP_OPARG_SHIFT;
/// A list longer than this is taken for a cycle, as Linux's ROBUST_LIST_LIMIT.
const ROBUST_LIST_LIMIT: usize = 2048;

/// Marks the robust futexes that the ending thread holds and wakes one waiter of each.
/// Damaged lists end the walk; nobody is left to be told.
pub fn exit_robust_list(task: &Task) {
    let head = task.robust_list.swap(0, Relaxed);
    if head == 0 {
        return;
    }
    // struct robust_list_head: first entry, offset of the futex word, entry in progress.
    let mut words = [0; 24];
    if memory::read(head, &mut words).is_err() {
        return;
    }
    let word = |n: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&words[8 * n..8 * n + 8]);
        usize::from_le_bytes(bytes)
    };
    let (first, offset, in_progress) = (word(0), word(1), word(2) & !1);
    let mut entry = first;
    for _ in 0..ROBUST_LIST_LIMIT {
        let at = entry & !1; // Bit 0 marks a PI futex.
        if at == head {
            break;
        }
        // Read before the owner's memory may be reused by who is woken.
        let next = UserPtr::<usize>::new(at).read();
        if at != in_progress && release(task, at.wrapping_add(offset), false).is_err() {
            return;
        }
        match next {
            Ok(next) => entry = next,
            Err(_) => return,
        }
    }
    if in_progress != 0 {
        // Nothing follows: an error changes nothing.
        let _ = release(task, in_progress.wrapping_add(offset), true);
    }
}

fn release(task: &Task, addr: usize, in_progress: bool) -> Result<()> {
    if !addr.is_multiple_of(4) {
        return Err(Errno::EFAULT);
    }
    UserOut::new(addr, 4)?.prefault(4)?;
    let word = UserPtr::<u32>::new(addr);
    let value = word.read()?;
    // Between taking the lock word down and taking the entry off, a waiter may have
    // been left without a wake-up.
    if in_progress && value == 0 {
        wake(task, addr, true, 1, u32::MAX)?;
        wake(task, addr, false, 1, u32::MAX)?;
        return Ok(());
    }
    if value & FUTEX_TID_MASK != task.tid() as u32 {
        return Ok(());
    }
    word.write(&(value & FUTEX_WAITERS | FUTEX_OWNER_DIED))?;
    if value & FUTEX_WAITERS != 0 && wake(task, addr, true, 1, u32::MAX)? == 0 {
        // Private robust mutexes wait under the private key.
        wake(task, addr, false, 1, u32::MAX)?;
    }
    Ok(())
}
