//! Supplementary groups: getgroups, setgroups.
//!
//! Who calls: the rows of `ids`. Who owns and locks: the credentials, replaced whole by [`change`].

use super::change;
use crate::{
    Result,
    syscall::{Args, Caller},
    task::{creds::cap, users::Ids},
};
use abi::Errno;
use alloc::{sync::Arc, vec::Vec};

/// NGROUPS_MAX.
const MAX_GROUPS: usize = 65536;

/// getgroups(2).
pub(super) fn getgroups(cx: &Caller, a: Args) -> Result<usize> {
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

/// setgroups(2).
pub(super) fn setgroups(cx: &Caller, a: Args) -> Result<usize> {
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
