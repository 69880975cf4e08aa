//! Network namespaces: each has an engine and its lock; one way in, and the effects applied on the way out.
//! network_namespaces(7).
//!
//! Every call goes through [`Namespace::with`]: it takes the lock, lets the caller use the
//! engine, flushes, gives frames to the cards, arms the engine's timer, drops the
//! lock, and only then wakes who has to be woken. Inside it nothing may sleep:
//! user pages are faulted in before. [`Namespace::look`] is for questions that change nothing.
//!
//! A socket keeps the namespace that it was made in (`Common::net`); a task has one too, which
//! `socket(2)` and the files of /proc/net take ([`current`]). Two namespaces' locks are never held at once.

use super::{
    device::{self, Device, Owed},
    netlink, registry, sysctl,
};
use crate::{
    Result,
    file::OpenFile,
    fs::{
        nsfs,
        quota::{self, Counted},
    },
    sched,
    sync::SpinLock,
    time::{
        self,
        timer::{Expire, Timer},
    },
};
use alloc::{
    collections::BTreeMap,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use inet::{Change, Config, Effects, IfaceId, IfaceKind, Instant, Quirks, Stack, Wake};

/// Loopback's MTU, as on Linux: one segment carries 64 KiB.
const LOOPBACK_MTU: usize = 65_536;

/// One network namespace.
pub struct Namespace {
    shell: SpinLock<Shell>,
    /// What is behind the interfaces. Taken inside `shell`.
    pub devices: SpinLock<Vec<(IfaceId, Device)>>,
    /// Inode number in /proc/<pid>/ns, never used twice.
    number: u64,
    /// SO_NETNS_COOKIE.
    pub cookie: u64,
    /// What this namespace calls others (RTM_NEWNSID): their numbers here, by their inode numbers.
    pub names: SpinLock<BTreeMap<u64, (i32, Weak<Namespace>)>>,
    /// The values of /proc/sys/net that the socket layer acts on, here.
    pub values: sysctl::Values,
    /// All but the first count.
    _counted: Option<Counted>,
}

struct Shell {
    stack: Stack,
    effects: Effects,
    /// An empty list that waits for its next use, so that wake-ups allocate nothing.
    spare: Vec<Wake>,
    timer: Arc<Timer>,
    /// What `timer` is armed for.
    armed: Option<Instant>,
    _ticker: Arc<Ticker>,
}

/// The namespace that the machine starts with, which owns the cards.
static FIRST: SpinLock<Option<Arc<Namespace>>> = SpinLock::new(None);

/// Runs the engine's timers.
struct Ticker(Weak<Namespace>);

impl Expire for Ticker {
    fn expire(&self, _now: time::Instant) -> Option<time::Instant> {
        let net = self.0.upgrade()?;
        // The shell arms the timer again on its way out.
        net.shell.lock().armed = None;
        net.with(|stack, now| stack.poll_timers(now));
        None
    }
}

/// Makes the first namespace, with `lo` up.
pub fn init() {
    let net = Namespace::new();
    *FIRST.lock() = Some(net.clone());
    net.with(|stack, now| {
        if let Err(error) = stack.set_up(now, inet::IfaceId::LO, true) {
            log::error!("net: lo does not come up: {error:?}");
        }
    });
}

/// The namespace that the machine starts with.
pub fn first() -> Arc<Namespace> {
    // `init` runs before anything can have a socket or an interrupt from a card.
    FIRST.lock().clone().expect("net::init has run")
}

/// What sockets ask about tasks, which are in the room above. Implemented by `task`.
pub trait Tasks: Sync {
    /// The calling task's namespace; `None` in kernel threads.
    fn current(&self) -> Option<Arc<Namespace>>;

    /// A process's namespace; `None` when it does not exist.
    fn of(&self, pid: i32) -> Option<Arc<Namespace>>;

    /// The network namespace behind a descriptor of the caller.
    fn behind(&self, fd: i32) -> Option<Arc<Namespace>>;

    /// The calling task's identity; `None` in kernel threads.
    fn credentials(&self) -> Option<crate::fs::Creds>;

    /// A new close-on-exec descriptor of the caller.
    fn install(&self, file: Arc<OpenFile>) -> Result<usize>;
}

static TASKS: SpinLock<Option<&'static dyn Tasks>> = SpinLock::new(None);

/// Called once by `task::init`.
pub fn register(tasks: &'static dyn Tasks) {
    *TASKS.lock() = Some(tasks);
}

/// Who knows the tasks; `None` before there are any.
pub fn tasks() -> Option<&'static dyn Tasks> {
    *TASKS.lock()
}

/// The calling task's namespace; the first one in kernel threads.
pub fn current() -> Arc<Namespace> {
    tasks()
        .and_then(|tasks| tasks.current())
        .unwrap_or_else(first)
}

/// Initial sequence numbers and ports must not be guessable: from the boot seed.
fn seed() -> u64 {
    let bytes = crate::drivers::seed();
    u64::from_le_bytes(core::array::from_fn(|i| bytes[i]))
}

