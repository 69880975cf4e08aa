//! Descriptors made to be waited for: eventfd2, timerfd, signalfd4.
//!
//! Who calls: the rows of `poll`. Who owns and locks: each object itself, in `file`. Typical sequence: flags looked at, the object
//! made, a descriptor for it.

use super::SIGSET_SIZE;
use crate::{
    Result,
    file::{eventfd, signalfd, timerfd},
    syscall::{
        Args, Caller,
        file::install,
        time::{ns, timespec_of},
    },
};
use abi::{Errno, general::*};

/// eventfd2(2).
pub(super) fn eventfd2(cx: &Caller, a: Args) -> Result<usize> {
    let (initial, flags) = (a.uint(0), a.uint(1));
    if flags & !(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    install(
        cx,
        eventfd::create(initial, flags),
        flags & EFD_CLOEXEC != 0,
    )
}

/// timerfd_create(2).
pub(super) fn timerfd_create(cx: &Caller, a: Args) -> Result<usize> {
    let (clock, flags) = (a.uint(0), a.uint(1));
    if flags & !(TFD_CLOEXEC | TFD_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    match clock {
        CLOCK_REALTIME | CLOCK_MONOTONIC | CLOCK_BOOTTIME => {}
        CLOCK_REALTIME_ALARM | CLOCK_BOOTTIME_ALARM if cx.task.capable(CAP_WAKE_ALARM) => {}
        CLOCK_REALTIME_ALARM | CLOCK_BOOTTIME_ALARM => return Err(Errno::EPERM),
        _ => return Err(Errno::EINVAL),
    }
    install(cx, timerfd::create(clock, flags), flags & TFD_CLOEXEC != 0)
}

/// timerfd_settime(2).
pub(super) fn timerfd_settime(cx: &Caller, a: Args) -> Result<usize> {
    let (flags, new, old) = (a.uint(1), a.ptr::<itimerspec>(2), a.ptr::<itimerspec>(3));
    let new = new.read()?;
    if flags & !(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET) != 0 {
        return Err(Errno::EINVAL);
    }
    let times = timerfd::Times {
        value: ns(new.it_value)?,
        interval: ns(new.it_interval)?,
    };
    let file = cx.task.files().get_io(a.int(0))?;
    let (absolute, cancel) = (
        flags & TFD_TIMER_ABSTIME != 0,
        flags & TFD_TIMER_CANCEL_ON_SET != 0,
    );
    let before = timerfd::TimerFd::of(&file)?.set(times, absolute, cancel);
    if !old.is_null() {
        old.write(&to_itimerspec(before))?;
    }
    Ok(0)
}

/// timerfd_gettime(2).
pub(super) fn timerfd_gettime(cx: &Caller, a: Args) -> Result<usize> {
    let file = cx.task.files().get_io(a.int(0))?;
    let times = timerfd::TimerFd::of(&file)?.get();
    a.ptr(1).write(&to_itimerspec(times))?;
    Ok(0)
}

fn to_itimerspec(times: timerfd::Times) -> itimerspec {
    itimerspec {
        it_interval: timespec_of(times.interval),
        it_value: timespec_of(times.value),
    }
}

/// signalfd4(2): a new descriptor for -1, else a new mask for the one given.
pub(super) fn signalfd4(cx: &Caller, a: Args) -> Result<usize> {
    let (fd, mask, size, flags) = (a.int(0), a.ptr::<u64>(1), a.get(2), a.uint(3));
    if size != SIGSET_SIZE {
        return Err(Errno::EINVAL);
    }
    let mask = mask.read()?;
    if flags & !(O_CLOEXEC | O_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    if fd == -1 {
        return install(cx, signalfd::create(mask, flags), flags & O_CLOEXEC != 0);
    }
    let file = cx.task.files().get_io(fd)?;
    signalfd::SignalFd::of(&file)?.set_mask(mask);
    Ok(fd as usize)
}
