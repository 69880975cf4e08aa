//! System calls of the family `ids`: who the task is, credentials, groups, sessions, limits.

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
    mm::UserPtr,
    task::{
        Credentials,
        creds::{KEEP_CAPS, NO_SETUID_FIXUP, NOROOT, cap},
        job, limits, tree,
        users::Ids,
    },
};
use abi::{Errno, general::*};
use alloc::{sync::Arc, vec::Vec};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(
        __NR_getpid,
        "getpid",
        |cx, _| Ok(cx.task.pid() as usize),
        Full,
        "",
    ),
    row(
        __NR_gettid,
        "gettid",
        |cx, _| Ok(cx.task.tid() as usize),
        Full,
        "",
    ),
    row(
        __NR_getppid,
        "getppid",
        |cx, _| Ok(tree::parent(cx.task.pid()) as usize),
        Full,
        "",
    ),
    row(
        __NR_getuid,
        "getuid",
        |cx, _| Ok(shown(cx, Ids::Users, |creds| creds.uid)),
        Full,
        "",
    ),
    row(
        __NR_geteuid,
        "geteuid",
        |cx, _| Ok(shown(cx, Ids::Users, |creds| creds.euid)),
        Full,
        "",
    ),
    row(
        __NR_getgid,
        "getgid",
        |cx, _| Ok(shown(cx, Ids::Groups, |creds| creds.gid)),
        Full,
        "",
    ),
    row(
        __NR_getegid,
        "getegid",
        |cx, _| Ok(shown(cx, Ids::Groups, |creds| creds.egid)),
        Full,
        "",
    ),
    row(__NR_getresuid, "getresuid", getresuid, Full, ""),
    row(__NR_getresgid, "getresgid", getresgid, Full, ""),
    row(__NR_setuid, "setuid", setuid, Full, ""),
    row(__NR_setgid, "setgid", setgid, Full, ""),
    row(__NR_setreuid, "setreuid", setreuid, Full, ""),
    row(__NR_setregid, "setregid", setregid, Full, ""),
    row(__NR_setresuid, "setresuid", setresuid, Full, ""),
    row(__NR_setresgid, "setresgid", setresgid, Full, ""),
    row(__NR_setfsuid, "setfsuid", setfsuid, Full, ""),
    row(__NR_setfsgid, "setfsgid", setfsgid, Full, ""),
    row(__NR_getgroups, "getgroups", getgroups, Full, ""),
    row(__NR_setgroups, "setgroups", setgroups, Full, ""),
    row(__NR_capget, "capget", capget, Full, ""),
    row(__NR_capset, "capset", capset, Full, ""),
    row(__NR_getpgid, "getpgid", getpgid, Full, ""),
    row(
        __NR_setpgid,
        "setpgid",
        |cx, a| job::set_group(&cx.task, a.int(0), a.int(1)).map(|()| 0),
        Full,
        "",
    ),
    row(__NR_getsid, "getsid", getsid, Full, ""),
    row(
        __NR_setsid,
        "setsid",
        |cx, _| job::new_session(&cx.task).map(|sid| sid as usize),
        Full,
        "",
    ),
    row(
        163, // Linux has these two on riscv64 only; prlimit64 is what libraries call.
        "getrlimit",
        |cx, a| prlimit(cx, 0, a.uint(0), a.ptr(9), a.ptr(1)),
        Full,
        "",
    ),
    row(164, "setrlimit", setrlimit, Full, ""),
    row(
        __NR_prlimit64,
        "prlimit64",
        |cx, a| prlimit(cx, a.int(0), a.uint(1), a.ptr(2), a.ptr(3)),
        Partial,
        "limits on CPU time, files, stack, processes and signals are enforced; others are kept",
    ),
];

/// An id of the caller as its user namespace names it.
fn shown(cx: &Caller, ids: Ids, id: impl FnOnce(&Credentials) -> u32) -> usize {
    let creds = cx.task.creds();
    creds.shown(ids, id(&creds)) as usize
}

/// "No change" in the set*id calls.
const KEEP: u32 = u32::MAX;

