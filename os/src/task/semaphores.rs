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
    mm::shm::Who,
    sched::{self, Interruptible, WaitQueue},
    sync::SpinLock,
    time::{self, Instant},
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

const IPC_PRIVATE: i32 = 0;
const IPC_CREAT: u32 = 0o1000;
const IPC_EXCL: u32 = 0o2000;

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
    pub key: i32,
    pub uid: u32,
    pub gid: u32,
    pub creator_uid: u32,
    pub creator_gid: u32,
    pub mode: u32,
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

struct Table {
    by_id: BTreeMap<i32, Arc<Set>>,
    next_id: i32,
}

static TABLE: SpinLock<Table> = SpinLock::new(Table {
    by_id: BTreeMap::new(),
    next_id: 0,
});

/// semget(2).
pub fn get(who: &Who<'_>, key: i32, count: i32, flags: u32) -> Result<i32> {
    let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
    if count > MAX_IN_SET {
        return Err(Errno::EINVAL);
    }
    let mut table = TABLE.lock();
    let by_key = |(_, set): &(&i32, &Arc<Set>)| set.state.lock().status.key == key;
    if key != IPC_PRIVATE
        && let Some((&id, set)) = table.by_id.iter().find(by_key)
    {
        if flags & (IPC_CREAT | IPC_EXCL) == IPC_CREAT | IPC_EXCL {
            return Err(Errno::EEXIST);
        }
        let status = set.state.lock().status;
        let wanted = (flags >> 6 | flags >> 3 | flags) & 7;
        if !status.permits(who, wanted) {
            return Err(Errno::EACCES);
        }
        return match count > status.count {
            true => Err(Errno::EINVAL),
            false => Ok(id),
        };
    }
    if key != IPC_PRIVATE && flags & IPC_CREAT == 0 {
        return Err(Errno::ENOENT);
    }
    if count == 0 {
        return Err(Errno::EINVAL);
    }
    if table.by_id.len() >= MAX_SETS {
        return Err(Errno::ENOSPC);
    }
    let status = Status {
        key,
        uid: who.uid,
        gid: who.gid,
        creator_uid: who.uid,
        creator_gid: who.gid,
        mode: flags & 0o777,
        change_time: now(),
        operation_time: 0,
        count,
    };
    let set = Set {
        state: SpinLock::new(State {
            status,
            semaphores: vec![Semaphore::default(); count],
            undo: BTreeMap::new(),
            removed: false,
        }),
        changed: WaitQueue::new(),
    };
    let id = table.next_id;
    table.by_id.insert(id, Arc::new(set));
    // Ids are not reused until they wrap; a wrapped one skips what is there.
    let mut next = id.checked_add(1).unwrap_or(0);
    while table.by_id.contains_key(&next) {
        next = next.checked_add(1).unwrap_or(0);
    }
    table.next_id = next;
    Ok(id)
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
        if !state.status.permits(who, if alters { 2 } else { 4 }) {
            return Err(Errno::EACCES);
        }
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
    let sets: Vec<Arc<Set>> = TABLE.lock().by_id.values().cloned().collect();
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
        if !state.status.owned_by(who) {
            return Err(Errno::EPERM);
        }
        state.removed = true;
    }
    TABLE.lock().by_id.remove(&id);
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
    if !status.owned_by(who) {
        return Err(Errno::EPERM);
    }
    (status.uid, status.gid) = (uid, gid);
    status.mode = status.mode & !0o777 | mode & 0o777;
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
    TABLE.lock().by_id.keys().copied().collect()
}

fn read<T>(who: &Who<'_>, id: i32, with: impl FnOnce(&State) -> Result<T>) -> Result<T> {
    let set = find(id)?;
    let state = set.state.lock();
    match state.status.permits(who, 4) {
        true => with(&state),
        false => Err(Errno::EACCES),
    }
}

fn alter(who: &Who<'_>, id: i32, with: impl FnOnce(&mut State) -> Result<()>) -> Result<()> {
    let set = find(id)?;
    {
        let mut state = set.state.lock();
        if !state.status.permits(who, 2) {
            return Err(Errno::EACCES);
        }
        with(&mut state)?;
        state.status.change_time = now();
    }
    set.changed.wake_all();
    Ok(())
}

fn find(id: i32) -> Result<Arc<Set>> {
    TABLE.lock().by_id.get(&id).cloned().ok_or(Errno::EINVAL)
}

fn now() -> u64 {
    time::realtime() / 1_000_000_000
}

impl Status {
    /// `wanted`: 4 read, 2 alter. The class that fits first decides, as for files.
    fn permits(&self, who: &Who<'_>, wanted: u32) -> bool {
        let shift = if who.uid == self.uid || who.uid == self.creator_uid {
            6
        } else if [self.gid, self.creator_gid]
            .iter()
            .any(|gid| who.gid == *gid || who.groups.contains(gid))
        {
            3
        } else {
            0
        };
        who.owner_cap || wanted & !(self.mode >> shift) & 7 == 0
    }

    fn owned_by(&self, who: &Who<'_>) -> bool {
        who.admin || who.uid == self.uid || who.uid == self.creator_uid
    }
}
