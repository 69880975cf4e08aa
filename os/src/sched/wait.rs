//! Wait queues: who wants to know when something becomes ready.
//!
//! Two kinds of waiters share a queue. Blocked threads hang nodes from their own
//! stacks into a list: blocking on a queue allocates nothing. Registered
//! [`Waiter`]s (epoll items, O_ASYNC owners) live in a table that is made at the
//! first registration. A wake of nobody is two loads.

use super::{
    Interruptible, cpu,
    thread::{State, Thread},
};
use crate::{
    Result,
    sync::SpinLock,
    time::{self, Instant},
};
use abi::Errno;
use alloc::{
    sync::{Arc, Weak},
    vec::Vec,
};
use core::{
    ptr,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

bitflags::bitflags! {
    /// Readiness, with the values of poll(2) and epoll(7).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct Events: u32 {
        #[allow(missing_docs)]
        const IN = 0x001;
        #[allow(missing_docs)]
        const PRI = 0x002;
        #[allow(missing_docs)]
        const OUT = 0x004;
        #[allow(missing_docs)]
        const ERR = 0x008;
        #[allow(missing_docs)]
        const HUP = 0x010;
        #[allow(missing_docs)]
        const NVAL = 0x020;
        #[allow(missing_docs)]
        const RDNORM = 0x040;
        #[allow(missing_docs)]
        const RDBAND = 0x080;
        #[allow(missing_docs)]
        const WRNORM = 0x100;
        #[allow(missing_docs)]
        const WRBAND = 0x200;
        #[allow(missing_docs)]
        const RDHUP = 0x2000;
    }
}

/// What every waiter hears of, asked or not. poll(2).
const ALWAYS: Events = Events::ERR.union(Events::HUP).union(Events::NVAL);

/// Somebody who waits: a blocked thread, an epoll item, an O_ASYNC owner.
pub trait Waiter: Send + Sync {
    /// Something happened that concerns `events`. Must not block, and must not
    /// call back into the object that woke it. Answers whether somebody sees to it: an
    /// exclusive waiter who says no leaves the event to the next one.
    fn wake(&self, events: Events) -> bool;
}

/// A list of waiters. Objects with readiness own one and call [`WaitQueue::wake`]
/// at each arrival (EPOLLET reports every arrival, epoll(7)), once per batch.
pub struct WaitQueue {
    lists: SpinLock<Lists>,
}

struct Lists {
    /// Nodes of blocked threads, oldest first.
    first: *mut Node,
    last: *mut Node,
    /// Registered waiters; made when the first one comes.
    registered: Option<Arc<Registry>>,
}

// SAFETY: the pointers lead to nodes on the stacks of threads inside `wait_on`,
// which unlinks them before it returns; they are followed under the lock only.
unsafe impl Send for Lists {}

impl Default for WaitQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl WaitQueue {
    /// An empty queue.
    pub const fn new() -> Self {
        WaitQueue {
            lists: SpinLock::new(Lists {
                first: ptr::null_mut(),
                last: ptr::null_mut(),
                registered: None,
            }),
        }
    }

    /// Wakes every non-exclusive waiter interested in `events` and one exclusive waiter.
    pub fn wake(&self, events: Events) {
        let lists = self.lists.lock();
        if !lists.first.is_null() {
            lists.wake_threads(events | ALWAYS);
        }
        if let Some(registry) = &lists.registered {
            let registry = registry.clone();
            drop(lists);
            registry.wake(events);
        }
    }

    /// Wakes everybody, whatever they wait for (the object is going away).
    pub fn wake_all(&self) {
        let lists = self.lists.lock();
        lists.wake_threads(Events::all());
        let registry = lists.registered.clone();
        drop(lists);
        if let Some(registry) = registry {
            registry.wake_all();
        }
    }

    /// Whether a thread sleeps here that nobody has woken yet.
    pub fn has_sleeper(&self) -> bool {
        self.lists.lock().has_sleeper()
    }

    /// Adds a waiter until the returned entry is dropped. `exclusive`: see EPOLLEXCLUSIVE.
    pub fn register(
        self: &WaitQueue,
        waiter: Weak<dyn Waiter>,
        interest: Events,
        exclusive: bool,
    ) -> Entry {
        let mut lists = self.lists.lock();
        let registry = lists.registered.get_or_insert_default().clone();
        drop(lists);
        let id = registry.add(waiter, interest | ALWAYS, exclusive);
        Entry { registry, id }
    }
}

