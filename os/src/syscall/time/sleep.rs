//! nanosleep, clock_nanosleep.
//!
//! Who calls: the rows of `time`; `signal` for [`sleep_until`], to go on after a stop. Who owns and locks: nothing is. Typical
//! sequence: a deadline, the sleep, what is left of it out.

use super::{clock::read_clock, ns, timespec_of};
use crate::{
    Result,
    mm::UserPtr,
    sched::{Interruptible, wait_until},
    syscall::{Args, Caller},
    task::signal::Restart,
    time::{self, Instant},
};
use abi::{Errno, general::*};

/// nanosleep(2).
pub(super) fn nanosleep(cx: &Caller, a: Args) -> Result<usize> {
    let duration = ns(a.ptr(0).read()?)?;
    sleep_until(cx, time::now().after(duration).0, Some(a.get(1)))
}

/// Sleeps to a deadline on CLOCK_MONOTONIC. `remaining`: a relative sleep, which goes
/// on after a stop and tells what is left after a handler; 0: nobody asks.
pub fn sleep_until(cx: &Caller, deadline: u64, remaining: Option<usize>) -> Result<usize> {
    let slept = wait_until::<()>(&[], Some(Instant(deadline)), Interruptible::Yes, || None);
    match (slept, remaining) {
        (Err(Errno::ETIMEDOUT), _) => Ok(0),
        (_, None) => Err(Errno::RESTART_NO_HANDLER),
        (_, Some(addr)) => {
            if addr != 0 {
                let left = Instant(deadline).remaining();
                UserPtr::new(addr).write(&timespec_of(left))?;
            }
            *cx.task.restart.lock() = Some(Restart::Sleep {
                deadline,
                remaining: addr,
            });
            Err(Errno::RESTART_BLOCK)
        }
    }
}

/// clock_nanosleep(2).
pub(super) fn clock_nanosleep(cx: &Caller, a: Args) -> Result<usize> {
    let (clock, flags, request, remaining) = (a.int(0), a.uint(1), a.ptr::<timespec>(2), a.get(3));
    let absolute = flags & TIMER_ABSTIME != 0;
    let value = ns(request.read()?)?;
    if clock < 0 || clock as u32 == CLOCK_PROCESS_CPUTIME_ID {
        return sleep_on_cpu_clock(clock, value, absolute);
    }
    match clock as u32 {
        CLOCK_THREAD_CPUTIME_ID => return Err(Errno::EINVAL),
        CLOCK_MONOTONIC_RAW | CLOCK_REALTIME_COARSE | CLOCK_MONOTONIC_COARSE => {
            return Err(Errno::EOPNOTSUPP);
        }
        _ => read_clock(clock)?,
    };
    let wall = [CLOCK_REALTIME, CLOCK_TAI, CLOCK_REALTIME_ALARM].contains(&(clock as u32));
    match (absolute, wall) {
        (true, true) => sleep_until(cx, value.saturating_sub(time::realtime_offset()), None),
        (true, false) => sleep_until(cx, value, None),
        (false, _) => sleep_until(cx, time::now().after(value).0, Some(remaining)),
    }
}

/// Sleeping on a CPU clock: the process's time advances while its other threads run.
fn sleep_on_cpu_clock(clock: i32, value: u64, absolute: bool) -> Result<usize> {
    let target = match absolute {
        true => value,
        false => read_clock(clock)?.saturating_add(value),
    };
    // Looked at again when the clock can have got there at the earliest.
    loop {
        let left = target.saturating_sub(read_clock(clock)?);
        if left == 0 {
            return Ok(0);
        }
        let next = time::now().after(left.max(1_000_000));
        match wait_until::<()>(&[], Some(next), Interruptible::Yes, || None) {
            Err(Errno::ETIMEDOUT) => {}
            _ => return Err(Errno::RESTART_NO_HANDLER),
        }
    }
}
