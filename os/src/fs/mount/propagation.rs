//! Propagation: which mounts hear of what is mounted and unmounted below others. mount_namespaces(7), mount(2).
//!
//! **What.** A mount may be in a peer group (MS_SHARED), and may have a group as its master (MS_SLAVE). What is put below a mount of
//! a group is put below its peers as well, and below those whose master the group is, with their peers, and so on. **Who calls.**
//! mount(2) and umount2(2) in the parent module, copies of namespaces in [`super::space`]. **Who owns and locks.** Each mount has its
//! [`Tie`] under a spin lock, taken inside the table's. A typical sequence:
//!
//! ```text
//! mount --make-shared /a; mount --bind /a /b          one group: both say shared:1
//! mount -t tmpfs none /a/in -> graft -> spread        a copy below /b, in the group of the first
//! umount /b/in -> heirs                               both go
//! ```

use super::{MOUNTS, MS_PRIVATE, MS_REC, MS_SHARED, MS_SLAVE, MS_UNBINDABLE, Mount, attach_mount};
use crate::{
    Result,
    fs::{Place, dentry::Dentry},
};
use abi::Errno;
use alloc::{collections::BTreeSet, format, string::String, sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How a mount is tied to others; groups are numbered from 1, 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tie {
    /// The peer group.
    group: u64,
    /// The group that it hears.
    master: u64,
    /// It is bound nowhere.
    unbindable: bool,
}

impl Mount {
    fn tie(&self) -> Tie {
        *self.tie.lock()
    }

    /// Ties a mount that is a copy of `other` as its peer.
    pub(super) fn tie_like(&self, other: &Mount) {
        *self.tie.lock() = other.tie();
    }

    /// The same for a bind mount. `EINVAL` where `other` may not be bound.
    pub(super) fn tie_bound(&self, other: &Mount) -> Result<()> {
        match other.tie() {
            tie if tie.unbindable => Err(Errno::EINVAL),
            tie => {
                *self.tie.lock() = tie;
                Ok(())
            }
        }
    }

    /// Whether it is in a peer group.
    pub(super) fn is_shared(&self) -> bool {
        self.tie().group != 0
    }

    /// Whether it may not be bound.
    pub(super) fn is_unbindable(&self) -> bool {
        self.tie().unbindable
    }

    /// The optional fields of /proc/<pid>/mountinfo, each with its blank.
    pub(super) fn optional_fields(&self) -> String {
        let tie = self.tie();
        let mut text = String::new();
        if tie.group != 0 {
            text += &format!("shared:{} ", tie.group);
        }
        if tie.master != 0 {
            text += &format!("master:{} ", tie.master);
        }
        if tie.unbindable {
            text += "unbindable ";
        }
        text
    }

    /// The mount that it is put on.
    fn parent(&self) -> Option<Arc<Mount>> {
        self.covered
            .lock()
            .as_ref()
            .map(|place| place.mount.clone())
    }
}

/// mount(2) with a propagation type: exactly one, and no other flags than MS_REC and MS_SILENT. `EINVAL`.
pub(super) fn change(flags: u32, at: &Place) -> Result<()> {
    const MS_SILENT: u32 = 32768;
    let kind = flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE);
    let at_root = Arc::ptr_eq(&at.dentry, &at.mount.root);
    if !kind.is_power_of_two() || flags & !(kind | MS_REC | MS_SILENT) != 0 || !at_root {
        return Err(Errno::EINVAL);
    }
    let mounts = match flags & MS_REC {
        0 => alloc::vec![at.mount.clone()],
        _ => tree(&at.mount),
    };
    for mount in mounts {
        match kind {
            MS_SHARED => share(&mount),
            _ => part(&mount, kind),
        }
    }
    Ok(())
}