/// Membership in a [`WaitQueue`]; dropping it leaves the queue.
pub struct Entry {
    registry: Arc<Registry>,
    id: u64,
}

impl Entry {
    /// Waits for other events from now on (EPOLL_CTL_MOD).
    pub fn set_interest(&self, interest: Events) {
        let mut items = self.registry.items.lock();
        if let Some(item) = items.iter_mut().find(|item| item.id == self.id) {
            item.interest = interest | ALWAYS;
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut items = self.registry.items.lock();
        let place = items.iter().position(|item| item.id == self.id);
        let item = place.map(|place| items.remove(place));
        drop(items);
        drop(item);
    }
}

/// The registered waiters of a queue. Entries share it, so a queue may go first.
struct Registry {
    items: SpinLock<Vec<Registration>>,
}

impl Default for Registry {
    fn default() -> Self {
        Registry {
            items: SpinLock::new(Vec::new()),
        }
    }
}

struct Registration {
    id: u64,
    waiter: Weak<dyn Waiter>,
    interest: Events,
    exclusive: bool,
}

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

impl Registry {
    fn add(&self, waiter: Weak<dyn Waiter>, interest: Events, exclusive: bool) -> u64 {
        let id = NEXT_ID.fetch_add(1, Relaxed);
        self.items.lock().push(Registration {
            id,
            waiter,
            interest,
            exclusive,
        });
        id
    }

    fn wake(&self, events: Events) {
        self.for_each(|item, seen| {
            let wanted = item.interest.intersects(events) && !(item.exclusive && seen);
            wanted.then_some(events)
        });
    }

    fn wake_all(&self) {
        self.for_each(|_, _| Some(Events::all()));
    }

    /// Wakes those for whom `choose` returns events, with the table unlocked:
    /// a waiter may register elsewhere, and dropping it may drop its entry here.
    /// The second argument of `choose` says that an exclusive waiter sees to it already.
    fn for_each(&self, choose: impl Fn(&Registration, bool) -> Option<Events>) {
        let mut index = 0;
        let mut seen = false;
        loop {
            let items = self.items.lock();
            let Some(item) = items.get(index) else { return };
            let exclusive = item.exclusive;
            let chosen = choose(item, seen).map(|events| (item.waiter.upgrade(), events));
            drop(items);
            if let Some((Some(waiter), events)) = chosen {
                seen |= waiter.wake(events) && exclusive;
            }
            index += 1;
        }
    }
}

/// One thread on one queue.
struct Node {
    next: *mut Node,
    prev: *mut Node,
    sleep: *const Sleep,
    interest: Events,
}

/// One call of [`wait_on`]; its nodes point here.
struct Sleep {
    thread: Arc<Thread>,
    woken: AtomicBool,
}

impl Node {
    const UNLINKED: Node = Node {
        next: ptr::null_mut(),
        prev: ptr::null_mut(),
        sleep: ptr::null(),
        interest: Events::empty(),
    };
}

impl Lists {
    fn has_sleeper(&self) -> bool {
        let mut node = self.first;
        while !node.is_null() {
            // SAFETY: as in `wake_threads`: linked nodes are alive while the lock is held (`&self`).
            let (next, woken) = unsafe { ((*node).next, (*(*node).sleep).woken.load(Relaxed)) };
            if !woken {
                return true;
            }
            node = next;
        }
        false
    }

    fn wake_threads(&self, events: Events) {
        let mut node = self.first;
        while !node.is_null() {
            // SAFETY: linked nodes and their `Sleep` live in a `wait_on` frame
            // that has not returned; the lock is held (`&self`), so they stay linked.
            let (next, interest, sleep) =
                unsafe { ((*node).next, (*node).interest, &*(*node).sleep) };
            if interest.intersects(events) {
                sleep.woken.store(true, Relaxed);
                sleep.thread.unblock();
            }
            node = next;
        }
    }

