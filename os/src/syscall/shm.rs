//! System V shared memory: shmget, shmat, shmdt, shmctl. Semantics are in `mm::shm`.

use super::{
    Args, Caller,
    sysv::{self, IPC_INFO, IPC_RMID, IPC_SET, IPC_STAT, read_owner, with_who, write_all},
    table::{Row, Support::Full, row},
};
use crate::{
    Result,
    mm::{
        PAGE_SIZE,
        shm::{self, Status},
    },
};
use abi::{Errno, general::*};

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(__NR_shmget, "shmget", shmget, Full, ""),
    row(__NR_shmat, "shmat", shmat, Full, ""),
    row(__NR_shmdt, "shmdt", shmdt, Full, ""),
    row(__NR_shmctl, "shmctl", shmctl, Full, ""),
];

const SHM_LOCK: i32 = 11;
const SHM_UNLOCK: i32 = 12;
const SHM_STAT: i32 = 13;
const SHM_INFO: i32 = 14;
const SHM_STAT_ANY: i32 = 15;

/// `struct shmid64_ds` of asm-generic: ipc64_perm (48), size, three times, two
/// pids, the count, two spare words.
const DS_SIZE: usize = 112;

/// shmget(2).
fn shmget(cx: &Caller, a: Args) -> Result<usize> {
    with_who(cx, |who| shm::get(who, a.int(0), a.get(1), a.uint(2))).map(|id| id as usize)
}

/// shmat(2).
fn shmat(cx: &Caller, a: Args) -> Result<usize> {
    let space = cx.task.mm();
    with_who(cx, |who| {
        shm::attach(who, &space, a.int(0), a.get(1), a.uint(2))
    })
}

/// shmdt(2).
fn shmdt(cx: &Caller, a: Args) -> Result<usize> {
    let space = cx.task.mm();
    with_who(cx, |who| shm::detach(who, &space, a.get(0))).map(|()| 0)
}

/// shmctl(2).
fn shmctl(cx: &Caller, a: Args) -> Result<usize> {
    let (id, buffer) = (a.int(0), a.get(2));
    match a.int(1) {
        IPC_RMID => with_who(cx, |who| shm::remove(who, id)).map(|()| 0),
        IPC_SET => {
            let (uid, gid, mode) = read_owner(buffer, DS_SIZE)?;
            with_who(cx, |who| shm::set(who, id, uid, gid, mode)).map(|()| 0)
        }
        IPC_STAT => {
            let status = with_who(cx, |who| shm::status(who, id))?;
            write_all(buffer, &encode(&status)).map(|()| 0)
        }
        // The index is a position in the list; the id is the result.
        command @ (SHM_STAT | SHM_STAT_ANY) => {
            let list = shm::list();
            let index = usize::try_from(id).map_err(|_| Errno::EINVAL)?;
            let id = list.get(index).ok_or(Errno::EINVAL)?.0.id;
            let status = match command {
                SHM_STAT => with_who(cx, |who| shm::status(who, id))?,
                _ => shm::status_any(id)?,
            };
            write_all(buffer, &encode(&status)).map(|()| id as usize)
        }
        SHM_LOCK => with_who(cx, |who| shm::lock(who, id, true)).map(|()| 0),
        SHM_UNLOCK => with_who(cx, |who| shm::lock(who, id, false)).map(|()| 0),
        IPC_INFO => {
            // struct shminfo64: max, min, mni, seg, all (pages), four spare words.
            let max = u64::MAX - (1 << 24);
            let segments = shm::MAX_SEGMENTS as u64;
            let info = [
                max,
                1,
                segments,
                segments,
                max / PAGE_SIZE as u64,
                0,
                0,
                0,
                0,
            ];
            write_words(buffer, &info).map(|()| last_index())
        }
        SHM_INFO => {
            // struct shm_info: used_ids (int), tot, rss, swp, and two swap counters.
            let list = shm::list();
            let pages = |status: &Status| status.size.div_ceil(PAGE_SIZE) as u64;
            let total = list.iter().map(|(status, _)| pages(status)).sum();
            let resident = list.iter().map(|&(_, resident)| resident as u64).sum();
            let info = [list.len() as u64, total, resident, 0, 0, 0];
            write_words(buffer, &info).map(|()| last_index())
        }
        _ => Err(Errno::EINVAL),
    }
}

/// What IPC_INFO and SHM_INFO return: the highest index in use.
fn last_index() -> usize {
    shm::list().len().saturating_sub(1)
}

fn encode(status: &Status) -> [u8; DS_SIZE] {
    let mut ds = [0; DS_SIZE];
    let mut put = |at: usize, bytes: &[u8]| ds[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &sysv::encode(&status.permissions));
    put(48, &status.size.to_le_bytes());
    put(56, &status.attach_time.to_le_bytes());
    put(64, &status.detach_time.to_le_bytes());
    put(72, &status.change_time.to_le_bytes());
    put(80, &status.creator_pid.to_le_bytes());
    put(84, &status.last_pid.to_le_bytes());
    put(88, &status.attached.to_le_bytes());
    ds
}

fn write_words(addr: usize, words: &[u64]) -> Result<()> {
    let bytes: alloc::vec::Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    write_all(addr, &bytes)
}
