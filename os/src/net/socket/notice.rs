//! What a socket tells about its own sends: completions of MSG_ZEROCOPY and time stamps, read with MSG_ERRQUEUE.
//! Linux's Documentation/networking/{msg_zerocopy,timestamping}.
//!
//! **What.** [`Notices`] is the part of the error queue that does not come from the network; errors of the network are the
//! engine's. **Who calls.** [`super::Socket`] around each send and before a family's receive; options change [`Settings`].
//! **Who owns and locks.** Each socket's [`super::Common`]; one spin lock, taken only when something was asked for: an atomic
//! word says so.
//!
//! Typical sequence: `setsockopt(SO_ZEROCOPY)`, `send(MSG_ZEROCOPY)`, `poll` says POLLERR, `recvmsg(MSG_ERRQUEUE)`.
//! Data is always copied, and every completion says so (SO_EE_CODE_ZEROCOPY_COPIED). A frame goes to its device within the
//! call that sends it, so that the stamps of the queueing discipline and of the driver are one instant.

use super::message::{Flags, Incoming, Outgoing, Received};
use crate::{
    Result,
    mm::UserIn,
    net::{Control, cmsg},
    sync::SpinLock,
    time,
};
use abi::{
    Errno,
    net::{
        AF_INET, IP_RECVERR, IPPROTO_IP, IPPROTO_IPV6, IPV6_RECVERR, SO_TIMESTAMPING_NEW,
        SO_TIMESTAMPING_OLD, SOCK_STREAM, SOL_SOCKET,
    },
};
use alloc::{collections::VecDeque, vec::Vec};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// SOF_TIMESTAMPING_* (linux/net_tstamp.h) that mean something here.
pub const TX_SOFTWARE: u32 = 1 << 1;
/// Stamp what arrives.
pub const RX_SOFTWARE: u32 = 1 << 3;
/// Report software stamps.
pub const SOFTWARE: u32 = 1 << 4;
/// Number the sends.
pub const OPT_ID: u32 = 1 << 7;
/// Stamp when the queueing discipline is reached.
pub const TX_SCHED: u32 = 1 << 8;
/// Stamps without the packet.
pub const OPT_TSONLY: u32 = 1 << 11;
/// Statistics of TCP with a stamp: only without the packet.
pub const OPT_STATS: u32 = 1 << 12;
/// The numbers of a stream count from what was written, not from what was acknowledged.
pub const OPT_ID_TCP: u32 = 1 << 16;
/// Every flag that there is.
pub const ALL: u32 = (1 << 19) - 1;
/// The flags that one message may set for itself.
const RECORD: u32 = 1 | TX_SOFTWARE | TX_SCHED | 1 << 9 | 1 << 18;

/// SCM_TSTAMP_SND, SCM_TSTAMP_SCHED: `ee_info` of a stamp.
const SENT: u32 = 0;
const SCHEDULED: u32 = 1;
const ORIGIN_TIMESTAMPING: u8 = 4;
const ORIGIN_ZEROCOPY: u8 = 5;
const CODE_COPIED: u8 = 1;
/// Entries that wait; what comes on top is lost, as where the receive buffer is full.
const MOST: usize = 512;
const MSG_ZEROCOPY: u32 = 0x0400_0000;

/// What was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// SO_ZEROCOPY.
    pub zerocopy: bool,
    /// SO_TIMESTAMPING: SOF_TIMESTAMPING_*.
    pub stamping: u32,
    /// SO_TIMESTAMPING_NEW rather than _OLD.
    pub new_layout: bool,
    /// The clock that SOF_TIMESTAMPING_BIND_PHC names.
    pub clock: i32,
    next_copy: u32,
    next_stamp: u32,
}

enum Notice {
    /// Sends `first` to `last` are done.
    Copied { first: u32, last: u32 },
    /// A stamp in ns of the wall clock.
    Stamp {
        kind: u32,
        id: u32,
        at: u64,
        data: Vec<u8>,
    },
}

