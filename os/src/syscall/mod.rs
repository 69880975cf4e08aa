//! System calls: decode, look up, call, return. Semantics live in the rooms below.
//!
//! `task::run` calls [`dispatch`] with the trap's registers. The table in
//! [`table`] is data: number, name, handler, support level and a sentence; it
//! generates `docs/process/syscalls.md`. Each family lists its rows beside its handlers
//! (`net::ROWS`, `fs::ROWS`, …).

mod barrier;
mod file;
mod fs;
mod ids;
pub mod misc;
mod mm;
pub mod names;
mod net;
mod poll;
mod schedule;
mod sem;
mod shm;
mod signal;
mod syslog;
mod sysv;
pub mod table;
mod task;
mod time;
pub mod trace;
mod transfer;

use crate::{
    Result,
    arch::UserContext,
    file::FdTable,
    mm::{UserIn, UserOut, UserPtr},
    task::Task,
};
use abi::Errno;
use alloc::sync::Arc;
use core::cell::RefCell;

/// Who calls: what a handler needs to know.
pub struct Caller {
    /// The calling task.
    pub task: Arc<Task>,
    /// Its user registers, for the calls that copy or replace them (clone,
    /// execve, rt_sigreturn). Borrowed briefly; never across a blocking call.
    pub regs: RefCell<UserContext>,
}

impl Caller {
    /// The caller's descriptors.
    pub fn files(&self) -> Arc<FdTable> {
        self.task.files()
    }

    /// Calls into `fs` as this caller.
    pub fn with_fs<R>(&self, call: impl FnOnce(&crate::fs::Caller<'_>) -> R) -> R {
        let fs = self.task.fs();
        let creds = self.task.fs_creds();
        call(&crate::fs::Caller {
            fs: &fs,
            creds: &creds,
        })
    }
}

/// The six argument registers, undecoded.
#[derive(Clone, Copy, Debug)]
pub struct Args(pub [usize; 6]);

impl Args {
    /// Raw register.
    pub fn get(&self, n: usize) -> usize {
        self.0[n]
    }
    /// As `int`: the low 32 bits, sign-extended, as the C prototype says.
    pub fn int(&self, n: usize) -> i32 {
        self.0[n] as i32
    }
    /// As `unsigned int`.
    pub fn uint(&self, n: usize) -> u32 {
        self.0[n] as u32
    }
    /// As a typed user pointer.
    pub fn ptr<T>(&self, n: usize) -> UserPtr<T> {
        UserPtr::new(self.0[n])
    }
    /// Buffer at `n`, length at `n + 1`, to be read by the kernel.
    pub fn input(&self, n: usize) -> Result<UserIn<'static>> {
        UserIn::new(self.0[n], self.0[n + 1])
    }
    /// Buffer at `n`, length at `n + 1`, to be filled by the kernel.
    pub fn output(&self, n: usize) -> Result<UserOut<'static>> {
        UserOut::new(self.0[n], self.0[n + 1])
    }
}

/// Runs one system call and returns what goes into the result register: a value, or
/// minus an errno (with [`Errno::RESTART`] and its kin, which `task` resolves).
pub fn dispatch(caller: &Caller, number: usize, args: Args) -> isize {
    let result = match table::lookup(number) {
        Some(row) => (row.handler)(caller, args),
        None => trace::unknown(number),
    };
    if trace::enabled() {
        trace::line(caller, number, args, &result);
    }
    match result {
        Ok(value) => value as isize,
        Err(Errno::EPIPE) => {
            trace::broken_pipe(caller, number, &args);
            Errno::EPIPE.to_ret()
        }
        Err(errno) => errno.to_ret(),
    }
}
