//! Descriptors of processes. pidfd_open(2), pidfd_send_signal(2).

use super::{Process, Task, tree};
use crate::{
    Result,
    file::{Events, Fd, File, OpenFile, VectorFlags},
    sched::WaitQueue,
};
use abi::{Errno, general::*};
use alloc::{format, string::String, sync::Arc};
use core::any::Any;

/// A process, by descriptor.
pub struct PidFd {
    /// Which; also when it is gone.
    pub process: Arc<Process>,
}

/// Opens a descriptor of `process` for `task`, close-on-exec as always. `flags`: O_NONBLOCK.
pub fn install(task: &Task, process: &Arc<Process>, flags: u32) -> Result<Fd> {
    let open = open(process, flags);
    let limit = task.rlimit(RLIMIT_NOFILE).0 as usize;
    task.files().insert(open, 0, limit, true)
}

/// A description of `process`.
pub fn open(process: &Arc<Process>, flags: u32) -> Arc<OpenFile> {
    let file = PidFd {
        process: process.clone(),
    };
    OpenFile::new(Arc::new(file), O_RDWR | flags & O_NONBLOCK)
}

/// The process behind a descriptor of `task`: `EBADF` when it is not a pidfd.
pub fn process(task: &Task, fd: Fd) -> Result<(Arc<Process>, Arc<OpenFile>)> {
    let open = task.files().get(fd)?;
    let pidfd = open.file.as_any().downcast_ref::<PidFd>();
    let process = pidfd
        .map(|pidfd| pidfd.process.clone())
        .ok_or(Errno::EBADF)?;
    Ok((process, open))
}

impl PidFd {
    /// Whether it waits for its parent; `None` when it is gone.
    fn zombie(&self) -> Option<bool> {
        let pid = self.process.pid;
        tree::with(|tree| match tree.nodes.get(&pid) {
            // The number may belong to somebody else by now.
            Some(node) if Arc::ptr_eq(&node.process, &self.process) => Some(node.zombie.is_some()),
            _ => None,
        })
    }
}

impl File for PidFd {
    fn poll(&self) -> Events {
        match self.zombie() {
            None => Events::IN | Events::RDNORM | Events::HUP,
            Some(true) => Events::IN | Events::RDNORM,
            Some(false) => Events::empty(),
        }
    }

    fn queue(&self) -> Option<&WaitQueue> {
        Some(&self.process.exited)
    }

    fn stat(&self) -> Result<stat> {
        Ok(crate::file::anon_stat(0o600, 1))
    }

    fn info(&self) -> String {
        let pid = self.zombie().map_or(-1, |_| self.process.pid);
        format!("Pid:\t{pid}\nNSpid:\t{pid}\n")
    }

    fn link_name(&self) -> String {
        "anon_inode:[pidfd]".into()
    }

    fn vector_flags(&self) -> (VectorFlags, VectorFlags) {
        (VectorFlags::Absent, VectorFlags::Absent)
    }

    fn signals_owner(&self) -> bool {
        false
    }

    fn can_splice(&self) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
