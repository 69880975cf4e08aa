//! System V semaphores: semget, semop, semtimedop, semctl. Semantics are in `task::semaphores`.

use super::{
    Args, Caller, poll,
    sysv::{
        self, IPC_INFO, IPC_RMID, IPC_SET, IPC_STAT, PERM_SIZE, read_bytes, read_owner, with_who,
        write_all,
    },
    table::{Row, Support::Full, row},
};
use crate::{
    Result,
    mm::UserPtr,
    task::semaphores::{self as sem, Operation, Status},
    time::Instant,
};
use abi::{Errno, general::*};
use alloc::{vec, vec::Vec};

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(__NR_semget, "semget", semget, Full, ""),
    row(__NR_semop, "semop", semop, Full, ""),
    row(__NR_semtimedop, "semtimedop", semtimedop, Full, ""),
    row(__NR_semctl, "semctl", semctl, Full, ""),
];

const GETPID: i32 = 11;
const GETVAL: i32 = 12;
const GETALL: i32 = 13;
const GETNCNT: i32 = 14;
const GETZCNT: i32 = 15;
const SETVAL: i32 = 16;
const SETALL: i32 = 17;
const SEM_STAT: i32 = 18;
const SEM_INFO: i32 = 19;
const SEM_STAT_ANY: i32 = 20;

const IPC_NOWAIT: u16 = 0o4000;
const SEM_UNDO: u16 = 0x1000;

/// `struct semid64_ds` of asm-generic: ipc64_perm (48), two times, the count, two spare words.
const DS_SIZE: usize = 88;

/// semget(2).
fn semget(cx: &Caller, a: Args) -> Result<usize> {
    with_who(cx, |who| sem::get(who, a.int(0), a.int(1), a.uint(2))).map(|id| id as usize)
}

/// semop(2).
fn semop(cx: &Caller, a: Args) -> Result<usize> {
    operate(cx, a, None)
}

/// semtimedop(2): the timeout is relative; none waits for ever.
fn semtimedop(cx: &Caller, a: Args) -> Result<usize> {
    let deadline = poll::deadline(&a.ptr(3))?;
    operate(cx, a, deadline)
}

fn operate(cx: &Caller, a: Args, deadline: Option<Instant>) -> Result<usize> {
    let count = a.get(2);
    if count > sem::MAX_OPERATIONS {
        return Err(Errno::E2BIG);
    }
    let read = |at: usize| {
        let [number, change, flags] =
            UserPtr::<[u16; 3]>::new(a.get(1).wrapping_add(6 * at)).read()?;
        Ok(Operation {
            number,
            change: change as i16,
            nowait: flags & IPC_NOWAIT != 0,
            undo: flags & SEM_UNDO != 0,
        })
    };
    let operations = (0..count).map(read).collect::<Result<Vec<_>>>()?;
    with_who(cx, |who| sem::operate(who, a.int(0), &operations, deadline)).map(|()| 0)
}

/// semctl(2).
fn semctl(cx: &Caller, a: Args) -> Result<usize> {
    let (id, number, arg) = (a.int(0), a.int(1), a.get(3));
    let one = || with_who(cx, |who| sem::semaphore(who, id, number));
    match a.int(2) {
        IPC_RMID => with_who(cx, |who| sem::remove(who, id)).map(|()| 0),
        IPC_SET => {
            let (uid, gid, mode) = read_owner(arg, DS_SIZE)?;
            with_who(cx, |who| sem::set_owner(who, id, uid, gid, mode)).map(|()| 0)
        }
        IPC_STAT => {
            let status = with_who(cx, |who| sem::status(who, id))?;
            write_all(arg, &encode(&status)).map(|()| 0)
        }
        // The index is a position in the list; the id is the result.
        command @ (SEM_STAT | SEM_STAT_ANY) => {
            let index = usize::try_from(id).map_err(|_| Errno::EINVAL)?;
            let id = *sem::ids().get(index).ok_or(Errno::EINVAL)?;
            let status = match command {
                SEM_STAT => with_who(cx, |who| sem::status(who, id))?,
                _ => sem::status_any(id)?,
            };
            write_all(arg, &encode(&status)).map(|()| id as usize)
        }
        GETVAL => Ok(one()?.0 as usize),
        GETPID => Ok(one()?.1 as usize),
        GETNCNT => Ok(one()?.2),
        GETZCNT => Ok(one()?.3),
        GETALL => {
            let values = with_who(cx, |who| sem::values(who, id))?;
            let bytes: Vec<u8> = values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            write_all(arg, &bytes).map(|()| 0)
        }
        SETVAL => with_who(cx, |who| sem::set_value(who, id, number, arg as i32)).map(|()| 0),
        SETALL => {
            let count = sem::status_any(id)?.count;
            let bytes = read_bytes(arg, 2 * count)?;
            let pairs = bytes.chunks_exact(2);
            let values: Vec<u16> = pairs.map(|p| u16::from_le_bytes([p[0], p[1]])).collect();
            with_who(cx, |who| sem::set_values(who, id, &values)).map(|()| 0)
        }
        command @ (IPC_INFO | SEM_INFO) => info(command == SEM_INFO, arg),
        _ => Err(Errno::EINVAL),
    }
}

/// `struct seminfo`; SEM_INFO puts what is in use where two limits were. The highest index in use.
fn info(used: bool, arg: usize) -> Result<usize> {
    let ids = sem::ids();
    let count = |id: &i32| sem::status_any(*id).map_or(0, |status| status.count);
    let (sets, all) = match used {
        true => (ids.len(), ids.iter().map(count).sum()),
        false => (20, sem::MAX_VALUE as usize),
    };
    let most = sem::MAX_SETS * sem::MAX_IN_SET;
    let info = [
        most,
        sem::MAX_SETS,
        most,
        most,
        sem::MAX_IN_SET,
        sem::MAX_OPERATIONS,
        sem::MAX_OPERATIONS,
        sets,
        sem::MAX_VALUE as usize,
        all,
    ];
    let bytes: Vec<u8> = info
        .iter()
        .flat_map(|&number| (number as u32).to_le_bytes())
        .collect();
    write_all(arg, &bytes)?;
    Ok(ids.len().saturating_sub(1))
}

fn encode(status: &Status) -> Vec<u8> {
    let mut ds = vec![0; DS_SIZE];
    ds[..PERM_SIZE].copy_from_slice(&sysv::encode(&status.permissions));
    let longs = [
        status.operation_time,
        status.change_time,
        status.count as u64,
    ];
    for (at, long) in longs.iter().enumerate() {
        ds[48 + 8 * at..56 + 8 * at].copy_from_slice(&long.to_le_bytes());
    }
    ds
}
