//! A thread of control: a kernel stack, saved registers, and its place in the scheduler.

use super::{cpu, policy::Policy, stack::Stack};
use crate::{
    Result,
    arch::{self, KernelContext},
    mm::AddressSpace,
    sync::SpinLock,
    time::{
        Instant,
        timer::{Expire, Timer},
    },
};
use abi::Errno;
use alloc::{
    boxed::Box,
    sync::{Arc, Weak},
};
use core::{
    any::Any,
    cell::UnsafeCell,
    sync::atomic::{
        AtomicBool, AtomicI8, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed,
    },
};

/// Where a thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Made, not yet started.
    New,
    /// On the CPU or in the run queue.
    Runnable,
    /// Waiting for an event.
    Blocked,
    /// Ended; the stack goes as soon as somebody else runs.
    Dead,
}

/// See the module doc. Shared: the run queue, wait lists and `task` hold it.
pub struct Thread {
    /// For log lines.
    pub name: &'static str,
    stack: Option<Stack>,
    /// Registers while the thread is off the CPU. Written by [`arch::switch`] only.
    context: UnsafeCell<KernelContext>,
    state: AtomicU8,
    /// [`SIGNAL`] and [`FATAL`].
    interrupt: AtomicU8,
    /// Whether the current sleep may be ended by a signal (for /proc/pid/stat: `S` or `D`).
    pub(super) interruptible: AtomicBool,
    nice: AtomicI8,
    /// A packed [`Policy`]; written with the run queue locked.
    policy: AtomicU16,
    /// What is left of this round's slice, in ns, and the round it belongs to.
    pub(super) slice_left: AtomicU64,
    pub(super) round: AtomicU32,
    /// CPU time used, in ns, without the current stretch.
    pub(super) runtime: AtomicU64,
    /// Times that it gave the CPU away by blocking, and otherwise.
    pub(super) voluntary: AtomicU64,
    pub(super) involuntary: AtomicU64,
    /// The address space that user addresses refer to while it runs.
    space: SpinLock<Option<Arc<AddressSpace>>>,
    /// What `task` hangs here.
    owner: SpinLock<Option<Arc<dyn Any + Send + Sync>>>,
    /// Ends sleeps with a deadline.
    pub(super) alarm: Arc<Timer>,
    me: Weak<Thread>,
}

/// A signal is pending for the thread: interruptible waits end.
const SIGNAL: u8 = 1;
/// A fatal signal is pending: killable waits end too.
const FATAL: u8 = 2;
/// Something is to be done before the thread returns to user mode; no wait ends for it.
const ATTENTION: u8 = 4;

// SAFETY: `context` is the only field without its own synchronisation. It is
// touched by `cpu::switch_to` alone, for a thread that is on this CPU (prev) or
// that was taken off the run queue by this CPU (next); nobody else looks at it.
unsafe impl Sync for Thread {}
// SAFETY: as above; nothing in a thread belongs to a particular CPU.
unsafe impl Send for Thread {}

/// What a new thread runs.
type Body = Box<dyn FnOnce() + Send>;

impl Thread {
    /// A thread that will run `body` once [`Thread::start`]ed. `ENOMEM` when there is no stack.
    pub fn new(name: &'static str, body: impl FnOnce() + Send + 'static) -> Result<Arc<Thread>> {
        let stack = Stack::new().ok_or(Errno::ENOMEM)?;
        // A thin pointer to carry through one register; `main` takes it back.
        let body: Box<Body> = Box::new(Box::new(body));
        let arg = Box::into_raw(body) as usize;
        let context = KernelContext::new(stack.top(), main, arg);
        Ok(Self::with(name, Some(stack), context, State::New))
    }

    /// The boot thread, which has a stack already and runs now.
    pub(super) fn boot() -> Arc<Thread> {
        Self::with("idle", None, KernelContext::empty(), State::Runnable)
    }

    fn with(
        name: &'static str,
        stack: Option<Stack>,
        context: KernelContext,
        state: State,
    ) -> Arc<Thread> {
        Arc::new_cyclic(|me: &Weak<Thread>| Thread {
            name,
            stack,
            context: UnsafeCell::new(context),
            state: AtomicU8::new(state as u8),
            interrupt: AtomicU8::new(0),
            interruptible: AtomicBool::new(false),
            nice: AtomicI8::new(0),
            policy: AtomicU16::new(Policy::Normal.pack()),
            slice_left: AtomicU64::new(0),
            round: AtomicU32::new(u32::MAX),
            runtime: AtomicU64::new(0),
            voluntary: AtomicU64::new(0),
            involuntary: AtomicU64::new(0),
            space: SpinLock::new(None),
            owner: SpinLock::new(None),
            alarm: Timer::new(me.clone() as Weak<dyn Expire>),
            me: me.clone(),
        })
    }

    /// Puts a new thread into the run queue.
    pub fn start(&self) {
        debug_assert_eq!(self.state(), State::New);
        self.set_state(State::Runnable);
        cpu::enqueue_new(self.arc());
    }

    /// Where it is now.
    pub fn state(&self) -> State {
        match self.state.load(Relaxed) {
            0 => State::New,
            1 => State::Runnable,
            2 => State::Blocked,
            _ => State::Dead,
        }
    }

