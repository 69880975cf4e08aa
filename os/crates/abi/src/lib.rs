//! The Linux ABI as the kernel sees it: structures, numbers and [`Errno`].
//!
//! Everything that `linux-raw-sys` carries is re-exported under its own module
//! names ([`general`], [`net`], …). What it lacks (a typed errno, structures that
//! are plain data) is defined here. The crate depends on nothing else in the tree and holds no
//! behaviour beyond conversions.
#![no_std]
#![forbid(unsafe_code)]

mod errno;
mod plain;

pub use errno::Errno;
pub use linux_raw_sys::{
    auxvec, elf, if_arp, if_ether, if_packet, ioctl, net, netlink, prctl, system, vm_sockets,
};

/// Numbers and structures that belong to no family; those that cross the boundary whole are plain
/// data of our own (`plain`).
pub mod general {
    // By name: an import by name goes before one by `*`.
    pub use crate::plain::{
        __kernel_fsid_t, __kernel_old_timeval, __kernel_timespec, epoll_event, f_owner_ex, flock,
        itimerspec, itimerval, open_how, pollfd, rusage, stat, statfs, statx, statx_timestamp,
        termios, termios2, timespec, timeval, winsize,
    };
    pub use linux_raw_sys::general::*;
}
