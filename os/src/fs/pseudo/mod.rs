//! Generated trees: /proc and /sys, and how rooms publish files in them.
//!
//! Who calls: any room from `fs` up, usually once at start:
//!
//! ```text
//! fs::pseudo::proc().file("net/tcp", || stack::tcp_table());
//! fs::pseudo::proc().writable("sys/net/ipv4/ip_forward", || .., |bytes| ..);
//! fs::pseudo::sys().dynamic("class/net", Arc::new(Interfaces));
//! ```
//!
//! Directories in the path are made as needed. A [`Directory`] is for entries that
//! come and go (processes, descriptors, interfaces): it is asked at each look-up.
//! The text of a file is made when it is read from its beginning and kept for that
//! open file, so that a reader with a small buffer sees one consistent text.

mod file;
mod fixed;
mod inode;

use fixed::{Child, Fixed, FixedRef};
pub use inode::PseudoFs;

use super::inode::Target;
use crate::{Result, file::File};
use alloc::{string::String, sync::Arc, vec::Vec};

/// Reads the whole text of a file.
pub type Read = dyn Fn() -> Result<Vec<u8>> + Send + Sync;
/// Takes what one write(2) brought.
pub type Write = dyn Fn(&[u8]) -> Result<()> + Send + Sync;
/// Follows a link.
pub type Follow = dyn Fn() -> Result<Target> + Send + Sync;
/// Opens a file that reads and writes at positions of its own (/proc/<pid>/mem).
pub type Open = dyn Fn(u32) -> Result<Arc<dyn File>> + Send + Sync;

/// What a name in a generated tree stands for.
#[derive(Clone)]
pub struct Node {
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// What it is.
    pub body: Body,
}

/// See [`Node`].
#[derive(Clone)]
#[allow(missing_docs)]
pub enum Body {
    Text {
        read: Arc<Read>,
        write: Option<Arc<Write>>,
    },
    Link(Arc<Follow>),
    Directory(Arc<dyn Directory>),
    Open(Arc<Open>),
}

/// A directory whose entries are made when somebody looks.
pub trait Directory: Send + Sync {
    /// The entry with this name, `None` when there is none.
    fn get(&self, name: &str) -> Option<Node>;

    /// The names that there are now, with whether each is a directory, a link or a file.
    fn names(&self) -> Vec<(String, super::Kind)>;
}

impl Node {
    /// A read-only file, mode 0444, of root.
    pub fn text(read: impl Fn() -> Result<Vec<u8>> + Send + Sync + 'static) -> Node {
        Node::new(
            0o444,
            Body::Text {
                read: Arc::new(read),
                write: None,
            },
        )
    }

    /// A directory, mode 0555, of root.
    pub fn directory(directory: Arc<dyn Directory>) -> Node {
        Node::new(0o555, Body::Directory(directory))
    }

    /// A link to a path or an object, mode 0777.
    pub fn link(follow: impl Fn() -> Result<Target> + Send + Sync + 'static) -> Node {
        Node::new(0o777, Body::Link(Arc::new(follow)))
    }

    /// Any body, of root.
    pub fn new(mode: u32, body: Body) -> Node {
        Node {
            mode,
            uid: 0,
            gid: 0,
            body,
        }
    }

    /// The same with other permission bits.
    pub fn mode(mut self, mode: u32) -> Node {
        self.mode = mode;
        self
    }

    /// The same with another owner.
    pub fn owner(mut self, uid: u32, gid: u32) -> Node {
        (self.uid, self.gid) = (uid, gid);
        self
    }

    /// The same text, writable (mode gains 0200). `write` gets the bytes of each write(2).
    pub fn writable(mut self, with: impl Fn(&[u8]) -> Result<()> + Send + Sync + 'static) -> Node {
        if let Body::Text { write, .. } = &mut self.body {
            *write = Some(Arc::new(with));
            self.mode |= 0o200;
        }
        self
    }
}

/// One generated tree: names that were registered, and directories that make theirs.
pub struct Tree {
    top: Fixed,
}

/// What /proc shows, wherever it is mounted.
pub fn proc() -> &'static Tree {
    static PROC: Tree = Tree { top: Fixed::new() };
    &PROC
}

/// What /sys shows.
pub fn sys() -> &'static Tree {
    static SYS: Tree = Tree { top: Fixed::new() };
    &SYS
}

impl Tree {
    /// Puts `node` at `path` ("net/tcp"), replacing what was there.
    pub fn node(&'static self, path: &str, node: Node) {
        let (dir, name) = self.parent(path);
        dir.insert(name, Child::Leaf(node));
    }

    /// A read-only text file.
    pub fn file(&'static self, path: &str, text: impl Fn() -> String + Send + Sync + 'static) {
        self.node(path, Node::text(move || Ok(text().into_bytes())));
    }

    /// A text file that takes writes.
    pub fn writable(
        &'static self,
        path: &str,
        text: impl Fn() -> String + Send + Sync + 'static,
        write: impl Fn(&[u8]) -> Result<()> + Send + Sync + 'static,
    ) {
        self.node(
            path,
            Node::text(move || Ok(text().into_bytes())).writable(write),
        );
    }

    /// A symbolic link with a fixed text.
    pub fn link(&'static self, path: &str, target: &str) {
        let target = target.as_bytes().to_vec();
        self.node(path, Node::link(move || Ok(Target::Path(target.clone()))));
    }

    /// Adds the entries of `directory` at `path` ("" is the top); what is registered
    /// by name there wins. `task` publishes /proc/<pid> this way.
    pub fn dynamic(&'static self, path: &str, directory: Arc<dyn Directory>) {
        self.dir(path).add_dynamic(directory);
    }

    /// An empty directory at `path`, a place to mount something.
    pub fn directory(&'static self, path: &str) {
        self.dir(path);
    }

    fn parent<'a>(&'static self, path: &'a str) -> (FixedRef, &'a str) {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        (self.dir(dir), name)
    }

    fn dir(&'static self, path: &str) -> FixedRef {
        let mut at = FixedRef::Top(&self.top);
        for part in path.split('/').filter(|part| !part.is_empty()) {
            at = FixedRef::Below(at.dir(part));
        }
        at
    }
}
