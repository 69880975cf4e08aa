//! The files of /proc that belong to no process and to no room above: memory, CPU,
//! time, mounts, devices. `task` publishes the processes and `sys/kernel`, `net` the
//! network, through [`super::pseudo`]. proc(5).

use super::{
    config, dev,
    inode::Target,
    mount, notify,
    pseudo::{Node, proc},
    quota, random, tmpfs,
};
use crate::{
    arch, drivers,
    file::{hooks, pipe},
    irq, mm, sched, time,
};
use abi::Errno;
use alloc::{format, string::String};

/// Registers them. `cmdline` is the kernel's.
pub(super) fn register(cmdline: &'static str) {
    let proc = proc();
    proc.file("cmdline", move || format!("{cmdline}\n"));
    proc.file("cpuinfo", || {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = arch::cpuinfo(&mut text);
        text
    });
    proc.file("devices", dev::devices_text);
    proc.file("filesystems", mount::kinds_text);
    proc.file("loadavg", loadavg);
    proc.file("meminfo", meminfo);
    proc.file("partitions", partitions);
    proc.file("stat", stat);
    proc.file("swaps", || {
        "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n".into()
    });
    proc.file("uptime", uptime);
    proc.file("vmstat", vmstat);
    proc.link("mounts", "self/mounts");
    proc.node(
        "self",
        Node::link(|| {
            let job = hooks::tasks().job().ok_or(Errno::ENOENT)?;
            Ok(Target::Path(format!("{}", job.pid).into_bytes()))
        }),
    );
    config::register();
    quota::register();
    register_sysctl();
}

/// /proc/sys entries of this room.
fn register_sysctl() {
    let proc = proc();
    for (path, value) in [
        ("sys/fs/file-max", 1 << 20),
        ("sys/fs/nr_open", 1 << 20),
        ("sys/fs/inotify/max_user_watches", notify::MAX_WATCHES),
        ("sys/fs/inotify/max_queued_events", notify::MAX_QUEUED),
        ("sys/fs/inotify/max_user_instances", 128),
        ("sys/kernel/random/poolsize", 256),
        ("sys/kernel/random/entropy_avail", 256),
        ("sys/vm/overcommit_memory", 1),
        ("sys/vm/max_map_count", 65530),
        ("sys/vm/swappiness", 0),
    ] {
        proc.file(path, move || format!("{value}\n"));
    }
    proc.writable(
        "sys/fs/pipe-max-size",
        || format!("{}\n", pipe::max_size()),
        |bytes| {
            let text = core::str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?;
            let number = text.trim().parse().map_err(|_| Errno::EINVAL)?;
            pipe::set_max_size(number)
        },
    );
    let boot_id = uuid();
    proc.file("sys/kernel/random/boot_id", move || boot_id.clone());
    proc.file("sys/kernel/random/uuid", uuid);
    proc.directory("sys/fs/binfmt_misc");
}

/// A random UUID, RFC 9562 version 4.
fn uuid() -> String {
    let (high, low) = (random::u64(), random::u64());
    let high = high & !0xf000 | 0x4000;
    let low = low & !(3 << 62) | 2 << 62;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}\n",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// In kB. Cached pages are those of files, most of which cannot be given back.
fn meminfo() -> String {
    let (free, total) = mm::frame::counts();
    let kb = mm::PAGE_SIZE as u64 / 1024;
    let (free, total) = (free * kb, total * kb);
    let mut text = String::new();
    for (name, kb) in [
        ("MemTotal", total),
        ("MemFree", free),
        ("MemAvailable", free),
        ("Buffers", 0),
        ("Cached", tmpfs::cached_pages() as u64 * kb),
        ("Slab", mm::statistics().slab.1 as u64 / 1024),
        ("SwapCached", 0),
        ("SwapTotal", 0),
        ("SwapFree", 0),
        ("CommitLimit", total / 2),
    ] {
        text += &format!("{:<16}{kb:>8} kB\n", format!("{name}:"));
    }
    text
}

/// Jiffies of 10 ms.
fn jiffies(ns: u64) -> u64 {
    ns / 10_000_000
}

fn stat() -> String {
    let (idle_ns, switches, runnable) = sched::statistics();
    let now = time::now().0;
    let idle = jiffies(idle_ns);
    // User and system time are not told apart for the CPU as a whole.
    let busy = jiffies(now).saturating_sub(idle);
    let boot = time::realtime().saturating_sub(now) / 1_000_000_000;
    format!(
        "cpu  {busy} 0 0 {idle} 0 0 0 0 0 0\ncpu0 {busy} 0 0 {idle} 0 0 0 0 0 0\n\
         intr {}\nctxt {switches}\nbtime {boot}\nprocesses 0\nprocs_running {}\nprocs_blocked 0\n",
        irq::DEVICE_INTERRUPTS.get(),
        runnable + 1
    )
}

fn uptime() -> String {
    let now = time::now().0 / 10_000_000;
    let idle = sched::statistics().0 / 10_000_000;
    format!(
        "{}.{:02} {}.{:02}\n",
        now / 100,
        now % 100,
        idle / 100,
        idle % 100
    )
}

/// There are no averages: the number of runnable threads now stands in for all three.
fn loadavg() -> String {
    let runnable = sched::statistics().2 + 1;
    format!("{runnable}.00 {runnable}.00 {runnable}.00 {runnable}/{runnable} 0\n")
}

fn vmstat() -> String {
    let (free, _) = mm::frame::counts();
    let minor = mm::space::MINOR_FAULTS.get();
    let major = mm::space::MAJOR_FAULTS.get();
    let faults = minor + major;
    format!("nr_free_pages {free}\npgfault {faults}\npgmajfault {major}\n")
}

fn partitions() -> String {
    let mut text = String::from("major minor  #blocks  name\n\n");
    for (index, disk) in drivers::disks().iter().enumerate() {
        text += &format!(
            " 254 {:8} {:10} {}\n",
            index * 16,
            disk.sectors() / 2,
            disk.name()
        );
    }
    text
}
