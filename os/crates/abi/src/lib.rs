//! The Linux ABI as the kernel sees it: structures, numbers and [`Errno`].
//!
//! Everything that `linux-raw-sys` carries is re-exported under its own module
//! names ([`general`], [`net`], …). What it lacks (signal frames, a typed errno)
//! is defined here. The crate depends on nothing else in the tree and holds no
//! behaviour beyond conversions.
#![no_std]
#![forbid(unsafe_code)]

mod errno;

pub use errno::Errno;
pub use linux_raw_sys::{
    auxvec, elf, general, if_arp, if_ether, if_packet, ioctl, net, netlink, prctl, system,
    vm_sockets,
};