/// Changes the caller's credentials; `change` may refuse.
fn change(
    cx: &Caller,
    change: impl FnOnce(&Credentials, &mut Credentials) -> Result<()>,
) -> Result<usize> {
    let old = cx.task.creds();
    let mut new = (*old).clone();
    change(&old, &mut new)?;
    // An id that the user namespace has no name for cannot be taken.
    let taken = [
        (Ids::Users, old.uid, new.uid),
        (Ids::Users, old.euid, new.euid),
        (Ids::Users, old.suid, new.suid),
        (Ids::Groups, old.gid, new.gid),
        (Ids::Groups, old.egid, new.egid),
        (Ids::Groups, old.sgid, new.sgid),
    ];
    let unknown = |&(ids, old_id, id): &(Ids, u32, u32)| id != old_id && !old.knows(ids, id);
    if old.users.is_some() && taken.iter().any(unknown) {
        return Err(Errno::EINVAL);
    }
    if (old.euid, old.egid, old.fsuid, old.fsgid) != (new.euid, new.egid, new.fsuid, new.fsgid) {
        use core::sync::atomic::Ordering::Relaxed;
        cx.task.process.dumpable.store(0, Relaxed);
        cx.task.death_signal.store(0, Relaxed);
    }
    cx.task.set_creds(new);
    Ok(0)
}

fn write3<const N: usize>(a: &Args, values: [u32; N]) -> Result<usize> {
    for (n, value) in values.iter().enumerate() {
        a.ptr::<u32>(n).write(value)?;
    }
    Ok(0)
}

fn getresuid(cx: &Caller, a: Args) -> Result<usize> {
    let creds = cx.task.creds();
    let ids = [creds.uid, creds.euid, creds.suid];
    write3(&a, ids.map(|id| creds.shown(Ids::Users, id)))
}

fn getresgid(cx: &Caller, a: Args) -> Result<usize> {
    let creds = cx.task.creds();
    let ids = [creds.gid, creds.egid, creds.sgid];
    write3(&a, ids.map(|id| creds.shown(Ids::Groups, id)))
}

