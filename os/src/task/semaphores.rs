//! System V semaphores: semget(2), semop(2), semctl(2).
//!
//! Sets are found by key or id in one spin-locked table; a set has its values behind a lock of its own, and
//! a queue on which operations wait. `syscall/sem` decodes and says who asks. What SEM_UNDO would take back is
//! kept with the set, by process, and applied by [`exited`]. Typical sequence:
//!
//! ```text
//! let id = get(&who, key, 1, flags)?;
//! operate(&who, id, &operations, deadline)?;   // may sleep on the set's queue
//! remove(&who, id)?;                            // sleepers get EIDRM
//! ```

use crate::{
    Result,
    mm::sysv::{Object, Permissions, READ, Table, WRITE, Who, now},
    sched::{self, Interruptible, WaitQueue},
    sync::SpinLock,
    time::Instant,
};
use abi::Errno;
use alloc::{collections::BTreeMap, sync::Arc, vec, vec::Vec};

/// SEMMNI: most sets.
pub const MAX_SETS: usize = 32_000;
/// SEMMSL: most semaphores of a set.
pub const MAX_IN_SET: usize = 32_000;
/// SEMOPM: most operations of one semop(2).
pub const MAX_OPERATIONS: usize = 500;
/// SEMVMX: the highest value.
pub const MAX_VALUE: i32 = 32_767;

/// `struct sembuf`.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Which semaphore of the set.
    pub number: u16,
    /// Added where positive; taken where negative, waiting for enough; 0 waits for zero.
    pub change: i16,
    /// IPC_NOWAIT.
    pub nowait: bool,
    /// SEM_UNDO.
    pub undo: bool,
}

/// What IPC_STAT tells; times in seconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Status {
    pub permissions: Permissions,
    pub operation_time: u64,
    pub change_time: u64,
    pub count: usize,
}

#[derive(Clone, Copy, Default)]
struct Semaphore {
    value: i32,
    last_pid: i32,
    /// Who waits for more, and for zero.
    waiting: [usize; 2],
}

struct State {
    status: Status,
    semaphores: Vec<Semaphore>,
    /// By process and semaphore: what its end adds.
    undo: BTreeMap<(i32, u16), i32>,
    removed: bool,
}

struct Set {
    state: SpinLock<State>,
    changed: WaitQueue,
}

impl Object for Set {
    fn permissions(&self) -> Permissions {
        self.state.lock().status.permissions
    }
}

static TABLE: SpinLock<Table<Set>> = SpinLock::new(Table::new());

/// semget(2).
pub fn get(who: &Who<'_>, key: i32, count: i32, flags: u32) -> Result<i32> {
    let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
    if count > MAX_IN_SET {
        return Err(Errno::EINVAL);
    }
    let mut table = TABLE.lock();
    if let Some((id, set)) = table.open(who, key, flags)? {
        return match count > set.state.lock().status.count {
            true => Err(Errno::EINVAL),
            false => Ok(id),
        };
    }
    if count == 0 {
        return Err(Errno::EINVAL);
    }
    let status = Status {
        permissions: Permissions::new(who, key, flags),
        change_time: now(),
        operation_time: 0,
        count,
    };
    let make = |_| {
        Arc::new(Set {
            state: SpinLock::new(State {
                status,
                semaphores: vec![Semaphore::default(); count],
                undo: BTreeMap::new(),
                removed: false,
            }),
            changed: WaitQueue::new(),
        })
    };
    table.insert(MAX_SETS, make)
}

