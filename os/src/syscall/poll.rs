//! Waiting for several descriptors, and the descriptors made to be waited for: epoll,
//! ppoll, pselect6, eventfd2, timerfd, signalfd4.
//!
//! Timeouts become deadlines once, at entry. A signal ends ppoll and pselect6 with
//! "restart if no handler runs" and epoll_wait with `EINTR` always, as signal(7) lists.

use super::{
    Args, Caller,
    file::{fd_limit, install},
    table::{
        Row,
        Support::{Full, Partial},
        row,
    },
};
use crate::{
    Result,
    file::{Events, OpenFile, epoll, epoll::Epoll, eventfd, signalfd, timerfd},
    mm::{UserOut, UserPtr},
    sched::{self, Interruptible, WaitQueue},
    task::signal,
    time::{self, Instant, NSEC_PER_SEC},
};
use abi::{Errno, general::*};
use alloc::{sync::Arc, vec, vec::Vec};

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(__NR_epoll_create1, "epoll_create1", epoll_create1, Full, ""),
    row(
        __NR_epoll_ctl,
        "epoll_ctl",
        epoll_ctl,
        Partial,
        "EPOLLWAKEUP is accepted: the machine never suspends",
    ),
    row(__NR_epoll_pwait, "epoll_pwait", epoll_pwait, Full, ""),
    row(__NR_epoll_pwait2, "epoll_pwait2", epoll_pwait2, Full, ""),
    row(__NR_ppoll, "ppoll", ppoll, Full, ""),
    row(__NR_pselect6, "pselect6", pselect6, Full, ""),
    row(__NR_eventfd2, "eventfd2", eventfd2, Full, ""),
    row(
        __NR_timerfd_create,
        "timerfd_create",
        timerfd_create,
        Full,
        "",
    ),
    row(
        __NR_timerfd_settime,
        "timerfd_settime",
        timerfd_settime,
        Full,
        "",
    ),
    row(
        __NR_timerfd_gettime,
        "timerfd_gettime",
        timerfd_gettime,
        Full,
        "",
    ),
    row(__NR_signalfd4, "signalfd4", signalfd4, Full, ""),
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
    Ok(Some(time::now().after(nanoseconds(&timeout.read()?)?)))
}

fn nanoseconds(time: &timespec) -> Result<u64> {
    let valid = time.tv_sec >= 0 && (0..NSEC_PER_SEC as i64).contains(&time.tv_nsec);
    if !valid {
        return Err(Errno::EINVAL);
    }
    let whole = (time.tv_sec as u64).saturating_mul(NSEC_PER_SEC);
    Ok(whole.saturating_add(time.tv_nsec as u64))
}

fn to_timespec(ns: u64) -> timespec {
    timespec {
        tv_sec: (ns / NSEC_PER_SEC) as i64,
        tv_nsec: (ns % NSEC_PER_SEC) as i64,
    }
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
    match timeout.write(&to_timespec(deadline.remaining())) {
        Ok(()) => result,
        // The restarted call would wait for the whole time again: do not restart it.
        Err(_) if result == Err(Errno::RESTART_NO_HANDLER) => Err(Errno::EINTR),
        Err(_) => result,
    }
}

/// epoll_create1(2).
fn epoll_create1(cx: &Caller, a: Args) -> Result<usize> {
    let flags = a.uint(0);
    if flags & !EPOLL_CLOEXEC != 0 {
        return Err(Errno::EINVAL);
    }
    install(cx, epoll::create(), flags & EPOLL_CLOEXEC != 0)
}

