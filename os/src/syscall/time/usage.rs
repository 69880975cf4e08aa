//! Time used: times, getrusage.
//!
//! Who calls: the rows of `time`. Who owns and locks: the process its sums.

use crate::{
    Result,
    syscall::{Args, Caller},
    time,
};
use abi::Errno;

/// Clock ticks of times(2): USER_HZ is 100.
const TICK: u64 = 10_000_000;

const RUSAGE_SELF: i32 = 0;
const RUSAGE_CHILDREN: i32 = -1;
const RUSAGE_THREAD: i32 = 1;

/// times(2).
pub(super) fn times(cx: &Caller, a: Args) -> Result<usize> {
    let sums = crate::syscall::task::own_times(cx);
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

/// getrusage(2).
pub(super) fn getrusage(cx: &Caller, a: Args) -> Result<usize> {
    let usage = match a.int(0) {
        RUSAGE_SELF => crate::syscall::task::own_times(cx).rusage(),
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