/// semtimedop(2): all of `operations` at once, or none. `E2BIG`, `EFBIG`, `EACCES`, `ERANGE`; `EAGAIN` where one may not
/// wait or `deadline` is over; `EIDRM` where the set goes while it waits.
pub fn operate(
    who: &Who<'_>,
    id: i32,
    operations: &[Operation],
    deadline: Option<Instant>,
) -> Result<()> {
    if operations.is_empty() {
        return Err(Errno::EINVAL);
    }
    let set = find(id)?;
    let alters = operations.iter().any(|operation| operation.change != 0);
    {
        let state = set.state.lock();
        let count = state.semaphores.len();
        if operations.iter().any(|o| usize::from(o.number) >= count) {
            return Err(Errno::EFBIG);
        }
        let wanted = if alters { WRITE } else { READ };
        state.status.permissions.permits(who, wanted)?;
    }
    let mut waits = None;
    let attempt = || {
        let mut state = set.state.lock();
        if let Some((number, kind)) = waits.take() {
            let semaphore: &mut Semaphore = &mut state.semaphores[number];
            semaphore.waiting[kind] -= 1;
        }
        if state.removed {
            return Some(Err(Errno::EIDRM));
        }
        match state.attempt(operations, who.pid) {
            Ok(()) => Some(Ok(())),
            Err(Blocked::Never(errno)) => Some(Err(errno)),
            Err(Blocked::At(at)) if operations[at].nowait => Some(Err(Errno::EAGAIN)),
            Err(Blocked::At(at)) => {
                let number = usize::from(operations[at].number);
                let kind = usize::from(operations[at].change == 0);
                state.semaphores[number].waiting[kind] += 1;
                waits = Some((number, kind));
                None
            }
        }
    };
    let done = sched::wait_until(&[&set.changed], deadline, Interruptible::Yes, attempt);
    if let Some((number, kind)) = waits {
        set.state.lock().semaphores[number].waiting[kind] -= 1;
    }
    match done {
        Ok(done) => done?,
        Err(Errno::ETIMEDOUT) => return Err(Errno::EAGAIN),
        // semop(2) is not begun again after a handler, whatever SA_RESTART says. signal(7).
        Err(Errno::RESTART) => return Err(Errno::EINTR),
        Err(other) => return Err(other),
    }
    if alters {
        set.changed.wake_all();
    }
    Ok(())
}

enum Blocked {
    At(usize),
    Never(Errno),
}

impl State {
    /// Tries all operations on a copy, in order: a later one sees what an earlier one did.
    fn attempt(&mut self, operations: &[Operation], pid: i32) -> core::result::Result<(), Blocked> {
        let mut values: Vec<i32> = self.semaphores.iter().map(|s| s.value).collect();
        for (at, operation) in operations.iter().enumerate() {
            let value = &mut values[usize::from(operation.number)];
            let change = i32::from(operation.change);
            match change {
                0 if *value != 0 => return Err(Blocked::At(at)),
                _ if *value + change < 0 => return Err(Blocked::At(at)),
                _ if *value + change > MAX_VALUE => return Err(Blocked::Never(Errno::ERANGE)),
                _ => *value += change,
            }
        }
        for operation in operations {
            self.semaphores[usize::from(operation.number)].last_pid = pid;
            if operation.undo && operation.change != 0 {
                let entry = self.undo.entry((pid, operation.number)).or_default();
                *entry -= i32::from(operation.change);
            }
        }
        for (semaphore, value) in self.semaphores.iter_mut().zip(values) {
            semaphore.value = value;
        }
        self.status.operation_time = now();
        Ok(())
    }
}

/// A process has ended: what it asked to be undone is.
pub fn exited(pid: i32) {
    let sets: Vec<Arc<Set>> = TABLE.lock().list();
    for set in sets {
        let mut state = set.state.lock();
        let of_it: Vec<(i32, u16)> = state
            .undo
            .range((pid, 0)..=(pid, u16::MAX))
            .map(|(&key, _)| key)
            .collect();
        for key in &of_it {
            let change = state.undo.remove(key).unwrap_or(0);
            if let Some(semaphore) = state.semaphores.get_mut(usize::from(key.1)) {
                semaphore.value = (semaphore.value + change).clamp(0, MAX_VALUE);
                semaphore.last_pid = pid;
            }
        }
        drop(state);
        if !of_it.is_empty() {
            set.changed.wake_all();
        }
    }
}

