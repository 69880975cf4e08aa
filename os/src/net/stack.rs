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

use super::{device, netlink, registry};
use crate::{
    sched,
    sync::SpinLock,
    time::{
        self,
        timer::{Expire, Timer},
    },
};
use alloc::{
    sync::{Arc, Weak},
    vec::Vec,
};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use inet::{Config, Effects, IfaceKind, Instant, Quirks, Stack, Wake};

/// Loopback's MTU, as on Linux: one segment carries 64 KiB.
const LOOPBACK_MTU: usize = 65_536;

/// One network namespace.
pub struct Namespace {
    shell: SpinLock<Shell>,
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

/// The calling task's namespace.
pub fn current() -> Arc<Namespace> {
    first()
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
            ..Config::default()
        };
        let mut stack = Stack::new(config, seed());
        let quirks = Quirks::default();
        if let Err(error) = stack.add_interface("lo", IfaceKind::Loopback, LOOPBACK_MTU, quirks) {
            log::error!("net: no lo: {error:?}");
        }
        Arc::new_cyclic(|own| {
            let ticker = Arc::new(Ticker(own.clone()));
            let target: Weak<dyn Expire> = Arc::downgrade(&(ticker.clone() as Arc<dyn Expire>));
            Namespace {
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

    /// Calls into the engine and applies what follows from it. Never sleeps.
    pub fn with<R>(&self, call: impl FnOnce(&mut Stack, Instant) -> R) -> R {
        let now = now();
        let mut guard = self.shell.lock();
        let shell = &mut *guard;
        let result = call(&mut shell.stack, now);
        shell.stack.flush(now, &mut shell.effects);
        if shell.effects.send != 0 {
            device::transmit(&mut shell.stack, core::mem::take(&mut shell.effects.send));
        }
        rearm(shell);
        if core::mem::take(&mut shell.effects.crowded) {
            CROWDED.store(true, Relaxed);
        }
        let changes = shell.stack.take_changes();
        if shell.effects.wake.is_empty() {
            drop(guard);
            netlink::route::notify(self, &changes);
            return result;
        }
        let spare = core::mem::take(&mut shell.spare);
        let mut wakes = core::mem::replace(&mut shell.effects.wake, spare);
        drop(guard);
        for wake in wakes.drain(..) {
            registry::wake(wake.token, wake.events);
        }
        netlink::route::notify(self, &changes);
        self.shell.lock().spare = wakes;
        result
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