/// A mount and those below it, upper ones first.
pub(super) fn tree(top: &Arc<Mount>) -> Vec<Arc<Mount>> {
    let all = table();
    let mut found = alloc::vec![top.clone()];
    let mut at = 0;
    while let Some(mount) = found.get(at).cloned() {
        at += 1;
        let below = all.iter().filter(|other| {
            let covered = other.covered.lock();
            covered
                .as_ref()
                .is_some_and(|place| Arc::ptr_eq(&place.mount, &mount))
        });
        found.extend(below.cloned());
    }
    found
}

/// A mount that may be bound and those below it that may, for MS_BIND with MS_REC: copies, not attached at the top.
pub(super) fn bind_below(top: &Arc<Mount>, from: &Place) {
    let below = tree(&from.mount);
    let inside = below.into_iter().skip(1).filter(|mount| {
        let covered = mount.covered();
        covered.is_some_and(|place| {
            !Arc::ptr_eq(&place.mount, &from.mount) || is_below(&place.dentry, &from.dentry)
        })
    });
    let originals = core::iter::once(from.mount.clone())
        .chain(inside)
        .collect::<Vec<_>>();
    copy_below(&originals, top, |tie| tie);
}

/// Attaches a mount that is in no place yet, with what is below it, and copies wherever the place is heard of.
pub(super) fn graft(mount: Arc<Mount>, at: Place) {
    let (on, dentry) = (at.mount.clone(), at.dentry.clone());
    let before = table();
    let whole = tree(&mount);
    if on.is_shared() {
        whole.iter().for_each(share);
        spread(&before, &whole, on.tie().group, &on, &dentry);
    }
    attach_mount(mount, at);
}

/// Puts copies of a tree below the peers of `on`, a mount of `group`, and below whoever hears the group.
fn spread(
    before: &[Arc<Mount>],
    whole: &[Arc<Mount>],
    group: u64,
    on: &Arc<Mount>,
    dentry: &Arc<Dentry>,
) {
    let sees = |mount: &&Arc<Mount>| is_below(dentry, &mount.root);
    let put = |onto: &Arc<Mount>, tied: &mut dyn FnMut(Tie) -> Tie| {
        let copy = copy_tree(whole, tied);
        let at = Place {
            mount: onto.clone(),
            dentry: dentry.clone(),
        };
        attach_mount(copy.clone(), at);
        tree(&copy)
    };
    let peers = before.iter().filter(|mount| mount.tie().group == group);
    for peer in peers.filter(|peer| !Arc::ptr_eq(peer, on)).filter(sees) {
        put(peer, &mut |tie| tie);
    }
    let hears = |mount: &&Arc<Mount>| mount.tie().master == group;
    let mut groups = BTreeSet::new();
    for slave in before.iter().filter(hears).filter(sees) {
        let heard = |tie: Tie| Tie {
            group: 0,
            master: tie.group,
            unbindable: false,
        };
        match slave.tie().group {
            0 => {
                put(slave, &mut |tie| heard(tie));
            }
            own if groups.insert(own) => {
                let copies = put(slave, &mut |tie| heard(tie));
                copies.iter().for_each(share);
                spread(before, &copies, own, slave, dentry);
            }
            // Its group has been served.
            _ => {}
        }
    }
}

/// What umount2(2) takes away with `mount`: what is mounted at the same place below those who hear of it, and has nothing below
/// itself.
pub(super) fn heirs(mount: &Arc<Mount>) -> Vec<Arc<Mount>> {
    let Some(place) = mount.covered() else {
        return Vec::new();
    };
    let all = table();
    let mut groups = alloc::vec![place.mount.tie().group];
    let mut listeners: Vec<Arc<Mount>> = Vec::new();
    let mut at = 0;
    while let Some(&group) = groups.get(at) {
        at += 1;
        if group == 0 {
            continue;
        }
        for other in all.iter() {
            let tie = other.tie();
            if tie.group != group && tie.master != group {
                continue;
            }
            if !Arc::ptr_eq(other, &place.mount) {
                listeners.push(other.clone());
            }
            if tie.group != 0 && !groups.contains(&tie.group) {
                groups.push(tie.group);
            }
        }
    }
    let is_there = |other: &&Arc<Mount>| {
        let covered = other.covered.lock();
        covered.as_ref().is_some_and(|at| {
            Arc::ptr_eq(&at.dentry, &place.dentry)
                && listeners.iter().any(|mount| Arc::ptr_eq(mount, &at.mount))
        })
    };
    let has_child = |mount: &Arc<Mount>| {
        let mut others = all.iter();
        others.any(|other| {
            other
                .parent()
                .is_some_and(|parent| Arc::ptr_eq(&parent, mount))
        })
    };
    let found = all.iter().filter(is_there);
    found.filter(|other| !has_child(other)).cloned().collect()
}

