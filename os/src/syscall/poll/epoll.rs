//! epoll_create1, epoll_ctl, epoll_pwait, epoll_pwait2.
//!
//! Who calls: the rows of `poll`. Who owns and locks: `file::epoll`. Typical sequence: the timeout as a deadline, the mask in
//! place, then a harvest as often as the ready queue is woken.

use super::{deadline, masked};
use crate::{
    Result,
    file::epoll::{self, Epoll},
    mm::UserOut,
    sched::{self, Interruptible},
    syscall::{Args, Caller, file::install},
    time::{self, Instant},
};
use abi::{Errno, general::*};

/// epoll_create1(2).
pub(super) fn epoll_create1(cx: &Caller, a: Args) -> Result<usize> {
    let flags = a.uint(0);
    if flags & !EPOLL_CLOEXEC != 0 {
        return Err(Errno::EINVAL);
    }
    install(cx, epoll::create(), flags & EPOLL_CLOEXEC != 0)
}

/// epoll_ctl(2).
pub(super) fn epoll_ctl(cx: &Caller, a: Args) -> Result<usize> {
    let (operation, fd) = (a.uint(1), a.int(2));
    let event = match operation {
        EPOLL_CTL_DEL => epoll_event { events: 0, data: 0 },
        _ => a.ptr(3).read()?,
    };
    let files = cx.task.files();
    let watcher = files.get_io(a.int(0))?;
    let target = files.get_io(fd)?;
    if target.file.queue().is_none() {
        return Err(Errno::EPERM);
    }
    Epoll::of(&watcher)?.ctl(operation, fd, &target, event)?;
    Ok(0)
}

/// epoll_pwait(2): the timeout in ms, negative is none.
pub(super) fn epoll_pwait(cx: &Caller, a: Args) -> Result<usize> {
    let deadline = match a.int(3) {
        ms if ms < 0 => None,
        ms => Some(time::now().after(ms as u64 * 1_000_000)),
    };
    masked(cx, a.ptr(4), a.get(5), || epoll_wait(cx, a, deadline))
}

/// epoll_pwait2(2): the timeout as a timespec, null is none.
pub(super) fn epoll_pwait2(cx: &Caller, a: Args) -> Result<usize> {
    let deadline = deadline(&a.ptr(3))?;
    masked(cx, a.ptr(4), a.get(5), || epoll_wait(cx, a, deadline))
}

fn epoll_wait(cx: &Caller, a: Args, deadline: Option<Instant>) -> Result<usize> {
    let (events, max) = (a.ptr::<epoll_event>(1), a.int(2));
    let file = cx.task.files().get_io(a.int(0))?;
    if max <= 0 || max as usize > i32::MAX as usize / size_of::<epoll_event>() {
        return Err(Errno::EINVAL);
    }
    // Memory that cannot be a program's is refused at once, missing pages when there is something to store.
    UserOut::new(a.get(1), max as usize * size_of::<epoll_event>())?;
    let epoll = Epoll::of(&file)?;
    let harvest = || epoll.harvest(&events, max as usize);
    match sched::wait_until(
        &[epoll.ready_queue()],
        deadline,
        Interruptible::Yes,
        harvest,
    ) {
        Ok(done) => done,
        Err(Errno::ETIMEDOUT) => Ok(0),
        Err(_) => Err(Errno::EINTR),
    }
}
