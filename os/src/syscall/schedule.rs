//! Scheduling: policies, nice values, affinity. sched(7).
//!
//! `sched` gives them effect; who may change what is decided here.

use super::{
    Args, Caller,
    table::{
        Row,
        Support::{Full, Partial},
        row,
    },
    task::find,
};
use crate::{
    Result,
    mm::{UserOut, UserPtr},
    sched::{self, Policy},
    task::{Task, creds::cap, memory, tree},
};
use abi::{Errno, general::*};
use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::Ordering::Relaxed;

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(
        __NR_sched_yield,
        "sched_yield",
        |_, _| {
            sched::yield_now();
            Ok(0)
        },
        Full,
        "",
    ),
    row(
        __NR_sched_getaffinity,
        "sched_getaffinity",
        sched_getaffinity,
        Full,
        "",
    ),
    row(
        __NR_sched_setaffinity,
        "sched_setaffinity",
        sched_setaffinity,
        Full,
        "there is one CPU",
    ),
    row(
        __NR_sched_getscheduler,
        "sched_getscheduler",
        sched_getscheduler,
        Full,
        "",
    ),
    row(
        __NR_sched_setscheduler,
        "sched_setscheduler",
        |cx, a| set_policy(cx, a.int(0), Some(a.int(1)), a.ptr(2)),
        Partial,
        "no SCHED_DEADLINE",
    ),
    row(
        __NR_sched_setparam,
        "sched_setparam",
        |cx, a| set_policy(cx, a.int(0), None, a.ptr(1)),
        Full,
        "",
    ),
    row(
        __NR_sched_getparam,
        "sched_getparam",
        sched_getparam,
        Full,
        "",
    ),
    row(
        __NR_sched_get_priority_max,
        "sched_get_priority_max",
        |_, a| priority_range(a.int(0)).map(|range| range.1 as usize),
        Full,
        "",
    ),
    row(
        __NR_sched_get_priority_min,
        "sched_get_priority_min",
        |_, a| priority_range(a.int(0)).map(|range| range.0 as usize),
        Full,
        "",
    ),
    row(
        __NR_sched_rr_get_interval,
        "sched_rr_get_interval",
        sched_rr_get_interval,
        Full,
        "",
    ),
    row(__NR_getpriority, "getpriority", getpriority, Full, ""),
    row(__NR_setpriority, "setpriority", setpriority, Full, ""),
    row(
        __NR_sched_setattr,
        "sched_setattr",
        sched_setattr,
        Partial,
        "no SCHED_DEADLINE, no utilisation clamps",
    ),
    row(__NR_sched_getattr, "sched_getattr", sched_getattr, Full, ""),
    row(__NR_getcpu, "getcpu", getcpu, Full, ""),
];

fn sched_getaffinity(cx: &Caller, a: Args) -> Result<usize> {
    find(cx, a.int(0)).map_err(|_| Errno::ESRCH)?;
    // One CPU; masks come in whole words.
    if a.get(1) < 8 || !a.get(1).is_multiple_of(8) {
        return Err(Errno::EINVAL);
    }
    a.ptr::<u64>(2).write(&1)?;
    Ok(8)
}

fn sched_setaffinity(cx: &Caller, a: Args) -> Result<usize> {
    let task = find(cx, a.int(0)).map_err(|_| Errno::ESRCH)?;
    let mut mask = [0; 8];
    let len = a.get(1).min(8);
    memory::read(a.get(2), &mut mask[..len])?;
    if !owns(cx, &task) {
        return Err(Errno::EPERM);
    }
    match mask[0] & 1 {
        0 => Err(Errno::EINVAL),
        _ => Ok(0),
    }
}

/// Whether the caller may change how `task` is scheduled at all.
fn owns(cx: &Caller, task: &Task) -> bool {
    let (mine, theirs) = (cx.task.creds(), task.creds());
    mine.euid == theirs.euid || mine.euid == theirs.uid || mine.capable(cap::SYS_NICE)
}

/// SCHED_RESET_ON_FORK.
const RESET_ON_FORK: i32 = 0x4000_0000;

/// `EINVAL` for a policy that is not there and for a priority that it does not have.
fn policy_of(number: i32, priority: i32) -> Result<Policy> {
    let (low, high) = priority_range(number)?;
    if !(low..=high).contains(&priority) {
        return Err(Errno::EINVAL);
    }
    // At most 99: checked above.
    let rank = priority as u8;
    match number as u32 {
        SCHED_NORMAL => Ok(Policy::Normal),
        SCHED_BATCH => Ok(Policy::Batch),
        SCHED_IDLE => Ok(Policy::Idle),
        SCHED_FIFO => Ok(Policy::Fifo(rank)),
        SCHED_RR => Ok(Policy::RoundRobin(rank)),
        _ => Err(Errno::EINVAL),
    }
}

