//! Dispositions: what a process does about each signal. sigaction(2).

use super::{COUNT, Set, bit};
use crate::sync::SpinLock;
use abi::general::*;
use alloc::sync::Arc;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// struct sigaction as rt_sigaction(2) has it (no restorer on these ports).
#[derive(Clone, Copy, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Action {
    /// SIG_DFL, SIG_IGN or a function.
    pub handler: usize,
    /// SA_*.
    pub flags: usize,
    /// Blocked while the handler runs.
    pub mask: Set,
}

/// SIG_DFL.
pub const DEFAULT: usize = 0;
/// SIG_IGN.
pub const IGNORE: usize = 1;

impl Action {
    /// Whether an SA_* flag is set.
    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag as usize != 0
    }
}

/// What happens by default. signal(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default_ {
    /// The process ends (with a core dump where the limit allows; there are none here).
    End,
    /// Nothing.
    Ignore,
    /// The process stops.
    Stop,
    /// The process goes on; done when the signal is sent.
    Continue,
}

/// The default of a signal.
pub fn default(signal: i32) -> Default_ {
    match signal as u32 {
        SIGCHLD | SIGURG | SIGWINCH => Default_::Ignore,
        SIGSTOP | SIGTSTP | SIGTTIN | SIGTTOU => Default_::Stop,
        SIGCONT => Default_::Continue,
        _ => Default_::End,
    }
}

/// The dispositions of a process, or of several (CLONE_SIGHAND).
pub struct Handlers {
    actions: SpinLock<[Action; COUNT as usize]>,
}

impl Handlers {
    /// Every signal at its default.
    pub fn new() -> Arc<Handlers> {
        let actions = SpinLock::new([Action::default(); COUNT as usize]);
        Arc::new(Handlers { actions })
    }

    /// A copy: fork(2).
    pub fn fork(&self) -> Arc<Handlers> {
        let actions = SpinLock::new(*self.actions.lock());
        Arc::new(Handlers { actions })
    }

    /// A copy for execve(2): what was caught is at its default again, what was ignored stays so.
    pub fn after_exec(&self) -> Arc<Handlers> {
        let copy = self.fork();
        for action in copy.actions.lock().iter_mut() {
            let handler = if action.handler == IGNORE {
                IGNORE
            } else {
                DEFAULT
            };
            *action = Action {
                handler,
                ..Action::default()
            };
        }
        copy
    }

    /// CLONE_CLEAR_SIGHAND: what was caught is at its default again.
    pub fn clear(&self) {
        for action in self.actions.lock().iter_mut() {
            if action.handler != IGNORE {
                *action = Action::default();
            }
        }
    }

    /// The action for a valid signal.
    pub fn get(&self, signal: i32) -> Action {
        self.actions.lock()[signal as usize - 1]
    }

    /// Replaces an action.
    pub fn set(&self, signal: i32, action: Action) {
        self.actions.lock()[signal as usize - 1] = action;
    }

    /// Whether a signal would do nothing.
    pub fn ignores(&self, signal: i32) -> bool {
        match self.get(signal).handler {
            IGNORE => true,
            DEFAULT => matches!(default(signal), Default_::Ignore | Default_::Continue),
            _ => false,
        }
    }

    /// (ignored, caught) sets for /proc/pid/status.
    pub fn sets(&self) -> (Set, Set) {
        let actions = self.actions.lock();
        let collect = |want: fn(usize) -> bool| {
            (1..=COUNT)
                .filter(|&n| want(actions[n as usize - 1].handler))
                .map(bit)
                .sum()
        };
        (collect(|h| h == IGNORE), collect(|h| h > IGNORE))
    }
}
