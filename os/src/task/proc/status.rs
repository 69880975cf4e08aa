//! /proc/<pid>/{status,limits,…}: lines for people. proc_pid_status(5).

use super::{Subject, stat};
use crate::{
    Result,
    mm::PAGE_SIZE,
    task::{limits::INFINITY, signal::Set, tree},
};
use abi::general::*;
use alloc::{format, string::String, vec::Vec};
use core::{fmt::Write, sync::atomic::Ordering::Relaxed};

/// The name; a zombie keeps its process's.
pub(super) fn name(subject: &Subject) -> Vec<u8> {
    match subject.task() {
        Ok(task) => task.name.lock().bytes().to_vec(),
        Err(_) => subject.process.last_name.lock().bytes().to_vec(),
    }
}

/// Signal sets of a task.
#[derive(Default)]
pub(super) struct Sets {
    pub pending: Set,
    pub shared: Set,
    pub blocked: Set,
    pub ignored: Set,
    pub caught: Set,
}

pub(super) fn signal_sets(subject: &Subject) -> Sets {
    let Ok(task) = subject.task() else {
        return Sets::default();
    };
    let (ignored, caught) = subject.process.handlers().sets();
    let shared = subject.process.pending.lock().set();
    let signals = task.signals.lock();
    Sets {
        pending: signals.pending.set(),
        shared,
        blocked: signals.mask,
        ignored,
        caught,
    }
}

pub(super) fn status(subject: &Subject) -> Result<String> {
    let process = &subject.process;
    let task = subject.task().ok();
    let state = stat::state(subject);
    let word = match state {
        'R' => "running",
        'S' => "sleeping",
        'D' => "disk sleep",
        'T' => "stopped",
        'Z' => "zombie",
        _ => "dead",
    };
    let (group, session) = tree::ids(process.pid).unwrap_or((0, 0));
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name}:\t{value}");
    };
    line("Name", String::from_utf8_lossy(&name(subject)).into_owned());
    if let Some(task) = &task {
        line("Umask", format!("{:04o}", task.fs().umask()));
    }
    line("State", format!("{state} ({word})"));
    line("Tgid", format!("{}", process.pid));
    line("Ngid", "0".into());
    line("Pid", format!("{}", subject.id()));
    line("PPid", format!("{}", tree::parent(process.pid)));
    line("TracerPid", "0".into());
    let creds = task.as_ref().map(|task| task.creds());
    if let Some(creds) = &creds {
        line(
            "Uid",
            format!(
                "{}\t{}\t{}\t{}",
                creds.uid, creds.euid, creds.suid, creds.fsuid
            ),
        );
        line(
            "Gid",
            format!(
                "{}\t{}\t{}\t{}",
                creds.gid, creds.egid, creds.sgid, creds.fsgid
            ),
        );
        line("FDSize", format!("{}", descriptors(subject)));
        let groups: Vec<String> = creds
            .groups
            .iter()
            .map(|group| format!("{group} "))
            .collect();
        line("Groups", groups.concat());
    }
    line("NStgid", format!("{}", process.pid));
    line("NSpid", format!("{}", subject.id()));
    line("NSpgid", format!("{group}"));
    line("NSsid", format!("{session}"));
    if let Some(mm) = task.as_ref().and_then(|task| task.try_mm()) {
        let usage = mm.usage();
        for (name, pages) in [
            ("VmPeak", usage.size),
            ("VmSize", usage.size),
            ("VmLck", usage.locked),
            ("VmPin", 0),
            ("VmHWM", usage.peak),
            ("VmRSS", usage.resident),
            ("VmData", usage.data),
            ("VmStk", usage.stack),
            ("VmExe", usage.text),
            ("VmSwap", 0),
        ] {
            line(name, format!("{:8} kB", pages * (PAGE_SIZE / 1024)));
        }
    }
    line("Threads", format!("{}", process.threads.lock().len()));
    let sets = signal_sets(subject);
    let queued = process.pending.lock().len();
    line(
        "SigQ",
        format!(
            "{queued}/{}",
            process.limits.lock().get(RLIMIT_SIGPENDING).0
        ),
    );
    for (name, set) in [
        ("SigPnd", sets.pending),
        ("ShdPnd", sets.shared),
        ("SigBlk", sets.blocked),
        ("SigIgn", sets.ignored),
        ("SigCgt", sets.caught),
    ] {
        line(name, format!("{set:016x}"));
    }
    if let Some(creds) = &creds {
        for (name, set) in [
            ("CapInh", creds.cap_inheritable),
            ("CapPrm", creds.cap_permitted),
            ("CapEff", creds.cap_effective),
            ("CapBnd", creds.cap_bounding),
            ("CapAmb", creds.cap_ambient),
        ] {
            line(name, format!("{set:016x}"));
        }
    }
    if let Some(task) = &task {
        line(
            "NoNewPrivs",
            format!("{}", u8::from(task.no_new_privs.load(Relaxed))),
        );
        line("Seccomp", "0".into());
        line("Cpus_allowed", "1".into());
        line("Cpus_allowed_list", "0".into());
        line("Mems_allowed", "1".into());
        line("Mems_allowed_list", "0".into());
        let (voluntary, involuntary) = task.thread.switches();
        line("voluntary_ctxt_switches", format!("{voluntary}"));
        line("nonvoluntary_ctxt_switches", format!("{involuntary}"));
    }
    Ok(text)
}

