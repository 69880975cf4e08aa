//! timerfd_create(2): a timer that can be read and waited for.
//!
//! What it is: [`TimerFd`] around a [`Timer`] of the kernel's queue. Who calls:
//! `syscall/poll/descriptor.rs`; the timer queue calls [`Expire::expire`]; clock_settime(2)
//! calls [`clock_was_set`]. Who locks: one spin lock around the setting. A periodic
//! timer is armed again when somebody looks (read, gettime), not at each expiry, so
//! that an interval of 1 ns costs no interrupts.

use super::{Events, File, Io, OpenFile, VectorFlags, anon_stat};
use crate::{
    Result,
    mm::UserOut,
    sched::{self, Interruptible, WaitQueue},
    sync::SpinLock,
    time::{
        self, Instant,
        timer::{Expire, Timer},
    },
};
use abi::{
    Errno,
    general::{CLOCK_REALTIME, CLOCK_REALTIME_ALARM, O_NONBLOCK, O_RDWR},
};
use alloc::{
    string::String,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::any::Any;

/// One timer.
pub struct TimerFd {
    /// CLOCK_REALTIME or its alarm kin; all others run like CLOCK_MONOTONIC here.
    realtime: bool,
    setting: SpinLock<Setting>,
    timer: Arc<Timer>,
    queue: WaitQueue,
}

/// What timerfd_settime(2) asked for and what became of it. Times in ns.
#[derive(Default)]
struct Setting {
    /// CLOCK_MONOTONIC time of the next expiry; `None` when disarmed.
    deadline: Option<u64>,
    /// The same as asked for, when it was an absolute CLOCK_REALTIME time.
    wall: Option<u64>,
    interval: u64,
    /// Expiries since the last read.
    expired: u64,
    /// TFD_TIMER_CANCEL_ON_SET.
    cancellable: bool,
    cancelled: bool,
}

/// What is asked for: first expiry and period in ns; 0 is off.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Times {
    pub value: u64,
    pub interval: u64,
}

/// Every CLOCK_REALTIME timer, for [`clock_was_set`].
static WALL_TIMERS: SpinLock<Vec<Weak<TimerFd>>> = SpinLock::new(Vec::new());

/// timerfd_create(2), after the checks: the description without its descriptor.
pub fn create(clock: u32, flags: u32) -> Arc<OpenFile> {
    let realtime = matches!(clock, CLOCK_REALTIME | CLOCK_REALTIME_ALARM);
    let file = Arc::new_cyclic(|me: &Weak<TimerFd>| TimerFd {
        realtime,
        setting: SpinLock::new(Setting::default()),
        timer: Timer::new(me.clone()),
        queue: WaitQueue::new(),
    });
    if realtime {
        let mut timers = WALL_TIMERS.lock();
        timers.retain(|timer| timer.strong_count() > 0);
        timers.push(Arc::downgrade(&file));
    }
    OpenFile::new(file, O_RDWR | flags & O_NONBLOCK)
}

/// CLOCK_REALTIME jumped: absolute wall-clock timers keep their wall-clock time, and
/// those with TFD_TIMER_CANCEL_ON_SET report `ECANCELED`.
pub fn clock_was_set() {
    let timers = WALL_TIMERS.lock().clone();
    for timer in timers.iter().filter_map(Weak::upgrade) {
        timer.wall_clock_moved();
    }
}

impl TimerFd {
    /// The timer behind a description; `EINVAL` when it is something else.
    pub fn of(file: &OpenFile) -> Result<&TimerFd> {
        file.file.as_any().downcast_ref().ok_or(Errno::EINVAL)
    }