    /// # Safety
    /// `node` must stay in place until [`Lists::unlink`].
    unsafe fn link(&mut self, node: *mut Node) {
        // SAFETY: the caller's node is exclusively ours until it is linked; `last`
        // is null or a linked node, see `wake_threads`.
        unsafe {
            (*node).prev = self.last;
            (*node).next = ptr::null_mut();
            match self.last.is_null() {
                true => self.first = node,
                false => (*self.last).next = node,
            }
        }
        self.last = node;
    }

    /// # Safety
    /// `node` must be linked in this list.
    unsafe fn unlink(&mut self, node: *mut Node) {
        // SAFETY: `node` and its neighbours are linked here, hence alive.
        unsafe {
            let (prev, next) = ((*node).prev, (*node).next);
            match prev.is_null() {
                true => self.first = next,
                false => (*prev).next = next,
            }
            match next.is_null() {
                true => self.last = prev,
                false => (*next).prev = prev,
            }
        }
    }
}

/// Queues up to this many need no heap for their nodes.
const INLINE: usize = 4;

/// See [`super::wait_until`]. Each queue comes with the events that matter (ERR and HUP always do).
pub(super) fn wait_on<T>(
    queues: impl ExactSizeIterator<Item = (impl AsRef<WaitQueue>, Events)> + Clone,
    deadline: Option<Instant>,
    interruptible: Interruptible,
    mut try_op: impl FnMut() -> Option<T>,
) -> Result<T> {
    let mut turn = cpu::turns();
    if let Some(done) = try_op() {
        return Ok(done);
    }
    let thread = cpu::current();
    let may_sleep = || match interruptible {
        Interruptible::Yes if thread.interrupted() => Err(Errno::RESTART),
        Interruptible::Killable if thread.dying() => Err(Errno::RESTART),
        _ if deadline.is_some_and(|at| at <= time::now()) => Err(Errno::ETIMEDOUT),
        _ => Ok(()),
    };
    may_sleep()?;

    let sleep = Sleep {
        thread: thread.clone(),
        woken: AtomicBool::new(false),
    };
    let mut inline = [Node::UNLINKED; INLINE];
    let mut spilled = Vec::new();
    let nodes: &mut [Node] = match queues.len() <= INLINE {
        true => &mut inline,
        false => {
            spilled.resize_with(queues.len(), || Node::UNLINKED);
            &mut spilled
        }
    };
    let nodes = nodes.as_mut_ptr();
    for (index, (queue, interest)) in queues.clone().enumerate() {
        let interest = interest | ALWAYS;
        // SAFETY: `index` is below the number of nodes. The nodes and `sleep` stay
        // where they are until the loop at the end of this function has unlinked
        // all of them: nothing in between returns or (panic = abort) unwinds, and
        // the caller's borrow keeps the queues.
        unsafe {
            let node = nodes.add(index);
            *node = Node {
                sleep: &sleep,
                interest,
                ..Node::UNLINKED
            };
            queue.as_ref().lists.lock().link(node);
        }
    }
    // A wait inside `try_op` (a mutex) may have its own deadline: put ours back after it.
    let outer = thread.alarm.deadline();
    if let Some(deadline) = deadline {
        thread.alarm.arm(deadline);
    }
    let result = loop {
        // Nobody has run since the last attempt: it would fail again.
        if cpu::turns() != turn {
            turn = cpu::turns();
            sleep.woken.store(false, Relaxed);
            if let Some(done) = try_op() {
                break Ok(done);
            }
            if let Err(why) = may_sleep() {
                break Err(why);
            }
            if sleep.woken.load(Relaxed) {
                continue;
            }
        }
        thread
            .interruptible
            .store(interruptible == Interruptible::Yes, Relaxed);
        thread.set_state(State::Blocked);
        cpu::block();
    };
    match outer {
        Some(outer) => thread.alarm.arm(outer),
        None if deadline.is_some() => _ = thread.alarm.disarm(),
        None => {}
    }
    for (index, (queue, _)) in queues.enumerate() {
        // SAFETY: linked above, at the same index, into the same queue.
        unsafe { queue.as_ref().lists.lock().unlink(nodes.add(index)) };
    }
    result
}

impl AsRef<WaitQueue> for WaitQueue {
    fn as_ref(&self) -> &WaitQueue {
        self
    }
}
