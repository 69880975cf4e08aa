//! Readiness: poll(2), epoll_ctl(2).
#![allow(non_camel_case_types)]

use zerocopy::{FromBytes, Immutable, IntoBytes};

/// `struct pollfd`. poll(2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct pollfd {
    /// Descriptor; negative is none.
    pub fd: i32,
    /// Asked for.
    pub events: i16,
    /// Found.
    pub revents: i16,
}

/// `struct epoll_event`. epoll_ctl(2). Has a gap after `events` and thus cannot be written whole:
/// epoll_wait(2) leaves the gap in user memory as it was, as Linux does.
#[derive(Clone, Copy, Debug, Default, FromBytes, Immutable)]
#[repr(C)]
pub struct epoll_event {
    /// EPOLL*.
    pub events: u32,
    /// The program's own.
    pub data: u64,
}

as_in_c! {
    pollfd { fd, events, revents }
    epoll_event { events, data }
}
