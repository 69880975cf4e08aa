//! System calls of the family `time`.

use super::{
    Args, Caller,
    table::{
        Row,
        Support::{Full, Partial},
        row,
    },
};
use crate::{
    Result,
    file::timerfd,
    mm::UserPtr,
    sched::{Interruptible, wait_until},
    task::{
        creds::cap,
        signal::{self, Restart},
        timers::{self, Clock, Notify, Posix, Setting},
        tree,
    },
    time::{self, Instant, NSEC_PER_SEC},
};
use abi::{Errno, general::*};
use alloc::sync::Arc;
use zerocopy::FromBytes;

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(__NR_clock_gettime, "clock_gettime", clock_gettime, Full, ""),
    row(__NR_clock_settime, "clock_settime", clock_settime, Full, ""),
    row(__NR_clock_getres, "clock_getres", clock_getres, Full, ""),
    row(
        __NR_clock_nanosleep,
        "clock_nanosleep",
        clock_nanosleep,
        Full,
        "",
    ),
    row(
        __NR_clock_adjtime,
        "clock_adjtime",
        |cx, a| adjtime(cx, a.int(0), a.get(1)),
        Partial,
        "reads; sets nothing",
    ),
    row(
        __NR_adjtimex,
        "adjtimex",
        |cx, a| adjtime(cx, CLOCK_REALTIME as i32, a.get(0)),
        Partial,
        "reads; sets nothing",
    ),
    row(__NR_nanosleep, "nanosleep", nanosleep, Full, ""),
    row(__NR_gettimeofday, "gettimeofday", gettimeofday, Full, ""),
    row(__NR_settimeofday, "settimeofday", settimeofday, Full, ""),
    row(__NR_getitimer, "getitimer", getitimer, Full, ""),
    row(__NR_setitimer, "setitimer", setitimer, Full, ""),
    row(__NR_timer_create, "timer_create", timer_create, Full, ""),
    row(__NR_timer_settime, "timer_settime", timer_settime, Full, ""),
    row(__NR_timer_gettime, "timer_gettime", timer_gettime, Full, ""),
    row(
        __NR_timer_getoverrun,
        "timer_getoverrun",
        timer_getoverrun,
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
    row(__NR_times, "times", times, Full, ""),
    row(__NR_getrusage, "getrusage", getrusage, Full, ""),
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

/// CLOCK_SGI_CYCLE's old number and the like do not exist.
fn read_clock(clock: i32) -> Result<u64> {
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

fn clock_gettime(_: &Caller, a: Args) -> Result<usize> {
    let now = read_clock(a.int(0))?;
    a.ptr(1).write(&timespec_of(now))?;
    Ok(0)
}

fn clock_settime(cx: &Caller, a: Args) -> Result<usize> {
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

fn clock_getres(_: &Caller, a: Args) -> Result<usize> {
    read_clock(a.int(0))?;
    let out = a.ptr::<timespec>(1);
    if !out.is_null() {
        let coarse = [CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE].contains(&a.uint(0));
        out.write(&timespec_of(if coarse { 4_000_000 } else { 1 }))?;
    }
    Ok(0)
}

fn nanosleep(cx: &Caller, a: Args) -> Result<usize> {
    let duration = ns(a.ptr(0).read()?)?;
    sleep_until(cx, time::now().after(duration).0, Some(a.get(1)))
}

/// Sleeps to a deadline on CLOCK_MONOTONIC. `remaining`: a relative sleep, which goes
/// on after a stop and tells what is left after a handler; 0: nobody asks.
pub(super) fn sleep_until(cx: &Caller, deadline: u64, remaining: Option<usize>) -> Result<usize> {
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

fn clock_nanosleep(cx: &Caller, a: Args) -> Result<usize> {
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

fn gettimeofday(_: &Caller, a: Args) -> Result<usize> {
    let (value, zone) = (a.ptr::<timeval>(0), a.ptr::<[i32; 2]>(1));
    if !value.is_null() {
        value.write(&timeval_of(time::realtime()))?;
    }
    if !zone.is_null() {
        zone.write(&[0, 0])?;
    }
    Ok(0)
}

fn settimeofday(cx: &Caller, a: Args) -> Result<usize> {
    let value = a.ptr::<timeval>(0);
    if value.is_null() {
        return Ok(0);
    }
    let value = timeval_ns(value.read()?)?;
    set_wall_clock(cx, value)
}

/// struct timex is 208 bytes; what a clock that nobody steers has to say.
fn adjtime(cx: &Caller, clock: i32, addr: usize) -> Result<usize> {
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
    put(5, 0x40); //     status STA_UNSYNC
    put(6, 2); //        constant
    put(7, 1); //        precision
    put(8, 32_768_000); // tolerance
    put(9, (now / NSEC_PER_SEC) as i64);
    put(10, (now % NSEC_PER_SEC / 1000) as i64);
    put(11, 10_000); //  tick
    bytes[..4].copy_from_slice(&modes.to_le_bytes());
    crate::task::memory::write(addr, &bytes)?;
    const TIME_ERROR: usize = 5;
    Ok(TIME_ERROR)
}

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

fn getitimer(cx: &Caller, a: Args) -> Result<usize> {
    let process = &cx.task.process;
    let setting = match a.uint(0) {
        ITIMER_REAL => process.timers.real(),
        which @ (ITIMER_VIRTUAL | ITIMER_PROF) => process.timers.cpu(process, which),
        _ => return Err(Errno::EINVAL),
    };
    a.ptr(1).write(&itimerval_of(setting))?;
    Ok(0)
}

fn setitimer(cx: &Caller, a: Args) -> Result<usize> {
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

fn timer_create(cx: &Caller, a: Args) -> Result<usize> {
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

fn timer_settime(cx: &Caller, a: Args) -> Result<usize> {
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

fn timer_gettime(cx: &Caller, a: Args) -> Result<usize> {
    let timer = cx.task.process.timers.get(a.int(0))?;
    a.ptr(1).write(&itimerspec_of(timer.setting()))?;
    Ok(0)
}

fn timer_getoverrun(cx: &Caller, a: Args) -> Result<usize> {
    let timer = cx.task.process.timers.get(a.int(0))?;
    Ok(timer.overrun() as usize)
}

/// Clock ticks of times(2): USER_HZ is 100.
const TICK: u64 = 10_000_000;

fn times(cx: &Caller, a: Args) -> Result<usize> {
    let sums = super::task::own_times(cx);
    let ticks = [
        sums.user,
        sums.system,
        sums.children.user,
        sums.children.system,
    ]
    .map(|ns| ns / TICK);
    let out = a.ptr::<[u64; 4]>(0);
    if !out.is_null() {
        out.write(&ticks)?;
    }
    Ok((time::now().0 / TICK) as usize)
}

fn getrusage(cx: &Caller, a: Args) -> Result<usize> {
    let usage = match a.int(0) {
        RUSAGE_SELF => super::task::own_times(cx).rusage(),
        RUSAGE_CHILDREN => cx.task.process.times.lock().children_rusage(),
        RUSAGE_THREAD => {
            let mut sums = crate::task::times::Times::default();
            sums.add_thread(&cx.task);
            sums.rusage()
        }
        _ => return Err(Errno::EINVAL),
    };
    a.ptr(1).write(&usage)?;
    Ok(0)
}

const RUSAGE_SELF: i32 = 0;
const RUSAGE_CHILDREN: i32 = -1;
const RUSAGE_THREAD: i32 = 1;
