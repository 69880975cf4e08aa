//! Endings: of a thread, of a process, and what others learn of it. exit(2), wait(2).

use super::{
    Process, Task, futex, semaphores,
    signal::{self, Info, action},
    tree::{self, Tree},
};
use crate::{
    file::{FdTable, tty::job as terminal},
    mm::UserPtr,
    sched::Events,
};
use abi::general::*;
use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::Ordering::Relaxed;

/// CLD_*: si_code of SIGCHLD.
#[allow(missing_docs)]
pub mod cld {
    pub const EXITED: i32 = 1;
    pub const KILLED: i32 = 2;
    pub const DUMPED: i32 = 3;
    pub const STOPPED: i32 = 5;
    pub const CONTINUED: i32 = 6;
}

/// The wait(2) status of a process that called exit(2) with `code`.
pub fn exited(code: i32) -> i32 {
    (code & 0xff) << 8
}

/// Ends the current thread. The run loop calls it last; the thread's stack unwinds after it.
/// `status` is the process's wait(2) status if this is its last thread.
pub fn task(task: &Arc<Task>, status: i32) {
    // While the address space is still there: wake who waits for this thread.
    futex::exit_robust_list(task);
    let clear = task.clear_tid.swap(0, Relaxed);
    let shared = task.shares_vm.load(Relaxed) || task.process.threads.lock().len() > 1;
    // Nobody to tell otherwise, and the write would cost a forked child a page.
    if clear != 0 && shared {
        // A program that unmapped its thread descriptor gets no wake-up.
        if UserPtr::<i32>::new(clear).write(&0).is_ok() {
            let _ = futex::wake(task, clear, false, 1, u32::MAX);
        }
    }

    let process = &task.process;
    process.times.lock().add_thread(task);
    *process.last_name.lock() = *task.name.lock();
    let last = {
        let mut threads = process.threads.lock();
        threads.retain(|other| !Arc::ptr_eq(other, task));
        threads.is_empty()
    };
    let status = process.group_exit.lock().unwrap_or(status);
    if last {
        process.timers.stop();
        semaphores::exited(process.pid);
    }
    task.set_files(FdTable::new());
    task.set_net(crate::net::stack::first());
    task.set_mm(None);
    tree::with(|tree| tree.tasks.remove(&task.tid()));
    if last {
        *process.exe.lock() = None;
        end_process(process, status);
    }
    // A thread that waits for its siblings to go: execve(2), a pidfd.
    process.exited.wake_all();
}

/// What is to be said once the tree is unlocked.
#[derive(Default)]
struct News {
    /// (receiver, signal)
    signals: Vec<(Arc<Process>, Info)>,
    /// Wait queues of these have news.
    parents: Vec<Arc<Process>>,
    /// Zombies that nobody waits for.
    reaped: Vec<tree::Node>,
    /// Groups that became orphaned with stopped members: SIGHUP and SIGCONT.
    orphans: Vec<i32>,
    /// Children whose parent-death signal is due.
    deaths: Vec<(Arc<Task>, i32)>,
}

impl News {
    fn tell(self) {
        for (task, signal) in self.deaths {
            signal::send::to_task(&task, Info::user(signal, SI_USER as i32, 0, 0));
        }
        for group in self.orphans {
            // The group may have emptied meanwhile.
            let _ = signal::send::to_group(group, Info::kernel(SIGHUP as i32));
            let _ = signal::send::to_group(group, Info::kernel(SIGCONT as i32));
        }
        for (process, info) in self.signals {
            signal::send::to_process(&process, info);
        }
        for parent in self.parents {
            parent.children.wake(Events::IN);
        }
        for node in self.reaped {
            node.process.exited.wake_all();
        }
    }
}

fn end_process(process: &Arc<Process>, status: i32) {
    let pid = process.pid;
    if tree::ids(pid).is_some_and(|(_, session)| session == pid) {
        terminal::session_ended(pid);
    }
    let mut news = News::default();
    tree::with(|tree| {
        let children = match tree.nodes.get_mut(&pid) {
            Some(node) => {
                node.zombie = Some(status);
                core::mem::take(&mut node.children)
            }
            None => return,
        };
        let heir = heir(tree, pid);
        for child in children {
            adopt(tree, child, heir, &mut news);
            orphan_check(tree, child, pid, None, &mut news);
        }
        let parent = tree.nodes.get(&pid).map_or(0, |node| node.parent);
        orphan_check(tree, pid, parent, Some(pid), &mut news);
        announce(tree, pid, status, &mut news);
    });
    if pid == 1 {
        log::error!("pid 1 ended with status {status:#x}");
        crate::arch::power_off();
    }
    process.exited.wake_all();
    news.tell();
}