/// IPC_RMID. `EPERM`.
pub fn remove(who: &Who<'_>, id: i32) -> Result<()> {
    let set = find(id)?;
    {
        let mut state = set.state.lock();
        state.status.permissions.check_owner(who)?;
        state.removed = true;
    }
    TABLE.lock().remove(id);
    set.changed.wake_all();
    Ok(())
}

/// IPC_STAT, SEM_STAT. `EACCES`.
pub fn status(who: &Who<'_>, id: i32) -> Result<Status> {
    read(who, id, |state| Ok(state.status))
}

/// SEM_STAT_ANY.
pub fn status_any(id: i32) -> Result<Status> {
    Ok(find(id)?.state.lock().status)
}

/// IPC_SET.
pub fn set_owner(who: &Who<'_>, id: i32, uid: u32, gid: u32, mode: u32) -> Result<()> {
    let set = find(id)?;
    let mut state = set.state.lock();
    let status = &mut state.status;
    status.permissions.change(who, uid, gid, mode)?;
    status.change_time = now();
    Ok(())
}

/// GETVAL, GETPID, GETNCNT, GETZCNT: the value, the last process, and how many wait for more and for zero.
pub fn semaphore(who: &Who<'_>, id: i32, number: i32) -> Result<(i32, i32, usize, usize)> {
    read(who, id, |state| {
        let at = usize::try_from(number).map_err(|_| Errno::EINVAL)?;
        let one = state.semaphores.get(at).ok_or(Errno::EINVAL)?;
        Ok((one.value, one.last_pid, one.waiting[0], one.waiting[1]))
    })
}

/// GETALL.
pub fn values(who: &Who<'_>, id: i32) -> Result<Vec<u16>> {
    read(who, id, |state| {
        Ok(state.semaphores.iter().map(|s| s.value as u16).collect())
    })
}

/// SETVAL. `ERANGE`.
pub fn set_value(who: &Who<'_>, id: i32, number: i32, value: i32) -> Result<()> {
    if !(0..=MAX_VALUE).contains(&value) {
        return Err(Errno::ERANGE);
    }
    alter(who, id, |state| {
        let at = usize::try_from(number).map_err(|_| Errno::EINVAL)?;
        let one = state.semaphores.get_mut(at).ok_or(Errno::EINVAL)?;
        (one.value, one.last_pid) = (value, who.pid);
        state.undo.retain(|&(_, of), _| usize::from(of) != at);
        Ok(())
    })
}

/// SETALL, with one value for each semaphore. `ERANGE`.
pub fn set_values(who: &Who<'_>, id: i32, values: &[u16]) -> Result<()> {
    if values.iter().any(|&value| i32::from(value) > MAX_VALUE) {
        return Err(Errno::ERANGE);
    }
    alter(who, id, |state| {
        for (one, &value) in state.semaphores.iter_mut().zip(values) {
            (one.value, one.last_pid) = (i32::from(value), who.pid);
        }
        state.undo.clear();
        Ok(())
    })
}

/// The ids, for SEM_INFO and SEM_STAT: a position in this list is an index there.
pub fn ids() -> Vec<i32> {
    TABLE.lock().ids()
}

fn read<T>(who: &Who<'_>, id: i32, with: impl FnOnce(&State) -> Result<T>) -> Result<T> {
    let set = find(id)?;
    let state = set.state.lock();
    state.status.permissions.permits(who, READ)?;
    with(&state)
}

fn alter(who: &Who<'_>, id: i32, with: impl FnOnce(&mut State) -> Result<()>) -> Result<()> {
    let set = find(id)?;
    {
        let mut state = set.state.lock();
        state.status.permissions.permits(who, WRITE)?;
        with(&mut state)?;
        state.status.change_time = now();
    }
    set.changed.wake_all();
    Ok(())
}

fn find(id: i32) -> Result<Arc<Set>> {
    TABLE.lock().find(id)
}
