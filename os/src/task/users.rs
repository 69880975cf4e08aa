//! User namespaces: unshare(CLONE_NEWUSER) and the files that say which ids it knows. user_namespaces(7).
//!
//! **What.** A namespace here names ids and gives nothing: an id has the same number on both sides (a map to another
//! number is refused), one that is not mapped is shown as 65534 and cannot be taken, and the capabilities inside are those
//! that its maker had, never more. Therefore making one needs CAP_SYS_ADMIN, as on a Linux whose administrator has
//! switched them off for others, and there is no setns(2) into one. **Who calls.** `clone` and `syscall::task` to make one,
//! `syscall::ids` and `proc` to ask. **Who owns and locks.** The credentials share it; its maps have a lock of their own.

use super::{Credentials, creds::cap};
use crate::{
    Result,
    fs::{
        nsfs::{self, Space},
        quota::{self, Counted},
    },
    sync::SpinLock,
};
use abi::{Errno, general::CLONE_NEWUSER};
use alloc::{format, string::String, sync::Arc, vec::Vec};

/// What an id without a name inside is shown as: /proc/sys/kernel/overflowuid.
pub const OVERFLOW: u32 = 65534;

/// The most lines of a map.
const MOST_EXTENTS: usize = 340;

/// User ids or group ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Ids {
    Users,
    Groups,
}

/// A namespace; the first one has no maps, and credentials do not name it.
pub struct Users {
    /// Inode number in /proc/<pid>/ns.
    number: u64,
    maps: SpinLock<Maps>,
    /// All but the first count.
    _counted: Option<Counted>,
}

#[derive(Default)]
struct Maps {
    /// First id and count of each line, the same inside and outside; none before they are written, once.
    users: Option<Vec<(u32, u32)>>,
    groups: Option<Vec<(u32, u32)>>,
    /// setgroups(2) was denied for ever.
    no_setgroups: bool,
}

impl Maps {
    fn of(&mut self, ids: Ids) -> &mut Option<Vec<(u32, u32)>> {
        match ids {
            Ids::Users => &mut self.users,
            Ids::Groups => &mut self.groups,
        }
    }
}

/// What /proc/<pid>/ns/user shows for these credentials.
pub fn shown(creds: &Credentials) -> Arc<Users> {
    static FIRST: SpinLock<Option<Arc<Users>>> = SpinLock::new(None);
    match &creds.users {
        Some(users) => users.clone(),
        None => FIRST.lock().get_or_insert_with(|| Users::new(None)).clone(),
    }
}

impl Space for Users {
    fn kind(&self) -> &'static str {
        "user"
    }

    fn flag(&self) -> u32 {
        CLONE_NEWUSER
    }

    fn number(&self) -> u64 {
        self.number
    }
}

impl Users {
    fn new(counted: Option<Counted>) -> Arc<Users> {
        Arc::new(Users {
            number: nsfs::next_number(),
            maps: SpinLock::default(),
            _counted: counted,
        })
    }

    fn knows(&self, ids: Ids, id: u32) -> bool {
        let mut maps = self.maps.lock();
        let mut extents = maps.of(ids).iter().flatten();
        extents.any(|&(first, count)| id >= first && id - first < count)
    }
}

impl Credentials {
    /// In a new user namespace: unshare(2), clone(2).
    pub fn in_new_users(&self) -> Credentials {
        Credentials {
            users: Some(Users::new(Some(quota::USERS.count()))),
            cap_effective: self.cap_permitted,
            cap_inheritable: 0,
            cap_ambient: 0,
            securebits: 0,
            ..self.clone()
        }
    }

    /// Whether the id has a name in the namespace of these credentials.
    pub fn knows(&self, ids: Ids, id: u32) -> bool {
        self.users.as_ref().is_none_or(|users| users.knows(ids, id))
    }

    /// The id as a program of these credentials sees it.
    pub fn shown(&self, ids: Ids, id: u32) -> u32 {
        match self.knows(ids, id) {
            true => id,
            false => OVERFLOW,
        }
    }

    /// Whether setgroups(2) is possible at all: not before the group ids are mapped, not where it was denied.
    pub fn may_set_groups(&self) -> bool {
        self.users.as_ref().is_none_or(|users| {
            let maps = users.maps.lock();
            maps.groups.is_some() && !maps.no_setgroups
        })
    }
}

/// /proc/<pid>/uid_map and gid_map: first id inside, outside, count.
pub(super) fn map_text(creds: &Credentials, ids: Ids) -> String {
    let line = |&(first, count): &(u32, u32)| format!("{first:>10} {first:>10} {count:>10}\n");
    match &creds.users {
        None => line(&(0, u32::MAX)),
        Some(users) => users
            .maps
            .lock()
            .of(ids)
            .iter()
            .flatten()
            .map(line)
            .collect(),
    }
}

/// A write to one: once, all lines at a time. `EPERM`, `EINVAL`.
pub(super) fn write_map(creds: &Credentials, ids: Ids, text: &[u8]) -> Result<()> {
    let extents = parse(text).ok_or(Errno::EINVAL)?;
    let users = creds.users.as_ref().ok_or(Errno::EPERM)?;
    let needed = match ids {
        Ids::Users => cap::SETUID,
        Ids::Groups => cap::SETGID,
    };
    let mut maps = users.maps.lock();
    let map = maps.of(ids);
    let same = extents
        .iter()
        .all(|&(inside, outside, _)| inside == outside);
    if map.is_some() || !same || !super::current().capable(needed) {
        return Err(Errno::EPERM);
    }
    *map = Some(
        extents
            .iter()
            .map(|&(first, _, count)| (first, count))
            .collect(),
    );
    Ok(())
}

fn parse(text: &[u8]) -> Option<Vec<(u32, u32, u32)>> {
    let text = core::str::from_utf8(text).ok()?;
    let line = |line: &str| {
        let mut words = line.split_whitespace().map(|word| word.parse::<u32>().ok());
        let extent = (words.next()??, words.next()??, words.next()??);
        let (inside, outside, count) = extent;
        let fits = count > 0
            && inside
                .checked_add(count)
                .and(outside.checked_add(count))
                .is_some();
        (fits && words.next().is_none()).then_some(extent)
    };
    let lines = text.trim_end_matches(['\n', '\0']).lines();
    let extents = lines.map(line).collect::<Option<Vec<_>>>()?;
    (1..=MOST_EXTENTS)
        .contains(&extents.len())
        .then_some(extents)
}

/// /proc/<pid>/setgroups.
pub(super) fn setgroups_text(creds: &Credentials) -> String {
    let denied = creds
        .users
        .as_ref()
        .is_some_and(|users| users.maps.lock().no_setgroups);
    String::from(if denied { "deny\n" } else { "allow\n" })
}

/// A write to it: `deny` before the group ids are mapped; what was denied is never allowed again. `EPERM`, `EINVAL`.
pub(super) fn write_setgroups(creds: &Credentials, text: &[u8]) -> Result<()> {
    let allow = match text.trim_ascii() {
        b"allow" => true,
        b"deny" => false,
        _ => return Err(Errno::EINVAL),
    };
    let Some(users) = &creds.users else {
        return if allow { Ok(()) } else { Err(Errno::EPERM) };
    };
    if !super::current().capable(cap::SYS_ADMIN) {
        return Err(Errno::EPERM);
    }
    let mut maps = users.maps.lock();
    match allow {
        true if maps.no_setgroups => return Err(Errno::EPERM),
        true => {}
        false if maps.groups.is_some() && !maps.no_setgroups => return Err(Errno::EPERM),
        false => maps.no_setgroups = true,
    }
    Ok(())
}
