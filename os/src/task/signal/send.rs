//! Sending: to a thread, a process, a group, or everybody. kill(2), tgkill(2).

use super::{
    COUNT, Info, STOPS, Set,
    action::{self, Default_},
    bit,
    pending::Pushed,
};
use crate::{
    Result,
    file::signalfd,
    sched::Events,
    task::{Process, Task, exit, tree},
};
use abi::{Errno, general::*};
use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;

/// To one thread, from the kernel; what is ignored is dropped.
pub fn to_task(task: &Arc<Task>, info: Info) {
    // Only a program's queued signals can be refused.
    let _ = post(&task.process, Some(task), info);
}

/// To a process, from the kernel.
pub fn to_process(process: &Arc<Process>, info: Info) {
    let _ = post(process, None, info);
}

/// To every process of a group. `ESRCH` when it is empty.
pub fn to_group(group: i32, info: Info) -> Result<()> {
    let members = tree::group(group);
    if members.is_empty() {
        return Err(Errno::ESRCH);
    }
    for process in members {
        to_process(&process, info);
    }
    Ok(())
}

/// Queues a signal for a thread, or for a process (`task` is `None`), and wakes who
/// is to act. `EAGAIN`: RLIMIT_SIGPENDING, for real-time signals from programs.
pub fn post(process: &Arc<Process>, task: Option<&Arc<Task>>, info: Info) -> Result<()> {
    let signal = info.signal;
    let Some(target) = task.cloned().or_else(|| process.leader()) else {
        return Ok(()); // A zombie: the signal is sent and nobody gets it.
    };
    stop_and_continue(process, signal);
    let handlers = process.handlers();
    let blocked = target.signals.lock().mask & bit(signal) != 0;
    if !blocked
        && (handlers.ignores(signal) || protected(process, signal, handlers.get(signal).handler))
    {
        return Ok(());
    }

    let limit = process.limits.lock().get(RLIMIT_SIGPENDING).0.min(1 << 20) as usize;
    let pushed = match task {
        Some(task) => task.signals.lock().pending.push(info, limit),
        None => process.pending.lock().push(info, limit),
    };
    match pushed {
        Pushed::New => {}
        Pushed::Merged => return Ok(()),
        Pushed::Full => return Err(Errno::EAGAIN),
    }

    let default = handlers.get(signal).handler == action::DEFAULT;
    let fatal = signal == SIGKILL as i32 || (default && action::default(signal) == Default_::End);
    let willing = |task: &Arc<Task>| task.signals.lock().mask & bit(signal) == 0;
    let chosen = match task {
        Some(task) => Some(task.clone()).filter(willing),
        None => Some(target)
            .filter(willing)
            .or_else(|| process.tasks().into_iter().find(willing)),
    };
    match chosen {
        Some(_) if fatal => process.exit_group(signal),
        Some(task) => task.thread.interrupt(false),
        None => {}
    }
    process.signalled.wake(Events::IN);
    signalfd::arrived();
    Ok(())
}

/// Forces a fault's signal on the current thread: blocked or ignored, it ends the process.
pub fn force(task: &Arc<Task>, info: Info) {
    let handlers = task.process.handlers();
    let mut signals = task.signals.lock();
    let blocked = signals.mask & bit(info.signal) != 0;
    if blocked || handlers.get(info.signal).handler == action::IGNORE {
        handlers.set(info.signal, super::Action::default());
        signals.mask &= !bit(info.signal);
    }
    drop(signals);
    if handlers.get(info.signal).handler == action::DEFAULT {
        // Also pid 1, which nobody else can kill.
        task.process.exit_group(info.signal);
    }
    to_task(task, info);
}

/// Pid 1 gets only what it has a handler for: nobody can kill it. kill(2).
fn protected(process: &Process, _signal: i32, handler: usize) -> bool {
    process.pid == 1 && handler == action::DEFAULT
}

/// SIGCONT takes pending stops back and lets a stopped process run, caught or not;
/// a stop takes a pending SIGCONT back; SIGKILL lets a stopped process run (to its end).
fn stop_and_continue(process: &Arc<Process>, signal: i32) {
    let forget = |which: Set| {
        process.pending.lock().remove(which);
        for task in process.threads.lock().iter() {
            task.signals.lock().pending.remove(which);
        }
    };
    if signal == SIGCONT as i32 {
        forget(STOPS);
        if process.stopped.swap(false, Relaxed) {
            process.continued.wake_all();
            exit::report_continued(process);
        }
    } else if STOPS & bit(signal) != 0 {
        forget(bit(SIGCONT as i32));
    }
}

/// kill(2): `pid` above 0 a process, 0 the caller's group, -1 everybody, below a group.
/// `make` gives the signal; `None` only checks.
pub fn kill(caller: &Arc<Task>, pid: i32, info: Option<Info>) -> Result<()> {
    let own_group = tree::ids(caller.pid()).map_or(0, |(group, _)| group);
    let targets = match pid {
        1.. => alloc::vec![find(pid)?],
        0 => tree::group(own_group),
        -1 => {
            let mut everybody = tree::processes();
            everybody.retain(|process| process.pid != 1 && process.pid != caller.pid());
            everybody
        }
        i32::MIN => return Err(Errno::ESRCH),
        group => tree::group(-group),
    };
    let mut result = Err(Errno::ESRCH);
    for process in targets {
        match permitted(caller, &process, info.map_or(0, |info| info.signal)) {
            Ok(()) => {
                result = Ok(());
                if let Some(info) = info {
                    post(&process, None, info)?;
                }
            }
            // One success is enough for a group.
            Err(errno) if result.is_err() => result = Err(errno),
            Err(_) => {}
        }
    }
    result
}

/// The process with this id or, as kill(2) allows, with a thread of this id.
pub fn find(pid: i32) -> Result<Arc<Process>> {
    let process = tree::process(pid).or_else(|| tree::task(pid).map(|task| task.process.clone()));
    process.ok_or(Errno::ESRCH)
}

/// `EPERM` unless the caller may signal the process.
pub fn permitted(caller: &Arc<Task>, process: &Arc<Process>, signal: i32) -> Result<()> {
    debug_assert!((0..=COUNT).contains(&signal));
    if Arc::ptr_eq(&caller.process, process) {
        return Ok(());
    }
    let Some(target) = process.leader() else {
        return Ok(()); // A zombie.
    };
    let same_session =
        || tree::ids(caller.pid()).map(|ids| ids.1) == tree::ids(process.pid).map(|ids| ids.1);
    if caller.creds().may_signal(&target.creds()) || (signal == SIGCONT as i32 && same_session()) {
        return Ok(());
    }
    Err(Errno::EPERM)
}
