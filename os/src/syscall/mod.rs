//! System calls: decode, look up, call, return. Semantics live in the rooms below.
//!
//! `task::run` calls [`dispatch`] with the trap's registers. The table in
//! [`table`] is data: number, name, handler, support level and a sentence; it
//! generates `docs/process/syscalls.md`. Each family lists its rows beside its handlers
//! (`net::ROWS`, `fs::ROWS`, …).

pub mod file;
pub mod table;

use crate::{
    Result,
    mm::{UserIn, UserOut, UserPtr},
    task::Task,
};
use alloc::sync::Arc;

/// Who calls: what a handler needs to know.
pub struct Caller {
    /// The calling task.
    pub task: Arc<Task>,
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
    pub fn ptr<T: Copy>(&self, n: usize) -> UserPtr<T> {
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

/// Runs one system call and returns what goes into the result register.
pub fn dispatch(_caller: &Caller, _number: usize, _args: Args) -> isize {
    todo!()
}
