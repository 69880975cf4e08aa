//! Waiting for several descriptors, and the descriptors made to be waited for: epoll,
//! ppoll, pselect6, eventfd2, timerfd, signalfd4.
//!
//! Timeouts become deadlines once, at entry. A signal ends ppoll and pselect6 with
//! "restart if no handler runs" and epoll_wait with `EINTR` always, as signal(7) lists. The rows are here, and what the
//! waits share: the mask, the deadline, the sleep; the handlers are by noun in the modules. Who calls: `table`.

mod descriptor;
mod epoll;
mod ppoll;
mod select;

use super::{
    Caller,
    table::{
        Row,
        Support::{Full, Partial},
        row,
    },
    time::{ns, timespec_of},
};
use crate::{
    Result,
    file::{Events, OpenFile},
    mm::UserPtr,
    sched::{self, Interruptible, WaitQueue},
    task::signal,
    time::{self, Instant},
};
use abi::{Errno, general::*};
use alloc::{sync::Arc, vec::Vec};

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(
        __NR_epoll_create1,
        "epoll_create1",
        epoll::epoll_create1,
        Full,
        "",
    ),
    row(
        __NR_epoll_ctl,
        "epoll_ctl",
        epoll::epoll_ctl,
        Partial,
        "EPOLLWAKEUP is accepted: the machine never suspends",
    ),
    row(
        __NR_epoll_pwait,
        "epoll_pwait",
        epoll::epoll_pwait,
        Full,
        "",
    ),
    row(
        __NR_epoll_pwait2,
        "epoll_pwait2",
        epoll::epoll_pwait2,
        Full,
        "",
    ),
    row(__NR_ppoll, "ppoll", ppoll::ppoll, Full, ""),
    row(__NR_pselect6, "pselect6", select::pselect6, Full, ""),
    row(__NR_eventfd2, "eventfd2", descriptor::eventfd2, Full, ""),
    row(
        __NR_timerfd_create,
        "timerfd_create",
        descriptor::timerfd_create,
        Full,
        "",
    ),
    row(
        __NR_timerfd_settime,
        "timerfd_settime",
        descriptor::timerfd_settime,
        Full,
        "",
    ),
    row(
        __NR_timerfd_gettime,
        "timerfd_gettime",
        descriptor::timerfd_gettime,
        Full,
        "",
    ),
    row(__NR_signalfd4, "signalfd4", descriptor::signalfd4, Full, ""),
];

/// The kernel's sigset_t; every call with a mask gives this size.
const SIGSET_SIZE: usize = 8;

/// Runs `call` with the caller's signal mask replaced. When a signal ends the call,
/// the old mask comes back only after the handler, so the new one stays here.
fn masked(
    cx: &Caller,
    mask: UserPtr<u64>,
    size: usize,
    call: impl FnOnce() -> Result<usize>,
) -> Result<usize> {
    if mask.is_null() {
        return call();
    }
    if size != SIGSET_SIZE {
        return Err(Errno::EINVAL);
    }
    signal::set_temporary_mask(&cx.task, mask.read()?);
    let result = call();
    match result {
        Err(Errno::EINTR | Errno::RESTART_NO_HANDLER) => {}
        _ => signal::restore_mask(&cx.task),
    }
    result
}

/// A `timespec` that bounds a wait, as the time when it ends. `EINVAL` when out of range.
pub(super) fn deadline(timeout: &UserPtr<timespec>) -> Result<Option<Instant>> {
    if timeout.is_null() {
        return Ok(None);
    }
    Ok(Some(time::now().after(ns(timeout.read()?)?)))
}

/// ppoll and pselect6 tell how much of the timeout is left. select(2), VERSIONS
fn store_left(
    timeout: UserPtr<timespec>,
    deadline: Option<Instant>,
    result: Result<usize>,
) -> Result<usize> {
    let Some(deadline) = deadline else {
        return result;
    };
    match timeout.write(&timespec_of(deadline.remaining())) {
        Ok(()) => result,
        // The restarted call would wait for the whole time again: do not restart it.
        Err(_) if result == Err(Errno::RESTART_NO_HANDLER) => Err(Errno::EINTR),
        Err(_) => result,
    }
}

/// One descriptor that is waited for.
struct Watched {
    file: Arc<OpenFile>,
    /// Which entry of the caller's array it is.
    index: usize,
    interest: Events,
}

/// Sleeps until `scan` finds something on the `watched` files. 0 at the deadline.
fn wait_for_any(
    watched: &[Watched],
    deadline: Option<Instant>,
    mut scan: impl FnMut() -> usize,
) -> Result<usize> {
    let ready = scan();
    if ready > 0 || deadline.is_some_and(|at| at.remaining() == 0) {
        return Ok(ready);
    }
    let mut queues: Vec<(&WaitQueue, Events)> = Vec::with_capacity(watched.len());
    queues.extend(
        watched
            .iter()
            .filter_map(|w| Some((w.file.file.queue()?, w.interest))),
    );
    let done = sched::wait_for(&queues, deadline, Interruptible::Yes, || match scan() {
        0 => None,
        ready => Some(ready),
    });
    match done {
        Err(Errno::ETIMEDOUT) => Ok(0),
        Err(_) => Err(Errno::RESTART_NO_HANDLER),
        ready => ready,
    }
}