/// Who gets the children of `pid`: the nearest ancestor that asked for them
/// (PR_SET_CHILD_SUBREAPER), else pid 1.
fn heir(tree: &Tree, pid: i32) -> i32 {
    let mut ancestor = pid;
    while let Some(node) = tree.nodes.get(&ancestor) {
        ancestor = node.parent;
        let Some(node) = tree.nodes.get(&ancestor) else {
            break;
        };
        if node.zombie.is_none() && node.process.subreaper.load(Relaxed) {
            return ancestor;
        }
    }
    1
}

fn adopt(tree: &mut Tree, child: i32, heir: i32, news: &mut News) {
    let Some(node) = tree.nodes.get_mut(&child) else {
        return;
    };
    node.parent = heir;
    // Whatever clone(2) had agreed with the old parent, the new one gets SIGCHLD.
    node.exit_signal = SIGCHLD as i32;
    let (process, zombie) = (node.process.clone(), node.zombie);
    for task in process.threads.lock().iter() {
        let signal = task.death_signal.load(Relaxed);
        if signal != 0 {
            news.deaths.push((task.clone(), signal));
        }
    }
    if let Some(heir) = tree.nodes.get_mut(&heir) {
        heir.children.push(child);
    }
    if let Some(status) = zombie {
        announce(tree, child, status, news);
    }
}

/// HUP and CONT for a group with stopped members that loses its last link to the
/// rest of its session: `pid`, a member (`without` it from now on), had its parent
/// `parent` in another group of the session. exit(3), "Consequences of process termination".
fn orphan_check(tree: &Tree, pid: i32, parent: i32, without: Option<i32>, news: &mut News) {
    let (Some(node), Some(parent)) = (tree.nodes.get(&pid), tree.nodes.get(&parent)) else {
        return;
    };
    let group = node.group;
    let was_link = parent.group != group && parent.session == node.session;
    let mut members = tree.nodes.values().filter(|node| node.group == group);
    let stopped = members.any(|node| node.process.stopped.load(Relaxed));
    if was_link && stopped && tree.orphaned(group, without) {
        news.orphans.push(group);
    }
}

/// Tells the parent of a zombie, or reaps it when the parent does not care. wait(2), NOTES.
fn announce(tree: &mut Tree, pid: i32, status: i32, news: &mut News) {
    let Some(node) = tree.nodes.get(&pid) else {
        return;
    };
    let Some(parent) = tree.nodes.get(&node.parent) else {
        return;
    };
    let parent = parent.process.clone();
    let signal = node.exit_signal;
    let mut ignored = false;
    if signal == SIGCHLD as i32 {
        let action = parent.handlers().get(signal);
        ignored = action.handler == action::IGNORE || action.has(SA_NOCLDWAIT);
    }
    if signal != 0 && !(ignored && parent.handlers().get(signal).handler == action::IGNORE) {
        news.signals
            .push((parent.clone(), child_info(&node.process, signal, status)));
    }
    if ignored {
        news.reaped.extend(tree.reap(pid));
    }
    news.parents.push(parent);
}

/// The siginfo of a child that ended with a wait(2) status.
pub fn child_info(process: &Process, signal: i32, status: i32) -> Info {
    let (code, value) = match status & 0x7f {
        0 => (cld::EXITED, status >> 8 & 0xff),
        number if status & 0x80 != 0 => (cld::DUMPED, number),
        number => (cld::KILLED, number),
    };
    let times = process.times.lock();
    // In clock ticks (USER_HZ, 100 a second).
    let (utime, stime) = (times.user / 10_000_000, times.system / 10_000_000);
    Info::child(signal, code, process.pid, times.uid, value, utime, stime)
}

/// A process stopped: SIGCHLD unless SA_NOCLDSTOP, and wait(2) with WUNTRACED.
pub fn report_stopped(process: &Process, signal: i32) {
    report(process, cld::STOPPED, signal, |node| {
        node.stop_report = Some(signal);
        node.continue_report = false;
    });
}

/// A stopped process goes on.
pub fn report_continued(process: &Process) {
    report(process, cld::CONTINUED, SIGCONT as i32, |node| {
        node.stop_report = None;
        node.continue_report = true;
    });
}

fn report(process: &Process, code: i32, status: i32, mark: impl FnOnce(&mut tree::Node)) {
    let parent = tree::with(|tree| {
        let node = tree.nodes.get_mut(&process.pid)?;
        mark(node);
        let parent = node.parent;
        tree.nodes.get(&parent).map(|node| node.process.clone())
    });
    let Some(parent) = parent else { return };
    let signal = SIGCHLD as i32;
    if !parent.handlers().get(signal).has(SA_NOCLDSTOP) {
        let uid = process.leader().map_or(0, |task| task.creds().uid);
        let info = Info::child(signal, code, process.pid, uid, status, 0, 0);
        signal::send::to_process(&parent, info);
    }
    parent.children.wake(Events::IN);
}
