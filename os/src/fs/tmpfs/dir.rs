//! Directories: names in order of their creation, so that a listing that is
//! interrupted by changes goes on where it was (readdir(3) promises that names that
//! stay are seen once).

use super::node::Node;
use crate::{
    Result,
    fs::{Kind, inode::DirEntry},
    sync::SpinLock,
};
use abi::Errno;
use alloc::{boxed::Box, collections::BTreeMap, sync::Arc, vec::Vec};
use hashbrown::HashMap;

/// The first position that is not "." or "..".
const FIRST: u64 = 2;

/// The names of a directory.
pub(super) struct Dir {
    names: SpinLock<Names>,
    /// Where the names come from until [`Dir::load`] has taken them over.
    lower: Option<ext4::Inode>,
}

#[derive(Default)]
struct Names {
    loaded: bool,
    by_name: HashMap<Box<[u8]>, u64>,
    by_position: BTreeMap<u64, Entry>,
    next: u64,
}

struct Entry {
    name: Box<[u8]>,
    child: Child,
}

#[derive(Clone)]
enum Child {
    Node(Arc<Node>),
    /// Not looked at yet: a lower inode number and its type.
    Lower(u32, Kind),
}

impl Names {
    fn insert(&mut self, name: &[u8], child: Child) {
        let position = self.next.max(FIRST);
        self.next = position + 1;
        self.by_name.insert(name.into(), position);
        self.by_position.insert(
            position,
            Entry {
                name: name.into(),
                child,
            },
        );
    }

    fn remove(&mut self, name: &[u8]) -> Option<Child> {
        let position = self.by_name.remove(name)?;
        self.by_position.remove(&position).map(|entry| entry.child)
    }

    fn get(&self, name: &[u8]) -> Option<&Child> {
        let position = self.by_name.get(name)?;
        self.by_position.get(position).map(|entry| &entry.child)
    }

    fn get_mut(&mut self, name: &[u8]) -> Option<&mut Child> {
        let position = self.by_name.get(name)?;
        self.by_position
            .get_mut(position)
            .map(|entry| &mut entry.child)
    }
}

impl Dir {
    pub(super) fn empty() -> Dir {
        let names = Names {
            loaded: true,
            ..Names::default()
        };
        Dir {
            names: SpinLock::new(names),
            lower: None,
        }
    }

    pub(super) fn from_lower(inode: ext4::Inode) -> Dir {
        Dir {
            names: SpinLock::new(Names::default()),
            lower: Some(inode),
        }
    }

    /// Takes the lower names over, once. May sleep.
    pub(super) fn load(&self, node: &Node) -> Result<()> {
        if self.names.lock().loaded {
            return Ok(());
        }
        let mut found: Vec<(Box<[u8]>, u32, Kind)> = Vec::new();
        if let (Some(inode), Some(lower)) = (&self.lower, &node.volume.lower) {
            lower.entries(inode, |name, number, kind| {
                found.push((name.into(), number, kind))
            })?;
        }
        let mut names = self.names.lock();
        if !names.loaded {
            names.loaded = true;
            for (name, number, kind) in found {
                names.insert(&name, Child::Lower(number, kind));
            }
        }
        Ok(())
    }