    /// timerfd_settime(2): arms or disarms, returns what was left before.
    pub fn set(&self, times: Times, absolute: bool, cancel_on_set: bool) -> Times {
        let mut setting = self.setting.lock();
        let now = time::now().0;
        let old = setting.left(now);
        let wall = absolute && self.realtime;
        let deadline = match (absolute, wall) {
            (false, _) => now.saturating_add(times.value),
            (true, false) => times.value,
            (true, true) => times.value.saturating_sub(time::realtime_offset()),
        };
        *setting = Setting {
            deadline: (times.value != 0).then_some(deadline),
            wall: (wall && times.value != 0).then_some(times.value),
            interval: times.interval,
            expired: 0,
            cancellable: wall && cancel_on_set,
            cancelled: false,
        };
        self.arm(&mut setting, now);
        let fired = setting.expired > 0;
        drop(setting);
        if fired {
            self.queue.wake(Events::IN);
        }
        old
    }

    /// timerfd_gettime(2).
    pub fn get(&self) -> Times {
        let mut setting = self.setting.lock();
        let now = time::now().0;
        self.catch_up(&mut setting, now);
        setting.left(now)
    }

    /// Arms the kernel timer for `deadline`; what is due already has expired.
    fn arm(&self, setting: &mut Setting, now: u64) {
        match setting.deadline {
            None => _ = self.timer.disarm(),
            Some(deadline) if deadline <= now => {
                self.timer.disarm();
                setting.expired = setting.expired.max(1);
            }
            Some(deadline) => self.timer.arm(Instant(deadline)),
        }
    }

    /// Counts the periods that passed since the expiry that was noticed, and arms for the next.
    fn catch_up(&self, setting: &mut Setting, now: u64) {
        let Some(deadline) = setting.deadline else {
            return;
        };
        if deadline > now || setting.expired == 0 {
            return;
        }
        if setting.interval == 0 {
            setting.deadline = None;
            return;
        }
        let missed = (now - deadline) / setting.interval;
        setting.expired += missed;
        let next = deadline + (missed + 1) * setting.interval;
        setting.deadline = Some(next);
        setting.wall = setting.wall.map(|wall| wall + (next - deadline));
        self.timer.arm(Instant(next));
    }

    /// One attempt of read(2): the count of expiries, or `ECANCELED`.
    fn take(&self) -> Option<Result<u64>> {
        let mut setting = self.setting.lock();
        if core::mem::take(&mut setting.cancelled) {
            return Some(Err(Errno::ECANCELED));
        }
        self.catch_up(&mut setting, time::now().0);
        let expired = core::mem::take(&mut setting.expired);
        (expired > 0).then_some(Ok(expired))
    }

    fn wall_clock_moved(&self) {
        let mut setting = self.setting.lock();
        let Some(wall) = setting.wall else {
            return;
        };
        let now = time::now().0;
        setting.deadline = Some(wall.saturating_sub(time::realtime_offset()));
        setting.cancelled = setting.cancellable;
        self.arm(&mut setting, now);
        drop(setting);
        self.queue.wake(Events::IN);
    }
}

impl Setting {
    fn left(&self, now: u64) -> Times {
        Times {
            // A timer that is due but unread shows the smallest time that is not "disarmed".
            value: self.deadline.map_or(0, |at| at.saturating_sub(now).max(1)),
            interval: self.interval,
        }
    }
}

impl Expire for TimerFd {
    fn expire(&self, _now: Instant) -> Option<Instant> {
        self.setting.lock().expired += 1;
        self.queue.wake(Events::IN);
        None
    }
}

impl File for TimerFd {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        if out.remaining() < 8 {
            return Err(Errno::EINVAL);
        }
        let expired = match io.nonblock {
            true => self.take().unwrap_or(Err(Errno::EAGAIN)),
            false => sched::wait_until(&[&self.queue], None, Interruptible::Yes, || self.take())?,
        }?;
        match out.write(&expired.to_ne_bytes())? {
            8 => Ok(8),
            _ => Err(Errno::EFAULT),
        }
    }

    fn poll(&self) -> Events {
        let setting = self.setting.lock();
        match setting.expired > 0 || setting.cancelled {
            true => Events::IN,
            false => Events::empty(),
        }
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

    fn link_name(&self) -> String {
        "anon_inode:[timerfd]".into()
    }

    fn vector_flags(&self) -> (VectorFlags, VectorFlags) {
        (VectorFlags::All, VectorFlags::Absent)
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
