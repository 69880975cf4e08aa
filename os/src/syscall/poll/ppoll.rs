//! ppoll.
//!
//! Who calls: the row of `poll`. Who owns and locks: nothing; the entries are a copy. Typical sequence: entries in, a scan as often
//! as one of the files wakes, entries out.

use super::{Watched, deadline, masked, store_left, wait_for_any};
use crate::{
    Result,
    file::Events,
    mm::UserPtr,
    syscall::{Args, Caller, file::fd_limit},
    time::Instant,
};
use abi::{Errno, general::*};
use alloc::vec::Vec;

/// ppoll(2).
pub(super) fn ppoll(cx: &Caller, a: Args) -> Result<usize> {
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
