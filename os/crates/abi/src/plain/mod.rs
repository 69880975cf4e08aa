//! Structures that cross the boundary whole, as plain data.
//!
//! A structure that is copied out must not have gaps: what lies in a gap is whatever the kernel's
//! stack held before. One that is copied in must make sense whatever its bits are. Both are asked
//! of the types, by `zerocopy`'s derives (`IntoBytes`, `FromBytes`), and `mm::UserPtr` takes no
//! others. Where C leaves a gap, there is a field for it here, and whoever fills the structure says
//! what is in it: zero as a rule, as Linux clears its structures first.
//!
//! The names are C's; [`crate::general`] gives these instead of what `linux-raw-sys` has, and for
//! the kernel's targets each is compared with it, field by field, when this crate is compiled.

/// Sizes and offsets as in the bindings that were made from the architecture's headers.
macro_rules! as_in_c {
    ($($name:ident { $($field:ident),* $(,)? })*) => {
        // Not on the host, whose structures may be others (epoll_event and stat of x86_64 are).
        #[cfg(target_os = "none")]
        const _: () = {
            use core::mem::{offset_of, size_of};
            use linux_raw_sys::general as c;
            $(
                assert!(size_of::<$name>() == size_of::<c::$name>());
                $(assert!(offset_of!($name, $field) == offset_of!(c::$name, $field));)*
            )*
        };
    };
}

mod file;
mod poll;
mod terminal;
mod time;

pub use file::{
    __kernel_fsid_t, f_owner_ex, flock, open_how, stat, statfs, statx, statx_timestamp,
};
pub use poll::{epoll_event, pollfd};
pub use terminal::{termios, termios2, winsize};
pub use time::{
    __kernel_old_timeval, __kernel_timespec, itimerspec, itimerval, rusage, timespec, timeval,
};