fn priority_range(number: i32) -> Result<(i32, i32)> {
    match number as u32 {
        SCHED_NORMAL | SCHED_BATCH | SCHED_IDLE => Ok((0, 0)),
        SCHED_FIFO | SCHED_RR => Ok((1, 99)),
        _ => Err(Errno::EINVAL),
    }
}

fn sched_getscheduler(cx: &Caller, a: Args) -> Result<usize> {
    let task = find(cx, a.int(0))?;
    let flag = match task.reset_on_fork.load(Relaxed) {
        true => RESET_ON_FORK,
        false => 0,
    };
    Ok((task.thread.policy().numbers().0 | flag) as usize)
}

fn sched_getparam(cx: &Caller, a: Args) -> Result<usize> {
    if a.get(1) == 0 {
        return Err(Errno::EINVAL);
    }
    let task = find(cx, a.int(0))?;
    let priority = task.thread.policy().numbers().1;
    a.ptr::<i32>(1).write(&priority)?;
    Ok(0)
}

/// sched_setscheduler(2); without a `number` sched_setparam(2).
fn set_policy(cx: &Caller, tid: i32, number: Option<i32>, param: UserPtr<i32>) -> Result<usize> {
    if param.is_null() || tid < 0 || number.is_some_and(|number| number < 0) {
        return Err(Errno::EINVAL);
    }
    let priority = param.read()?;
    let task = find(cx, tid)?;
    let (number, reset) = match number {
        Some(number) => (number & !RESET_ON_FORK, number & RESET_ON_FORK != 0),
        None => (
            task.thread.policy().numbers().0,
            task.reset_on_fork.load(Relaxed),
        ),
    };
    let policy = policy_of(number, priority)?;
    apply(cx, &task, policy, task.thread.nice(), reset)
}

/// Changes a task's schedule if the caller may.
fn apply(cx: &Caller, task: &Task, policy: Policy, nice: i32, reset: bool) -> Result<usize> {
    let old = task.thread.policy();
    if !cx.task.capable(cap::SYS_NICE) {
        let limit = cx.task.rlimit(RLIMIT_RTPRIO).0;
        let rank = policy.rank();
        let same_kind = policy.numbers().0 == old.numbers().0;
        let beyond = rank > 0
            && ((!same_kind && limit == 0) || (rank > old.rank() && u64::from(rank) > limit));
        // Out of SCHED_IDLE only as far as setpriority(2) would go.
        let leaves_idle = old == Policy::Idle && policy != Policy::Idle;
        let keeps_flag = reset || !task.reset_on_fork.load(Relaxed);
        if beyond
            || !owns(cx, task)
            || !keeps_flag
            || (rank == 0 && nice < task.thread.nice() && !may_nice(cx, nice))
            || (leaves_idle && !may_nice(cx, task.thread.nice()))
        {
            return Err(Errno::EPERM);
        }
    }
    task.reset_on_fork.store(reset, Relaxed);
    if policy.rank() == 0 {
        task.thread.set_nice(nice);
    }
    task.thread.set_policy(policy);
    Ok(0)
}

/// sched_rr_get_interval(2): a turn of the policy that the thread has.
fn sched_rr_get_interval(cx: &Caller, a: Args) -> Result<usize> {
    let task = find(cx, a.int(0))?;
    let ns = task.thread.policy().slice(task.thread.nice()).unwrap_or(0);
    a.ptr::<timespec>(1).write(&super::time::timespec_of(ns))?;
    Ok(0)
}

/// Bytes of struct sched_attr in its first version: size, policy, flags (8), nice,
/// priority, then three deadline parameters.
const SCHED_ATTR: usize = 48;

/// Flags of struct sched_attr.
const FLAG_RESET_ON_FORK: i32 = 1;
const FLAG_KEEP_POLICY: i32 = 8;
const FLAG_KEEP_PARAMS: i32 = 16;

fn sched_setattr(cx: &Caller, a: Args) -> Result<usize> {
    let (tid, addr, flags) = (a.int(0), a.get(1), a.uint(2));
    if addr == 0 || tid < 0 || flags != 0 {
        return Err(Errno::EINVAL);
    }
    let bytes = read_attr(addr)?;
    let word =
        |at: usize| i32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let (number, flags, nice, priority) = (word(4), word(8), word(16), word(20));
    if number < 0 || flags & !(FLAG_RESET_ON_FORK | FLAG_KEEP_POLICY | FLAG_KEEP_PARAMS) != 0 {
        return Err(Errno::EINVAL);
    }
    let task = find(cx, tid)?;
    let (old, old_priority) = task.thread.policy().numbers();
    let number = if flags & FLAG_KEEP_POLICY != 0 {
        old
    } else {
        number
    };
    let (nice, priority) = match flags & FLAG_KEEP_PARAMS {
        0 => (nice.clamp(-20, 19), priority),
        _ => (task.thread.nice(), old_priority),
    };
    let policy = policy_of(number, priority)?;
    apply(cx, &task, policy, nice, flags & FLAG_RESET_ON_FORK != 0)
}

