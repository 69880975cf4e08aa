//! Sockeye: a Linux-ABI-compatible kernel for real network programs.
//!
//! This file is the table of contents of the boot: one call, one comment. The
//! map of the rooms, the lock tree and the two walks are in `os/README.md`.
#![no_std]
#![no_main]

extern crate alloc;

mod arch;
mod debug;
mod drivers;
mod file;
mod fs;
mod irq;
mod mm;
mod net;
mod sched;
mod sync;
mod syscall;
mod task;
mod time;

/// The kernel's `Result`: everything that user space can see fails with an [`abi::Errno`].
pub type Result<T> = core::result::Result<T, abi::Errno>;

/// Called by `arch`'s boot code on the boot hart: stack set, BSS clear, linear map on, interrupts off.
pub fn kernel_main(boot: arch::BootInfo) -> ! {
    debug::init(boot.cmdline); // log lines reach the console from here on
    arch::set_hooks(arch::Hooks {
        device: irq::dispatch,
        timer: time::timer_interrupt,
        fault: mm::resolve_copy_fault,
    });
    mm::init(&boot); //     frames and the kernel heap
    mm::when_exhausted(task::oom::during_copy);
    irq::init(&boot); //    interrupt controller, timer interrupt
    time::init(); //        monotonic clock and the timer queue
    drivers::init(&boot); // UART, RTC, virtio-blk, virtio-net by FDT and PCI walk
    net::init(boot.cmdline); // lo and every NIC; the engine
    fs::init(boot.cmdline); // ext4 root under an overlay; /dev, /proc, /sys, tmpfs
    fs::terminals::init(); // /dev/console, /dev/tty, /dev/ptmx
    task::init(&boot); //   pid 1
    drivers::allow_sleep(); // disks sleep from here on instead of polling
    sched::run() //         the idle loop is the boot thread from now on
}