#[derive(Default)]
struct State {
    settings: Settings,
    queue: VecDeque<Notice>,
}

/// The notices of one socket.
pub struct Notices {
    /// Whether anything was ever asked for: all that a send without looks at.
    asked: AtomicBool,
    state: SpinLock<State>,
}

/// A send under way: what it will tell when it is done.
pub struct Watch<'b> {
    data: UserIn<'b>,
    zerocopy: bool,
    stamping: u32,
}

impl Notices {
    pub(super) fn new() -> Notices {
        Notices {
            asked: AtomicBool::new(false),
            state: SpinLock::new(State::default()),
        }
    }

    /// What was asked for.
    pub fn settings(&self) -> Settings {
        self.state.lock().settings
    }

    /// Changes what is asked for.
    pub fn change(&self, change: impl FnOnce(&mut Settings)) {
        let mut state = self.state.lock();
        let before = state.settings.stamping;
        change(&mut state.settings);
        // The numbers begin when numbering does.
        if before & OPT_ID == 0 && state.settings.stamping & OPT_ID != 0 {
            state.settings.next_stamp = 0;
        }
        self.asked.store(true, Relaxed);
    }

    /// Whether stamps of what arrives were asked for, and in which layout: SO_TIMESTAMPING_NEW's.
    pub fn receive_stamps(&self) -> Option<bool> {
        if !self.asked.load(Relaxed) {
            return None;
        }
        let settings = self.settings();
        let wanted = SOFTWARE | RX_SOFTWARE;
        (settings.stamping & wanted == wanted).then_some(settings.new_layout)
    }

    /// Whether something waits to be read.
    pub fn any(&self) -> bool {
        self.asked.load(Relaxed) && !self.state.lock().queue.is_empty()
    }

