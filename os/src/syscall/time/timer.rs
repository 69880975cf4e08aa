//! Timers that send signals: setitimer and the timer_ calls.
//!
//! Who calls: the rows of `time`. Who owns and locks: the process, in `task::timers`. Typical sequence: the setting in, the old
//! one out.

use super::{ns, timespec_of, timeval_ns, timeval_of};
use crate::{
    Result,
    syscall::{Args, Caller},
    task::{
        signal,
        timers::{self, Clock, Notify, Posix, Setting},
        tree,
    },
};
use abi::{Errno, general::*};
use alloc::sync::Arc;
use zerocopy::FromBytes;

fn setting_of(value: itimerval) -> Result<Setting> {
    Ok(Setting {
        value: timeval_ns(value.it_value)?,
        interval: timeval_ns(value.it_interval)?,
    })
}

fn itimerval_of(setting: Setting) -> itimerval {
    // Rounded up: an armed timer never reads as zero.
    let value = setting.value.next_multiple_of(1000);
    itimerval {
        it_interval: timeval_of(setting.interval),
        it_value: timeval_of(value),
    }
}

/// getitimer(2).
pub(super) fn getitimer(cx: &Caller, a: Args) -> Result<usize> {
    let process = &cx.task.process;
    let setting = match a.uint(0) {
        ITIMER_REAL => process.timers.real(),
        which @ (ITIMER_VIRTUAL | ITIMER_PROF) => process.timers.cpu(process, which),
        _ => return Err(Errno::EINVAL),
    };
    a.ptr(1).write(&itimerval_of(setting))?;
    Ok(0)
}

/// setitimer(2).
pub(super) fn setitimer(cx: &Caller, a: Args) -> Result<usize> {
    let process = &cx.task.process;
    let (new, out) = (a.ptr::<itimerval>(1), a.ptr::<itimerval>(2));
    let setting = match new.is_null() {
        true => Setting::default(), // Linux disarms.
        false => setting_of(new.read()?)?,
    };
    let old = match a.uint(0) {
        ITIMER_REAL => process.timers.set_real(setting),
        which @ (ITIMER_VIRTUAL | ITIMER_PROF) => process.timers.set_cpu(process, which, setting),
        _ => return Err(Errno::EINVAL),
    };
    if !out.is_null() {
        out.write(&itimerval_of(old))?;
    }
    Ok(0)
}

/// struct sigevent: value, signal, notify, then the thread id.
#[derive(Clone, Copy, FromBytes)]
#[repr(C)]
struct Event {
    value: u64,
    signal: i32,
    notify: i32,
    tid: i32,
    padding: [i32; 11],
}

/// timer_create(2).
pub(super) fn timer_create(cx: &Caller, a: Args) -> Result<usize> {
    let clock = match a.int(0) {
        id if id < 0 => timers::foreign_clock(id)?,
        id => match id as u32 {
            CLOCK_REALTIME | CLOCK_TAI => Clock::Real,
            CLOCK_MONOTONIC | CLOCK_BOOTTIME => Clock::Monotonic,
            CLOCK_PROCESS_CPUTIME_ID => Clock::Process(Arc::downgrade(&cx.task.process)),
            CLOCK_THREAD_CPUTIME_ID => Clock::Thread(Arc::downgrade(&cx.task)),
            // No wake-up alarms in this machine: as without an RTC device.
            CLOCK_REALTIME_ALARM | CLOCK_BOOTTIME_ALARM => return Err(Errno::EOPNOTSUPP),
            CLOCK_MONOTONIC_RAW | CLOCK_REALTIME_COARSE | CLOCK_MONOTONIC_COARSE => {
                return Err(Errno::EOPNOTSUPP);
            }
            _ => return Err(Errno::EINVAL),
        },
    };
    let (event, out) = (a.ptr::<Event>(1), a.ptr::<i32>(2));
    let process = &cx.task.process;
    let (notify, number, value) = match event.is_null() {
        true => (Notify::Process, SIGALRM as i32, None),
        false => {
            let event = event.read()?;
            let notify = match event.notify as u32 {
                SIGEV_NONE => Notify::Nothing,
                SIGEV_SIGNAL | SIGEV_THREAD => Notify::Process,
                SIGEV_THREAD_ID | 4.. if event.notify as u32 & SIGEV_THREAD_ID != 0 => {
                    let task =
                        tree::task(event.tid).filter(|task| Arc::ptr_eq(&task.process, process));
                    Notify::Thread(Arc::downgrade(&task.ok_or(Errno::EINVAL)?))
                }
                _ => return Err(Errno::EINVAL),
            };
            if !matches!(notify, Notify::Nothing) {
                signal::check(event.signal)?;
            }
            (notify, event.signal, Some(event.value))
        }
    };
    let id = process
        .timers
        .create(|id| Posix::new(id, process, clock, notify, number, value));
    if let Err(errno) = out.write(&id) {
        process.timers.delete(id)?;
        return Err(errno);
    }
    Ok(0)
}

fn itimerspec_of(setting: Setting) -> itimerspec {
    itimerspec {
        it_interval: timespec_of(setting.interval),
        it_value: timespec_of(setting.value),
    }
}

/// timer_settime(2).
pub(super) fn timer_settime(cx: &Caller, a: Args) -> Result<usize> {
    let (new, out) = (a.ptr::<itimerspec>(2), a.ptr::<itimerspec>(3));
    if new.is_null() {
        return Err(Errno::EINVAL);
    }
    let new = new.read()?;
    let setting = Setting {
        value: ns(new.it_value)?,
        interval: ns(new.it_interval)?,
    };
    let timer = cx.task.process.timers.get(a.int(0))?;
    let old = timer.set(setting, a.uint(1) & TIMER_ABSTIME != 0);
    if !out.is_null() {
        out.write(&itimerspec_of(old))?;
    }
    Ok(0)
}

/// timer_gettime(2).
pub(super) fn timer_gettime(cx: &Caller, a: Args) -> Result<usize> {
    let timer = cx.task.process.timers.get(a.int(0))?;
    a.ptr(1).write(&itimerspec_of(timer.setting()))?;
    Ok(0)
}

/// timer_getoverrun(2).
pub(super) fn timer_getoverrun(cx: &Caller, a: Args) -> Result<usize> {
    let timer = cx.task.process.timers.get(a.int(0))?;
    Ok(timer.overrun() as usize)
}