/// The engine's clock.
pub fn now() -> Instant {
    Instant::from_nanos(time::now().0)
}

/// Whether a receive buffer of this machine filled up since the last question.
static CROWDED: AtomicBool = AtomicBool::new(false);

/// For those who send datagrams: lets the readers run when one of them has a full
/// buffer. On one CPU a sender would otherwise use its whole slice to fill buffers
/// that nobody empties. May give the CPU away.
pub fn let_readers_run() {
    if CROWDED.load(Relaxed) {
        CROWDED.store(false, Relaxed);
        sched::yield_now();
    }
}

impl Namespace {
    /// A namespace with `lo`, which is down.
    pub fn new() -> Arc<Namespace> {
        let config = Config {
            tx_headroom: crate::drivers::nic::TX_HEADROOM,
            wall_clock: crate::time::realtime,
            ..Config::default()
        };
        let mut stack = Stack::new(config, seed());
        let quirks = Quirks::default();
        if let Err(error) = stack.add_interface("lo", IfaceKind::Loopback, LOOPBACK_MTU, quirks) {
            log::error!("net: no lo: {error:?}");
        }
        static COOKIE: AtomicU64 = AtomicU64::new(1);
        Arc::new_cyclic(|own| {
            let ticker = Arc::new(Ticker(own.clone()));
            let target: Weak<dyn Expire> = Arc::downgrade(&(ticker.clone() as Arc<dyn Expire>));
            Namespace {
                devices: SpinLock::new(Vec::new()),
                number: nsfs::next_number(),
                cookie: COOKIE.fetch_add(1, Relaxed),
                names: SpinLock::new(BTreeMap::new()),
                values: sysctl::Values::new(),
                _counted: FIRST.lock().is_some().then(|| quota::NET.count()),
                shell: SpinLock::new(Shell {
                    stack,
                    effects: Effects::new(),
                    spare: Vec::new(),
                    timer: Timer::new(target),
                    armed: None,
                    _ticker: ticker,
                }),
            }
        })
    }

    /// Whether both are the same namespace.
    pub fn is(&self, other: &Namespace) -> bool {
        self.number == other.number
    }

    /// Calls into the engine and applies what follows from it. Never sleeps.
    pub fn with<R>(&self, call: impl FnOnce(&mut Stack, Instant) -> R) -> R {
        let now = now();
        let mut guard = self.shell.lock();
        let shell = &mut *guard;
        let result = call(&mut shell.stack, now);
        shell.stack.flush(now, &mut shell.effects);
        let owed = match core::mem::take(&mut shell.effects.send) {
            0 => Owed::default(),
            send => device::transmit(self, &mut shell.stack, send),
        };
        rearm(shell);
        if core::mem::take(&mut shell.effects.crowded) {
            CROWDED.store(true, Relaxed);
        }
        let changes = shell.stack.take_changes();
        if shell.effects.wake.is_empty() {
            drop(guard);
        } else {
            let spare = core::mem::take(&mut shell.spare);
            let mut wakes = core::mem::replace(&mut shell.effects.wake, spare);
            drop(guard);
            for wake in wakes.drain(..) {
                registry::wake(wake.token, wake.events);
            }
            self.shell.lock().spare = wakes;
        }
        // Almost every call owes nothing.
        if !changes.is_empty() || !owed.is_empty() {
            self.settle(&changes, owed);
        }
        result
    }

    /// What a call owes to others than those it woke: notifications, other engines' frames.
    #[cold]
    fn settle(&self, changes: &[Change], owed: Owed) {
        if !changes.is_empty() {
            device::follow(self, changes);
            netlink::route::notify(self, changes);
        }
        owed.pay();
    }

    /// Takes something out of the engine that nobody waits for to go: no effects, no wake-ups. Never sleeps.
    pub fn take<R>(&self, call: impl FnOnce(&mut Stack) -> R) -> R {
        call(&mut self.shell.lock().stack)
    }

    /// Asks the engine something that changes nothing.
    pub fn look<R>(&self, call: impl FnOnce(&Stack) -> R) -> R {
        call(&self.shell.lock().stack)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let devices = core::mem::take(&mut *self.devices.lock());
        if devices.is_empty() {
            return;
        }
        let info = |iface| self.look(|stack| stack.interface(iface).cloned());
        let gone = devices
            .into_iter()
            .filter_map(|(iface, device)| Some((info(iface)?, device)));
        device::evict(gone.collect());
    }
}

impl nsfs::Space for Namespace {
    fn kind(&self) -> &'static str {
        "net"
    }

    fn flag(&self) -> u32 {
        abi::general::CLONE_NEWNET
    }

    fn number(&self) -> u64 {
        self.number
    }
}

/// Arms the timer when the earliest deadline came forward; a later one is left to
/// the next expiry, which costs less than moving the timer at every packet.
fn rearm(shell: &mut Shell) {
    let Some(deadline) = shell.effects.next_deadline else {
        return;
    };
    if shell.armed.is_none_or(|armed| deadline < armed) {
        shell.armed = Some(deadline);
        shell.timer.arm(time::Instant(deadline.nanos()));
    }
}
