//! System V shared memory: shmget(2), shmat(2), shmdt(2), shmctl(2).
//!
//! Segments are found by key or id in one spin-locked table. A segment is a
//! [`Backing`]; address spaces show it like any shared object and tell it how many
//! areas do. A removed segment lives until the last area is gone. `syscall/shm`
//! decodes, and says who asks.

use super::{
    AddressSpace, Backing, Fixed, Frame, MapRequest, PAGE_SIZE, Prot,
    anon::Anonymous,
    buddy,
    sysv::{IPC_PRIVATE, Object, Permissions, READ, Table, WRITE, Who, now},
};
use crate::{Result, sync::SpinLock};
use abi::Errno;
use alloc::{
    format,
    string::String,
    sync::{Arc, Weak},
    vec::Vec,
};

/// SHMMNI: most segments.
pub const MAX_SEGMENTS: usize = 4096;

const SHM_HUGETLB: u32 = 0o4000;
const SHM_RDONLY: u32 = 0o10000;
const SHM_RND: u32 = 0o20000;
const SHM_REMAP: u32 = 0o40000;
const SHM_EXEC: u32 = 0o100000;
/// In `mode`: removed, waits for the last detach.
pub const SHM_DEST: u32 = 0o1000;
/// In `mode`: SHM_LOCK was asked for.
pub const SHM_LOCKED: u32 = 0o2000;

/// What IPC_STAT tells; times in seconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Status {
    pub id: i32,
    /// Their mode has [`SHM_DEST`] and [`SHM_LOCKED`], too.
    pub permissions: Permissions,
    pub size: usize,
    pub attach_time: u64,
    pub detach_time: u64,
    pub change_time: u64,
    pub creator_pid: i32,
    pub last_pid: i32,
    pub attached: usize,
}

/// One segment.
pub struct Segment {
    pages: Arc<Anonymous>,
    status: SpinLock<Status>,
    me: Weak<Segment>,
}

static TABLE: SpinLock<Table<Segment>> = SpinLock::new(Table::new());

/// shmget(2).
pub fn get(who: &Who<'_>, key: i32, size: usize, flags: u32) -> Result<i32> {
    if flags & SHM_HUGETLB != 0 {
        // As a kernel without huge pages answers.
        return Err(Errno::EINVAL);
    }
    let found = TABLE.lock().open(who, key, flags)?;
    if let Some((id, segment)) = found {
        return match size > segment.status().size {
            true => Err(Errno::EINVAL),
            false => Ok(id),
        };
    }
    create(who, key, size, flags)
}

fn create(who: &Who<'_>, key: i32, size: usize, flags: u32) -> Result<i32> {
    if size == 0 || size > isize::MAX as usize {
        return Err(Errno::EINVAL);
    }
    if size > buddy::statistics().1 * PAGE_SIZE {
        return Err(Errno::ENOMEM);
    }
    TABLE.lock().insert(MAX_SEGMENTS, |id| {
        let status = Status {
            id,
            permissions: Permissions::new(who, key, flags),
            size,
            change_time: now(),
            creator_pid: who.pid,
            ..Status::default()
        };
        Arc::new_cyclic(|me: &Weak<Segment>| Segment {
            pages: Anonymous::new(size, "SYSV"),
            status: SpinLock::new(status),
            me: me.clone(),
        })
    })
}

/// shmat(2): the address.
pub fn attach(
    who: &Who<'_>,
    space: &AddressSpace,
    id: i32,
    addr: usize,
    flags: u32,
) -> Result<usize> {
    let segment = find(id)?;
    let status = segment.status();
    let read_only = flags & SHM_RDONLY != 0;
    let exec = flags & SHM_EXEC != 0;
    let wanted = READ | if read_only { 0 } else { WRITE } | u32::from(exec);
    status.permissions.permits(who, wanted)?;
    let fixed = match addr {
        0 if flags & SHM_REMAP != 0 => return Err(Errno::EINVAL),
        0 => Fixed::No,
        _ if flags & SHM_REMAP != 0 => Fixed::Replace,
        _ => Fixed::NoReplace,
    };
    let addr = if addr.is_multiple_of(PAGE_SIZE) {
        addr
    } else if flags & SHM_RND != 0 {
        addr / PAGE_SIZE * PAGE_SIZE
    } else {
        return Err(Errno::EINVAL);
    };
    let mut prot = Prot::READ;
    prot.set(Prot::WRITE, !read_only);
    prot.set(Prot::EXEC, exec);
    let object: Arc<dyn Backing> = segment.clone();
    let start = space.map(MapRequest {
        addr,
        len: status.size,
        prot,
        shared: true,
        fixed,
        backing: Some((object, 0)),
        populate: false,
        grows_down: false,
        max_prot: if read_only {
            Prot::all() - Prot::WRITE
        } else {
            Prot::all()
        },
        name: "",
    });
    // What is in the way is EINVAL here, not EEXIST.
    let start = start.map_err(|error| match error {
        Errno::EEXIST | Errno::EPERM => Errno::EINVAL,
        other => other,
    })?;
    segment.status.lock().last_pid = who.pid;
    Ok(start)
}