    /// Before a send. `None`, at the cost of one load, when nothing was ever asked for; else `EINVAL` for ancillary data
    /// that asks for what a message cannot ask for.
    pub(super) fn watch<'b>(&self, message: &Outgoing<'_, 'b>) -> Result<Option<Watch<'b>>> {
        let asks = |item: &cmsg::Item<'_>| {
            item.level == SOL_SOCKET as i32
                && [SO_TIMESTAMPING_OLD as i32, SO_TIMESTAMPING_NEW as i32].contains(&item.kind)
        };
        let mut own = None;
        for item in cmsg::items(message.control) {
            let item = item?;
            if asks(&item) {
                let flags: [u8; 4] = item.data.try_into().map_err(|_| Errno::EINVAL)?;
                let flags = u32::from_ne_bytes(flags);
                if flags & !RECORD != 0 {
                    return Err(Errno::EINVAL);
                }
                own = Some(flags);
            }
        }
        if own.is_none() && !self.asked.load(Relaxed) {
            return Ok(None);
        }
        let settings = self.settings();
        let stamping = match own {
            Some(own) => settings.stamping & !RECORD | own,
            None => settings.stamping,
        };
        let zerocopy = settings.zerocopy && message.flags.bits() & MSG_ZEROCOPY != 0;
        Ok(Some(Watch {
            data: message.data.clone(),
            zerocopy,
            stamping,
        }))
    }

    /// After a send that took `sent` bytes. Says whether there is something to read now.
    pub(super) fn sent(&self, mut watch: Watch<'_>, kind: u32, sent: usize) -> bool {
        let mut stamps = [None; 2];
        if watch.stamping & SOFTWARE != 0 {
            stamps[0] = (watch.stamping & TX_SCHED != 0).then_some(SCHEDULED);
            stamps[1] = (watch.stamping & TX_SOFTWARE != 0).then_some(SENT);
        }
        let stamped = stamps.iter().any(Option::is_some);
        let mut data = Vec::new();
        if stamped && watch.stamping & OPT_TSONLY == 0 {
            data = alloc::vec![0; sent];
            let copied = watch.data.read(&mut data).unwrap_or(0);
            data.truncate(copied);
        }
        let at = time::realtime();
        let mut state = self.state.lock();
        if watch.zerocopy && sent > 0 {
            let id = state.settings.next_copy;
            state.settings.next_copy = id.wrapping_add(1);
            state.copied(id);
        }
        let id = match (watch.stamping & OPT_ID != 0, kind) {
            (false, _) => 0,
            // Of a stream it is the last byte that was sent.
            (true, SOCK_STREAM) => {
                let next = state.settings.next_stamp.wrapping_add(sent as u32);
                state.settings.next_stamp = next;
                next.wrapping_sub(1)
            }
            (true, _) => {
                let id = state.settings.next_stamp;
                state.settings.next_stamp = id.wrapping_add(1);
                id
            }
        };
        for kind in stamps.into_iter().flatten() {
            if state.queue.len() < MOST {
                let data = data.clone();
                state.queue.push_back(Notice::Stamp { kind, id, at, data });
            }
        }
        !state.queue.is_empty()
    }

    /// MSG_ERRQUEUE: the oldest notice, if there is one. `domain` is the socket's family.
    pub(super) fn read(
        &self,
        message: &mut Incoming<'_, '_>,
        domain: u32,
    ) -> Option<Result<Received>> {
        if !self.asked.load(Relaxed) {
            return None;
        }
        let (notice, new_layout) = {
            let mut state = self.state.lock();
            (state.queue.pop_front()?, state.settings.new_layout)
        };
        let mut flags = Flags::ERRQUEUE;
        let mut error = [0; 16 + 28];
        let mut stamp = None;
        let mut len = 0;
        match notice {
            Notice::Copied { first, last } => {
                error[4] = ORIGIN_ZEROCOPY;
                error[6] = CODE_COPIED;
                error[8..12].copy_from_slice(&first.to_ne_bytes());
                error[12..16].copy_from_slice(&last.to_ne_bytes());
            }
            Notice::Stamp { kind, id, at, data } => {
                error[..4].copy_from_slice(&Errno::ENOMSG.number().to_ne_bytes());
                error[4] = ORIGIN_TIMESTAMPING;
                error[8..12].copy_from_slice(&kind.to_ne_bytes());
                error[12..16].copy_from_slice(&id.to_ne_bytes());
                stamp = Some(at);
                len = match message.out.remaining() {
                    0 => 0,
                    _ => match message.out.write(&data) {
                        Ok(len) => len,
                        Err(errno) => return Some(Err(errno)),
                    },
                };
                flags.set(Flags::TRUNC, len < data.len());
            }
        }
        if let Some(control) = message.control.as_deref_mut() {
            if let Some(at) = stamp {
                push_stamp(control, at, new_layout);
            }
            let (level, kind, room) = match domain {
                AF_INET => (IPPROTO_IP as i32, IP_RECVERR, 16 + 16),
                _ => (IPPROTO_IPV6 as i32, IPV6_RECVERR, 16 + 28),
            };
            control.push(level, kind as i32, &error[..room]);
        }
        Some(Ok(Received {
            len,
            flags,
            from: None,
        }))
    }
}

impl State {
    /// A completed copy: runs of them are one notice.
    fn copied(&mut self, id: u32) {
        if let Some(Notice::Copied { last, .. }) = self.queue.back_mut()
            && last.wrapping_add(1) == id
        {
            *last = id;
        } else if self.queue.len() < MOST {
            let (first, last) = (id, id);
            self.queue.push_back(Notice::Copied { first, last });
        }
    }
}

/// SCM_TIMESTAMPING: three `struct timespec`, of which the first is the software's. `at` in ns of the wall clock.
pub fn push_stamp(control: &mut Control, at: u64, new_layout: bool) {
    let mut data = [0; 48];
    data[..8].copy_from_slice(&(at / 1_000_000_000).to_ne_bytes());
    data[8..16].copy_from_slice(&(at % 1_000_000_000).to_ne_bytes());
    let kind = match new_layout {
        true => SO_TIMESTAMPING_NEW,
        false => SO_TIMESTAMPING_OLD,
    };
    control.push(SOL_SOCKET as i32, kind as i32, &data);
}
