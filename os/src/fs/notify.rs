//! inotify(7): who watches which inode, and the events that `fs` reports.
//!
//! Operations on names and files call the functions at the top after they succeeded;
//! with no watch anywhere that costs one load. An [`Instance`] is the object behind
//! inotify_init1(2); its watches are also listed by inode in one table.
//!
//! A watch does not keep its inode: numbers are never used twice, and an inode that
//! goes says so ([`inode_gone`]): IN_DELETE_SELF when its last name and its last
//! descriptor are gone, IN_UNMOUNT when its file system is.

use super::{Inode, Kind, Place};
use crate::{
    Result,
    file::{Events, File, Io, VectorFlags, anon_stat, new_ino},
    mm::{UserOut, UserPtr},
    sched::{self, Interruptible, WaitQueue},
    sync::SpinLock,
};
use abi::{Errno, general::*, ioctl::FIONREAD};
use alloc::{
    boxed::Box,
    collections::{BTreeMap, VecDeque},
    string::String,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::{
    any::Any,
    sync::atomic::{AtomicU32, AtomicUsize, Ordering},
};

/// `fs.inotify.max_queued_events`.
pub const MAX_QUEUED: usize = 16384;
/// `fs.inotify.max_user_watches`.
pub const MAX_WATCHES: usize = 8192;

/// How many watches there are; zero makes every report free.
static COUNT: AtomicUsize = AtomicUsize::new(0);
static COOKIE: AtomicU32 = AtomicU32::new(1);
/// (device, inode) -> watches.
static TABLE: SpinLock<BTreeMap<(u64, u64), Vec<Listener>>> = SpinLock::new(BTreeMap::new());

#[derive(Clone)]
struct Listener {
    instance: Weak<Instance>,
    wd: i32,
}

fn idle() -> bool {
    COUNT.load(Ordering::Relaxed) == 0
}

/// read(2), getdents64(2).
pub fn accessed(place: &Place) {
    with_parent(place, IN_ACCESS);
}

/// write(2), truncate(2).
pub fn modified(place: &Place) {
    with_parent(place, IN_MODIFY);
}

/// chmod(2) and its kin, link counts.
pub fn attributes(place: &Place) {
    with_parent(place, IN_ATTRIB);
}

/// open(2), execve(2).
pub fn opened(place: &Place) {
    with_parent(place, IN_OPEN);
}

/// The last close(2) of a description opened with `flags`.
pub fn closed(place: &Place, flags: u32) {
    let wrote = flags & O_ACCMODE != O_RDONLY;
    with_parent(
        place,
        if wrote {
            IN_CLOSE_WRITE
        } else {
            IN_CLOSE_NOWRITE
        },
    );
}

/// A new name in a directory.
pub fn created(parent: &Place, name: &[u8], dir: bool) {
    report(parent.inode(), IN_CREATE | is_dir(dir), 0, name);
}

/// A name is gone from a directory.
pub fn deleted(parent: &Place, name: &[u8], dir: bool) {
    report(parent.inode(), IN_DELETE | is_dir(dir), 0, name);
}

/// An inode lost a name to unlink(2) or rename(2).
pub fn unlinked(place: &Place) {
    report(place.inode(), IN_ATTRIB, 0, b"");
}

/// An inode is freed; `deleted` tells the removal of the last name from an unmount.
pub fn inode_gone(dev: u64, ino: u64, deleted: bool) {
    if idle() {
        return;
    }
    let listeners = TABLE.lock().get(&(dev, ino)).cloned().unwrap_or_default();
    let mask = if deleted { IN_DELETE_SELF } else { IN_UNMOUNT };
    for Listener { instance, wd } in listeners {
        if let Some(instance) = instance.upgrade() {
            instance.event(wd, mask, 0, b"", false);
            // Gone already where the watch was for one event only.
            let _ = instance.remove(wd);
        }
    }
}

/// rename(2); `target` is what was replaced.
pub fn moved(
    from: (&Place, &[u8]),
    to: (&Place, &[u8]),
    place: &Place,
    target: Option<&Place>,
    dir: bool,
) {
    if idle() {
        return;
    }
    let cookie = COOKIE.fetch_add(1, Ordering::Relaxed);
    report(from.0.inode(), IN_MOVED_FROM | is_dir(dir), cookie, from.1);
    report(to.0.inode(), IN_MOVED_TO | is_dir(dir), cookie, to.1);
    if let Some(target) = target {
        unlinked(target);
    }
    report(place.inode(), IN_MOVE_SELF, 0, b"");
}

fn is_dir(dir: bool) -> u32 {
    if dir { IN_ISDIR } else { 0 }
}

/// Events on a file are events in its directory, too.
fn with_parent(place: &Place, mask: u32) {
    if idle() {
        return;
    }
    let dir = place
        .inode()
        .meta()
        .is_ok_and(|meta| meta.kind() == Kind::Directory);
    let mask = mask | is_dir(dir);
    if let Some(parent) = place.dentry.parent() {
        let unlinked = place.dentry.is_deleted();
        report_about(parent.inode(), mask, 0, &place.dentry.name(), unlinked);
    }
    report(place.inode(), mask, 0, b"");
}

fn key(inode: &Arc<dyn Inode>) -> Option<(u64, u64)> {
    inode.meta().ok().map(|meta| (meta.dev, meta.ino))
}

fn report(inode: &Arc<dyn Inode>, mask: u32, cookie: u32, name: &[u8]) {
    report_about(inode, mask, cookie, name, false);
}

/// `unlinked`: the name that the event is about is gone, and IN_EXCL_UNLINK does not want to hear of it.
fn report_about(inode: &Arc<dyn Inode>, mask: u32, cookie: u32, name: &[u8], unlinked: bool) {
    if idle() {
        return;
    }
    let Some(key) = key(inode) else { return };
    let listeners = TABLE.lock().get(&key).cloned().unwrap_or_default();
    for Listener { instance, wd } in listeners {
        if let Some(instance) = instance.upgrade() {
            instance.event(wd, mask, cookie, name, unlinked);
        }
    }
}

/// An inotify instance: its watches and the events nobody has read yet.
pub struct Instance {
    me: Weak<Instance>,
    ino: u64,
    state: SpinLock<State>,
    readable: WaitQueue,
}

struct State {
    watches: BTreeMap<i32, Watch>,
    next_wd: i32,
    events: VecDeque<Event>,
}

struct Watch {
    key: (u64, u64),
    mask: u32,
}

#[derive(PartialEq, Eq)]
struct Event {
    wd: i32,
    mask: u32,
    cookie: u32,
    name: Box<[u8]>,
}

impl Event {
    /// The name is padded to whole `struct inotify_event`s.
    fn name_len(&self) -> usize {
        if self.name.is_empty() {
            0
        } else {
            (self.name.len() + 1).next_multiple_of(16)
        }
    }
}

impl Instance {
    /// inotify_init1(2).
    pub fn new() -> Arc<Instance> {
        Arc::new_cyclic(|me| Instance {
            me: me.clone(),
            ino: new_ino(),
            state: SpinLock::new(State {
                watches: BTreeMap::new(),
                next_wd: 1,
                events: VecDeque::new(),
            }),
            readable: WaitQueue::new(),
        })
    }

    /// inotify_add_watch(2): a new watch, or another mask for the one that there is.
    pub fn add(&self, place: &Place, mask: u32) -> Result<i32> {
        let key = key(place.inode()).ok_or(Errno::ENOENT)?;
        let mut state = self.state.lock();
        if let Some((&wd, watch)) = state.watches.iter_mut().find(|(_, watch)| watch.key == key) {
            if mask & IN_MASK_CREATE != 0 {
                return Err(Errno::EEXIST);
            }
            watch.mask = if mask & IN_MASK_ADD != 0 {
                watch.mask | mask
            } else {
                mask
            };
            return Ok(wd);
        }
        if COUNT.load(Ordering::Relaxed) >= MAX_WATCHES {
            return Err(Errno::ENOSPC);
        }
        let wd = state.next_wd;
        state.next_wd += 1;
        state.watches.insert(wd, Watch { key, mask });
        drop(state);
        let listener = Listener {
            instance: self.me.clone(),
            wd,
        };
        TABLE.lock().entry(key).or_default().push(listener);
        COUNT.fetch_add(1, Ordering::Relaxed);
        Ok(wd)
    }

    /// inotify_rm_watch(2): `EINVAL` without such a watch; IN_IGNORED follows.
    pub fn remove(&self, wd: i32) -> Result<()> {
        let watch = self.state.lock().watches.remove(&wd).ok_or(Errno::EINVAL)?;
        self.unlist(wd, watch.key);
        self.push(Event {
            wd,
            mask: IN_IGNORED,
            cookie: 0,
            name: Box::default(),
        });
        Ok(())
    }

    fn unlist(&self, wd: i32, key: (u64, u64)) {
        let mut table = TABLE.lock();
        if let Some(listeners) = table.get_mut(&key) {
            let me = |l: &Listener| l.wd == wd && core::ptr::eq(l.instance.as_ptr(), self);
            listeners.retain(|listener| !me(listener));
            if listeners.is_empty() {
                table.remove(&key);
            }
        }
        COUNT.fetch_sub(1, Ordering::Relaxed);
    }

    fn event(&self, wd: i32, mask: u32, cookie: u32, name: &[u8], unlinked: bool) {
        let wanted = self.state.lock().watches.get(&wd).map(|watch| watch.mask);
        // IN_UNMOUNT comes without being asked for. inotify(7)
        let wants = |&wanted: &u32| {
            wanted & mask & IN_ALL_EVENTS != 0 && !(unlinked && wanted & IN_EXCL_UNLINK != 0)
                || mask & IN_UNMOUNT != 0
        };
        let Some(wanted) = wanted.filter(wants) else {
            return;
        };
        self.push(Event {
            wd,
            mask,
            cookie,
            name: name.into(),
        });
        if wanted & IN_ONESHOT != 0 {
            // The watch was there a line above.
            let _ = self.remove(wd);
        }
    }

    fn push(&self, event: Event) {
        let mut state = self.state.lock();
        // A repetition of the last event says nothing new. inotify(7)
        if state.events.back() == Some(&event) {
            return;
        }
        match state.events.len() {
            MAX_QUEUED.. => return,
            len if len == MAX_QUEUED - 1 => {
                let full = Event {
                    wd: -1,
                    mask: IN_Q_OVERFLOW,
                    cookie: 0,
                    name: Box::default(),
                };
                state.events.push_back(full);
            }
            _ => state.events.push_back(event),
        }
        drop(state);
        self.readable.wake(Events::IN | Events::RDNORM);
    }

    /// As many whole events as fit; `EINVAL` when not even one does, `None` when there is none.
    fn take(&self, room: usize) -> Option<Result<Vec<u8>>> {
        let mut state = self.state.lock();
        state.events.front()?;
        let mut bytes = Vec::new();
        while let Some(event) = state.events.front() {
            let len = event.name_len();
            if bytes.len() + 16 + len > room {
                break;
            }
            bytes.extend_from_slice(&event.wd.to_ne_bytes());
            bytes.extend_from_slice(&event.mask.to_ne_bytes());
            bytes.extend_from_slice(&event.cookie.to_ne_bytes());
            bytes.extend_from_slice(&(len as u32).to_ne_bytes());
            let end = bytes.len() + len;
            bytes.extend_from_slice(&event.name);
            bytes.resize(end, 0);
            state.events.pop_front();
        }
        Some(if bytes.is_empty() {
            Err(Errno::EINVAL)
        } else {
            Ok(bytes)
        })
    }
}

impl File for Instance {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        let room = out.remaining();
        let bytes = if io.nonblock {
            self.take(room).ok_or(Errno::EAGAIN)??
        } else {
            sched::wait_until(&[&self.readable], None, Interruptible::Yes, || {
                self.take(room)
            })??
        };
        out.write(&bytes)
    }

    fn poll(&self) -> Events {
        if self.state.lock().events.is_empty() {
            Events::empty()
        } else {
            Events::IN | Events::RDNORM
        }
    }

    fn queue(&self) -> Option<&WaitQueue> {
        Some(&self.readable)
    }

    fn ioctl(&self, request: u32, arg: usize) -> Result<usize> {
        if request != FIONREAD {
            return Err(Errno::ENOTTY);
        }
        let bytes: usize = self
            .state
            .lock()
            .events
            .iter()
            .map(|e| 16 + e.name_len())
            .sum();
        UserPtr::<i32>::new(arg).write(&(bytes as i32))?;
        Ok(0)
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(anon_stat(0o600, self.ino))
    }

    fn link_name(&self) -> String {
        "anon_inode:inotify".into()
    }

    fn release(&self) {
        let watches = core::mem::take(&mut self.state.lock().watches);
        for (wd, watch) in watches {
            self.unlist(wd, watch.key);
        }
    }

    fn vector_flags(&self) -> (VectorFlags, VectorFlags) {
        (VectorFlags::Plain, VectorFlags::Absent)
    }

    fn ignores_seek(&self) -> bool {
        true
    }

    fn can_splice(&self) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
