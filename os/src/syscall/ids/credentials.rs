//! Users and groups of the caller: the set*id calls, credentials(7).
//!
//! Who calls: the rows of `ids`. Who owns and locks: the task its credentials, which are replaced whole.
//! Typical sequence: [`change`] with what the call allows to whom.

use super::change;
use crate::{
    Result,
    syscall::{Args, Caller},
    task::{creds::cap, users::Ids},
};
use abi::Errno;

/// "No change" in the set*id calls.
const KEEP: u32 = u32::MAX;

fn write3<const N: usize>(a: &Args, values: [u32; N]) -> Result<usize> {
    for (n, value) in values.iter().enumerate() {
        a.ptr::<u32>(n).write(value)?;
    }
    Ok(0)
}

/// getresuid(2).
pub(super) fn getresuid(cx: &Caller, a: Args) -> Result<usize> {
    let creds = cx.task.creds();
    let ids = [creds.uid, creds.euid, creds.suid];
    write3(&a, ids.map(|id| creds.shown(Ids::Users, id)))
}

/// getresgid(2).
pub(super) fn getresgid(cx: &Caller, a: Args) -> Result<usize> {
    let creds = cx.task.creds();
    let ids = [creds.gid, creds.egid, creds.sgid];
    write3(&a, ids.map(|id| creds.shown(Ids::Groups, id)))
}

/// setuid(2).
pub(super) fn setuid(cx: &Caller, a: Args) -> Result<usize> {
    let uid = a.uint(0);
    if uid == KEEP {
        return Err(Errno::EINVAL);
    }
    change(cx, |old, new| {
        // An id without a name here is refused, also where it is the caller's own.
        if !old.knows(Ids::Users, uid) {
            return Err(Errno::EINVAL);
        }
        if old.capable(cap::SETUID) {
            (new.uid, new.suid) = (uid, uid);
        } else if uid != old.uid && uid != old.suid {
            return Err(Errno::EPERM);
        }
        (new.euid, new.fsuid) = (uid, uid);
        new.fix_capabilities(old);
        Ok(())
    })
}

/// setgid(2).
pub(super) fn setgid(cx: &Caller, a: Args) -> Result<usize> {
    let gid = a.uint(0);
    if gid == KEEP {
        return Err(Errno::EINVAL);
    }
    change(cx, |old, new| {
        // An id without a name here is refused, also where it is the caller's own.
        if !old.knows(Ids::Groups, gid) {
            return Err(Errno::EINVAL);
        }
        if old.capable(cap::SETGID) {
            (new.gid, new.sgid) = (gid, gid);
        } else if gid != old.gid && gid != old.sgid {
            return Err(Errno::EPERM);
        }
        (new.egid, new.fsgid) = (gid, gid);
        Ok(())
    })
}

/// setreuid(2).
pub(super) fn setreuid(cx: &Caller, a: Args) -> Result<usize> {
    let (real, effective) = (a.uint(0), a.uint(1));
    change(cx, |old, new| {
        let privileged = old.capable(cap::SETUID);
        if real != KEEP {
            if !privileged && real != old.uid && real != old.euid {
                return Err(Errno::EPERM);
            }
            new.uid = real;
        }
        if effective != KEEP {
            if !privileged && ![old.uid, old.euid, old.suid].contains(&effective) {
                return Err(Errno::EPERM);
            }
            new.euid = effective;
        }
        if real != KEEP || (effective != KEEP && effective != old.uid) {
            new.suid = new.euid;
        }
        new.fsuid = new.euid;
        new.fix_capabilities(old);
        Ok(())
    })
}

/// setregid(2).
pub(super) fn setregid(cx: &Caller, a: Args) -> Result<usize> {
    let (real, effective) = (a.uint(0), a.uint(1));
    change(cx, |old, new| {
        let privileged = old.capable(cap::SETGID);
        if real != KEEP {
            if !privileged && real != old.gid && real != old.egid {
                return Err(Errno::EPERM);
            }
            new.gid = real;
        }
        if effective != KEEP {
            if !privileged && ![old.gid, old.egid, old.sgid].contains(&effective) {
                return Err(Errno::EPERM);
            }
            new.egid = effective;
        }
        if real != KEEP || (effective != KEEP && effective != old.gid) {
            new.sgid = new.egid;
        }
        new.fsgid = new.egid;
        Ok(())
    })
}

/// setresuid(2).
pub(super) fn setresuid(cx: &Caller, a: Args) -> Result<usize> {
    let ids = [a.uint(0), a.uint(1), a.uint(2)];
    change(cx, |old, new| {
        let own = [old.uid, old.euid, old.suid];
        if !old.capable(cap::SETUID) && ids.iter().any(|&id| id != KEEP && !own.contains(&id)) {
            return Err(Errno::EPERM);
        }
        for (slot, id) in [&mut new.uid, &mut new.euid, &mut new.suid]
            .into_iter()
            .zip(ids)
        {
            if id != KEEP {
                *slot = id;
            }
        }
        new.fsuid = new.euid;
        new.fix_capabilities(old);
        Ok(())
    })
}

/// setresgid(2).
pub(super) fn setresgid(cx: &Caller, a: Args) -> Result<usize> {
    let ids = [a.uint(0), a.uint(1), a.uint(2)];
    change(cx, |old, new| {
        let own = [old.gid, old.egid, old.sgid];
        if !old.capable(cap::SETGID) && ids.iter().any(|&id| id != KEEP && !own.contains(&id)) {
            return Err(Errno::EPERM);
        }
        for (slot, id) in [&mut new.gid, &mut new.egid, &mut new.sgid]
            .into_iter()
            .zip(ids)
        {
            if id != KEEP {
                *slot = id;
            }
        }
        new.fsgid = new.egid;
        Ok(())
    })
}

/// setfsuid(2) always answers the old id.
pub(super) fn setfsuid(cx: &Caller, a: Args) -> Result<usize> {
    let id = a.uint(0);
    let before = cx.task.creds().fsuid;
    change(cx, |old, new| {
        let own = [old.uid, old.euid, old.suid, old.fsuid];
        if id != KEEP && (old.capable(cap::SETUID) || own.contains(&id)) {
            new.fsuid = id;
            new.fix_fs_capabilities(old);
        }
        Ok(())
    })?;
    Ok(before as usize)
}

/// setfsgid(2).
pub(super) fn setfsgid(cx: &Caller, a: Args) -> Result<usize> {
    let id = a.uint(0);
    let before = cx.task.creds().fsgid;
    change(cx, |old, new| {
        let own = [old.gid, old.egid, old.sgid, old.fsgid];
        if id != KEEP && (old.capable(cap::SETGID) || own.contains(&id)) {
            new.fsgid = id;
        }
        Ok(())
    })?;
    Ok(before as usize)
}
