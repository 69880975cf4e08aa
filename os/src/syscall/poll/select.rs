//! pselect6.
//!
//! Who calls: the row of `poll`. Who owns and locks: nothing; the sets are a copy. Typical sequence: three sets in, a scan as often
//! as one of the files wakes, three sets out.

use super::{Watched, deadline, masked, store_left, wait_for_any};
use crate::{
    Result,
    file::Events,
    mm::UserPtr,
    syscall::{Args, Caller},
    time::Instant,
};
use abi::{Errno, general::*};
use alloc::{vec, vec::Vec};

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
pub(super) fn pselect6(cx: &Caller, a: Args) -> Result<usize> {
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
