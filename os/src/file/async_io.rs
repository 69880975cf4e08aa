//! Signal-driven I/O: descriptions tell their owner when something happens. fcntl(2), signal(7).
//!
//! What it is: [`AsyncIo`], a registration of one description on its object's queue. Who
//! calls: [`OpenFile`], when O_ASYNC or the owner changes. There is one while O_ASYNC is
//! set (SIGIO), and also without it where the object has urgent data (SIGURG).

use super::{Events, Fd, OpenFile, Owner, hooks, pipe::PipeEnd};
use crate::{
    Result,
    sched::{Entry, Waiter},
};
use abi::{
    Errno,
    general::{FASYNC, POLL_ERR, POLL_HUP, POLL_IN, POLL_OUT, POLL_PRI},
};
use alloc::sync::{Arc, Weak};

/// What the owner is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Urgent data: SIGURG.
    Urgent,
    /// SIGIO, or F_SETSIG's signal with `si_code`, `si_band` and `si_fd`.
    Io {
        #[allow(missing_docs)]
        code: i32,
        #[allow(missing_docs)]
        band: u32,
        #[allow(missing_docs)]
        fd: Fd,
    },
}

impl News {
    /// POLL_* and the poll(2) bits that Linux reports with it, for a wake-up with these events on `file`.
    fn of(events: Events, file: &OpenFile, fd: Fd) -> impl Iterator<Item = News> {
        let urgent = events.contains(Events::PRI);
        let over = events.intersects(Events::HUP | Events::ERR);
        let news = [
            (urgent, POLL_PRI, Events::PRI | Events::RDBAND),
            // An error is told as such, also where it ends the connection.
            (
                events.contains(Events::ERR) && events != Events::all(),
                POLL_ERR,
                Events::ERR,
            ),
            (
                events.contains(Events::HUP)
                    && (!events.contains(Events::ERR) || events == Events::all()),
                POLL_HUP,
                Events::HUP | Events::ERR,
            ),
            (
                events.contains(Events::IN) && !over,
                POLL_IN,
                Events::IN | Events::RDNORM,
            ),
            (
                events.contains(Events::OUT) && !over && file.file.wanted_room(),
                POLL_OUT,
                Events::OUT | Events::WRNORM | Events::WRBAND,
            ),
        ];
        let told = news.into_iter().filter(|(happened, ..)| *happened);
        told.map(move |(_, code, band)| News::Io {
            code: code as i32,
            band: band.bits(),
            fd,
        })
    }
}

/// The registration of one description on its object's queue.
pub struct AsyncIo {
    _entry: Entry,
    _waiter: Arc<Notify>,
}

struct Notify {
    file: Weak<OpenFile>,
    /// The descriptor that O_ASYNC was set through: `si_fd`.
    fd: Fd,
}

impl AsyncIo {
    /// Registers; `ENOTTY` when the object has no queue or never signals.
    pub fn start(file: &Arc<OpenFile>, fd: Fd, interest: Events) -> Result<AsyncIo> {
        if !file.file.signals_owner() {
            return Err(Errno::ENOTTY);
        }
        let queue = file.file.queue().ok_or(Errno::ENOTTY)?;
        let waiter = Arc::new(Notify {
            file: Arc::downgrade(file),
            fd,
        });
        let weak: Weak<Notify> = Arc::downgrade(&waiter);
        Ok(AsyncIo {
            _entry: queue.register(weak, interest, false),
            _waiter: waiter,
        })
    }
}

impl Waiter for Notify {
    fn wake(&self, events: Events) -> bool {
        let Some(file) = self.file.upgrade() else {
            return false;
        };
        let owner: Option<Owner> = *file.owner.lock();
        let Some(owner) = owner.filter(|owner| owner.id != 0) else {
            return false;
        };
        if events.contains(Events::PRI) && file.file.has_urgent_data() {
            hooks::tasks().signal_owner(&owner, News::Urgent);
        }
        let events = match PipeEnd::of(&file) {
            Some(_) => of_pipe(&file, events),
            None => events,
        };
        if file.flags() & FASYNC != 0 && !file.file.acts_itself() {
            for news in News::of(events, &file, self.fd) {
                hooks::tasks().signal_owner(&owner, news);
            }
        }
        true
    }
}

/// A pipe's readers hear of data and its writers of room, also when the other side is gone.
fn of_pipe(file: &OpenFile, events: Events) -> Events {
    let mut wanted = Events::empty();
    wanted.set(Events::IN, file.readable());
    wanted.set(Events::OUT, file.writable());
    events & wanted
}
