//! Mount namespaces. mount_namespaces(7).
//!
//! **What.** A [`MountSpace`] stands for the mounts with its number in the one table. A copy has mounts of its own over the same
//! file systems, so that neither
//! sees what the other mounts later, except below mounts that are shared ([`propagation`]). **Who owns.** Contexts ([`super::super::FsContext`]) and open
//! files of the namespace; when the last one goes, its mounts go.

use super::{MOUNTS, Mount, propagation};
use crate::fs::{
    Place, nsfs,
    quota::{self, Counted},
};
use crate::sync::SpinLock;
use abi::general::CLONE_NEWNS;
use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::Ordering::Relaxed;

/// See the module.
pub struct MountSpace {
    /// What its mounts say.
    key: u64,
    /// What it is called in /proc.
    shown: u64,
    /// All but the first count.
    _counted: Option<Counted>,
}

/// The namespace that the machine starts with.
static FIRST: SpinLock<Option<Arc<MountSpace>>> = SpinLock::new(None);

/// The root of the namespace with that number, while there is one.
pub(super) fn root(number: u64) -> Option<Place> {
    let mounts = MOUNTS.lock();
    let in_space = |mount: &&Arc<Mount>| mount.space.load(Relaxed) == number;
    let mount = mounts
        .iter()
        .find(|mount| in_space(mount) && mount.covered.lock().is_none())
        .cloned();
    drop(mounts);
    mount.map(|mount| mount.place())
}

impl MountSpace {
    /// The first one's number.
    pub(super) const FIRST: u64 = 1;

    /// The namespace that the machine starts with.
    pub fn first() -> Arc<MountSpace> {
        let new = || {
            Arc::new(MountSpace {
                key: MountSpace::FIRST,
                shown: nsfs::next_number(),
                _counted: None,
            })
        };
        FIRST.lock().get_or_insert_with(new).clone()
    }

    /// The root, while there is one.
    pub fn root(&self) -> Option<Place> {
        root(self.key)
    }

    /// A namespace with the same mounts. The places, which are in this one, become those of the copy.
    pub fn copy(&self, places: &mut [&mut Place]) -> Arc<MountSpace> {
        let shown = nsfs::next_number();
        let copy = Arc::new(MountSpace {
            key: shown,
            shown,
            _counted: Some(quota::MOUNTS.count()),
        });
        let old = mounts_of(self.key);
        let new: Vec<Arc<Mount>> = old.iter().map(|mount| same(mount, copy.key)).collect();
        let there = |place: &Place| {
            let at = old
                .iter()
                .position(|mount| Arc::ptr_eq(mount, &place.mount))?;
            Some(Place {
                mount: new[at].clone(),
                dentry: place.dentry.clone(),
            })
        };
        for (old, new) in old.iter().zip(&new) {
            // What hangs on a mount that was detached is not reached any more, and not copied.
            if let Some(covered) = old.covered().as_ref().and_then(there) {
                covered.dentry.count_mount(1);
                *new.covered.lock() = Some(covered);
            }
        }
        let attached = |(at, mount): (usize, &Arc<Mount>)| {
            (at == 0 || mount.covered().is_some()).then(|| mount.clone())
        };
        let attached: Vec<Arc<Mount>> = new.iter().enumerate().filter_map(attached).collect();
        MOUNTS.lock().extend(attached);
        for place in places {
            if let Some(new) = there(place) {
                **place = new;
            }
        }
        copy
    }
}

impl nsfs::Space for MountSpace {
    fn kind(&self) -> &'static str {
        "mnt"
    }

    fn flag(&self) -> u32 {
        CLONE_NEWNS
    }

    fn number(&self) -> u64 {
        self.shown
    }
}

impl Drop for MountSpace {
    fn drop(&mut self) {
        let gone = mounts_of(self.key);
        MOUNTS
            .lock()
            .retain(|mount| mount.space.load(Relaxed) != self.key);
        // Those on top first. Places let go of file systems, which may do work: without the table's lock.
        for mount in gone.iter().rev() {
            let covered = mount.covered.lock().take();
            if let Some(place) = covered {
                place.dentry.count_mount(-1);
            }
        }
        gone.iter().for_each(propagation::release);
    }
}

fn mounts_of(number: u64) -> Vec<Arc<Mount>> {
    let mounts = MOUNTS.lock();
    let of = mounts
        .iter()
        .filter(|mount| mount.space.load(Relaxed) == number);
    of.cloned().collect()
}

/// The same file system seen the same way, not attached yet.
fn same(mount: &Mount, space: u64) -> Arc<Mount> {
    let copy = Mount::new(
        mount.fs.clone(),
        mount.root.clone(),
        &mount.source,
        mount.flags(),
    );
    copy.space.store(space, Relaxed);
    copy.tie_like(mount);
    copy
}