/// shmdt(2): detaches the segment that begins at `addr`.
pub fn detach(who: &Who<'_>, space: &AddressSpace, addr: usize) -> Result<()> {
    if !addr.is_multiple_of(PAGE_SIZE) {
        return Err(Errno::EINVAL);
    }
    // Parts of the segment that were cut off by munmap or mprotect go, too.
    let (object, len) = space.shown_at(addr).ok_or(Errno::EINVAL)?;
    let (_, inode, _) = object.identity();
    let segments = segments();
    let segment = segments
        .iter()
        .find(|segment| segment.pages.identity().1 == inode)
        .ok_or(Errno::EINVAL)?;
    segment.status.lock().last_pid = who.pid;
    let size = segment.status().size.next_multiple_of(PAGE_SIZE).max(len);
    space.unmap_shown(addr, size, &object);
    Ok(())
}

/// IPC_STAT, SHM_STAT: `EACCES` without read permission.
pub fn status(who: &Who<'_>, id: i32) -> Result<Status> {
    let status = find(id)?.status();
    status.permissions.permits(who, READ)?;
    Ok(status)
}

/// SHM_STAT_ANY: without asking for permission.
pub fn status_any(id: i32) -> Result<Status> {
    Ok(find(id)?.status())
}

/// IPC_SET: owner and mode.
pub fn set(who: &Who<'_>, id: i32, uid: u32, gid: u32, mode: u32) -> Result<()> {
    let segment = find(id)?;
    let mut status = segment.status.lock();
    status.permissions.change(who, uid, gid, mode)?;
    status.change_time = now();
    Ok(())
}

/// SHM_LOCK, SHM_UNLOCK: memory is never swapped, so only the mark changes.
pub fn lock(who: &Who<'_>, id: i32, locked: bool) -> Result<()> {
    let segment = find(id)?;
    let mut status = segment.status.lock();
    status.permissions.check_owner(who)?;
    match locked {
        true => status.permissions.mode |= SHM_LOCKED,
        false => status.permissions.mode &= !SHM_LOCKED,
    }
    Ok(())
}

/// IPC_RMID: the key is free at once; the memory goes with the last detach.
pub fn remove(who: &Who<'_>, id: i32) -> Result<()> {
    let segment = find(id)?;
    let attached = {
        let mut status = segment.status.lock();
        status.permissions.check_owner(who)?;
        status.permissions.mode |= SHM_DEST;
        status.permissions.key = IPC_PRIVATE;
        status.attached
    };
    if attached == 0 {
        let removed = TABLE.lock().remove(id);
        drop(removed);
    }
    Ok(())
}

/// The segments, for SHM_INFO and /proc/sysvipc/shm: status and resident pages.
pub fn list() -> Vec<(Status, usize)> {
    let segments = segments();
    let row = |segment: &Arc<Segment>| (segment.status(), segment.pages.resident());
    segments.iter().map(row).collect()
}

fn segments() -> Vec<Arc<Segment>> {
    TABLE.lock().list()
}

fn find(id: i32) -> Result<Arc<Segment>> {
    TABLE.lock().find(id)
}

impl Segment {
    fn status(&self) -> Status {
        *self.status.lock()
    }
}

impl Object for Segment {
    fn permissions(&self) -> Permissions {
        self.status.lock().permissions
    }
}

impl Backing for Segment {
    fn page(&self, index: u64, write: bool) -> Result<Frame> {
        self.pages.page(index, write)
    }

    fn cached(&self, index: u64) -> Option<Frame> {
        self.pages.cached(index)
    }

    fn mapped(&self) {
        let mut status = self.status.lock();
        status.attached += 1;
        status.attach_time = now();
    }

    fn unmapped(&self) {
        let (gone, id) = {
            let mut status = self.status.lock();
            status.attached -= 1;
            status.detach_time = now();
            let gone = status.attached == 0 && status.permissions.mode & SHM_DEST != 0;
            (gone, status.id)
        };
        if gone {
            // Keeps the object alive until the table is unlocked.
            let _me = self.me.upgrade();
            let removed = TABLE.lock().remove(id);
            drop(removed);
        }
    }

    fn identity(&self) -> (u64, u64, String) {
        let (device, inode, _) = self.pages.identity();
        let key = self.permissions().key;
        (device, inode, format!("/SYSV{key:08x} (deleted)"))
    }
}
