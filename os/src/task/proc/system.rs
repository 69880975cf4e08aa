//! /proc/sys/kernel and what the system-call table says about itself.

use crate::{
    debug,
    fs::pseudo,
    syscall::{misc, names, table, trace},
    task::tree,
};
use alloc::{format, string::String};
use core::sync::atomic::Ordering::Relaxed;

/// Publishes the files.
pub(super) fn publish() {
    let proc = pseudo::proc();
    for (path, value) in [
        ("sys/kernel/ostype", "Linux"),
        ("sys/kernel/osrelease", names::RELEASE),
        ("sys/kernel/version", names::VERSION),
        ("sys/kernel/core_pattern", "core"),
    ] {
        proc.file(path, move || format!("{value}\n"));
    }
    proc.file("version", || {
        format!(
            "Linux version {} (rustc) {}\n",
            names::RELEASE,
            names::VERSION
        )
    });
    for (path, value) in [
        ("sys/kernel/pid_max", tree::PID_MAX),
        (
            "sys/kernel/threads-max",
            crate::mm::frame::total() as i32 / 32,
        ),
        ("sys/kernel/ngroups_max", 65536),
        (
            "sys/kernel/cap_last_cap",
            super::super::creds::cap::LAST as i32,
        ),
        ("sys/kernel/randomize_va_space", 0),
        ("sys/kernel/core_uses_pid", 0),
        ("sys/kernel/panic", 0),
        ("sys/kernel/dmesg_restrict", 0),
        ("sys/kernel/rtsig-max", 32),
        ("sys/kernel/sched_child_runs_first", 0),
        ("sys/kernel/tainted", 0),
        ("sys/kernel/sched_rt_period_us", 1_000_000),
        ("sys/kernel/sched_rt_runtime_us", 950_000),
        ("sys/kernel/sched_rr_timeslice_ms", 100),
    ] {
        proc.file(path, move || format!("{value}\n"));
    }
    for (path, which) in [
        ("sys/kernel/hostname", names::Which::Host),
        ("sys/kernel/domainname", names::Which::Domain),
    ] {
        proc.writable(
            path,
            move || format!("{}\n", String::from_utf8_lossy(&names::get(which))),
            move |bytes| names::set(which, bytes.strip_suffix(b"\n").unwrap_or(bytes)),
        );
    }
    proc.file("sys/kernel/ctrl-alt-del", || {
        format!("{}\n", i32::from(misc::CTRL_ALT_DEL.load(Relaxed)))
    });
    // console, default for messages without a severity, minimum, default of the console.
    proc.file("sys/kernel/printk", || {
        format!("{}\t4\t1\t5\n", debug::console_level())
    });
    // The table for docs/process/syscalls.md, then the calls that programs missed.
    proc.file("sockeye_syscalls", || {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = table::report(&mut text);
        for (number, count) in trace::unknown_counts() {
            text += &format!("{number}\t?\tmissing\tcalled {count} times\n");
        }
        text
    });
}