/// `E2BIG`, with the size that is known, for one that is too small or has more than that.
fn read_attr(addr: usize) -> Result<Vec<u8>> {
    let too_big = || {
        UserPtr::new(addr).write(&(SCHED_ATTR as u32))?;
        Err(Errno::E2BIG)
    };
    let size = match UserPtr::<u32>::new(addr).read()? as usize {
        0 => SCHED_ATTR,
        size @ SCHED_ATTR..=4096 => size,
        _ => return too_big(),
    };
    let mut bytes = alloc::vec![0; size];
    memory::read(addr, &mut bytes)?;
    match bytes[SCHED_ATTR..].iter().any(|&b| b != 0) {
        true => too_big(),
        false => Ok(bytes),
    }
}

fn sched_getattr(cx: &Caller, a: Args) -> Result<usize> {
    let (tid, addr, size, flags) = (a.int(0), a.get(1), a.get(2), a.uint(3));
    if addr == 0 || tid < 0 || flags != 0 || !(SCHED_ATTR..=4096).contains(&size) {
        return Err(Errno::EINVAL);
    }
    let task = find(cx, tid)?;
    let (number, priority) = task.thread.policy().numbers();
    let nice = if priority == 0 { task.thread.nice() } else { 0 };
    let mut bytes = [0; SCHED_ATTR];
    let mut put = |at: usize, value: i32| bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    put(0, SCHED_ATTR as i32);
    put(4, number);
    put(8, i32::from(task.reset_on_fork.load(Relaxed)));
    put(16, nice);
    put(20, priority);
    // What a longer structure has behind ours is cleared.
    let behind = size - SCHED_ATTR;
    if UserOut::new(addr.wrapping_add(SCHED_ATTR), behind)?.zero(behind)? < behind {
        return Err(Errno::EFAULT);
    }
    memory::write(addr, &bytes)?;
    Ok(0)
}

/// The tasks that PRIO_PROCESS, PRIO_PGRP and PRIO_USER name.
fn by_priority(cx: &Caller, which: u32, who: i32) -> Result<Vec<Arc<Task>>> {
    let own = cx.task.creds().uid;
    let tasks = match which {
        PRIO_PROCESS => alloc::vec![find(cx, who).map_err(|_| Errno::ESRCH)?],
        PRIO_PGRP => {
            let group = match who {
                0 => tree::ids(cx.task.pid()).map_or(0, |ids| ids.0),
                group => group,
            };
            tree::group(group)
                .iter()
                .flat_map(|process| process.tasks())
                .collect()
        }
        PRIO_USER => {
            let uid = if who == 0 { own } else { who as u32 };
            tree::with(|tree| {
                tree.tasks
                    .values()
                    .filter(|task| task.creds().uid == uid)
                    .cloned()
                    .collect()
            })
        }
        _ => return Err(Errno::EINVAL),
    };
    if tasks.is_empty() {
        Err(Errno::ESRCH)
    } else {
        Ok(tasks)
    }
}

fn getpriority(cx: &Caller, a: Args) -> Result<usize> {
    let tasks = by_priority(cx, a.uint(0), a.int(1))?;
    let nice = tasks
        .iter()
        .map(|task| task.thread.nice())
        .min()
        .unwrap_or(0);
    // The call itself answers 40..1, getpriority(2) NOTES.
    Ok((20 - nice) as usize)
}

fn setpriority(cx: &Caller, a: Args) -> Result<usize> {
    let nice = a.int(2).clamp(-20, 19);
    let mut result = Ok(0);
    for task in by_priority(cx, a.uint(0), a.int(1))? {
        if let Err(errno) = renice(cx, &task, nice) {
            result = Err(errno);
        }
    }
    result
}

fn renice(cx: &Caller, task: &Task, nice: i32) -> Result<usize> {
    if !owns(cx, task) {
        return Err(Errno::EPERM);
    }
    if nice < task.thread.nice() && !may_nice(cx, nice) {
        return Err(Errno::EACCES);
    }
    task.thread.set_nice(nice);
    Ok(0)
}

/// Whether the caller may take a nice value that is lower than the present one: RLIMIT_NICE.
fn may_nice(cx: &Caller, nice: i32) -> bool {
    let floor = 20 - cx.task.rlimit(RLIMIT_NICE).0.min(40) as i32;
    nice >= floor || cx.task.capable(cap::SYS_NICE)
}

fn getcpu(_: &Caller, a: Args) -> Result<usize> {
    for n in [0, 1] {
        let out = a.ptr::<u32>(n);
        if !out.is_null() {
            out.write(&0)?;
        }
    }
    Ok(0)
}
