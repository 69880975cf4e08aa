//! Processes that do not outlive the runner: QEMU and the clients on the host.
//!
//! Called by `qemu` and `exec` for each child that lasts. Ended in order, a child is
//! killed with its whole group; should the runner itself be killed, the kernel of the
//! host kills the child.

use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

/// Puts `command`'s process into a group of its own, so that a Ctrl-C on the terminal
/// reaches the runner alone, and has it killed when the thread that starts it ends
/// (PR_SET_PDEATHSIG, prctl(2)). Start it on a thread that lives as long as the child.
pub fn tie(command: &mut Command) {
    command.process_group(0);
    let runner = getpid();
    // SAFETY: between fork and exec only async-signal-safe work is allowed; the closure makes two
    // system calls and touches no memory that the parent shares or locks.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // A runner that was killed before the call above sends nothing any more.
            match getppid() == Some(runner) {
                true => Ok(()),
                false => Err(std::io::ErrorKind::BrokenPipe.into()),
            }
        });
    }
}