    /// `st_size`, as tmpfs counts: 20 bytes for each entry.
    pub(super) fn size(&self) -> u64 {
        match &self.lower {
            Some(inode) => inode.size,
            None => 40 + 20 * self.names.lock().by_name.len() as u64,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.lock().by_name.is_empty()
    }

    /// Calls `emit` with copies, outside of the lock: it writes to user memory.
    pub(super) fn list(&self, cookie: u64, emit: &mut dyn FnMut(DirEntry<'_>) -> bool) {
        let mut at = cookie.max(FIRST);
        loop {
            let next = {
                let names = self.names.lock();
                let entry = names.by_position.range(at..).next();
                entry.map(|(&position, e)| (position, e.name.clone(), e.child.clone()))
            };
            let Some((position, name, child)) = next else {
                return;
            };
            at = position + 1;
            let (ino, kind) = match child {
                Child::Node(node) => (node.ino, node.kind()),
                Child::Lower(number, kind) => (number.into(), kind),
            };
            if !emit(DirEntry {
                name: &name,
                ino,
                kind,
                next: at,
            }) {
                return;
            }
        }
    }
}

impl Node {
    /// The child with this name; a lower one becomes a node. May sleep.
    pub(super) fn dir_lookup(&self, name: &[u8]) -> Result<Arc<Node>> {
        let dir = self.dir()?;
        dir.load(self)?;
        let child = dir.names.lock().get(name).cloned().ok_or(Errno::ENOENT)?;
        let number = match child {
            Child::Node(node) => return Ok(node),
            Child::Lower(number, _) => number,
        };
        let node = self.volume.take(number)?;
        match dir.names.lock().get_mut(name) {
            Some(slot @ Child::Lower(..)) => *slot = Child::Node(node.clone()),
            Some(Child::Node(newer)) => return Ok(newer.clone()),
            None => return Err(Errno::ENOENT),
        }
        Ok(node)
    }

    /// Adds a name to a loaded directory; `EEXIST`, `ENOENT` in a removed one.
    pub(super) fn dir_insert(&self, name: &[u8], node: Arc<Node>) -> Result<()> {
        if self.attr.lock().nlink == 0 {
            return Err(Errno::ENOENT);
        }
        let is_dir = node.is_dir();
        let mut names = self.dir()?.names.lock();
        if names.get(name).is_some() {
            return Err(Errno::EEXIST);
        }
        names.insert(name, Child::Node(node));
        drop(names);
        if is_dir {
            self.attr.lock().nlink += 1;
        }
        self.touch_modified();
        Ok(())
    }

    /// Removes a name; a directory must be empty.
    pub(super) fn dir_remove(&self, name: &[u8]) -> Result<()> {
        let node = self.dir_lookup(name)?;
        if let Ok(dir) = node.dir() {
            dir.load(&node)?;
            if !dir.is_empty() {
                return Err(Errno::ENOTEMPTY);
            }
        }
        self.take_name(name)?;
        node.drop_name();
        Ok(())
    }

    /// Moves a name; everything that may sleep happens before the first change.
    pub(super) fn dir_rename(
        &self,
        name: &[u8],
        to: &Node,
        to_name: &[u8],
        exchange: bool,
    ) -> Result<()> {
        if !Arc::ptr_eq(&self.volume, &to.volume) {
            return Err(Errno::EXDEV);
        }
        to.dir()?.load(to)?;
        let node = self.dir_lookup(name)?;
        let old = match to.dir_lookup(to_name) {
            Ok(old) => Some(old),
            Err(Errno::ENOENT) => None,
            Err(error) => return Err(error),
        };
        if let Some(dir) = old
            .as_ref()
            .filter(|_| !exchange)
            .and_then(|old| old.dir().ok())
        {
            dir.load(to)?;
        }
        if to.attr.lock().nlink == 0 {
            return Err(Errno::ENOENT);
        }
        // From here on nothing sleeps.
        match old {
            Some(old) if exchange => {
                self.take_name(name)?;
                to.take_name(to_name)?;
                self.dir_insert(name, old.clone())?;
                old.touch_changed();
            }
            None if exchange => return Err(Errno::ENOENT),
            Some(old) => {
                if old.dir().is_ok_and(|dir| !dir.is_empty()) {
                    return Err(Errno::ENOTEMPTY);
                }
                self.take_name(name)?;
                to.take_name(to_name)?;
                old.drop_name();
            }
            None => {
                self.take_name(name)?;
            }
        }
        to.dir_insert(to_name, node.clone())?;
        node.touch_changed();
        Ok(())
    }

    /// Takes a name out and keeps this directory's link count and times.
    fn take_name(&self, name: &[u8]) -> Result<()> {
        let child = self.dir()?.names.lock().remove(name).ok_or(Errno::ENOENT)?;
        if matches!(&child, Child::Node(node) if node.is_dir()) {
            let mut attr = self.attr.lock();
            attr.nlink = attr.nlink.saturating_sub(1);
        }
        self.touch_modified();
        Ok(())
    }
}
