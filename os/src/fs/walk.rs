//! Path resolution. path_resolution(7), openat2(2).
//!
//! [`walk`] goes through a path component by component and stops at the last one:
//! the answer says in which directory it is, how it is called and what is there, so
//! that open(2), mkdir(2), unlink(2) and rename(2) share one walk. [`existing`] is
//! the short form for calls that need something to be there.

use super::{
    Caller, Kind, Place,
    inode::Target,
    mount::{self, MountFlags},
};
use crate::{Result, file::OpenFile};
use abi::Errno;
use alloc::{sync::Arc, vec::Vec};
use core::mem;

/// Symbolic links in one walk; more are `ELOOP`.
const MAX_LINKS: u32 = 40;
/// Bytes in one component.
pub const NAME_MAX: usize = 255;

bitflags::bitflags! {
    /// How to walk; the first six with openat2(2)'s values.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct How: u64 {
        /// Stay on one mount: `EXDEV`.
        const NO_XDEV = 1;
        /// Do not follow the links of /proc/<pid> that are objects: `ELOOP`.
        const NO_MAGICLINKS = 2;
        /// Follow no link at all: `ELOOP`.
        const NO_SYMLINKS = 4;
        /// Stay below the start: `EXDEV`.
        const BENEATH = 8;
        /// The start is the root.
        const IN_ROOT = 16;
        /// Answer without I/O or fail with `EAGAIN`.
        const CACHED = 32;
        /// Follow a link in the last component too.
        const FOLLOW = 1 << 32;
    }
}

/// The last component of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Last {
    /// A name that may or may not exist.
    Name(Vec<u8>),
    /// "." or a path that is only slashes: the directory itself.
    Dot,
    /// "..".
    DotDot,
}

/// Where a walk ended.
pub struct Found {
    /// The directory that the last component is in.
    pub parent: Place,
    /// The last component, after following links.
    pub last: Last,
    /// What is there.
    pub place: Option<Place>,
    /// The path ended with a slash: it must be a directory.
    pub slash: bool,
    /// The object of a link that leads to an open file without a name (/proc/self/fd/N of a pipe).
    pub file: Option<Arc<OpenFile>>,
}

impl Found {
    /// What is there, `ENOENT` when nothing is.
    pub fn existing(self) -> Result<Place> {
        match self.place {
            Some(place) => Ok(place),
            // A pipe or a socket has no place; calls that need one cannot use it.
            None if self.file.is_some() => Err(Errno::EOPNOTSUPP),
            None => Err(Errno::ENOENT),
        }
    }

    /// For calls that make a name: the directory and the name; `EEXIST` when it is there.
    pub fn vacant(self) -> Result<(Place, Vec<u8>)> {
        match (self.place, self.last) {
            (None, Last::Name(name)) => Ok((self.parent, name)),
            _ => Err(Errno::EEXIST),
        }
    }
}

/// The place at a path; `follow` is about the last component.
pub fn existing(cx: &Caller<'_>, start: Place, path: &[u8], follow: bool) -> Result<Place> {
    let how = if follow { How::FOLLOW } else { How::empty() };
    walk(cx, start, path, how)?.existing()
}

/// Walks `path` from `start` (or from the root for an absolute path). The last
/// component need not exist. Errors: `ENOENT`, `ENOTDIR`, `EACCES`, `ELOOP`,
/// `ENAMETOOLONG`, and those of openat2(2).
pub fn walk(cx: &Caller<'_>, start: Place, path: &[u8], how: How) -> Result<Found> {
    if path.is_empty() {
        return Err(Errno::ENOENT);
    }
    let scoped = how.intersects(How::BENEATH | How::IN_ROOT);
    let root = if scoped { start.clone() } else { cx.fs.root() };
    let mut walker = Walker {
        cx,
        root,
        at: start,
        how,
        links: 0,
        jumped: None,
    };
    if path[0] == b'/' {
        walker.go_to_root()?;
    }
    walker.run(path.to_vec())
}

struct Walker<'a> {
    cx: &'a Caller<'a>,
    root: Place,
    at: Place,
    how: How,
    links: u32,
    /// The last component was a link to a file without a name.
    jumped: Option<Arc<OpenFile>>,
}

/// What to do after a component.
enum Step {
    /// It is here; go on.
    Into(Place),
    /// It was a link; walk this first.
    Text(Vec<u8>),
    /// It was a link to an object without a place.
    Jumped,
}

