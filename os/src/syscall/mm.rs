//! System calls of the family `mm`: mmap(2) and its kin. Semantics are in `mm::space`.

use super::{
    Args, Caller,
    table::{
        Row,
        Support::{Full, Partial},
        row,
    },
};
use crate::{
    Result,
    file::Fd,
    mm::{Fixed, MapRequest, PAGE_SIZE, Prot, UserOut},
};
use abi::{Errno, general::*};

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(
        __NR_brk,
        "brk",
        |cx, a| Ok(cx.task.mm().brk(a.get(0))),
        Full,
        "",
    ),
    row(__NR_mmap, "mmap", mmap, Partial, "no huge pages"),
    row(
        __NR_munmap,
        "munmap",
        |cx, a| cx.task.mm().unmap(a.get(0), a.get(1)).map(|()| 0),
        Full,
        "",
    ),
    row(__NR_mprotect, "mprotect", mprotect, Full, ""),
    row(__NR_mremap, "mremap", mremap, Full, ""),
    row(
        __NR_madvise,
        "madvise",
        |cx, a| {
            cx.task
                .mm()
                .advise(a.get(0), a.get(1), a.int(2))
                .map(|()| 0)
        },
        Partial,
        "no KSM, no huge pages, no MADV_REMOVE",
    ),
    row(__NR_msync, "msync", msync, Full, ""),
    row(__NR_mincore, "mincore", mincore, Full, ""),
    row(
        __NR_mlock,
        "mlock",
        |cx, a| mlock(cx, a.get(0), a.get(1), 0),
        Full,
        "",
    ),
    row(
        __NR_mlock2,
        "mlock2",
        |cx, a| mlock(cx, a.get(0), a.get(1), a.uint(2)),
        Full,
        "",
    ),
    row(
        __NR_munlock,
        "munlock",
        |cx, a| {
            let space = cx.task.mm();
            space
                .set_locked(a.get(0), a.get(1), false, false)
                .map(|()| 0)
        },
        Full,
        "",
    ),
    row(
        __NR_mlockall,
        "mlockall",
        |cx, a| mlockall(cx, a.uint(0)),
        Full,
        "",
    ),
    row(
        __NR_munlockall,
        "munlockall",
        |cx, _| {
            cx.task.mm().set_all_locked(false, false);
            Ok(0)
        },
        Full,
        "",
    ),
];

/// CAP_IPC_LOCK, capabilities(7).
const CAP_IPC_LOCK: u32 = 14;
/// Flags of mmap(2) that MAP_SHARED_VALIDATE accepts.
const KNOWN_FLAGS: u32 = MAP_TYPE
    | MAP_FIXED
    | MAP_ANONYMOUS
    | MAP_GROWSDOWN
    | MAP_LOCKED
    | MAP_NORESERVE
    | MAP_POPULATE
    | MAP_NONBLOCK
    | MAP_STACK
    | MAP_HUGETLB
    | MAP_FIXED_NOREPLACE
    | 0x0800 // MAP_DENYWRITE
    | 0x1000; // MAP_EXECUTABLE

/// mmap(2).
fn mmap(cx: &Caller, a: Args) -> Result<usize> {
    let (addr, len, flags, offset) = (a.get(0), a.get(1), a.uint(3), a.get(5));
    let prot = Prot::from_bits_truncate(a.uint(2));
    if !offset.is_multiple_of(PAGE_SIZE) {
        return Err(Errno::EINVAL);
    }
    let shared = match flags & MAP_TYPE {
        MAP_PRIVATE => false,
        MAP_SHARED => true,
        MAP_SHARED_VALIDATE if flags & !KNOWN_FLAGS != 0 => return Err(Errno::EOPNOTSUPP),
        MAP_SHARED_VALIDATE => true,
        _ => return Err(Errno::EINVAL),
    };
    let mut max_prot = Prot::all();
    let backing = if flags & MAP_ANONYMOUS != 0 {
        if flags & MAP_HUGETLB != 0 {
            // As a kernel without huge pages answers.
            return Err(Errno::EINVAL);
        }
        None
    } else {
        let fd: Fd = a.int(4);
        let file = cx.files().get_io(fd)?;
        if len == 0 {
            return Err(Errno::EINVAL);
        }
        if !file.readable() {
            return Err(Errno::EACCES);
        }
        if shared && !file.writable() {
            if prot.contains(Prot::WRITE) {
                return Err(Errno::EACCES);
            }
            max_prot -= Prot::WRITE;
        }
        let backing = file.file.backing()?;
        backing.check_map(offset as u64, len)?;
        Some((backing, offset as u64))
    };
    let fixed = match flags {
        flags if flags & MAP_FIXED_NOREPLACE != 0 => Fixed::NoReplace,
        flags if flags & MAP_FIXED != 0 => Fixed::Replace,
        _ => Fixed::No,
    };
    let space = cx.task.mm();
    if flags & MAP_LOCKED != 0 {
        check_lock_limit(cx, len)?;
    }
    let populate = flags & (MAP_POPULATE | MAP_LOCKED) != 0 && flags & MAP_NONBLOCK == 0;
    let start = space.map(MapRequest {
        addr,
        len,
        prot,
        shared,
        fixed,
        backing,
        populate,
        grows_down: flags & MAP_GROWSDOWN != 0,
        max_prot,
        name: "",
    })?;
    if flags & MAP_LOCKED != 0 {
        space.set_locked(start, len, true, false)?;
    }
    Ok(start)
}

