//! Names: [`Dentry`] (a name in a directory) and [`Place`] (a dentry seen through a mount).
//!
//! A directory's dentry keeps the dentries of its entries: owned where names change
//! through `fs` only, weakly where a generated tree may change by itself
//! ([`Inode::stable`]). There are no negative dentries: a miss in memory is one hash
//! look-up anyway.

use super::{Inode, mount::Mount};
use crate::{Result, sync::SpinLock};
use alloc::{
    boxed::Box,
    string::String,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::sync::atomic::{AtomicU32, Ordering};
use hashbrown::HashMap;

/// A name in a directory, with the inode behind it.
pub struct Dentry {
    inode: Arc<dyn Inode>,
    link: SpinLock<Link>,
    children: SpinLock<HashMap<Box<[u8]>, Child>>,
    /// How many mounts cover this dentry.
    mounts: AtomicU32,
}

/// Where the name is.
struct Link {
    /// `None`: the root of a file system, or an inode that never had a name.
    parent: Option<Arc<Dentry>>,
    name: Box<[u8]>,
    /// unlink(2) or rmdir(2) took the name away.
    deleted: bool,
}

enum Child {
    Owned(Arc<Dentry>),
    Known(Weak<Dentry>),
}

impl Dentry {
    /// The root of a file system.
    pub fn root(inode: Arc<dyn Inode>) -> Arc<Dentry> {
        Dentry::new(inode, None, b"", false)
    }

    /// An inode without a place in a tree: memfd_create(2), O_TMPFILE. `name` is shown in /proc.
    pub fn unnamed(inode: Arc<dyn Inode>, name: &[u8]) -> Arc<Dentry> {
        Dentry::new(inode, None, name, true)
    }

    fn new(
        inode: Arc<dyn Inode>,
        parent: Option<Arc<Dentry>>,
        name: &[u8],
        deleted: bool,
    ) -> Arc<Dentry> {
        Arc::new(Dentry {
            inode,
            link: SpinLock::new(Link {
                parent,
                name: name.into(),
                deleted,
            }),
            children: SpinLock::new(HashMap::new()),
            mounts: AtomicU32::new(0),
        })
    }

    /// The object behind the name.
    pub fn inode(&self) -> &Arc<dyn Inode> {
        &self.inode
    }

    /// The directory that the name is in; `None` at the root of a file system.
    pub fn parent(&self) -> Option<Arc<Dentry>> {
        self.link.lock().parent.clone()
    }

    /// The last component.
    pub fn name(&self) -> Box<[u8]> {
        self.link.lock().name.clone()
    }

    /// Whether the name is gone.
    pub fn is_deleted(&self) -> bool {
        self.link.lock().deleted
    }

    /// The entry `name`; `ENOENT`. Asks the file system only at a miss. May sleep.
    pub fn child(self: &Arc<Self>, name: &[u8]) -> Result<Arc<Dentry>> {
        let stable = self.inode.stable();
        if stable && let Some(child) = self.cached(name) {
            return Ok(child);
        }
        let inode = self.inode.lookup(name)?;
        if !stable && let Some(child) = self.cached(name) {
            // The same object as before: keep the dentry, something may be mounted on it.
            if child.inode.meta()?.ino == inode.meta()?.ino {
                return Ok(child);
            }
        }
        Ok(self.adopt(name, inode))
    }

    fn cached(&self, name: &[u8]) -> Option<Arc<Dentry>> {
        match self.children.lock().get(name)? {
            Child::Owned(child) => Some(child.clone()),
            Child::Known(child) => child.upgrade(),
        }
    }

    /// The dentry of a new entry.
    pub fn adopt(self: &Arc<Self>, name: &[u8], inode: Arc<dyn Inode>) -> Arc<Dentry> {
        let child = Dentry::new(inode, Some(self.clone()), name, false);
        let entry = if self.inode.stable() {
            Child::Owned(child.clone())
        } else {
            Child::Known(Arc::downgrade(&child))
        };
        let mut children = self.children.lock();
        if !self.inode.stable() && children.len() >= 64 {
            children.retain(|_, c| matches!(c, Child::Known(weak) if weak.strong_count() > 0));
        }
        let _old = children.insert(name.into(), entry);
        child
    }

    /// The name is gone from this directory.
    pub fn forget(&self, name: &[u8]) {
        let child = self.children.lock().remove(name);
        if let Some(child) = child.and_then(Child::into_arc) {
            child.link.lock().deleted = true;
            // A removed directory is empty, but its weak children may linger.
            child.children.lock().clear();
        }
    }

    /// rename(2) moved `name` to `to_name` in `to`.
    pub fn moved(self: &Arc<Self>, name: &[u8], to: &Arc<Dentry>, to_name: &[u8], swapped: bool) {
        let child = self.children.lock().remove(name);
        let other = to.children.lock().remove(to_name);
        match other.and_then(Child::into_arc) {
            Some(other) if swapped => self.place_child(name, other),
            Some(other) => other.link.lock().deleted = true,
            None => {}
        }
        if let Some(child) = child.and_then(Child::into_arc) {
            to.place_child(to_name, child);
        }
    }

    fn place_child(self: &Arc<Self>, name: &[u8], child: Arc<Dentry>) {
        {
            let mut link = child.link.lock();
            link.name = name.into();
            let _old = link.parent.replace(self.clone());
        }
        self.children
            .lock()
            .insert(name.into(), Child::Owned(child));
    }

    /// Whether `self` is `other` or below it in the same file system.
    pub fn is_below(self: &Arc<Self>, other: &Arc<Dentry>) -> bool {
        let mut at = self.clone();
        loop {
            if Arc::ptr_eq(&at, other) {
                return true;
            }
            let Some(parent) = at.parent() else {
                return false;
            };
            at = parent;
        }
    }

    /// Lets the cached names go, so that parents and children stop owning each other. At unmount.
    pub fn clear(&self) {
        let children = core::mem::take(&mut *self.children.lock());
        for child in children.into_values().filter_map(Child::into_arc) {
            child.clear();
        }
    }

    /// Whether something is mounted here.
    pub fn is_mountpoint(&self) -> bool {
        self.mounts.load(Ordering::Relaxed) > 0
    }

    pub(super) fn count_mount(&self, change: i32) {
        self.mounts.fetch_add(change as u32, Ordering::Relaxed);
    }
}

impl Child {
    fn into_arc(self) -> Option<Arc<Dentry>> {
        match self {
            Child::Owned(child) => Some(child),
            Child::Known(weak) => weak.upgrade(),
        }
    }
}

/// Where something is in the tree of a mount namespace.
#[derive(Clone)]
pub struct Place {
    pub(super) mount: Arc<Mount>,
    pub(super) dentry: Arc<Dentry>,
}

impl PartialEq for Place {
    fn eq(&self, other: &Place) -> bool {
        Arc::ptr_eq(&self.mount, &other.mount) && Arc::ptr_eq(&self.dentry, &other.dentry)
    }
}

impl Place {
    /// The object there.
    pub fn inode(&self) -> &Arc<dyn Inode> {
        self.dentry.inode()
    }

    /// The mount.
    pub fn mount(&self) -> &Arc<Mount> {
        &self.mount
    }

    /// The name.
    pub fn dentry(&self) -> &Arc<Dentry> {
        &self.dentry
    }

    /// The place that an open file was opened through.
    pub fn of(file: &crate::file::OpenFile) -> Option<&Place> {
        file.file.place()?.downcast_ref()
    }

    /// The directory above, across mounts; the root of everything is its own parent.
    pub fn parent(&self) -> Place {
        let mut at = self.clone();
        loop {
            if let Some(parent) = at.dentry.parent() {
                return Place {
                    mount: at.mount,
                    dentry: parent,
                };
            }
            match at.mount.covered() {
                Some(below) => at = below,
                None => return at,
            }
        }
    }

    /// The absolute path from the root of its mount namespace, with " (deleted)" where the
    /// name is gone. proc(5).
    pub fn path_from_root(&self) -> Vec<u8> {
        self.path_from(&super::mount::root_of(&self.mount))
    }

    /// The path, or what the object calls itself where no path leads to it.
    pub fn label(&self) -> Vec<u8> {
        match self.inode().label() {
            Some(label) if self.mount.covered().is_none() => label,
            _ => self.path_from_root(),
        }
    }

    /// [`Place::path_from_root`] for people and for `File::link_name`.
    pub fn display(&self) -> String {
        String::from_utf8_lossy(&self.label()).into_owned()
    }

    /// The path for a process whose root is `root`; "(unreachable)" in front when it
    /// is not below it. getcwd(2).
    pub fn path_from(&self, root: &Place) -> Vec<u8> {
        let mut parts: Vec<Box<[u8]>> = Vec::new();
        let mut at = self.clone();
        let mut reached = true;
        while at != *root {
            if let Some(parent) = at.dentry.parent() {
                parts.push(at.dentry.name());
                at.dentry = parent;
            } else if at.dentry.is_deleted() {
                // It never had a place: memfd_create(2), O_TMPFILE.
                parts.push(at.dentry.name());
                break;
            } else if let Some(below) = at.mount.covered() {
                at = below;
            } else {
                reached = false;
                break;
            }
        }
        let mut path = if reached {
            Vec::new()
        } else {
            b"(unreachable)".to_vec()
        };
        for part in parts.iter().rev() {
            if !part.starts_with(b"/") {
                path.push(b'/');
            }
            path.extend_from_slice(part);
        }
        if path.is_empty() {
            path.push(b'/');
        }
        if self.dentry.is_deleted() {
            path.extend_from_slice(b" (deleted)");
        }
        path
    }
}