impl Walker<'_> {
    /// Walks `path`; a symbolic link puts its text in front of what is left.
    fn run(&mut self, mut path: Vec<u8>) -> Result<Found> {
        let mut at = 0;
        loop {
            at += path[at..].iter().take_while(|&&b| b == b'/').count();
            let len = path[at..].iter().take_while(|&&b| b != b'/').count();
            let name = &path[at..at + len];
            let tail = &path[at + len..];
            let is_last = tail.iter().all(|&b| b == b'/');
            let slash = is_last && !tail.is_empty();
            if name.is_empty() {
                return Ok(self.found_here(Last::Dot, self.at.clone(), false));
            }
            self.check_search(name)?;
            match name {
                b"." if is_last => return Ok(self.found_here(Last::Dot, self.at.clone(), slash)),
                b"." => {}
                b".." => {
                    let below = self.at.clone();
                    self.up()?;
                    if is_last {
                        return Ok(self.found_here(Last::DotDot, below, slash));
                    }
                }
                _ => {
                    let follow = !is_last || slash || self.how.contains(How::FOLLOW);
                    match self.step(name, follow) {
                        Ok(Step::Into(place)) => {
                            let parent = mem::replace(&mut self.at, place);
                            if slash || !is_last {
                                self.check_directory()?;
                            }
                            if is_last {
                                return Ok(self.found_here(Last::Name(name.into()), parent, slash));
                            }
                        }
                        Ok(Step::Text(mut text)) => {
                            if text[0] == b'/' {
                                self.go_to_root()?;
                            }
                            text.extend_from_slice(tail);
                            (path, at) = (text, 0);
                            continue;
                        }
                        Ok(Step::Jumped) if is_last && !slash => {
                            let file = self.jumped.take();
                            return Ok(self.found_nothing(name, slash, file));
                        }
                        Ok(Step::Jumped) => return Err(Errno::ENOTDIR),
                        Err(Errno::ENOENT) if is_last => {
                            return Ok(self.found_nothing(name, slash, None));
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
            at += len;
        }
    }

    fn found_nothing(&self, name: &[u8], slash: bool, file: Option<Arc<OpenFile>>) -> Found {
        let (parent, last) = (self.at.clone(), Last::Name(name.into()));
        Found {
            parent,
            last,
            place: None,
            slash,
            file,
        }
    }

    fn found_here(&self, last: Last, parent: Place, slash: bool) -> Found {
        Found {
            parent,
            last,
            place: Some(self.at.clone()),
            slash,
            file: None,
        }
    }

    /// Search permission on where we are, and the length of the name.
    fn check_search(&self, name: &[u8]) -> Result<()> {
        let meta = self.at.inode().meta()?;
        if meta.kind() != Kind::Directory {
            return Err(Errno::ENOTDIR);
        }
        self.cx.creds.may(&meta, 1)?;
        if name.len() > NAME_MAX {
            Err(Errno::ENAMETOOLONG)
        } else {
            Ok(())
        }
    }

    fn check_directory(&self) -> Result<()> {
        match self.at.inode().meta()?.kind() {
            Kind::Directory => Ok(()),
            _ => Err(Errno::ENOTDIR),
        }
    }

    fn go_to_root(&mut self) -> Result<()> {
        if self.how.contains(How::BENEATH) {
            return Err(Errno::EXDEV);
        }
        self.enter(self.root.clone())
    }

    /// "..": not above the root of the walk.
    fn up(&mut self) -> Result<()> {
        if self.at == self.root {
            return if self.how.contains(How::BENEATH) {
                Err(Errno::EXDEV)
            } else {
                Ok(())
            };
        }
        self.enter(self.at.parent())
    }

    fn enter(&mut self, place: Place) -> Result<()> {
        if self.how.contains(How::NO_XDEV) && !Arc::ptr_eq(&place.mount, &self.at.mount) {
            return Err(Errno::EXDEV);
        }
        self.at = place;
        Ok(())
    }

    fn step(&mut self, name: &[u8], follow: bool) -> Result<Step> {
        let dentry = self.at.dentry.child(name)?;
        let place = mount::seen_at(Place {
            mount: self.at.mount.clone(),
            dentry,
        });
        if self.how.contains(How::NO_XDEV) && !Arc::ptr_eq(&place.mount, &self.at.mount) {
            return Err(Errno::EXDEV);
        }
        if !follow || place.inode().meta()?.kind() != Kind::Symlink {
            return Ok(Step::Into(place));
        }
        self.links += 1;
        if self.links > MAX_LINKS
            || self.how.contains(How::NO_SYMLINKS)
            || self.at.mount.flags().contains(MountFlags::NOSYMFOLLOW)
        {
            return Err(Errno::ELOOP);
        }
        let target = place.inode().read_link()?;
        if !matches!(target, Target::Path(_)) {
            if self.how.contains(How::NO_MAGICLINKS) {
                return Err(Errno::ELOOP);
            }
            // An object may be anywhere, so a scoped walk cannot follow to it.
            if self.how.intersects(How::BENEATH | How::IN_ROOT) {
                return Err(Errno::EXDEV);
            }
        }
        match target {
            Target::Path(text) if text.is_empty() => Err(Errno::ENOENT),
            Target::Path(text) => Ok(Step::Text(text)),
            Target::Place(place) => Ok(Step::Into(place)),
            Target::File(file) => match Place::of(&file) {
                Some(place) => Ok(Step::Into(place.clone())),
                None => {
                    self.jumped = Some(file);
                    Ok(Step::Jumped)
                }
            },
        }
    }
}
