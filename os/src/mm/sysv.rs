//! What System V objects have in common: ids, keys, owners and permissions. sysvipc(7).
//!
//! **What.** A [`Table`] of objects by id, and [`Permissions`], which each object has.
//! **Who calls.** `shm` here and `task::semaphores`; it is in this room because shared memory is.
//! **Who owns and locks.** The caller locks its table, and inside that each object its permissions.
//! Typical sequence:
//!
//! ```text
//! if let Some((id, object)) = table.open(&who, key, flags)? { ... return Ok(id) }
//! table.insert(MOST, |id| Arc::new(...Permissions::new(&who, key, flags)...))
//! let object = table.find(id)?;
//! object.permissions().permits(&who, READ)?;
//! ```

use crate::{Result, time};
use abi::Errno;
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

/// The key that is never found.
pub const IPC_PRIVATE: i32 = 0;
const IPC_CREAT: u32 = 0o1000;
const IPC_EXCL: u32 = 0o2000;

/// Wanted of [`Permissions::permits`].
pub const READ: u32 = 4;
/// The same: to write, or to alter.
pub const WRITE: u32 = 2;

/// Who asks.
pub struct Who<'a> {
    #[allow(missing_docs)]
    pub uid: u32,
    #[allow(missing_docs)]
    pub gid: u32,
    /// Supplementary groups.
    pub groups: &'a [u32],
    /// CAP_IPC_OWNER: permissions do not count.
    pub owner_cap: bool,
    /// CAP_SYS_ADMIN: may change and remove what others own.
    pub admin: bool,
    #[allow(missing_docs)]
    pub pid: i32,
}

/// `struct ipc_perm`.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Permissions {
    pub key: i32,
    pub uid: u32,
    pub gid: u32,
    pub creator_uid: u32,
    pub creator_gid: u32,
    /// Permission bits, and marks of the kind of object.
    pub mode: u32,
}

impl Permissions {
    /// Of a new object; the low bits of `flags` are its mode.
    pub fn new(who: &Who<'_>, key: i32, flags: u32) -> Permissions {
        Permissions {
            key,
            uid: who.uid,
            gid: who.gid,
            creator_uid: who.uid,
            creator_gid: who.gid,
            mode: flags & 0o777,
        }
    }

    /// `EACCES` unless `wanted` is granted: [`READ`], [`WRITE`], 1 to execute. The class that fits first decides,
    /// as for files.
    pub fn permits(&self, who: &Who<'_>, wanted: u32) -> Result<()> {
        let in_group = |gid: u32| who.gid == gid || who.groups.contains(&gid);
        let granted = if self.is_of(who) {
            self.mode >> 6
        } else if in_group(self.gid) || in_group(self.creator_gid) {
            self.mode >> 3
        } else {
            self.mode
        };
        match who.owner_cap || wanted & !granted & 7 == 0 {
            true => Ok(()),
            false => Err(Errno::EACCES),
        }
    }

    /// `EPERM` unless `who` may change and remove the object.
    pub fn check_owner(&self, who: &Who<'_>) -> Result<()> {
        match who.admin || self.is_of(who) {
            true => Ok(()),
            false => Err(Errno::EPERM),
        }
    }

    /// IPC_SET. `EPERM`; `EINVAL` for -1, which is nobody.
    pub fn change(&mut self, who: &Who<'_>, uid: u32, gid: u32, mode: u32) -> Result<()> {
        self.check_owner(who)?;
        if uid == u32::MAX || gid == u32::MAX {
            return Err(Errno::EINVAL);
        }
        (self.uid, self.gid) = (uid, gid);
        self.mode = self.mode & !0o777 | mode & 0o777;
        Ok(())
    }

    fn is_of(&self, who: &Who<'_>) -> bool {
        who.uid == self.uid || who.uid == self.creator_uid
    }
}

/// What a [`Table`] holds.
pub trait Object {
    /// As they are now.
    fn permissions(&self) -> Permissions;
}

/// The objects of a kind, by id.
pub struct Table<T> {
    by_id: BTreeMap<i32, Arc<T>>,
    next_id: i32,
}

impl<T: Object> Table<T> {
    /// None yet.
    pub const fn new() -> Table<T> {
        Table {
            by_id: BTreeMap::new(),
            next_id: 0,
        }
    }

    /// shmget(2) and semget(2): the object of `key`; `None` where one is to be made. `EEXIST`, `ENOENT`; `EACCES` where it
    /// does not grant what stands in `flags`, for owner, group and others.
    pub fn open(&self, who: &Who<'_>, key: i32, flags: u32) -> Result<Option<(i32, Arc<T>)>> {
        if key == IPC_PRIVATE {
            return Ok(None);
        }
        let found = self
            .by_id
            .iter()
            .map(|(&id, object)| (id, object, object.permissions()))
            .find(|(_, _, permissions)| permissions.key == key);
        let Some((id, object, permissions)) = found else {
            return match flags & IPC_CREAT {
                0 => Err(Errno::ENOENT),
                _ => Ok(None),
            };
        };
        if flags & IPC_CREAT != 0 && flags & IPC_EXCL != 0 {
            return Err(Errno::EEXIST);
        }
        permissions.permits(who, (flags >> 6 | flags >> 3 | flags) & 7)?;
        Ok(Some((id, object.clone())))
    }

    /// Takes what `make` makes for the next id. `ENOSPC` where there are `most`.
    pub fn insert(&mut self, most: usize, make: impl FnOnce(i32) -> Arc<T>) -> Result<i32> {
        if self.by_id.len() >= most {
            return Err(Errno::ENOSPC);
        }
        let id = self.next_id;
        self.by_id.insert(id, make(id));
        // Ids are not reused until they wrap; a wrapped one skips what is there.
        let mut next = id.checked_add(1).unwrap_or(0);
        while self.by_id.contains_key(&next) {
            next = next.checked_add(1).unwrap_or(0);
        }
        self.next_id = next;
        Ok(id)
    }

    /// `EINVAL` where there is none.
    pub fn find(&self, id: i32) -> Result<Arc<T>> {
        self.by_id.get(&id).cloned().ok_or(Errno::EINVAL)
    }

    /// The id is free. To be dropped when the table is unlocked.
    pub fn remove(&mut self, id: i32) -> Option<Arc<T>> {
        self.by_id.remove(&id)
    }

    /// All, by id.
    pub fn list(&self) -> Vec<Arc<T>> {
        self.by_id.values().cloned().collect()
    }

    /// The ids; a position in this list is an index of SEM_STAT and SHM_STAT.
    pub fn ids(&self) -> Vec<i32> {
        self.by_id.keys().copied().collect()
    }
}

/// Seconds since 1970, as the objects' times are told.
pub fn now() -> u64 {
    time::realtime() / 1_000_000_000
}
