//! Names: [`Dentry`] (a name in a directory) and [`Place`] (a dentry seen through a mount).

use super::{Inode, mount::Mount};
use alloc::{boxed::Box, sync::Arc, vec::Vec};

/// A name in a directory, with the inode behind it.
pub struct Dentry {
    inode: Arc<dyn Inode>,
    name: crate::sync::SpinLock<Box<[u8]>>,
}

impl Dentry {
    /// The object behind the name.
    pub fn inode(&self) -> &Arc<dyn Inode> {
        &self.inode
    }
}

/// Where something is in the tree of a mount namespace.
#[derive(Clone)]
pub struct Place {
    pub(super) mount: Arc<Mount>,
    pub(super) dentry: Arc<Dentry>,
}

impl Place {
    /// The object there.
    pub fn inode(&self) -> &Arc<dyn Inode> {
        self.dentry.inode()
    }

    /// The absolute path as the first process sees it, with " (deleted)" where the
    /// name is gone.
    pub fn path_from_root(&self) -> Vec<u8> {
        todo!()
    }

    /// The path for a process whose root is `root`; "(unreachable)" in front when it is not below it. getcwd(2).
    pub fn path_from(&self, _root: &Place) -> Vec<u8> {
        todo!()
    }
}
