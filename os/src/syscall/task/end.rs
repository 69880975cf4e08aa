//! Endings and waiting for them: exit, exit_group, wait4, waitid.
//!
//! Who calls: the rows of `task`. Who owns and locks: the task tree. Typical sequence: who is waited for, the wait, status and
//! usage out.

use crate::{
    Result,
    syscall::{Args, Caller},
    task::{
        exit, memory, pidfd,
        wait::{self, Which},
    },
};
use abi::{Errno, general::*};

/// exit(2).
pub(super) fn sys_exit(cx: &Caller, a: Args) -> Result<usize> {
    *cx.task.exiting.lock() = Some(exit::exited(a.int(0)));
    cx.task.thread.interrupt(true);
    Ok(0)
}

/// exit_group(2).
pub(super) fn exit_group(cx: &Caller, a: Args) -> Result<usize> {
    cx.task.process.exit_group(exit::exited(a.int(0)));
    Ok(0)
}

/// wait4(2).
pub(super) fn wait4(cx: &Caller, a: Args) -> Result<usize> {
    let (pid, status, options, usage) = (a.int(0), a.ptr::<i32>(1), a.uint(2), a.ptr::<rusage>(3));
    if options & !(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL) != 0 {
        return Err(Errno::EINVAL);
    }
    let which = match pid {
        i32::MIN => return Err(Errno::ESRCH),
        -1 => Which::Any,
        0 => Which::Group(0),
        1.. => Which::Process(pid),
        group => Which::Group(-group),
    };
    let Some(report) = wait::wait(&cx.task, which, options | WEXITED)? else {
        return Ok(0);
    };
    if !status.is_null() {
        status.write(&report.status)?;
    }
    if !usage.is_null() {
        usage.write(&report.times.rusage_both())?;
    }
    Ok(report.pid as usize)
}

/// waitid(2).
pub(super) fn waitid(cx: &Caller, a: Args) -> Result<usize> {
    let (info, usage) = (a.get(2), a.ptr::<rusage>(4));
    let answer = news(cx, a);
    let report = answer.as_ref().ok().and_then(Option::as_ref);
    if let Some(report) = report
        && !usage.is_null()
    {
        usage.write(&report.times.rusage_both())?;
    }
    if info != 0 {
        // Linux writes the six fields, as zeroes where there is no news for any reason, and leaves
        // the rest of the structure alone.
        let bytes = report.map_or([0; 128], |report| report.info.to_bytes());
        memory::write(info, &bytes[..12])?;
        memory::write(info.wrapping_add(16), &bytes[16..28])?;
    }
    answer.map(|_| 0)
}

/// What waitid(2) waits for; `None` with WNOHANG when there is none.
fn news(cx: &Caller, a: Args) -> Result<Option<wait::Report>> {
    let (kind, id, options) = (a.int(0) as u32, a.int(1), a.uint(3));
    let known =
        WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL;
    if options & !known != 0 || options & (WEXITED | WSTOPPED | WCONTINUED) == 0 {
        return Err(Errno::EINVAL);
    }
    let mut options = options;
    let mut nonblocking = false;
    let which = match kind {
        P_ALL => Which::Any,
        P_PID if id > 0 => Which::Process(id),
        P_PGID if id >= 0 => Which::Group(id),
        P_PIDFD if id >= 0 => {
            let (process, open) = pidfd::process(&cx.task, id)?;
            nonblocking = open.nonblock();
            Which::Process(process.pid)
        }
        _ => return Err(Errno::EINVAL),
    };
    if nonblocking {
        options |= WNOHANG;
    }
    let report = wait::wait(&cx.task, which, options)?;
    if report.is_none() && nonblocking && a.uint(3) & WNOHANG == 0 {
        return Err(Errno::EAGAIN);
    }
    Ok(report)
}