/// epoll_ctl(2).
fn epoll_ctl(cx: &Caller, a: Args) -> Result<usize> {
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
fn epoll_pwait(cx: &Caller, a: Args) -> Result<usize> {
    let deadline = match a.int(3) {
        ms if ms < 0 => None,
        ms => Some(time::now().after(ms as u64 * 1_000_000)),
    };
    masked(cx, a.ptr(4), a.get(5), || epoll_wait(cx, a, deadline))
}

/// epoll_pwait2(2): the timeout as a timespec, null is none.
fn epoll_pwait2(cx: &Caller, a: Args) -> Result<usize> {
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

/// ppoll(2).
fn ppoll(cx: &Caller, a: Args) -> Result<usize> {
    let (fds, count, timeout) = (a.ptr::<pollfd>(0), a.uint(1) as usize, a.ptr(2));
    let deadline = deadline(&timeout)?;
    let result = masked(cx, a.ptr(3), a.get(4), || poll(cx, fds, count, deadline));
    store_left(timeout, deadline, result)
}

/// The array is read once and written back whole, as Linux does.
fn poll(
    cx: &Caller,
    fds: UserPtr<pollfd>,
    count: usize,
    deadline: Option<Instant>,
) -> Result<usize> {
    if count > fd_limit(cx) {
        return Err(Errno::EINVAL);
    }
    let files = cx.task.files();
    let mut entries = Vec::with_capacity(count);
    let mut watched = Vec::with_capacity(count);
    let mut invalid = 0;
    for index in 0..count {
        let mut entry = fds.add(index).read()?;
        entry.revents = 0;
        if entry.fd >= 0 {
            match files.get_io(entry.fd) {
                Ok(file) => watched.push(Watched {
                    file,
                    index,
                    interest: Events::from_bits_truncate(entry.events as u16 as u32),
                }),
                Err(_) => {
                    entry.revents = POLLNVAL as i16;
                    invalid += 1;
                }
            }
        }
        entries.push(entry);
    }
    const ALWAYS: Events = Events::ERR.union(Events::HUP);
    let scan = || {
        let mut ready = invalid;
        for Watched {
            file,
            index,
            interest,
        } in &watched
        {
            let events = file.file.poll() & (*interest | ALWAYS);
            entries[*index].revents = events.bits() as i16;
            ready += usize::from(!events.is_empty());
        }
        ready
    };
    let ready = wait_for_any(&watched, deadline, scan)?;
    for (index, entry) in entries.iter().enumerate() {
        fds.add(index).write(entry)?;
    }
    Ok(ready)
}

/// What select(2) means by readable, writable and exceptional.
const READABLE: Events = Events::IN
    .union(Events::RDNORM)
    .union(Events::RDBAND)
    .union(Events::HUP)
    .union(Events::ERR)
    .union(Events::NVAL);
const WRITABLE: Events = Events::OUT
    .union(Events::WRNORM)
    .union(Events::WRBAND)
    .union(Events::ERR)
    .union(Events::NVAL);
const EXCEPTIONAL: Events = Events::PRI.union(Events::NVAL);
const KINDS: [Events; 3] = [READABLE, WRITABLE, EXCEPTIONAL];

/// pselect6(2): register 5 points to the mask and its size.
fn pselect6(cx: &Caller, a: Args) -> Result<usize> {
    let (count, timeout, mask) = (a.int(0), a.ptr(4), a.ptr::<[usize; 2]>(5));
    let [mask, size] = if mask.is_null() { [0; 2] } else { mask.read()? };
    let deadline = deadline(&timeout)?;
    let sets = [a.get(1), a.get(2), a.get(3)];
    let result = masked(cx, UserPtr::new(mask), size, || {
        select(cx, count, sets, deadline)
    });
    store_left(timeout, deadline, result)
}

/// One `fd_set`: words of 64 descriptors. Only the words that the count covers are touched.
struct FdSet {
    at: usize,
    asked: Vec<u64>,
    found: Vec<u64>,
}

impl FdSet {
    fn read(at: usize, words: usize) -> Result<FdSet> {
        let mut asked = vec![0; words];
        if at != 0 {
            for (index, word) in asked.iter_mut().enumerate() {
                *word = UserPtr::<u64>::new(at).add(index).read()?;
            }
        }
        Ok(FdSet {
            at,
            asked,
            found: vec![0; words],
        })
    }

    fn has(&self, fd: usize) -> bool {
        self.asked[fd / 64] >> (fd % 64) & 1 != 0
    }

    fn store(&self) -> Result<()> {
        if self.at != 0 {
            for (index, word) in self.found.iter().enumerate() {
                UserPtr::<u64>::new(self.at).add(index).write(word)?;
            }
        }
        Ok(())
    }
}

fn select(cx: &Caller, count: i32, sets: [usize; 3], deadline: Option<Instant>) -> Result<usize> {
    let count = usize::try_from(count).map_err(|_| Errno::EINVAL)?;
    let files = cx.task.files();
    // Linux looks at no more descriptors than the table has room for.
    let count = count.min(files.capacity());
    let words = count.div_ceil(64);
    let mut sets = [
        FdSet::read(sets[0], words)?,
        FdSet::read(sets[1], words)?,
        FdSet::read(sets[2], words)?,
    ];
    let mut watched = Vec::new();
    for fd in 0..count {
        let mut interest = Events::empty();
        for (set, kind) in sets.iter().zip(KINDS) {
            if set.has(fd) {
                interest |= kind;
            }
        }
        if !interest.is_empty() {
            let file = files.get(fd as i32)?;
            watched.push(Watched {
                file,
                index: fd,
                interest,
            });
        }
    }
    let scan = || {
        let mut ready = 0;
        for Watched { file, index, .. } in &watched {
            // An O_PATH descriptor is open, and ready for everything: select(2) fails on closed ones only.
            let events = match file.flags() & O_PATH {
                0 => file.file.poll(),
                _ => Events::NVAL,
            };
            let (word, bit) = (index / 64, 1 << (index % 64));
            for (set, kind) in sets.iter_mut().zip(KINDS) {
                let hit = set.has(*index) && events.intersects(kind);
                match hit {
                    true => set.found[word] |= bit,
                    false => set.found[word] &= !bit,
                }
                ready += usize::from(hit);
            }
        }
        ready
    };
    let ready = wait_for_any(&watched, deadline, scan)?;
    for set in &sets {
        set.store()?;
    }
    Ok(ready)
}

/// eventfd2(2).
fn eventfd2(cx: &Caller, a: Args) -> Result<usize> {
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
fn timerfd_create(cx: &Caller, a: Args) -> Result<usize> {
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
fn timerfd_settime(cx: &Caller, a: Args) -> Result<usize> {
    let (flags, new, old) = (a.uint(1), a.ptr::<itimerspec>(2), a.ptr::<itimerspec>(3));
    let new = new.read()?;
    if flags & !(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET) != 0 {
        return Err(Errno::EINVAL);
    }
    let times = timerfd::Times {
        value: nanoseconds(&new.it_value)?,
        interval: nanoseconds(&new.it_interval)?,
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
fn timerfd_gettime(cx: &Caller, a: Args) -> Result<usize> {
    let file = cx.task.files().get_io(a.int(0))?;
    let times = timerfd::TimerFd::of(&file)?.get();
    a.ptr(1).write(&to_itimerspec(times))?;
    Ok(0)
}

fn to_itimerspec(times: timerfd::Times) -> itimerspec {
    itimerspec {
        it_interval: to_timespec(times.interval),
        it_value: to_timespec(times.value),
    }
}

/// signalfd4(2): a new descriptor for -1, else a new mask for the one given.
fn signalfd4(cx: &Caller, a: Args) -> Result<usize> {
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