/// Slots of the descriptor table: a power of two, at least 64.
fn descriptors(subject: &Subject) -> usize {
    let last = subject
        .task()
        .ok()
        .and_then(|task| task.files().numbers().last().copied());
    (last.unwrap_or(0) as usize + 1).next_power_of_two().max(64)
}

const LIMITS: [(&str, u32, &str); 16] = [
    ("Max cpu time", RLIMIT_CPU, "seconds"),
    ("Max file size", RLIMIT_FSIZE, "bytes"),
    ("Max data size", RLIMIT_DATA, "bytes"),
    ("Max stack size", RLIMIT_STACK, "bytes"),
    ("Max core file size", RLIMIT_CORE, "bytes"),
    ("Max resident set", RLIMIT_RSS, "bytes"),
    ("Max processes", RLIMIT_NPROC, "processes"),
    ("Max open files", RLIMIT_NOFILE, "files"),
    ("Max locked memory", RLIMIT_MEMLOCK, "bytes"),
    ("Max address space", RLIMIT_AS, "bytes"),
    ("Max file locks", RLIMIT_LOCKS, "locks"),
    ("Max pending signals", RLIMIT_SIGPENDING, "signals"),
    ("Max msgqueue size", RLIMIT_MSGQUEUE, "bytes"),
    ("Max nice priority", RLIMIT_NICE, ""),
    ("Max realtime priority", RLIMIT_RTPRIO, ""),
    ("Max realtime timeout", RLIMIT_RTTIME, "us"),
];

pub(super) fn limits(subject: &Subject) -> Result<String> {
    let limits = *subject.process.limits.lock();
    let show = |value: u64| match value {
        INFINITY => "unlimited".into(),
        value => format!("{value}"),
    };
    let mut text = format!(
        "{:<25} {:<20} {:<20} {:<10}\n",
        "Limit", "Soft Limit", "Hard Limit", "Units"
    );
    for (name, resource, unit) in LIMITS {
        let (soft, hard) = limits.get(resource);
        text += &format!(
            "{name:<25} {:<20} {:<20} {unit:<10}\n",
            show(soft),
            show(hard)
        );
    }
    Ok(text)
}

/// 0 to 1000 and a bit: the share of memory, moved by oom_score_adj.
pub(super) fn oom_score(subject: &Subject) -> Result<String> {
    let mm = subject.task().ok().and_then(|task| task.try_mm());
    let resident = mm.map_or(0, |mm| mm.sizes().1) as i64;
    let share = resident * 1000 / crate::mm::frame::total().max(1) as i64;
    let score = share + i64::from(subject.process.oom_score_adj.load(Relaxed));
    Ok(format!("{}\n", score.max(0)))
}

pub(super) fn personality(subject: &Subject) -> Result<String> {
    Ok(format!(
        "{:08x}\n",
        subject.process.personality.load(Relaxed)
    ))
}
