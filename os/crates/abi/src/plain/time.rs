//! Times, timers and what was used: clock_gettime(2), setitimer(2), getrusage(2).
#![allow(non_camel_case_types)]

use zerocopy::{FromBytes, Immutable, IntoBytes};

/// `struct timespec`. timespec(3type).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct timespec {
    /// Seconds.
    pub tv_sec: i64,
    /// Nanoseconds.
    pub tv_nsec: i64,
}

/// `struct __kernel_timespec`: 64 bits everywhere.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct __kernel_timespec {
    /// Seconds.
    pub tv_sec: i64,
    /// Nanoseconds.
    pub tv_nsec: i64,
}

/// `struct timeval`. timeval(3type).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct timeval {
    /// Seconds.
    pub tv_sec: i64,
    /// Microseconds.
    pub tv_usec: i64,
}

/// `struct timeval` as rusage has it.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct __kernel_old_timeval {
    /// Seconds.
    pub tv_sec: i64,
    /// Microseconds.
    pub tv_usec: i64,
}

/// `struct itimerspec`. timer_settime(2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct itimerspec {
    /// From one expiry to the next; zero is once.
    pub it_interval: timespec,
    /// To the first; zero is never.
    pub it_value: timespec,
}

/// `struct itimerval`. setitimer(2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct itimerval {
    /// From one expiry to the next; zero is once.
    pub it_interval: timeval,
    /// To the first; zero is never.
    pub it_value: timeval,
}

/// `struct rusage`. getrusage(2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct rusage {
    /// Time in user mode.
    pub ru_utime: __kernel_old_timeval,
    /// Time in the kernel.
    pub ru_stime: __kernel_old_timeval,
    /// Most memory at once, KiB.
    pub ru_maxrss: i64,
    /// Not kept.
    pub ru_ixrss: i64,
    /// Not kept.
    pub ru_idrss: i64,
    /// Not kept.
    pub ru_isrss: i64,
    /// Faults that read nothing from a disk.
    pub ru_minflt: i64,
    /// Faults that did.
    pub ru_majflt: i64,
    /// Not kept.
    pub ru_nswap: i64,
    /// Blocks of 512 bytes read.
    pub ru_inblock: i64,
    /// Blocks written.
    pub ru_oublock: i64,
    /// Not kept.
    pub ru_msgsnd: i64,
    /// Not kept.
    pub ru_msgrcv: i64,
    /// Not kept.
    pub ru_nsignals: i64,
    /// Times it gave the processor up.
    pub ru_nvcsw: i64,
    /// Times that the processor was taken.
    pub ru_nivcsw: i64,
}

as_in_c! {
    timespec { tv_sec, tv_nsec }
    __kernel_timespec { tv_sec, tv_nsec }
    timeval { tv_sec, tv_usec }
    __kernel_old_timeval { tv_sec, tv_usec }
    itimerspec { it_interval, it_value }
    itimerval { it_interval, it_value }
    rusage { ru_utime, ru_stime, ru_maxrss, ru_ixrss, ru_idrss, ru_isrss, ru_minflt, ru_majflt, ru_nswap, ru_inblock, ru_oublock, ru_msgsnd, ru_msgrcv, ru_nsignals, ru_nvcsw, ru_nivcsw }
}