/// A mount that left the table is tied to nobody.
pub(super) fn release(mount: &Arc<Mount>) {
    if mount.tie() != Tie::default() {
        part(mount, MS_PRIVATE);
    }
}

/// MS_SHARED: a group of its own, unless it is in one.
fn share(mount: &Arc<Mount>) {
    let group = match mount.tie().group {
        0 => new_group(),
        group => group,
    };
    let mut tie = mount.tie.lock();
    tie.group = group;
    tie.unbindable = false;
}

/// Leaves its group and, unless it shall be a slave, its master. Who heard the last one of a group, hears its master from now on.
fn part(mount: &Arc<Mount>, kind: u32) {
    let old = mount.tie();
    let all = table();
    let mut others = all.iter().filter(|other| !Arc::ptr_eq(other, mount));
    let has_peers = old.group != 0 && others.any(|other| other.tie().group == old.group);
    if old.group != 0 && !has_peers {
        for slave in all.iter().filter(|other| other.tie().master == old.group) {
            slave.tie.lock().master = old.master;
        }
    }
    *mount.tie.lock() = Tie {
        group: 0,
        master: match kind {
            MS_SLAVE if has_peers => old.group,
            MS_SLAVE => old.master,
            _ => 0,
        },
        unbindable: kind == MS_UNBINDABLE,
    };
}

/// Copies of a tree's mounts, each tied as `tied` says of its original; those that may not be bound are left out, with what is
/// below them. Answers with the top one, which is in no place.
fn copy_tree(whole: &[Arc<Mount>], tied: &mut dyn FnMut(Tie) -> Tie) -> Arc<Mount> {
    let top = copy(&whole[0]);
    *top.tie.lock() = tied(whole[0].tie());
    copy_below(whole, &top, tied);
    top
}

/// The same for what is below the first of `originals`, whose copy is `top`.
fn copy_below(originals: &[Arc<Mount>], top: &Arc<Mount>, mut tied: impl FnMut(Tie) -> Tie) {
    let mut copies = alloc::vec![(originals[0].clone(), top.clone())];
    for original in &originals[1..] {
        let Some(place) = original.covered().filter(|_| !original.is_unbindable()) else {
            continue;
        };
        let mut parents = copies.iter();
        let parent = parents.find(|(of, _)| Arc::ptr_eq(of, &place.mount));
        if let Some((_, parent)) = parent {
            let below = copy(original);
            *below.tie.lock() = tied(original.tie());
            let at = Place {
                mount: parent.clone(),
                dentry: place.dentry,
            };
            attach_mount(below.clone(), at);
            copies.push((original.clone(), below));
        }
    }
}

fn copy(mount: &Mount) -> Arc<Mount> {
    Mount::new(
        mount.fs.clone(),
        mount.root.clone(),
        &mount.source,
        mount.flags(),
    )
}

/// A number that no group had.
fn new_group() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Relaxed)
}

fn is_below(dentry: &Arc<Dentry>, root: &Arc<Dentry>) -> bool {
    let mut at = Some(dentry.clone());
    while let Some(here) = at {
        if Arc::ptr_eq(&here, root) {
            return true;
        }
        at = here.parent();
    }
    false
}

/// Every mount that is attached.
fn table() -> Vec<Arc<Mount>> {
    MOUNTS.lock().clone()
}
