//! Waiting for children. wait4(2), waitid(2).

use super::{
    Task,
    exit::{self, cld},
    signal::Info,
    times::Times,
    tree,
};
use crate::{
    Result,
    sched::{Interruptible, wait_until},
};
use abi::{Errno, general::*};
use alloc::sync::Arc;

/// Which children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// P_ALL.
    Any,
    /// P_PID.
    Process(i32),
    /// P_PGID.
    Group(i32),
}

/// What a child has to tell.
pub struct Report {
    /// The child.
    pub pid: i32,
    /// As wait4(2) gives it.
    pub status: i32,
    /// As waitid(2) gives it.
    pub info: Info,
    /// Times of the child with its own children.
    pub times: Times,
}

/// Waits for news of a child; `None` with WNOHANG when there are none. `options`
/// are WEXITED, WSTOPPED (WUNTRACED), WCONTINUED, WNOHANG, WNOWAIT, __WALL, __WCLONE.
/// `ECHILD`: no such child. `RESTART` on a signal.
pub fn wait(task: &Arc<Task>, which: Which, options: u32) -> Result<Option<Report>> {
    let process = &task.process;
    let mut attempt = || match look(task, which, options) {
        Ok(None) if options & WNOHANG == 0 => None,
        done => Some(done),
    };
    wait_until(&[&process.children], None, Interruptible::Yes, &mut attempt)?
}

fn look(task: &Arc<Task>, which: Which, options: u32) -> Result<Option<Report>> {
    let own = task.pid();
    let (report, reaped) = tree::with(|tree| {
        let Some(node) = tree.nodes.get(&own) else {
            return (Err(Errno::ECHILD), None);
        };
        let own_group = node.group;
        let mut candidates = false;
        for &pid in &node.children {
            let Some(child) = tree.nodes.get(&pid) else {
                continue;
            };
            let wanted = match which {
                Which::Any => true,
                Which::Process(id) => pid == id,
                Which::Group(0) => child.group == own_group,
                Which::Group(id) => child.group == id,
            };
            let clone_child = child.exit_signal != SIGCHLD as i32;
            let kind = options & __WALL != 0 || clone_child == (options & __WCLONE != 0);
            if !wanted || !kind {
                continue;
            }
            candidates = true;
            if let Some(report) = news(pid, child, options) {
                let reaped = match options & WNOWAIT {
                    0 => consume(tree, own, pid),
                    _ => None,
                };
                return (Ok(Some(report)), reaped);
            }
        }
        (
            if candidates {
                Ok(None)
            } else {
                Err(Errno::ECHILD)
            },
            None,
        )
    });
    // With the tree unlocked: it may be the last reference, and a pidfd has POLLHUP now.
    if let Some(node) = reaped {
        node.process.exited.wake_all();
    }
    report
}

fn news(pid: i32, child: &tree::Node, options: u32) -> Option<Report> {
    let process = &child.process;
    let uid = process.times.lock().uid;
    let state = |code, status, value| {
        let info = Info::child(SIGCHLD as i32, code, pid, uid, value, 0, 0);
        let times = process.times.lock().with_live(process);
        Some(Report {
            pid,
            status,
            info,
            times,
        })
    };
    if let Some(status) = child.zombie {
        if options & WEXITED == 0 {
            return None;
        }
        let info = exit::child_info(process, SIGCHLD as i32, status);
        let times = process.times.lock().clone();
        return Some(Report {
            pid,
            status,
            info,
            times,
        });
    }
    match child.stop_report {
        Some(signal) if options & WSTOPPED != 0 => {
            return state(cld::STOPPED, signal << 8 | 0x7f, signal);
        }
        _ => {}
    }
    if child.continue_report && options & WCONTINUED != 0 {
        return state(cld::CONTINUED, 0xffff, SIGCONT as i32);
    }
    None
}

/// The report was delivered: a zombie goes, a stop or continue is not told again.
fn consume(tree: &mut tree::Tree, own: i32, pid: i32) -> Option<tree::Node> {
    let node = tree.nodes.get_mut(&pid)?;
    if node.zombie.is_none() {
        node.stop_report = None;
        node.continue_report = false;
        return None;
    }
    let node = tree.reap(pid)?;
    let times = node.process.times.lock().clone();
    if let Some(parent) = tree.nodes.get(&own) {
        parent.process.times.lock().add_child(&times);
    }
    Some(node)
}
