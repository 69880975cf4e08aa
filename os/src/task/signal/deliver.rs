//! Delivery: what a thread does about its signals before it goes back to user mode.

use super::{
    Info,
    action::{self, Default_},
    bit, frame, take,
};
use crate::{
    arch::UserContext,
    sched::{Interruptible, wait_until},
    task::{Task, exit, job},
};
use abi::{Errno, general::*};
use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;

/// Where the thread goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Back to user mode.
    User,
    /// To its end, with this wait(2) status.
    Exit(i32),
}

/// A call with a relative timeout that was interrupted: restart_syscall(2) goes on with it.
#[derive(Clone, Copy, Debug)]
pub enum Restart {
    /// nanosleep(2), clock_nanosleep(2): until `deadline` (ns, CLOCK_MONOTONIC); `remaining` is the user's pointer or 0.
    Sleep {
        #[allow(missing_docs)]
        deadline: u64,
        #[allow(missing_docs)]
        remaining: usize,
    },
    /// futex(2) FUTEX_WAIT with a timeout.
    Futex {
        #[allow(missing_docs)]
        args: [usize; 4],
        #[allow(missing_docs)]
        deadline: u64,
    },
}

/// Handles everything that is pending. `interrupted` is the restart errno of the
/// system call that the thread comes from, if it ended with one.
pub fn deliver(task: &Arc<Task>, regs: &mut UserContext, interrupted: Option<Errno>) -> Next {
    let mut interrupted = interrupted;
    let process = &task.process;
    loop {
        if let Some(next) = ending(task) {
            return next;
        }
        if process.stopped.load(Relaxed) {
            // Woken by SIGCONT; a fatal signal ends the wait too, and the loop sees it.
            let _ = wait_until(&[&process.continued], None, Interruptible::Killable, || {
                (!process.stopped.load(Relaxed)).then_some(())
            });
            continue;
        }
        let mask = task.signals.lock().mask;
        let Some(info) = take(task, !mask) else { break };
        let action = process.handlers().get(info.signal);
        match action.handler {
            action::IGNORE => {}
            action::DEFAULT => default(task, info),
            _ => {
                resolve(regs, interrupted.take(), Some(action.has(SA_RESTART)));
                call(task, regs, info, action);
            }
        }
    }
    // No handler ran since the call: it is made again, whatever its kind.
    resolve(regs, interrupted, None);
    super::restore_mask(task);
    super::refresh(task);
    Next::User
}

fn ending(task: &Task) -> Option<Next> {
    if let Some(status) = *task.process.group_exit.lock() {
        return Some(Next::Exit(status));
    }
    if let Some(status) = *task.exiting.lock() {
        return Some(Next::Exit(status));
    }
    task.killed.load(Relaxed).then_some(Next::Exit(0))
}

/// Turns a restart errno into a restarted call or EINTR. `handler` is SA_RESTART of
/// the handler about to run; `None`: no handler runs. signal(7), "Interruption of system calls".
fn resolve(regs: &mut UserContext, interrupted: Option<Errno>, handler: Option<bool>) {
    let Some(errno) = interrupted else { return };
    let again = match (errno, handler) {
        (_, None) => true,
        (Errno::RESTART, Some(sa_restart)) => sa_restart,
        (Errno::RESTART_ALWAYS, _) => true,
        (_, Some(_)) => false,
    };
    if !again {
        regs.set_syscall_result(Errno::EINTR.to_ret());
        return;
    }
    if errno == Errno::RESTART_BLOCK {
        regs.set_syscall_number(__NR_restart_syscall as usize);
    }
    regs.restart_syscall();
}

fn default(task: &Arc<Task>, info: Info) {
    match action::default(info.signal) {
        Default_::Ignore | Default_::Continue => {}
        Default_::Stop => {
            // Nobody could continue an orphaned group: terminal stops do nothing there. credentials(7).
            if info.signal != SIGSTOP as i32 && job::own_group_is_orphaned(task) {
                return;
            }
            task.process.stopped.store(true, Relaxed);
            for other in task.process.tasks() {
                if !Arc::ptr_eq(&other, task) {
                    other.thread.interrupt(false);
                }
            }
            exit::report_stopped(&task.process, info.signal);
        }
        Default_::End => {
            log::debug!(
                "{} ({}) ends by signal {}, code {}, {:#x}",
                core::str::from_utf8(task.name.lock().bytes()).unwrap_or("?"),
                task.pid(),
                info.signal,
                info.code,
                info.fields[0]
            );
            task.process.exit_group(info.signal);
        }
    }
}

/// Makes the thread enter its handler when it returns to user mode.
fn call(task: &Arc<Task>, regs: &mut UserContext, info: Info, action: super::Action) {
    if action.has(SA_RESETHAND) {
        task.process
            .handlers()
            .set(info.signal, super::Action::default());
    }
    let mut signals = task.signals.lock();
    let return_mask = signals.saved_mask.take().unwrap_or(signals.mask);
    let mut mask = signals.mask | action.mask;
    if !action.has(SA_NODEFER) {
        mask |= bit(info.signal);
    }
    let stack = signals.stack;
    drop(signals);
    if frame::push(task, regs, &info, &action, stack, return_mask).is_err() {
        // The stack is not there: as Linux's force_sigsegv.
        let code = SI_KERNEL as i32;
        if info.signal == SIGSEGV as i32 {
            task.process
                .handlers()
                .set(info.signal, super::Action::default());
        }
        return super::send::force(task, Info::fault(SIGSEGV as i32, code, 0));
    }
    let mut signals = task.signals.lock();
    signals.mask = mask & !super::UNBLOCKABLE;
    if stack.autodisarm {
        signals.stack = super::AltStack::default();
    }
}