/// mprotect(2).
fn mprotect(cx: &Caller, a: Args) -> Result<usize> {
    let grows = PROT_GROWSDOWN | PROT_GROWSUP;
    let bits = a.uint(2);
    if bits & grows == grows {
        return Err(Errno::EINVAL);
    }
    // PROT_SEM (8) is known and means nothing here.
    let prot = Prot::from_bits(bits & !(grows | 8)).ok_or(Errno::EINVAL)?;
    let (mut addr, mut len) = (a.get(0), a.get(1));
    if bits & PROT_GROWSUP != 0 {
        // No architecture that we run on has stacks that grow up.
        return Err(Errno::EINVAL);
    }
    let space = cx.task.mm();
    if bits & PROT_GROWSDOWN != 0 {
        let start = space.stack_start(addr).ok_or(Errno::EINVAL)?;
        len = len.checked_add(addr - start).ok_or(Errno::ENOMEM)?;
        addr = start;
    }
    space.protect(addr, len, prot).map(|()| 0)
}

/// mremap(2).
fn mremap(cx: &Caller, a: Args) -> Result<usize> {
    let space = cx.task.mm();
    space.remap(a.get(0), a.get(1), a.get(2), a.uint(3), a.get(4))
}

/// msync(2).
fn msync(cx: &Caller, a: Args) -> Result<usize> {
    let flags = a.uint(2);
    let known = flags & !(MS_ASYNC | MS_INVALIDATE | MS_SYNC) == 0;
    if !known || flags & MS_ASYNC != 0 && flags & MS_SYNC != 0 {
        return Err(Errno::EINVAL);
    }
    let write = flags & MS_SYNC != 0;
    let invalidate = flags & MS_INVALIDATE != 0;
    let space = cx.task.mm();
    space
        .sync(a.get(0), a.get(1), write, invalidate)
        .map(|()| 0)
}

/// mincore(2): one byte per page, bit 0 says that it is in memory.
fn mincore(cx: &Caller, a: Args) -> Result<usize> {
    let (addr, len) = (a.get(0), a.get(1));
    let mut out = UserOut::new(a.get(2), len.div_ceil(PAGE_SIZE))?;
    let space = cx.task.mm();
    // In pieces: the copy may fault, and the space is locked while it reports.
    const PIECE: usize = 256;
    let mut done = 0;
    loop {
        let mut bytes = [0u8; PIECE];
        let mut count = 0;
        let piece = (len - done).min(PIECE * PAGE_SIZE);
        space.residency(addr.wrapping_add(done), piece, &mut |present| {
            bytes[count] = u8::from(present);
            count += 1;
        })?;
        if out.write(&bytes[..count])? < count {
            return Err(Errno::EFAULT);
        }
        done += piece;
        if done >= len {
            return Ok(0);
        }
    }
}

/// mlock(2), mlock2(2).
fn mlock(cx: &Caller, addr: usize, len: usize, flags: u32) -> Result<usize> {
    if flags & !MLOCK_ONFAULT != 0 {
        return Err(Errno::EINVAL);
    }
    check_lock_limit(cx, len)?;
    let populate = flags & MLOCK_ONFAULT == 0;
    cx.task
        .mm()
        .set_locked(addr, len, true, populate)
        .map(|()| 0)
}

/// mlockall(2).
fn mlockall(cx: &Caller, flags: u32) -> Result<usize> {
    let known = flags & !(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
    if flags == 0 || !known || flags == MCL_ONFAULT {
        return Err(Errno::EINVAL);
    }
    let space = cx.task.mm();
    let current = flags & MCL_CURRENT != 0;
    let more = if current {
        space.sizes().0 * PAGE_SIZE
    } else {
        0
    };
    check_lock_limit(cx, more)?;
    space.set_all_locked(current, flags & MCL_FUTURE != 0);
    Ok(0)
}

/// RLIMIT_MEMLOCK: `EPERM` when nothing may be locked, `ENOMEM` when it is too much.
fn check_lock_limit(cx: &Caller, more: usize) -> Result<()> {
    if cx.task.creds().cap_effective >> CAP_IPC_LOCK & 1 != 0 {
        return Ok(());
    }
    let (limit, _) = cx.task.rlimit(RLIMIT_MEMLOCK);
    if limit == 0 {
        return Err(Errno::EPERM);
    }
    let locked = cx.task.mm().locked().saturating_add(more);
    if locked as u64 > limit {
        return Err(Errno::ENOMEM);
    }
    Ok(())
}
