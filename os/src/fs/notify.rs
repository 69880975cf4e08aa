//! inotify(7): who watches which inode, and the events that `fs` reports.
//!
//! Operations on names and files call the functions at the top after they succeeded;
//! with no watch anywhere that costs one load. An [`Instance`] is the object behind
//! inotify_init1(2); its watches are also listed by inode in one table.
//!
//! IN_DELETE_SELF is reported when the last name goes (Linux: when the last
//! descriptor goes as well).

use super::{Inode, Kind, Place};
use crate::{
    Result,
    file::{Events, File, Io, anon_stat, new_ino},
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

/// A name is gone; `place` is what it named.
pub fn deleted(parent: &Place, name: &[u8], place: &Place, dir: bool) {
    if idle() {
        return;
    }
    replaced(place);
    report(parent.inode(), IN_DELETE | is_dir(dir), 0, name);
}

/// An inode lost a name to rename(2) or unlink(2).
pub fn replaced(place: &Place) {
    if idle() {
        return;
    }
    let inode = place.inode();
    let dir = inode
        .meta()
        .is_ok_and(|meta| meta.kind() == Kind::Directory);
    if !dir {
        report(inode, IN_ATTRIB, 0, b"");
    }
    if inode.meta().is_ok_and(|meta| meta.nlink == 0) {
        report(inode, IN_DELETE_SELF, 0, b"");
        ignore_all(inode);
    }
}

/// rename(2).
pub fn moved(from: &Place, name: &[u8], to: &Place, to_name: &[u8], place: &Place, dir: bool) {
    if idle() {
        return;
    }
    let cookie = COOKIE.fetch_add(1, Ordering::Relaxed);
    report(from.inode(), IN_MOVED_FROM | is_dir(dir), cookie, name);
    report(to.inode(), IN_MOVED_TO | is_dir(dir), cookie, to_name);
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
    if let Some(parent) = place.dentry.parent().filter(|_| !place.dentry.is_deleted()) {
        report(parent.inode(), mask, 0, &place.dentry.name());
    }
    report(place.inode(), mask, 0, b"");
}

fn key(inode: &Arc<dyn Inode>) -> Option<(u64, u64)> {
    inode.meta().ok().map(|meta| (meta.dev, meta.ino))
}

fn report(inode: &Arc<dyn Inode>, mask: u32, cookie: u32, name: &[u8]) {
    if idle() {
        return;
    }
    let Some(key) = key(inode) else { return };
    let listeners = TABLE.lock().get(&key).cloned().unwrap_or_default();
    for Listener { instance, wd } in listeners {
        if let Some(instance) = instance.upgrade() {
            instance.event(wd, mask, cookie, name);
        }
    }
}

fn ignore_all(inode: &Arc<dyn Inode>) {
    let listeners = key(inode).and_then(|key| TABLE.lock().get(&key).cloned());
    for Listener { instance, wd } in listeners.unwrap_or_default() {
        if let Some(instance) = instance.upgrade() {
            // It exists: it was in the table a moment ago.
            let _ = instance.remove(wd);
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
    /// Keeps the inode, and so its number, alive.
    inode: Arc<dyn Inode>,
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
        let inode = place.inode().clone();
        let key = key(&inode).ok_or(Errno::ENOENT)?;
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
        state.watches.insert(wd, Watch { inode, key, mask });
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
        drop(watch.inode);
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

    fn event(&self, wd: i32, mask: u32, cookie: u32, name: &[u8]) {
        let wanted = self.state.lock().watches.get(&wd).map(|watch| watch.mask);
        let Some(wanted) = wanted.filter(|wanted| wanted & mask & IN_ALL_EVENTS != 0) else {
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

    fn as_any(&self) -> &dyn Any {
        self
    }
}
