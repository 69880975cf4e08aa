//! Clocks read and set: the clock_ calls, gettimeofday, settimeofday, adjtimex.
//!
//! Who calls: the rows of `time`; libraries read clocks in the vDSO instead. Who owns and locks: the room `time`.

use super::{ns, timespec_of, timeval_ns, timeval_of};
use crate::{
    Result,
    file::timerfd,
    syscall::{Args, Caller},
    task::{creds::cap, timers},
    time::{self, NSEC_PER_SEC},
};
use abi::{Errno, general::*};

/// CLOCK_SGI_CYCLE's old number and the like do not exist.
pub(super) fn read_clock(clock: i32) -> Result<u64> {
    if clock < 0 {
        return timers::foreign_clock(clock)?.now().ok_or(Errno::EINVAL);
    }
    Ok(match clock as u32 {
        CLOCK_REALTIME | CLOCK_REALTIME_COARSE | CLOCK_REALTIME_ALARM | CLOCK_TAI => {
            time::realtime()
        }
        CLOCK_MONOTONIC
        | CLOCK_MONOTONIC_RAW
        | CLOCK_MONOTONIC_COARSE
        | CLOCK_BOOTTIME
        | CLOCK_BOOTTIME_ALARM => time::now().0,
        CLOCK_PROCESS_CPUTIME_ID => crate::task::times::of_process(&crate::task::current().process),
        CLOCK_THREAD_CPUTIME_ID => crate::sched::current().cpu_time(),
        _ => return Err(Errno::EINVAL),
    })
}

/// clock_gettime(2).
pub(super) fn clock_gettime(_: &Caller, a: Args) -> Result<usize> {
    let now = read_clock(a.int(0))?;
    a.ptr(1).write(&timespec_of(now))?;
    Ok(0)
}

/// clock_settime(2).
pub(super) fn clock_settime(cx: &Caller, a: Args) -> Result<usize> {
    let value = ns(a.ptr(1).read()?)?;
    if a.int(0) != CLOCK_REALTIME as i32 {
        // Others exist but cannot be set, or do not exist.
        read_clock(a.int(0))?;
        return Err(Errno::EINVAL);
    }
    set_wall_clock(cx, value)
}

fn set_wall_clock(cx: &Caller, ns: u64) -> Result<usize> {
    if !cx.task.capable(cap::SYS_TIME) {
        return Err(Errno::EPERM);
    }
    // KTIME_MAX, minus what CLOCK_MONOTONIC may still grow: Linux refuses more.
    if ns > i64::MAX as u64 || ns < time::now().0 {
        return Err(Errno::EINVAL);
    }
    time::set_realtime(ns);
    timerfd::clock_was_set();
    Ok(0)
}

/// clock_getres(2).
pub(super) fn clock_getres(_: &Caller, a: Args) -> Result<usize> {
    read_clock(a.int(0))?;
    let out = a.ptr::<timespec>(1);
    if !out.is_null() {
        let coarse = [CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE].contains(&a.uint(0));
        out.write(&timespec_of(if coarse { 4_000_000 } else { 1 }))?;
    }
    Ok(0)
}

/// gettimeofday(2).
pub(super) fn gettimeofday(_: &Caller, a: Args) -> Result<usize> {
    let (value, zone) = (a.ptr::<timeval>(0), a.ptr::<[i32; 2]>(1));
    if !value.is_null() {
        value.write(&timeval_of(time::realtime()))?;
    }
    if !zone.is_null() {
        zone.write(&[0, 0])?;
    }
    Ok(0)
}

/// settimeofday(2).
pub(super) fn settimeofday(cx: &Caller, a: Args) -> Result<usize> {
    let value = a.ptr::<timeval>(0);
    if value.is_null() {
        return Ok(0);
    }
    let value = timeval_ns(value.read()?)?;
    set_wall_clock(cx, value)
}

/// struct timex is 208 bytes; what a clock that nobody steers has to say.
pub(super) fn adjtime(cx: &Caller, clock: i32, addr: usize) -> Result<usize> {
    if clock != CLOCK_REALTIME as i32 {
        return Err(Errno::EOPNOTSUPP);
    }
    let mut bytes = [0; 208];
    crate::task::memory::read(addr, &mut bytes)?;
    let modes = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    // ADJ_OFFSET_SS_READ only reads.
    if modes != 0 && modes != 0xa001 {
        return Err(if cx.task.capable(cap::SYS_TIME) {
            Errno::EINVAL
        } else {
            Errno::EPERM
        });
    }
    let mut put = |word: usize, value: i64| {
        bytes[8 * word..8 * word + 8].copy_from_slice(&value.to_le_bytes())
    };
    let now = time::realtime();
    put(1, 0); //        offset
    put(2, 0); //        freq
    put(3, 16_000_000); // maxerror
    put(4, 16_000_000); // esterror
    put(6, 2); //        constant
    put(7, 1); //        precision
    put(8, 32_768_000); // tolerance
    put(9, (now / NSEC_PER_SEC) as i64);
    put(10, (now % NSEC_PER_SEC / 1000) as i64);
    put(11, 10_000); //  tick
    bytes[..4].copy_from_slice(&modes.to_le_bytes());
    bytes[40..44].copy_from_slice(&0x40i32.to_le_bytes()); // status STA_UNSYNC; a gap follows
    crate::task::memory::write(addr, &bytes)?;
    const TIME_ERROR: usize = 5;
    Ok(TIME_ERROR)
}
