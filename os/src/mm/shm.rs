//! System V shared memory: shmget(2), shmat(2), shmdt(2), shmctl(2).
//!
//! Segments are found by key or id in one spin-locked table. A segment is a
//! [`Backing`]; address spaces show it like any shared object and tell it how many
//! areas do. A removed segment lives until the last area is gone. `syscall/shm`
//! decodes, and says who asks.

use super::{
    AddressSpace, Backing, Fixed, Frame, MapRequest, PAGE_SIZE, Prot, anon::Anonymous, buddy,
};
use crate::{Result, sync::SpinLock, time};
use abi::Errno;
use alloc::{
    collections::BTreeMap,
    format,
    string::String,
    sync::{Arc, Weak},
    vec::Vec,
};

/// SHMMNI: most segments.
pub const MAX_SEGMENTS: usize = 4096;

const IPC_PRIVATE: i32 = 0;
const IPC_CREAT: u32 = 0o1000;
const IPC_EXCL: u32 = 0o2000;
const SHM_HUGETLB: u32 = 0o4000;
const SHM_RDONLY: u32 = 0o10000;
const SHM_RND: u32 = 0o20000;
const SHM_REMAP: u32 = 0o40000;
const SHM_EXEC: u32 = 0o100000;
/// In `mode`: removed, waits for the last detach.
pub const SHM_DEST: u32 = 0o1000;
/// In `mode`: SHM_LOCK was asked for.
pub const SHM_LOCKED: u32 = 0o2000;

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

/// What IPC_STAT tells; times in seconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Status {
    pub id: i32,
    pub key: i32,
    pub uid: u32,
    pub gid: u32,
    pub creator_uid: u32,
    pub creator_gid: u32,
    /// Permission bits, [`SHM_DEST`], [`SHM_LOCKED`].
    pub mode: u32,
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

struct Table {
    by_id: BTreeMap<i32, Arc<Segment>>,
    next_id: i32,
}

static TABLE: SpinLock<Table> = SpinLock::new(Table {
    by_id: BTreeMap::new(),
    next_id: 0,
});

/// shmget(2).
pub fn get(who: &Who<'_>, key: i32, size: usize, flags: u32) -> Result<i32> {
    if flags & SHM_HUGETLB != 0 {
        // As a kernel without huge pages answers.
        return Err(Errno::EINVAL);
    }
    if key != IPC_PRIVATE {
        let found = segments()
            .into_iter()
            .find(|segment| segment.status().key == key);
        if let Some(segment) = found {
            if flags & IPC_CREAT != 0 && flags & IPC_EXCL != 0 {
                return Err(Errno::EEXIST);
            }
            let status = segment.status();
            // The wanted permissions stand in the flags, for owner, group and others.
            let wanted = (flags >> 6 | flags >> 3 | flags) & 7;
            if !status.permits(who, wanted) {
                return Err(Errno::EACCES);
            }
            if size > status.size {
                return Err(Errno::EINVAL);
            }
            return Ok(status.id);
        }
        if flags & IPC_CREAT == 0 {
            return Err(Errno::ENOENT);
        }
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
    let mut table = TABLE.lock();
    if table.by_id.len() >= MAX_SEGMENTS {
        return Err(Errno::ENOSPC);
    }
    let id = table.next_id;
    // Ids are not reused until they wrap; a wrapped one skips what is there.
    table.next_id = id.checked_add(1).unwrap_or(0);
    while table.by_id.contains_key(&table.next_id) {
        table.next_id = table.next_id.checked_add(1).unwrap_or(0);
    }
    let status = Status {
        id,
        key,
        uid: who.uid,
        gid: who.gid,
        creator_uid: who.uid,
        creator_gid: who.gid,
        mode: flags & 0o777,
        size,
        change_time: now(),
        creator_pid: who.pid,
        ..Status::default()
    };
    let segment = Arc::new_cyclic(|me: &Weak<Segment>| Segment {
        pages: Anonymous::new(size, "SYSV"),
        status: SpinLock::new(status),
        me: me.clone(),
    });
    table.by_id.insert(id, segment);
    Ok(id)
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
    let wanted = 4 | if read_only { 0 } else { 2 } | u32::from(exec);
    if !status.permits(who, wanted) {
        return Err(Errno::EACCES);
    }
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
    match status.permits(who, 4) {
        true => Ok(status),
        false => Err(Errno::EACCES),
    }
}

/// SHM_STAT_ANY: without asking for permission.
pub fn status_any(id: i32) -> Result<Status> {
    Ok(find(id)?.status())
}

/// IPC_SET: owner and mode.
pub fn set(who: &Who<'_>, id: i32, uid: u32, gid: u32, mode: u32) -> Result<()> {
    let segment = find(id)?;
    let mut status = segment.status.lock();
    if !status.owned_by(who) {
        return Err(Errno::EPERM);
    }
    status.uid = uid;
    status.gid = gid;
    status.mode = status.mode & !0o777 | mode & 0o777;
    status.change_time = now();
    Ok(())
}

/// SHM_LOCK, SHM_UNLOCK: memory is never swapped, so only the mark changes.
pub fn lock(who: &Who<'_>, id: i32, locked: bool) -> Result<()> {
    let segment = find(id)?;
    let mut status = segment.status.lock();
    if !status.owned_by(who) {
        return Err(Errno::EPERM);
    }
    match locked {
        true => status.mode |= SHM_LOCKED,
        false => status.mode &= !SHM_LOCKED,
    }
    Ok(())
}

/// IPC_RMID: the key is free at once; the memory goes with the last detach.
pub fn remove(who: &Who<'_>, id: i32) -> Result<()> {
    let segment = find(id)?;
    let attached = {
        let mut status = segment.status.lock();
        if !status.owned_by(who) {
            return Err(Errno::EPERM);
        }
        status.mode |= SHM_DEST;
        status.key = IPC_PRIVATE;
        status.attached
    };
    if attached == 0 {
        TABLE.lock().by_id.remove(&id);
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
    TABLE.lock().by_id.values().cloned().collect()
}

fn find(id: i32) -> Result<Arc<Segment>> {
    TABLE.lock().by_id.get(&id).cloned().ok_or(Errno::EINVAL)
}

fn now() -> u64 {
    time::realtime() / 1_000_000_000
}

impl Status {
    /// `wanted`: 4 read, 2 write, 1 execute.
    fn permits(&self, who: &Who<'_>, wanted: u32) -> bool {
        let owner = who.uid == self.uid || who.uid == self.creator_uid;
        let in_group = |gid: u32| who.gid == gid || who.groups.contains(&gid);
        let granted = if owner {
            self.mode >> 6
        } else if in_group(self.gid) || in_group(self.creator_gid) {
            self.mode >> 3
        } else {
            self.mode
        };
        who.owner_cap || wanted & !granted & 7 == 0
    }

    fn owned_by(&self, who: &Who<'_>) -> bool {
        who.admin || who.uid == self.uid || who.uid == self.creator_uid
    }
}

impl Segment {
    fn status(&self) -> Status {
        *self.status.lock()
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
            let gone = status.attached == 0 && status.mode & SHM_DEST != 0;
            (gone, status.id)
        };
        if gone {
            // Keeps the object alive until the table is unlocked.
            let _me = self.me.upgrade();
            let removed = TABLE.lock().by_id.remove(&id);
            drop(removed);
        }
    }

    fn identity(&self) -> (u64, u64, String) {
        let (device, inode, _) = self.pages.identity();
        let key = self.status().key;
        (device, inode, format!("/SYSV{key:08x} (deleted)"))
    }
}
