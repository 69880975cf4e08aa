//! Who may use a terminal: sessions, the foreground group, SIGTTIN and SIGTTOU.
//! credentials(7), setsid(2), tty_ioctl(4).
//!
//! A session has at most one controlling terminal; the terminal knows the session,
//! not the other way round, so [`controlling`] looks through the terminals.

use super::Tty;
use crate::{
    Result,
    file::{
        File,
        hooks::{self, Job},
    },
    sync::SpinLock,
};
use abi::{
    Errno,
    general::{CAP_SYS_ADMIN, O_ACCMODE, O_NOCTTY, O_WRONLY, SIGCONT, SIGHUP, SIGTTIN, SIGTTOU},
};
use alloc::{
    sync::{Arc, Weak},
    vec::Vec,
};

static TERMINALS: SpinLock<Vec<Weak<Tty>>> = SpinLock::new(Vec::new());

/// Every terminal is made known once.
pub(super) fn known(tty: &Arc<Tty>) {
    let mut terminals = TERMINALS.lock();
    terminals.retain(|tty| tty.strong_count() > 0);
    terminals.push(Arc::downgrade(tty));
}

/// The controlling terminal of a session.
pub fn controlling(session: i32) -> Option<Arc<Tty>> {
    let terminals = TERMINALS.lock().clone();
    let mut terminals = terminals.iter().filter_map(Weak::upgrade);
    terminals.find(|tty| tty.state.lock().session == Some(session))
}

/// open(2) of /dev/tty: the caller's controlling terminal; `ENXIO` without one.
pub fn open_controlling(flags: u32) -> Result<Arc<dyn File>> {
    let job = hooks::tasks().job().ok_or(Errno::ENXIO)?;
    controlling(job.session)
        .ok_or(Errno::ENXIO)?
        .open(flags | O_NOCTTY)
}

/// The number of a session's terminal for /proc/pid/stat's `tty_nr`, and its foreground group; (0, -1) without.
pub fn terminal_of(session: i32) -> (u64, i32) {
    match controlling(session) {
        Some(tty) => (tty.rdev, tty.state.lock().foreground.unwrap_or(-1)),
        None => (0, -1),
    }
}

/// The leader of a session exited: the terminal is free, its foreground group is told.
pub fn session_ended(session: i32) {
    if let Some(tty) = controlling(session) {
        tty.give_up();
    }
}

/// The caller as a member of the session that `tty` controls; `ENOTTY` when it is not.
fn member(tty: &Tty) -> Result<Job> {
    let session = tty.state.lock().session;
    let job = hooks::tasks().job();
    job.filter(|job| session == Some(job.session))
        .ok_or(Errno::ENOTTY)
}

/// A background process reads (SIGTTIN) or changes (SIGTTOU) its controlling terminal:
/// its group gets the signal and the call is restarted after SIGCONT. `EIO` for an
/// orphaned group and for a reader that ignores the signal; a writer that does may write.
pub(super) fn check(tty: &Tty, signal: i32) -> Result<()> {
    let Ok(job) = member(tty) else {
        return Ok(());
    };
    let foreground = tty.state.lock().foreground;
    if foreground.is_none_or(|group| group == job.group) {
        return Ok(());
    }
    let tasks = hooks::tasks();
    if tasks.ignores(signal) {
        return match signal == SIGTTIN as i32 {
            true => Err(Errno::EIO),
            false => Ok(()),
        };
    }
    if tasks.orphaned(job.group) {
        return Err(Errno::EIO);
    }
    tasks.signal_group(job.group, signal)?;
    Err(Errno::RESTART)
}

/// A session leader without a terminal that opens a free one gets it.
pub(super) fn acquire_on_open(tty: &Arc<Tty>, flags: u32) {
    if flags & O_NOCTTY != 0 || flags & O_ACCMODE == O_WRONLY {
        return;
    }
    let Some(job) = hooks::tasks().job() else {
        return;
    };
    let free = tty.state.lock().session.is_none();
    if free && job.pid == job.session && controlling(job.session).is_none() {
        tty.control(job);
    }
}

impl Tty {
    fn control(&self, job: Job) {
        let mut state = self.state.lock();
        state.session = Some(job.session);
        state.foreground = Some(job.group);
    }

    /// The session loses the terminal; its foreground group gets SIGHUP and SIGCONT.
    fn give_up(&self) {
        let mut state = self.state.lock();
        state.session = None;
        let group = state.foreground.take();
        drop(state);
        if let Some(group) = group {
            for signal in [SIGHUP, SIGCONT] {
                // Nobody left to tell is fine.
                let _ = hooks::tasks().signal_group(group, signal as i32);
            }
        }
    }

    /// TIOCSCTTY. `force` takes it from another session, with CAP_SYS_ADMIN.
    pub(super) fn set_controlling(self: &Arc<Tty>, force: bool) -> Result<()> {
        let job = hooks::tasks().job().ok_or(Errno::EPERM)?;
        let session = self.state.lock().session;
        if session == Some(job.session) && job.pid == job.session {
            return Ok(());
        }
        if job.pid != job.session || controlling(job.session).is_some() {
            return Err(Errno::EPERM);
        }
        if session.is_some() && !(force && hooks::tasks().capable(CAP_SYS_ADMIN)) {
            return Err(Errno::EPERM);
        }
        self.control(job);
        Ok(())
    }

    /// TIOCNOTTY of a session leader; `ENOTTY` when it is not the caller's terminal.
    /// A member alone cannot leave here: terminals know sessions, not processes.
    pub(super) fn leave(&self) -> Result<()> {
        let job = member(self)?;
        if job.pid != job.session {
            return Err(Errno::EPERM);
        }
        self.give_up();
        Ok(())
    }

    /// TIOCGPGRP. `ENOTTY` when it is not the caller's terminal (and not a master asking).
    pub(super) fn foreground(&self, master: bool) -> Result<i32> {
        if !master {
            member(self)?;
        }
        Ok(self.state.lock().foreground.unwrap_or(0))
    }

    /// TIOCSPGRP: a group of the same session.
    pub(super) fn set_foreground(&self, group: i32) -> Result<()> {
        check(self, SIGTTOU as i32)?;
        let job = member(self)?;
        if group < 0 {
            return Err(Errno::EINVAL);
        }
        let session = hooks::tasks().session_of(group).ok_or(Errno::ESRCH)?;
        if session != job.session {
            return Err(Errno::EPERM);
        }
        self.state.lock().foreground = Some(group);
        Ok(())
    }

    /// TIOCGSID.
    pub(super) fn session(&self, master: bool) -> Result<i32> {
        if !master {
            member(self)?;
        }
        self.state.lock().session.ok_or(Errno::ENOTTY)
    }
}
