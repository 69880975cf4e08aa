//! One instance of the file system: numbers, limits, and the nodes of the lower layer.

use super::node::{Body, Node};
use crate::{
    Result,
    fs::{
        Inode, Kind,
        dentry::Dentry,
        inode::{New, Stamp},
        lower::Lower,
        mount::{FileSystem, Usage, anonymous_dev, memory_pages},
    },
    mm::PAGE_SIZE,
    sync::SpinLock,
};
use abi::Errno;
use alloc::{
    string::String,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::mem;
use core::sync::atomic::{AtomicU64, Ordering};
use hashbrown::HashMap;

/// A mounted tmpfs, or the root overlay.
pub struct Volume {
    kind: &'static str,
    magic: u64,
    /// `st_dev`.
    pub(super) dev: u64,
    pub(super) lower: Option<Lower>,
    /// Nodes that came from the lower layer, by inode number.
    taken: SpinLock<HashMap<u32, Arc<Node>>>,
    next_ino: AtomicU64,
    /// Page frames in use, and how many there may be (`size=`).
    pages: AtomicU64,
    max_pages: u64,
    nodes: AtomicU64,
    root: SpinLock<Option<Arc<Node>>>,
    root_dentry: SpinLock<Option<Arc<Dentry>>>,
}

const PAGE: u64 = PAGE_SIZE as u64;
/// `TMPFS_MAGIC`, statfs(2).
const TMPFS_MAGIC: u64 = 0x0102_1994;
/// `DEVPTS_SUPER_MAGIC`.
const DEVPTS_MAGIC: u64 = 0x1cd1;
/// `OVERLAYFS_SUPER_MAGIC`.
const OVERLAY_MAGIC: u64 = 0x794c_7630;
/// New nodes of an overlay get numbers that no ext4 inode has (those have 32 bits).
const UPPER_INODES: u64 = 1 << 32;

/// Every volume with a lower layer: their clean pages can be read again.
static OVER_LOWER: SpinLock<Vec<Weak<Volume>>> = SpinLock::new(Vec::new());

/// Memory is short: gives clean pages of files back that nobody maps, about `wanted`;
/// says how many.
pub fn reclaim(wanted: u64) -> u64 {
    let volumes: Vec<Arc<Volume>> = {
        let mut list = OVER_LOWER.lock();
        list.retain(|volume| volume.strong_count() > 0);
        list.iter().filter_map(Weak::upgrade).collect()
    };
    let mut given = 0;
    for volume in volumes {
        given += volume.shrink(wanted - wanted.min(given));
    }
    given
}

impl Volume {
    /// An empty tmpfs. `mode`, `uid` and `gid` are the root's; `max_bytes` as `size=`
    /// (0: no limit but memory). `kind` is "tmpfs", "devtmpfs" or "devpts".
    pub fn empty(kind: &'static str, mode: u32, uid: u32, gid: u32, max_bytes: u64) -> Arc<Volume> {
        let magic = if kind == "devpts" {
            DEVPTS_MAGIC
        } else {
            TMPFS_MAGIC
        };
        let volume = Volume::new(kind, magic, None, max_bytes);
        let new = New {
            kind: Kind::Directory,
            mode,
            uid,
            gid,
            rdev: 0,
            target: b"",
        };
        let root = Node::create(&volume, &new);
        *volume.root.lock() = Some(root);
        volume
    }

    /// Memory over a read-only volume.
    pub fn over(lower: Lower) -> Result<Arc<Volume>> {
        let volume = Volume::new("overlay", OVERLAY_MAGIC, Some(lower), 0);
        OVER_LOWER.lock().push(Arc::downgrade(&volume));
        let root = volume.take(ext4::ROOT)?;
        if !matches!(root.body, Body::Directory(_)) {
            return Err(Errno::EIO);
        }
        *volume.root.lock() = Some(root);
        Ok(volume)
    }

    /// The one dentry of the root, for file systems whose names also change from inside
    /// the kernel: every mount must see the same cached names.
    pub fn root_dentry(&self) -> Arc<Dentry> {
        let root = self.root();
        self.root_dentry
            .lock()
            .get_or_insert_with(|| Dentry::root(root))
            .clone()
    }

    fn new(kind: &'static str, magic: u64, lower: Option<Lower>, max_bytes: u64) -> Arc<Volume> {
        Arc::new(Volume {
            kind,
            magic,
            dev: anonymous_dev(),
            next_ino: AtomicU64::new(if lower.is_some() { UPPER_INODES } else { 1 }),
            lower,
            taken: SpinLock::new(HashMap::new()),
            pages: AtomicU64::new(0),
            max_pages: if max_bytes == 0 {
                u64::MAX
            } else {
                max_bytes.div_ceil(PAGE)
            },
            nodes: AtomicU64::new(0),
            root: SpinLock::new(None),
            root_dentry: SpinLock::new(None),
        })
    }

    pub(super) fn next_ino(&self) -> u64 {
        self.nodes.fetch_add(1, Ordering::Relaxed);
        self.next_ino.fetch_add(1, Ordering::Relaxed)
    }

    /// The node of a lower inode; reads the inode at the first call. May sleep.
    pub(super) fn take(self: &Arc<Self>, number: u32) -> Result<Arc<Node>> {
        if let Some(node) = self.taken.lock().get(&number) {
            return Ok(node.clone());
        }
        let lower = self.lower.as_ref().ok_or(Errno::EIO)?;
        let node = Node::from_lower(self, lower.inode(number)?)?;
        // Somebody else may have been faster while we slept.
        Ok(self.taken.lock().entry(number).or_insert(node).clone())
    }

    /// The last name of a node is gone; it lives on as long as it is open.
    pub(super) fn forget(&self, ino: u64) {
        if let Ok(number) = u32::try_from(ino) {
            let _node = self.taken.lock().remove(&number);
        }
    }

    pub(super) fn node_gone(&self) {
        self.nodes.fetch_sub(1, Ordering::Relaxed);
    }

    /// Counts one more page; `ENOSPC` at the limit.
    pub(super) fn charge(&self) -> Result<()> {
        if self.pages.load(Ordering::Relaxed) >= self.max_pages {
            return Err(Errno::ENOSPC);
        }
        self.pages.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Whether so many pages more may be had; `ENOSPC`.
    pub(super) fn room_for(&self, pages: u64) -> Result<()> {
        let used = self.pages.load(Ordering::Relaxed);
        let (_, free) = memory_pages();
        if pages > free || used.saturating_add(pages) > self.max_pages {
            return Err(Errno::ENOSPC);
        }
        Ok(())
    }

    /// Gives clean pages back when less than an eighth of the memory is free, until a
    /// quarter is: the lower layer still has them.
    pub(super) fn make_room(&self) {
        let (total, free) = memory_pages();
        if free > total / 8 {
            return;
        }
        self.shrink((total / 4).saturating_sub(free));
    }

    /// Gives up to `wanted` clean pages back that nobody maps; says how many.
    fn shrink(&self, wanted: u64) -> u64 {
        let mut given = 0;
        let nodes: Vec<Arc<Node>> = self.taken.lock().values().cloned().collect();
        for data in nodes.iter().filter_map(|node| node.data()) {
            if given >= wanted {
                break;
            }
            given += data.shrink() as u64;
        }
        log::debug!("{given} of {wanted} pages given back");
        given
    }

    pub(super) fn uncharge(&self, pages: usize) {
        self.pages.fetch_sub(pages as u64, Ordering::Relaxed);
    }
}

impl FileSystem for Volume {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn root(&self) -> Arc<dyn Inode> {
        let root = self.root.lock().clone();
        // Both constructors set it before they hand the volume out.
        root.expect("a volume has a root")
    }

    fn root_dentry(&self) -> Arc<Dentry> {
        Volume::root_dentry(self)
    }

    /// The volume owns its nodes and they own it; this is where the circle opens.
    fn unmounted(&self) {
        if self.kind == "tmpfs" || self.lower.is_some() {
            let _dentry = self.root_dentry.lock().take();
            let _root = self.root.lock().take();
            let _taken = mem::take(&mut *self.taken.lock());
        }
    }

    fn dev(&self) -> u64 {
        self.dev
    }

    fn usage(&self) -> Usage {
        let used = self.pages.load(Ordering::Relaxed);
        let nodes = self.nodes.load(Ordering::Relaxed);
        let (total_pages, free_pages) = memory_pages();
        let (mut blocks, mut free) = (self.max_pages.min(total_pages), 0);
        free += blocks.saturating_sub(used).min(free_pages);
        let (mut files, mut files_free) = (nodes + free, free);
        if let Some(lower) = &self.lower {
            let below = lower.usage();
            // The lower layer's blocks count as used: there is room for new ones in memory only.
            blocks += below.blocks * below.block_size / PAGE;
            files += below.inodes;
            files_free += below.inodes_free;
        }
        Usage {
            magic: self.magic,
            block_size: PAGE,
            blocks,
            free,
            files,
            files_free,
        }
    }

    fn options(&self) -> String {
        match self.max_pages {
            _ if self.lower.is_some() => String::from(",lowerdir=/dev/root,upperdir=memory"),
            u64::MAX => String::new(),
            pages => alloc::format!(",size={}k", pages * (PAGE >> 10)),
        }
    }
}

/// When a node that is not from the lower layer is born.
pub(super) fn birth() -> [Stamp; 4] {
    [Stamp::now(); 4]
}
