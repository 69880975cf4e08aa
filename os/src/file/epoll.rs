//! epoll(7).
//!
//! What it is: [`Epoll`], a set of items (descriptor, description, interest) with a
//! list of those that may be ready. Who calls: `syscall/poll/epoll.rs`; the wait queues of
//! watched objects call [`Item::wake`]. Who locks: two spin locks, one for the set,
//! one for the ready list; neither is held over a `poll` of a watched object, a wake-up
//! or a user copy. The list is a hint: waiting asks each listed object again, so a wait
//! costs what is ready, not what is watched. Typical sequence:
//!
//! ```text
//! ctl(ADD)  -> register on the object's queue -> ready already? list it
//! arrival   -> Item::wake -> list it once -> wake the epoll's own queue
//! wait      -> take items off the list -> poll each -> report; level-triggered ones go back to the end
//! ```
//!
//! An item goes when it is deleted, when its epoll closes, or when the watched
//! description is closed by its last descriptor.

use super::{Events, Fd, File, OpenFile, VectorFlags, anon_stat, hooks};
use crate::{
    Result,
    mm::UserPtr,
    sched::{Entry, WaitQueue, Waiter},
    sync::SpinLock,
};
use abi::{
    Errno,
    general::{
        CAP_NET_ADMIN, EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD, EPOLLERR, EPOLLET,
        EPOLLEXCLUSIVE, EPOLLHUP, EPOLLIN, EPOLLONESHOT, EPOLLOUT, EPOLLWAKEUP, O_RDWR,
        epoll_event,
    },
};
use alloc::{
    collections::{BTreeMap, VecDeque},
    string::String,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::{
    any::Any,
    mem::offset_of,
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Bits of `epoll_event.events` that are not readiness.
const PRIVATE: u32 = EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE;
/// What may stand beside EPOLLEXCLUSIVE. epoll_ctl(2)
const WITH_EXCLUSIVE: u32 =
    EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;
/// How many epolls may stand on one another (Linux's EP_MAX_NESTS).
const MAX_NESTS: usize = 4;

/// An epoll instance.
pub struct Epoll {
    me: Weak<Epoll>,
    items: SpinLock<BTreeMap<Key, Arc<Item>>>,
    ready: SpinLock<VecDeque<Arc<Item>>>,
    /// Waits in epoll_wait(2), and whoever polls the epoll itself.
    queue: WaitQueue,
    /// EPIOCSPARAMS; kept and given back.
    params: SpinLock<BusyPoll>,
    /// Descriptions of this epoll that are watched by others, for the nesting limit.
    parents: SpinLock<Vec<Weak<Epoll>>>,
}

const EPIOCSPARAMS: u32 = 0x4008_8a01;
const EPIOCGPARAMS: u32 = 0x8008_8a02;

/// `struct epoll_params`: how long and how much to look at network cards before sleeping. Nothing
/// here polls a card, as Linux does not for sockets without a card that can (lo).
#[derive(Clone, Copy, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct BusyPoll {
    usecs: u32,
    budget: u16,
    prefer: u8,
    pad: u8,
}

impl BusyPoll {
    /// The greatest budget without CAP_NET_ADMIN (NAPI_POLL_WEIGHT).
    const WEIGHT: u16 = 64;

    fn checked(self) -> Result<BusyPoll> {
        if self.pad != 0 || self.prefer > 1 || self.usecs > i32::MAX as u32 {
            return Err(Errno::EINVAL);
        }
        if self.budget > Self::WEIGHT && !hooks::tasks().capable(CAP_NET_ADMIN) {
            return Err(Errno::EPERM);
        }
        Ok(self)
    }
}

/// The same descriptor number may be watched for two descriptions, one after the other.
type Key = (Fd, usize);

/// One watched description.
pub struct Item {
    me: Weak<Item>,
    epoll: Weak<Epoll>,
    key: Key,
    description: Weak<OpenFile>,
    file: Arc<dyn File>,
    /// `epoll_event.events`; without readiness bits the item sleeps (EPOLLONESHOT).
    interest: AtomicU32,
    data: AtomicU64,
    listed: AtomicBool,
    removed: AtomicBool,
    /// Membership in the object's queue.
    entry: SpinLock<Option<Entry>>,
}

/// The items that watch a description.
pub struct WatchList(SpinLock<Vec<Weak<Item>>>);

/// epoll_create1(2): the description, without its descriptor.
pub fn create() -> Arc<OpenFile> {
    let epoll = Arc::new_cyclic(|me| Epoll {
        me: me.clone(),
        items: SpinLock::new(BTreeMap::new()),
        ready: SpinLock::new(VecDeque::new()),
        queue: WaitQueue::new(),
        params: SpinLock::new(BusyPoll::default()),
        parents: SpinLock::new(Vec::new()),
    });
    OpenFile::new(epoll, O_RDWR)
}

impl Epoll {
    /// The epoll behind a description; `EINVAL` when it is something else.
    pub fn of(file: &OpenFile) -> Result<&Epoll> {
        file.file.as_any().downcast_ref().ok_or(Errno::EINVAL)
    }

    /// epoll_ctl(2). `event` is not looked at for EPOLL_CTL_DEL. Does not block.
    pub fn ctl(
        &self,
        operation: u32,
        fd: Fd,
        target: &Arc<OpenFile>,
        event: epoll_event,
    ) -> Result<()> {
        // Files without a queue (regular files, directories, /dev/null) cannot be watched.
        if target.file.queue().is_none() {
            return Err(Errno::EPERM);
        }
        let nested = Epoll::of(target).ok();
        if nested.is_some_and(|nested| core::ptr::eq(nested, self)) {
            return Err(Errno::EINVAL);
        }
        let key = (fd, Arc::as_ptr(target) as usize);
        let exclusive = event.events & EPOLLEXCLUSIVE != 0;
        match operation {
            EPOLL_CTL_ADD => {
                if exclusive && (event.events & !WITH_EXCLUSIVE != 0 || nested.is_some()) {
                    return Err(Errno::EINVAL);
                }
                if self.items.lock().contains_key(&key) {
                    return Err(Errno::EEXIST);
                }
                self.add(key, target, nested, event)
            }
            EPOLL_CTL_MOD => {
                if exclusive {
                    return Err(Errno::EINVAL);
                }
                let item = self.find(key)?;
                if item.interest.load(Relaxed) & EPOLLEXCLUSIVE != 0 {
                    return Err(Errno::EINVAL);
                }
                item.data.store(event.data, Relaxed);
                item.interest
                    .store(event.events | EPOLLERR | EPOLLHUP, Relaxed);
                if let Some(entry) = &*item.entry.lock() {
                    entry.set_interest(interest(event.events));
                }
                self.list_if_ready(&item);
                Ok(())
            }
            EPOLL_CTL_DEL => {
                let item = self.find(key)?;
                self.remove(&item);
                target.watchers.forget(&item);
                Ok(())
            }
            _ => Err(Errno::EINVAL),
        }
    }

    fn find(&self, key: Key) -> Result<Arc<Item>> {
        self.items.lock().get(&key).cloned().ok_or(Errno::ENOENT)
    }

    fn add(
        &self,
        key: Key,
        target: &Arc<OpenFile>,
        nested: Option<&Epoll>,
        event: epoll_event,
    ) -> Result<()> {
        if let Some(nested) = nested {
            self.check_nesting(nested)?;
            nested.parents.lock().push(self.me.clone());
        }
        let item = Arc::new_cyclic(|me| Item {
            me: me.clone(),
            epoll: self.me.clone(),
            key,
            description: Arc::downgrade(target),
            file: target.file.clone(),
            interest: AtomicU32::new(event.events | EPOLLERR | EPOLLHUP),
            data: AtomicU64::new(event.data),
            listed: AtomicBool::new(false),
            removed: AtomicBool::new(false),
            entry: SpinLock::new(None),
        });
        self.items.lock().insert(key, item.clone());
        target.watchers.0.lock().push(Arc::downgrade(&item));
        if let Some(queue) = target.file.queue() {
            let waiter: Weak<Item> = Arc::downgrade(&item);
            let exclusive = event.events & EPOLLEXCLUSIVE != 0;
            let entry = queue.register(waiter, interest(event.events), exclusive);
            *item.entry.lock() = Some(entry);
        }
        self.list_if_ready(&item);
        Ok(())
    }

    /// Takes the item out of the set and off its object's queue. The ready list
    /// loses it when it is next looked at.
    fn remove(&self, item: &Arc<Item>) {
        item.removed.store(true, Relaxed);
        let _entry = item.entry.lock().take();
        self.items.lock().remove(&item.key);
        if let Some(nested) = item.file.as_any().downcast_ref::<Epoll>() {
            let mut parents = nested.parents.lock();
            if let Some(at) = parents
                .iter()
                .position(|parent| Weak::ptr_eq(parent, &self.me))
            {
                parents.swap_remove(at);
            }
        }
    }

    fn list_if_ready(&self, item: &Arc<Item>) {
        if item.ready() != 0 {
            self.list(item);
        }
    }

    /// Puts the item on the ready list unless it is there, and tells who waits.
    fn list(&self, item: &Arc<Item>) {
        if !item.listed.swap(true, Relaxed) {
            self.ready.lock().push_back(item.clone());
        }
        self.queue.wake(Events::IN | Events::RDNORM);
    }

    /// What epoll_wait(2) sleeps on.
    pub fn ready_queue(&self) -> &WaitQueue {
        &self.queue
    }

    /// One attempt of epoll_wait(2): reports up to `max` ready items to `events` and
    /// returns how many; `None` when nothing is ready. `EFAULT` when not even the
    /// first event could be stored.
    pub fn harvest(&self, events: &UserPtr<epoll_event>, max: usize) -> Option<Result<usize>> {
        let mut count = 0;
        // Level-triggered items go to the end again: look at each only once.
        let mut left = self.ready.lock().len();
        while left > 0 && count < max {
            left -= 1;
            let Some(item) = self.ready.lock().pop_front() else {
                break;
            };
            item.listed.store(false, Relaxed);
            let ready = item.ready();
            if ready == 0 {
                continue;
            }
            // Field by field: between them is a gap, with whatever was on the stack.
            let event = events.add(count);
            let bits = event.field::<u32>(offset_of!(epoll_event, events));
            let data = event.field::<u64>(offset_of!(epoll_event, data));
            let stored = bits.write(&ready);
            if let Err(error) = stored.and_then(|()| data.write(&item.data.load(Relaxed))) {
                item.listed.store(true, Relaxed);
                self.ready.lock().push_front(item);
                return Some(if count == 0 { Err(error) } else { Ok(count) });
            }
            count += 1;
            let interest = item.interest.load(Relaxed);
            if interest & EPOLLONESHOT != 0 {
                item.interest.store(interest & PRIVATE, Relaxed);
            } else if interest & EPOLLET == 0 && !item.listed.swap(true, Relaxed) {
                self.ready.lock().push_back(item);
            }
        }
        (count > 0).then_some(Ok(count))
    }

    /// `ELOOP` when watching `nested` would close a circle or stand too many epolls on one another.
    fn check_nesting(&self, nested: &Epoll) -> Result<()> {
        let below = nested.depth_below(self, 0).ok_or(Errno::ELOOP)?;
        let above = self.depth_above(0);
        if below + 1 + above > MAX_NESTS {
            return Err(Errno::ELOOP);
        }
        Ok(())
    }

    /// How many epolls stand below this one; `None` when `top` is among them or there are too many.
    fn depth_below(&self, top: &Epoll, depth: usize) -> Option<usize> {
        if core::ptr::eq(self, top) || depth > MAX_NESTS {
            return None;
        }
        let children: Vec<Arc<Item>> = self.items.lock().values().cloned().collect();
        let mut deepest = 0;
        for child in children {
            if let Some(nested) = child.file.as_any().downcast_ref::<Epoll>() {
                deepest = deepest.max(nested.depth_below(top, depth + 1)? + 1);
            }
        }
        Some(deepest)
    }

    fn depth_above(&self, depth: usize) -> usize {
        if depth > MAX_NESTS {
            return depth;
        }
        let parents = self.parents.lock().clone();
        let heights = parents.iter().filter_map(Weak::upgrade);
        heights
            .map(|parent| parent.depth_above(depth + 1) + 1)
            .max()
            .unwrap_or(0)
    }
}

impl File for Epoll {
    /// Readable when an item is ready, so that epolls nest. epoll(7), Q3.
    fn poll(&self) -> Events {
        let mut left = self.ready.lock().len();
        while left > 0 {
            left -= 1;
            let Some(item) = self.ready.lock().pop_front() else {
                break;
            };
            if item.ready() != 0 {
                self.ready.lock().push_front(item);
                return Events::IN | Events::RDNORM;
            }
            item.listed.store(false, Relaxed);
        }
        Events::empty()
    }

    fn queue(&self) -> Option<&WaitQueue> {
        Some(&self.queue)
    }

    fn ignores_seek(&self) -> bool {
        true
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(anon_stat(0o600, 1))
    }

    /// EPIOCSPARAMS and EPIOCGPARAMS; everything else is `EINVAL` here, not `ENOTTY`. ioctl_eventpoll(2)
    fn ioctl(&self, request: u32, arg: usize) -> Result<usize> {
        let params = UserPtr::<BusyPoll>::new(arg);
        match request {
            EPIOCGPARAMS => params.write(&*self.params.lock())?,
            EPIOCSPARAMS => *self.params.lock() = params.read()?.checked()?,
            _ => return Err(Errno::EINVAL),
        }
        Ok(0)
    }

    fn link_name(&self) -> String {
        "anon_inode:[eventpoll]".into()
    }

    fn release(&self) {
        let items = core::mem::take(&mut *self.items.lock());
        for item in items.into_values() {
            self.remove(&item);
            if let Some(description) = item.description.upgrade() {
                description.watchers.forget(&item);
            }
        }
        self.ready.lock().clear();
    }

    fn vector_flags(&self) -> (VectorFlags, VectorFlags) {
        (VectorFlags::Absent, VectorFlags::Absent)
    }

    fn signals_owner(&self) -> bool {
        false
    }

    fn can_splice(&self) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The readiness bits of `epoll_event.events`.
fn interest(events: u32) -> Events {
    Events::from_bits_truncate(events & !PRIVATE)
}

impl Item {
    /// The readiness that the item is interested in, now.
    fn ready(&self) -> u32 {
        let interest = self.interest.load(Relaxed);
        if interest & !PRIVATE == 0 || self.removed.load(Relaxed) {
            return 0;
        }
        self.file.poll().bits() & interest
    }
}

impl Waiter for Item {
    /// With EPOLLEXCLUSIVE the event is seen to when a thread sleeps in epoll_wait(2) for just
    /// this: an epoll where nobody waits does not keep the event from the others.
    fn wake(&self, events: Events) -> bool {
        let asked = self.interest.load(Relaxed);
        let interest = asked & !PRIVATE;
        let concerns = events.is_empty() || events.bits() & interest != 0;
        if interest == 0 || !concerns || self.removed.load(Relaxed) {
            return false;
        }
        let (Some(epoll), Some(item)) = (self.epoll.upgrade(), self.me.upgrade()) else {
            return false;
        };
        let both = Events::IN | Events::OUT;
        let seen = asked & EPOLLEXCLUSIVE != 0
            && epoll.queue.has_sleeper()
            && !events.contains(both)
            && (!events.intersects(both) || events.bits() & interest & both.bits() != 0);
        epoll.list(&item);
        seen
    }
}

impl WatchList {
    /// Nobody watches.
    pub const fn new() -> WatchList {
        WatchList(SpinLock::new(Vec::new()))
    }

    /// The description is closed: every item that watches it goes.
    pub fn leave(&self) {
        let items = core::mem::take(&mut *self.0.lock());
        for item in items.iter().filter_map(Weak::upgrade) {
            if let Some(epoll) = item.epoll.upgrade() {
                epoll.remove(&item);
            }
        }
    }

    fn forget(&self, item: &Arc<Item>) {
        let gone = Arc::as_ptr(item);
        self.0
            .lock()
            .retain(|watcher| !core::ptr::eq(watcher.as_ptr(), gone));
    }
}