fn setuid(cx: &Caller, a: Args) -> Result<usize> {
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

fn setgid(cx: &Caller, a: Args) -> Result<usize> {
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

fn setreuid(cx: &Caller, a: Args) -> Result<usize> {
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

fn setregid(cx: &Caller, a: Args) -> Result<usize> {
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

fn setresuid(cx: &Caller, a: Args) -> Result<usize> {
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

fn setresgid(cx: &Caller, a: Args) -> Result<usize> {
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
fn setfsuid(cx: &Caller, a: Args) -> Result<usize> {
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

fn setfsgid(cx: &Caller, a: Args) -> Result<usize> {
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

/// NGROUPS_MAX.
const MAX_GROUPS: usize = 65536;

fn getgroups(cx: &Caller, a: Args) -> Result<usize> {
    let room = a.int(0);
    let creds = cx.task.creds();
    let groups = creds.groups.clone();
    if room < 0 {
        return Err(Errno::EINVAL);
    }
    if room == 0 {
        return Ok(groups.len());
    }
    if groups.len() > room as usize {
        return Err(Errno::EINVAL);
    }
    let out = a.ptr::<u32>(1);
    for (n, group) in groups.iter().enumerate() {
        out.add(n).write(&creds.shown(Ids::Groups, *group))?;
    }
    Ok(groups.len())
}

fn setgroups(cx: &Caller, a: Args) -> Result<usize> {
    let count = a.get(0);
    if !cx.task.capable(cap::SETGID) || !cx.task.creds().may_set_groups() {
        return Err(Errno::EPERM);
    }
    if count > MAX_GROUPS {
        return Err(Errno::EINVAL);
    }
    let list = a.ptr::<u32>(1);
    let mut groups = (0..count)
        .map(|n| list.add(n).read())
        .collect::<Result<Vec<u32>>>()?;
    groups.sort_unstable();
    let groups: Arc<[u32]> = groups.into();
    change(cx, |_, new| {
        new.groups = groups;
        Ok(())
    })
}

/// The header of capget(2): version and thread id.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct CapHeader {
    version: u32,
    tid: i32,
}

const CAP_VERSION_1: u32 = 0x1998_0330;
const CAP_VERSION_2: u32 = 0x2007_1026;
const CAP_VERSION_3: u32 = 0x2008_0522;

/// How many 32-bit halves the version has; an unknown one is answered with ours.
fn cap_words(header: &UserPtr<CapHeader>) -> Result<(CapHeader, usize)> {
    let mut given = header.read()?;
    match given.version {
        CAP_VERSION_1 => Ok((given, 1)),
        CAP_VERSION_2 | CAP_VERSION_3 => Ok((given, 2)),
        _ => {
            given.version = CAP_VERSION_3;
            header.write(&given)?;
            Err(Errno::EINVAL)
        }
    }
}

fn capget(cx: &Caller, a: Args) -> Result<usize> {
    let header = a.ptr::<CapHeader>(0);
    let data = a.ptr::<[u32; 3]>(1);
    let (given, words) = match cap_words(&header) {
        // A probe for the version.
        Err(Errno::EINVAL) if data.is_null() => return Ok(0),
        other => other?,
    };
    let creds = match given.tid {
        ..0 => return Err(Errno::EINVAL),
        0 => cx.task.creds(),
        tid => tree::task(tid).ok_or(Errno::ESRCH)?.creds(),
    };
    if data.is_null() {
        return Ok(0);
    }
    for word in 0..words {
        let half = |set: u64| (set >> (32 * word)) as u32;
        let sets = [
            creds.cap_effective,
            creds.cap_permitted,
            creds.cap_inheritable,
        ];
        data.add(word).write(&sets.map(half))?;
    }
    Ok(0)
}

fn capset(cx: &Caller, a: Args) -> Result<usize> {
    let (given, words) = cap_words(&a.ptr(0))?;
    if given.tid != 0 && given.tid != cx.task.tid() {
        return Err(Errno::EPERM);
    }
    let data = a.ptr::<[u32; 3]>(1);
    let mut sets = [0u64; 3];
    for word in 0..words {
        let halves = data.add(word).read()?;
        for (set, half) in sets.iter_mut().zip(halves) {
            *set |= u64::from(half) << (32 * word);
        }
    }
    let [effective, permitted, inheritable] = sets.map(|set| set & cap::ALL);
    change(cx, |old, new| {
        let within = |set: u64, bounds: u64| set & !bounds == 0;
        let any_inheritable = old.capable(cap::SETPCAP);
        let allowed = within(permitted, old.cap_permitted)
            && within(effective, permitted)
            && (any_inheritable || within(inheritable, old.cap_inheritable | old.cap_permitted))
            && within(inheritable, old.cap_inheritable | old.cap_bounding);
        if !allowed {
            return Err(Errno::EPERM);
        }
        (new.cap_effective, new.cap_permitted, new.cap_inheritable) =
            (effective, permitted, inheritable);
        new.cap_ambient &= permitted & inheritable;
        Ok(())
    })
}

/// (group, session) of a process, 0 for the caller.
fn relations(cx: &Caller, pid: i32) -> Result<(i32, i32)> {
    match pid {
        0 => tree::ids(cx.task.pid()),
        pid => tree::ids(pid).or_else(|| tree::ids(tree::task(pid)?.pid())),
    }
    .ok_or(Errno::ESRCH)
}

fn getpgid(cx: &Caller, a: Args) -> Result<usize> {
    relations(cx, a.int(0)).map(|(group, _)| group as usize)
}

fn getsid(cx: &Caller, a: Args) -> Result<usize> {
    relations(cx, a.int(0)).map(|(_, session)| session as usize)
}

fn setrlimit(cx: &Caller, a: Args) -> Result<usize> {
    let new = a.ptr::<[u64; 2]>(1);
    if new.is_null() {
        return Err(Errno::EFAULT);
    }
    prlimit(cx, 0, a.uint(0), new, UserPtr::new(0))
}

fn prlimit(
    cx: &Caller,
    pid: i32,
    resource: u32,
    new: UserPtr<[u64; 2]>,
    old: UserPtr<[u64; 2]>,
) -> Result<usize> {
    if resource as usize >= limits::COUNT {
        return Err(Errno::EINVAL);
    }
    let process = match pid {
        0 => cx.task.process.clone(),
        pid => {
            let task = tree::task(pid).ok_or(Errno::ESRCH)?;
            let (mine, theirs) = (cx.task.creds(), task.creds());
            if !mine.is_user_of(&theirs) && !mine.capable(cap::SYS_RESOURCE) {
                return Err(Errno::EPERM);
            }
            task.process.clone()
        }
    };
    let before = process.limits.lock().get(resource);
    if !new.is_null() {
        let [soft, hard] = new.read()?;
        let privileged = cx.task.capable(cap::SYS_RESOURCE);
        let result = process.limits.lock().set(resource, soft, hard, privileged);
        result?;
        if let Some(mm) = process.leader().and_then(|leader| leader.try_mm()) {
            let limit = |resource| process.limits.lock().get(resource).0;
            mm.set_limits(limit(RLIMIT_STACK), limit(RLIMIT_AS), limit(RLIMIT_DATA));
        }
    }
    if !old.is_null() {
        old.write(&[before.0, before.1])?;
    }
    Ok(0)
}

/// prctl(2) on capabilities and securebits.
pub(super) fn prctl(cx: &Caller, option: u32, a: &Args) -> Result<usize> {
    use abi::prctl::*;
    let argument = a.get(1);
    match option {
        PR_GET_KEEPCAPS => Ok((cx.task.creds().securebits & KEEP_CAPS != 0) as usize),
        PR_SET_KEEPCAPS if argument > 1 => Err(Errno::EINVAL),
        PR_SET_KEEPCAPS => change(cx, |old, new| {
            // SECBIT_KEEP_CAPS_LOCKED is one bit above.
            if old.securebits & KEEP_CAPS << 1 != 0 {
                return Err(Errno::EPERM);
            }
            new.securebits =
                old.securebits & !KEEP_CAPS | if argument == 1 { KEEP_CAPS } else { 0 };
            Ok(())
        }),
        PR_GET_SECUREBITS => Ok(cx.task.creds().securebits as usize),
        PR_SET_SECUREBITS => change(cx, |old, new| {
            let known = 0xff | (NOROOT | NO_SETUID_FIXUP | KEEP_CAPS);
            let bits = argument as u32;
            let locked = old.securebits >> 1 & 0x55;
            let changed = (old.securebits ^ bits) & 0x55;
            let unlocks = old.securebits & !bits & 0xaa;
            if bits & !known != 0
                || changed & locked != 0
                || unlocks != 0
                || !old.capable(cap::SETPCAP)
            {
                return Err(Errno::EPERM);
            }
            new.securebits = bits;
            Ok(())
        }),
        PR_CAPBSET_READ | PR_CAPBSET_DROP if argument > cap::LAST as usize => Err(Errno::EINVAL),
        PR_CAPBSET_READ => Ok((cx.task.creds().cap_bounding >> argument & 1) as usize),
        PR_CAPBSET_DROP => change(cx, |old, new| {
            if !old.capable(cap::SETPCAP) {
                return Err(Errno::EPERM);
            }
            new.cap_bounding &= !(1 << argument);
            Ok(())
        }),
        PR_CAP_AMBIENT => ambient(cx, a),
        _ => Err(Errno::EINVAL),
    }
}

fn ambient(cx: &Caller, a: &Args) -> Result<usize> {
    use abi::prctl::*;
    let (command, bit) = (a.uint(1), a.get(2));
    if a.get(3) != 0 || a.get(4) != 0 {
        return Err(Errno::EINVAL);
    }
    if command == PR_CAP_AMBIENT_CLEAR_ALL {
        return match bit {
            0 => change(cx, |_, new| {
                new.cap_ambient = 0;
                Ok(())
            }),
            _ => Err(Errno::EINVAL),
        };
    }
    if bit > cap::LAST as usize {
        return Err(Errno::EINVAL);
    }
    let mask = 1u64 << bit;
    match command {
        PR_CAP_AMBIENT_IS_SET => Ok((cx.task.creds().cap_ambient & mask != 0) as usize),
        PR_CAP_AMBIENT_LOWER => change(cx, |_, new| {
            new.cap_ambient &= !mask;
            Ok(())
        }),
        PR_CAP_AMBIENT_RAISE => change(cx, |old, new| {
            if old.cap_permitted & old.cap_inheritable & mask == 0 {
                return Err(Errno::EPERM);
            }
            new.cap_ambient |= mask;
            Ok(())
        }),
        _ => Err(Errno::EINVAL),
    }
}
