//! Calls about time: clocks, sleeping, timers, time used.
//!
//! The rows are here, and conversions; the handlers are by noun in the modules. Who calls: `table`. The rooms `time` and `task` own
//! and lock everything.

mod clock;
mod sleep;
mod timer;
mod usage;

pub(super) use sleep::sleep_until;

use super::table::{
    Row,
    Support::{Full, Partial},
    row,
};
use crate::{Result, time::NSEC_PER_SEC};
use abi::{Errno, general::*};

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(
        __NR_clock_gettime,
        "clock_gettime",
        clock::clock_gettime,
        Full,
        "",
    ),
    row(
        __NR_clock_settime,
        "clock_settime",
        clock::clock_settime,
        Full,
        "",
    ),
    row(
        __NR_clock_getres,
        "clock_getres",
        clock::clock_getres,
        Full,
        "",
    ),
    row(
        __NR_clock_nanosleep,
        "clock_nanosleep",
        sleep::clock_nanosleep,
        Full,
        "",
    ),
    row(
        __NR_clock_adjtime,
        "clock_adjtime",
        |cx, a| clock::adjtime(cx, a.int(0), a.get(1)),
        Partial,
        "reads; sets nothing",
    ),
    row(
        __NR_adjtimex,
        "adjtimex",
        |cx, a| clock::adjtime(cx, CLOCK_REALTIME as i32, a.get(0)),
        Partial,
        "reads; sets nothing",
    ),
    row(__NR_nanosleep, "nanosleep", sleep::nanosleep, Full, ""),
    row(
        __NR_gettimeofday,
        "gettimeofday",
        clock::gettimeofday,
        Full,
        "",
    ),
    row(
        __NR_settimeofday,
        "settimeofday",
        clock::settimeofday,
        Full,
        "",
    ),
    row(__NR_getitimer, "getitimer", timer::getitimer, Full, ""),
    row(__NR_setitimer, "setitimer", timer::setitimer, Full, ""),
    row(
        __NR_timer_create,
        "timer_create",
        timer::timer_create,
        Full,
        "",
    ),
    row(
        __NR_timer_settime,
        "timer_settime",
        timer::timer_settime,
        Full,
        "",
    ),
    row(
        __NR_timer_gettime,
        "timer_gettime",
        timer::timer_gettime,
        Full,
        "",
    ),
    row(
        __NR_timer_getoverrun,
        "timer_getoverrun",
        timer::timer_getoverrun,
        Full,
        "",
    ),
    row(
        __NR_timer_delete,
        "timer_delete",
        |cx, a| cx.task.process.timers.delete(a.int(0)).map(|()| 0),
        Full,
        "",
    ),
    row(__NR_times, "times", usage::times, Full, ""),
    row(__NR_getrusage, "getrusage", usage::getrusage, Full, ""),
];

/// A timespec from a program in ns; `EINVAL` when it is negative or not normal.
/// What does not fit is the end of time.
pub fn ns(spec: timespec) -> Result<u64> {
    if spec.tv_sec < 0 || !(0..NSEC_PER_SEC as i64).contains(&spec.tv_nsec) {
        return Err(Errno::EINVAL);
    }
    Ok((spec.tv_sec as u64)
        .saturating_mul(NSEC_PER_SEC)
        .saturating_add(spec.tv_nsec as u64))
}

/// The other way.
pub fn timespec_of(ns: u64) -> timespec {
    timespec {
        tv_sec: (ns / NSEC_PER_SEC) as i64,
        tv_nsec: (ns % NSEC_PER_SEC) as i64,
    }
}

fn timeval_of(ns: u64) -> timeval {
    timeval {
        tv_sec: (ns / NSEC_PER_SEC) as i64,
        tv_usec: (ns % NSEC_PER_SEC / 1000) as i64,
    }
}

fn timeval_ns(value: timeval) -> Result<u64> {
    if value.tv_sec < 0 || !(0..1_000_000).contains(&value.tv_usec) {
        return Err(Errno::EINVAL);
    }
    Ok((value.tv_sec as u64)
        .saturating_mul(NSEC_PER_SEC)
        .saturating_add(value.tv_usec as u64 * 1000))
}
