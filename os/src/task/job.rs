//! Process groups and sessions, and what `file` asks about tasks. setpgid(2), setsid(2).

use super::{Process, Task, pidfd, signal, tree};
use crate::{
    Result,
    file::{
        Fd, OpenFile, Owner,
        async_io::News,
        hooks::{self, Job, ProcessHandle, SignalInfo, Tasks},
    },
};
use abi::{Errno, general::*};
use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;

/// setpgid(2).
pub fn set_group(caller: &Task, pid: i32, group: i32) -> Result<()> {
    if group < 0 {
        return Err(Errno::EINVAL);
    }
    let pid = if pid == 0 { caller.pid() } else { pid };
    let group = if group == 0 { pid } else { group };
    tree::with(|tree| {
        let own_session = tree.nodes.get(&caller.pid()).map(|node| node.session);
        let node = tree.nodes.get(&pid).ok_or(Errno::ESRCH)?;
        if pid != caller.pid() {
            if node.parent != caller.pid() {
                return Err(Errno::ESRCH);
            }
            if Some(node.session) != own_session {
                return Err(Errno::EPERM);
            }
            if node.process.has_execed.load(Relaxed) {
                return Err(Errno::EACCES);
            }
        }
        if node.session == pid {
            return Err(Errno::EPERM); // A session leader stays.
        }
        if group != pid && tree.session_of(group) != own_session {
            return Err(Errno::EPERM);
        }
        if let Some(node) = tree.nodes.get_mut(&pid) {
            node.group = group;
        }
        Ok(())
    })
}

/// setsid(2): returns the new session's id.
pub fn new_session(caller: &Task) -> Result<i32> {
    let pid = caller.pid();
    tree::with(|tree| {
        if tree.nodes.values().any(|node| node.group == pid) {
            return Err(Errno::EPERM); // A group leader.
        }
        let node = tree.nodes.get_mut(&pid).ok_or(Errno::ESRCH)?;
        (node.group, node.session) = (pid, pid);
        Ok(pid)
    })
}

/// Whether the caller's group is orphaned: terminal stops do nothing there.
pub fn own_group_is_orphaned(task: &Task) -> bool {
    tree::with(|tree| {
        let group = tree.nodes.get(&task.pid()).map(|node| node.group);
        group.is_some_and(|group| tree.orphaned(group, None))
    })
}

/// Whether who set the owner may send it signals, as kill(2) would ask.
fn may_tell(owner: &Owner, target: &Task) -> bool {
    let creds = target.creds();
    let [uid, euid] = owner.uids;
    let ids = [creds.uid, creds.suid];
    euid == 0 || ids.contains(&euid) || ids.contains(&uid)
}

/// The answers to `file`'s questions.
struct Answers;

/// Registers the answers; once, at start.
pub fn register() {
    hooks::register(&Answers);
}

impl Tasks for Answers {
    fn signal_owner(&self, owner: &Owner, news: News) {
        let info = match (news, owner.signal) {
            (News::Urgent, _) => signal::Info::kernel(SIGURG as i32),
            (News::Io { .. }, 0) => signal::Info::kernel(SIGIO as i32),
            (News::Io { code, band, fd }, signal) => {
                signal::Info::poll(signal, code, band.into(), fd)
            }
        };
        let tell_process = |process: &Arc<Process>| match process.leader() {
            Some(leader) if may_tell(owner, &leader) => signal::send::to_process(process, info),
            _ => {}
        };
        match owner.kind as u32 {
            F_OWNER_TID => {
                if let Some(task) = tree::task(owner.id).filter(|task| may_tell(owner, task)) {
                    signal::send::to_task(&task, info);
                }
            }
            F_OWNER_PID => {
                if let Some(process) = tree::process(owner.id) {
                    tell_process(&process);
                }
            }
            _ => tree::group(owner.id).iter().for_each(tell_process),
        }
    }

    fn signal_process(&self, pid: i32, number: i32) {
        if let Some(process) = tree::process(pid) {
            signal::send::to_process(&process, signal::Info::kernel(number));
        }
    }

    fn exists(&self, kind: i32, id: i32) -> bool {
        match kind as u32 {
            F_OWNER_TID => tree::task(id).is_some(),
            F_OWNER_PID => tree::process(id).is_some(),
            _ => !tree::group(id).is_empty(),
        }
    }

    fn signal_group(&self, group: i32, signal: i32) -> Result<()> {
        super::signal_group(group, signal)
    }

    fn signal_self(&self, signal: i32) {
        if let Some(task) = super::try_current() {
            task.raise(signal);
        }
    }

    fn job(&self) -> Option<Job> {
        let pid = super::try_current()?.pid();
        let (group, session) = tree::ids(pid)?;
        Some(Job {
            pid,
            group,
            session,
        })
    }

    fn session_of(&self, group: i32) -> Option<i32> {
        tree::with(|tree| tree.session_of(group))
    }

    fn orphaned(&self, group: i32) -> bool {
        tree::with(|tree| tree.orphaned(group, None))
    }

    fn ignores(&self, signal: i32) -> bool {
        let Some(task) = super::try_current() else {
            return true;
        };
        let blocked = task.signals.lock().mask & signal::bit(signal) != 0;
        blocked || task.process.handlers().get(signal).handler == signal::action::IGNORE
    }

    fn capable(&self, capability: u32) -> bool {
        super::try_current().is_none_or(|task| task.capable(capability))
    }

    fn process(&self, pid: i32) -> Option<ProcessHandle> {
        Some(tree::process(pid)?)
    }

    fn open_process(&self, process: &ProcessHandle) -> Option<Arc<OpenFile>> {
        let process = process.clone().downcast().ok()?;
        Some(pidfd::open(&process, 0))
    }

    fn install(&self, file: Arc<OpenFile>) -> Result<Fd> {
        let task = super::try_current().ok_or(Errno::EMFILE)?;
        let limit = task.rlimit(RLIMIT_NOFILE).0 as usize;
        task.files().insert(file, 0, limit, true)
    }

    fn open_files_limit(&self) -> u64 {
        super::try_current().map_or(u64::MAX, |task| task.rlimit(RLIMIT_NOFILE).0)
    }

    fn file_size_limit(&self) -> u64 {
        super::try_current().map_or(u64::MAX, |task| task.rlimit(RLIMIT_FSIZE).0)
    }

    fn pending(&self) -> u64 {
        super::try_current().map_or(0, |task| signal::pending(&task))
    }

    fn dequeue(&self, mask: u64) -> Option<SignalInfo> {
        let task = super::try_current()?;
        let info = signal::take(&task, mask)?;
        signal::refresh(&task);
        Some(info.to_signalfd())
    }
}

/// The task's identity for signals that it sends.
pub fn sender(task: &Arc<Task>) -> (i32, u32) {
    (task.pid(), task.creds().uid)
}
