//! The engine and its lock: one way in, and the effects applied on the way out.
//!
//! Every call goes through [`with`]: it takes the lock, lets the caller use the
//! engine, flushes, gives frames to the cards, arms the engine's timer, drops the
//! lock, and only then wakes who has to be woken. Inside [`with`] nothing may sleep:
//! user pages are faulted in before. [`look`] is for questions that change nothing.

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

static SHELL: SpinLock<Option<Shell>> = SpinLock::new(None);

/// Runs the engine's timers.
struct Ticker;

impl Expire for Ticker {
    fn expire(&self, _now: time::Instant) -> Option<time::Instant> {
        // The shell arms the timer again on its way out.
        if let Some(shell) = SHELL.lock().as_mut() {
            shell.armed = None;
        }
        with(|stack, now| stack.poll_timers(now));
        None
    }
}

/// Makes the engine, with `lo` up.
pub fn init() {
    let config = Config {
        tx_headroom: crate::drivers::nic::TX_HEADROOM,
        ..Config::default()
    };
    let ticker = Arc::new(Ticker);
    let target: Weak<dyn Expire> = Arc::downgrade(&(ticker.clone() as Arc<dyn Expire>));
    *SHELL.lock() = Some(Shell {
        stack: Stack::new(config, seed()),
        effects: Effects::new(),
        spare: Vec::new(),
        timer: Timer::new(target),
        armed: None,
        _ticker: ticker,
    });
    with(|stack, now| {
        let added = stack.add_interface("lo", IfaceKind::Loopback, LOOPBACK_MTU, Quirks::default());
        let up = added.and_then(|lo| stack.set_up(now, lo, true));
        if let Err(error) = up {
            log::error!("net: lo does not come up: {error:?}");
        }
    });
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

/// Calls into the engine and applies what follows from it. Never sleeps.
pub fn with<R>(call: impl FnOnce(&mut Stack, Instant) -> R) -> R {
    let now = now();
    let mut guard = SHELL.lock();
    // `init` runs before anything can have a socket or an interrupt from a card.
    let shell = guard.as_mut().expect("net::init has run");
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
        netlink::route::notify(&changes);
        return result;
    }
    let spare = core::mem::take(&mut shell.spare);
    let mut wakes = core::mem::replace(&mut shell.effects.wake, spare);
    drop(guard);
    for wake in wakes.drain(..) {
        registry::wake(wake.token, wake.events);
    }
    netlink::route::notify(&changes);
    if let Some(shell) = SHELL.lock().as_mut() {
        shell.spare = wakes;
    }
    result
}

/// Takes something out of the engine that nobody waits for to go: no effects, no wake-ups. Never sleeps.
pub fn take<R>(call: impl FnOnce(&mut Stack) -> R) -> R {
    let mut guard = SHELL.lock();
    let shell = guard.as_mut().expect("net::init has run");
    call(&mut shell.stack)
}

/// Asks the engine something that changes nothing.
pub fn look<R>(call: impl FnOnce(&Stack) -> R) -> R {
    let guard = SHELL.lock();
    let shell = guard.as_ref().expect("net::init has run");
    call(&shell.stack)
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