    /// Whether it sleeps in a way that a signal may end.
    pub fn sleeps_interruptibly(&self) -> bool {
        self.state() == State::Blocked && self.interruptible.load(Relaxed)
    }

    pub(super) fn set_state(&self, state: State) {
        self.state.store(state as u8, Relaxed);
    }

    /// Makes a blocked thread runnable; otherwise does nothing.
    pub fn unblock(&self) {
        if self.state() == State::Blocked {
            self.set_state(State::Runnable);
            cpu::enqueue_woken(self.arc());
        }
    }

    /// A signal arrived: ends an interruptible (`fatal`: also a killable) wait, now or when it begins.
    pub fn interrupt(&self, fatal: bool) {
        let flags = if fatal { SIGNAL | FATAL } else { SIGNAL };
        self.interrupt.fetch_or(flags, Relaxed);
        self.unblock();
    }

    /// `task` looked at its signals and says what is still pending.
    pub fn set_interrupted(&self, signal: bool, fatal: bool) {
        let flags = if signal { SIGNAL } else { 0 } | if fatal { FATAL } else { 0 };
        self.interrupt.store(flags, Relaxed);
    }

    /// Asks for a look at the signals before the next return to user mode.
    pub fn set_attention(&self) {
        self.interrupt.fetch_or(ATTENTION, Relaxed);
    }

    /// Whether the thread has to look at its signals before it returns to user mode.
    pub fn attention(&self) -> bool {
        self.interrupt.load(Relaxed) != 0
    }

    /// Whether a signal is pending.
    pub fn interrupted(&self) -> bool {
        self.interrupt.load(Relaxed) & SIGNAL != 0
    }

    /// Whether a fatal signal is pending.
    pub fn dying(&self) -> bool {
        self.interrupt.load(Relaxed) & FATAL != 0
    }

    /// nice(2)'s value, -20..=19.
    pub fn nice(&self) -> i32 {
        i32::from(self.nice.load(Relaxed))
    }

    /// Sets nice(2)'s value, -20..=19; it counts from the next slice on.
    pub fn set_nice(&self, nice: i32) {
        self.nice.store(nice.clamp(-20, 19) as i8, Relaxed);
    }

    /// Under which policy it is scheduled.
    pub fn policy(&self) -> Policy {
        Policy::unpack(self.policy.load(Relaxed))
    }

    /// Schedules it under `policy` from now on. sched_setscheduler(2).
    pub fn set_policy(&self, policy: Policy) {
        cpu::set_policy(self, policy);
    }

    pub(super) fn store_policy(&self, policy: Policy) {
        self.policy.store(policy.pack(), Relaxed);
    }

    /// CPU time used so far, in ns.
    pub fn cpu_time(&self) -> u64 {
        self.runtime.load(Relaxed) + cpu::current_stretch(self)
    }

    /// (voluntary, involuntary) switches. getrusage(2).
    pub fn switches(&self) -> (u64, u64) {
        (self.voluntary.load(Relaxed), self.involuntary.load(Relaxed))
    }

    /// Says which address space the thread works in, and activates it if the thread is the current one.
    pub fn set_space(&self, space: Option<Arc<AddressSpace>>) {
        if let Some(space) = &space
            && cpu::is_current(self)
        {
            space.activate();
        }
        // The old one may be the last reference and take its time: drop it unlocked.
        let old = core::mem::replace(&mut *self.space.lock(), space);
        drop(old);
    }

    /// Activates the thread's space; called with the thread on the CPU.
    pub(super) fn activate_space(&self) {
        if let Some(space) = &*self.space.lock() {
            space.activate();
        }
    }

    /// What [`Thread::set_owner`] put here.
    pub fn owner(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        self.owner.lock().clone()
    }

    /// Hangs a task on the thread, or takes it off.
    pub fn set_owner(&self, owner: Option<Arc<dyn Any + Send + Sync>>) {
        let old = core::mem::replace(&mut *self.owner.lock(), owner);
        drop(old);
    }

    /// The saved registers, for `cpu::switch_to`.
    pub(super) fn context(&self) -> *mut KernelContext {
        self.context.get()
    }

    /// Panics when the stack has overflowed: memory below it may be damaged.
    pub(super) fn check_stack(&self) {
        if let Some(stack) = &self.stack {
            assert!(stack.intact(), "kernel stack overflow in {}", self.name);
        }
    }

    fn arc(&self) -> Arc<Thread> {
        // A method runs on `&self`, so somebody holds the Arc that `with` made.
        self.me.upgrade().expect("threads live in an Arc")
    }
}

impl Expire for Thread {
    fn expire(&self, _now: Instant) -> Option<Instant> {
        self.unblock();
        None
    }
}

/// The first function of every thread.
extern "C" fn main(arg: usize) -> ! {
    cpu::finish_switch();
    // SAFETY: `arg` is the pointer that `Thread::new` made with `Box::into_raw`
    // for this thread alone, and a thread begins once.
    let body = unsafe { Box::from_raw(arg as *mut Body) };
    body();
    super::exit()
}

// The machine's registers are named here so that a reader finds the other side.
const _: unsafe fn(*mut KernelContext, *const KernelContext) = arch::switch;
