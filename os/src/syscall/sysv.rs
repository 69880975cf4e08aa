//! What the families of System V objects share: who asks, `struct ipc64_perm`, and structures as bytes. `sem` and `shm` call it;
//! semantics are in `mm::sysv`.

use super::Caller;
use crate::{
    Result,
    mm::{
        UserIn, UserOut,
        sysv::{Permissions, Who},
    },
};
use abi::Errno;
use alloc::{vec, vec::Vec};

pub(super) const IPC_RMID: i32 = 0;
pub(super) const IPC_SET: i32 = 1;
pub(super) const IPC_STAT: i32 = 2;
pub(super) const IPC_INFO: i32 = 3;

/// The size of `struct ipc64_perm`, with which each structure of IPC_STAT begins.
pub(super) const PERM_SIZE: usize = 48;

const CAP_IPC_OWNER: u32 = 15;
const CAP_SYS_ADMIN: u32 = 21;

/// Calls into the room below as this caller.
pub(super) fn with_who<R>(cx: &Caller, call: impl FnOnce(&Who<'_>) -> R) -> R {
    let creds = cx.task.creds();
    let can = |cap: u32| creds.cap_effective >> cap & 1 != 0;
    call(&Who {
        uid: creds.euid,
        gid: creds.egid,
        groups: &creds.groups,
        owner_cap: can(CAP_IPC_OWNER),
        admin: can(CAP_SYS_ADMIN),
        pid: cx.task.pid(),
    })
}

/// `struct ipc64_perm`; what is behind the mode is 0.
pub(super) fn encode(permissions: &Permissions) -> [u8; PERM_SIZE] {
    let words = [
        permissions.key as u32,
        permissions.uid,
        permissions.gid,
        permissions.creator_uid,
        permissions.creator_gid,
        permissions.mode,
    ];
    let mut bytes = [0; PERM_SIZE];
    for (at, word) in words.iter().enumerate() {
        bytes[4 * at..4 * at + 4].copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// What IPC_SET takes of the structure of `size` bytes at `addr`: user, group and mode.
pub(super) fn read_owner(addr: usize, size: usize) -> Result<(u32, u32, u32)> {
    let ds = read_bytes(addr, size)?;
    let word = |at: usize| u32::from_le_bytes([ds[at], ds[at + 1], ds[at + 2], ds[at + 3]]);
    Ok((word(4), word(8), word(20)))
}

/// All of it, or `EFAULT`.
pub(super) fn read_bytes(addr: usize, len: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    match UserIn::new(addr, len)?.read(&mut bytes)? {
        read if read == len => Ok(bytes),
        _ => Err(Errno::EFAULT),
    }
}

/// The same outwards.
pub(super) fn write_all(addr: usize, bytes: &[u8]) -> Result<()> {
    match UserOut::new(addr, bytes.len())?.write(bytes)? {
        n if n == bytes.len() => Ok(()),
        _ => Err(Errno::EFAULT),
    }
}
