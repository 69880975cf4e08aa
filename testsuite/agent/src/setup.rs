//! Makes the bare system a place where programs run: a console, /proc and its
//! neighbours. Each step may already be done by the kernel.

use core::ffi::CStr;

use crate::console;
use crate::sys::{self, EBUSY, Errno, open};

/// What is mounted where.
const MOUNTS: &[(&CStr, &CStr)] = &[
    (c"/proc", c"proc"),
    (c"/sys", c"sysfs"),
    (c"/dev", c"devtmpfs"),
    (c"/dev/pts", c"devpts"),
    (c"/dev/shm", c"tmpfs"),
    (c"/tmp", c"tmpfs"),
];

/// Mounts what is not there yet. `complain` hears about each that could not be.
pub fn mounts(mut complain: impl FnMut(&CStr, Errno)) {
    for (place, kind) in MOUNTS {
        // Exists, mostly; where it cannot be made the mount says so.
        let _ = sys::mkdir(place);
        match sys::mount(kind, place, kind, 0, None) {
            Ok(()) | Err(EBUSY) => {}
            Err(errno) => complain(place, errno),
        }
    }
}

/// Sees to it that standard input, output and error are open.
pub fn console() {
    if sys::is_open(0) && sys::is_open(console::FD) && sys::is_open(2) {
        return;
    }
    if let Ok(tty) = sys::open(c"/dev/console", open::RDWR | open::NOCTTY) {
        for fd in 0..=2 {
            if fd != tty.raw() {
                let _ = sys::dup_to(tty.raw(), fd);
            }
        }
        if tty.raw() <= 2 {
            // It is one of the three: stays open.
            core::mem::forget(tty);
        }
    }
}
