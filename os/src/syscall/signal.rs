//! System calls of the family `signal`.

use super::{
    Args, Caller,
    table::{
        Row,
        Support::{Full, Partial},
        row,
    },
};
use crate::{
    Result,
    arch::UserContext,
    sched::{Interruptible, wait_until},
    task::{
        job, memory, pidfd,
        signal::{self, Action, AltStack, Info, Restart, frame, send},
        tree,
    },
};
use abi::{Errno, general::*};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(__NR_rt_sigaction, "rt_sigaction", sigaction, Full, ""),
    row(__NR_rt_sigprocmask, "rt_sigprocmask", sigprocmask, Full, ""),
    row(__NR_rt_sigpending, "rt_sigpending", sigpending, Full, ""),
    row(__NR_rt_sigsuspend, "rt_sigsuspend", sigsuspend, Full, ""),
    row(
        __NR_rt_sigtimedwait,
        "rt_sigtimedwait",
        sigtimedwait,
        Full,
        "",
    ),
    row(
        __NR_rt_sigqueueinfo,
        "rt_sigqueueinfo",
        sigqueueinfo,
        Full,
        "",
    ),
    row(
        __NR_rt_tgsigqueueinfo,
        "rt_tgsigqueueinfo",
        tgsigqueueinfo,
        Full,
        "",
    ),
    row(__NR_rt_sigreturn, "rt_sigreturn", sigreturn, Full, ""),
    row(__NR_sigaltstack, "sigaltstack", sigaltstack, Full, ""),
    row(__NR_kill, "kill", kill, Full, ""),
    row(
        __NR_tkill,
        "tkill",
        |cx, a| tgkill(cx, None, a.int(0), a.int(1)),
        Full,
        "",
    ),
    row(
        __NR_tgkill,
        "tgkill",
        |cx, a| tgkill(cx, Some(a.int(0)), a.int(1), a.int(2)),
        Full,
        "",
    ),
    row(
        __NR_pidfd_send_signal,
        "pidfd_send_signal",
        pidfd_send_signal,
        Partial,
        "no flags",
    ),
    row(__NR_restart_syscall, "restart_syscall", restart, Full, ""),
];

/// sizeof(sigset_t) in the kernel.
const SET: usize = 8;

fn set_size(size: usize) -> Result<()> {
    if size == SET {
        Ok(())
    } else {
        Err(Errno::EINVAL)
    }
}

fn sigaction(cx: &Caller, a: Args) -> Result<usize> {
    set_size(a.get(3))?;
    let number = signal::check(a.int(0))?;
    let (new, old) = (a.ptr::<Action>(1), a.ptr::<Action>(2));
    let handlers = cx.task.process.handlers();
    let before = handlers.get(number);
    if !new.is_null() {
        let mut action = new.read()?;
        if signal::UNBLOCKABLE & signal::bit(number) != 0 {
            return Err(Errno::EINVAL);
        }
        action.mask &= !signal::UNBLOCKABLE;
        // What this kernel does not know reads back as zero, so that programs can
        // find out (sigaction(2), "Dynamically probing for flag bit support").
        action.flags &= KNOWN_FLAGS as usize;
        handlers.set(number, action);
        if handlers.ignores(number) {
            forget(cx, number);
        }
    }
    if !old.is_null() {
        old.write(&before)?;
    }
    Ok(0)
}

const KNOWN_FLAGS: u32 =
    SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_RESETHAND;

/// A signal that is ignored from now on is not pending any more. POSIX 2.4.3.
fn forget(cx: &Caller, number: i32) {
    let process = &cx.task.process;
    process.pending.lock().remove(signal::bit(number));
    for task in process.tasks() {
        task.signals.lock().pending.remove(signal::bit(number));
    }
}

fn sigprocmask(cx: &Caller, a: Args) -> Result<usize> {
    set_size(a.get(3))?;
    let (how, new, old) = (a.uint(0), a.ptr::<u64>(1), a.ptr::<u64>(2));
    let before = cx.task.signals.lock().mask;
    if !new.is_null() {
        let set = new.read()?;
        let mask = match how {
            SIG_BLOCK => before | set,
            SIG_UNBLOCK => before & !set,
            SIG_SETMASK => set,
            _ => return Err(Errno::EINVAL),
        };
        signal::set_mask(&cx.task, mask);
    }
    if !old.is_null() {
        old.write(&before)?;
    }
    Ok(0)
}

fn sigpending(cx: &Caller, a: Args) -> Result<usize> {
    if a.get(1) > SET {
        return Err(Errno::EINVAL);
    }
    let pending = signal::pending(&cx.task) & cx.task.signals.lock().mask;
    memory::write(a.get(0), &pending.to_le_bytes()[..a.get(1)])?;
    Ok(0)
}

fn sigsuspend(cx: &Caller, a: Args) -> Result<usize> {
    set_size(a.get(1))?;
    let mask = a.ptr::<u64>(0).read()?;
    signal::set_temporary_mask(&cx.task, mask);
    let never = wait_until::<()>(&[], None, Interruptible::Yes, || None);
    // Ends by a handler: EINTR. A stop and continue alone goes back to waiting.
    never.map(|()| 0).map_err(|_| Errno::RESTART_NO_HANDLER)
}

fn sigtimedwait(cx: &Caller, a: Args) -> Result<usize> {
    set_size(a.get(3))?;
    let wanted = a.ptr::<u64>(0).read()? & !signal::UNBLOCKABLE;
    let timeout = a.ptr::<timespec>(2);
    let deadline = match timeout.is_null() {
        true => None,
        false => Some(crate::time::now().after(super::time::ns(timeout.read()?)?)),
    };
    let task = &cx.task;
    let queue = &task.process.signalled;
    let attempt = || signal::take(task, wanted);
    let result = wait_until(&[queue], deadline, Interruptible::Yes, attempt);
    let info = match result {
        Ok(info) => info,
        // The signal that ended the wait may be the awaited one, unblocked.
        Err(errno) => match (signal::take(task, wanted), errno) {
            (Some(info), _) => info,
            (None, Errno::ETIMEDOUT) => return Err(Errno::EAGAIN),
            (None, _) => return Err(Errno::EINTR),
        },
    };
    signal::refresh(task);
    if a.get(1) != 0 {
        memory::write(a.get(1), &info.to_bytes())?;
    }
    Ok(info.signal as usize)
}

fn read_info(addr: usize, number: i32) -> Result<Info> {
    let mut bytes = [0; 128];
    memory::read(addr, &mut bytes)?;
    let mut info = Info::from_bytes(&bytes);
    info.signal = number;
    Ok(info)
}

/// Nobody may pretend to be the kernel or kill(2) towards somebody else. rt_sigqueueinfo(2).
fn check_code(cx: &Caller, info: &Info, pid: i32) -> Result<()> {
    let pretends = info.code >= 0 || info.code == SI_TKILL;
    if pretends && pid != cx.task.pid() {
        return Err(Errno::EPERM);
    }
    Ok(())
}

fn sigqueueinfo(cx: &Caller, a: Args) -> Result<usize> {
    let (pid, number) = (a.int(0), a.int(1));
    let info = read_info(a.get(2), number)?;
    check_code(cx, &info, pid)?;
    let process = send::find(pid)?;
    if number != 0 {
        signal::check(number)?;
    }
    send::permitted(&cx.task, &process, number)?;
    if number != 0 {
        send::post(&process, None, info)?;
    }
    Ok(0)
}

fn tgsigqueueinfo(cx: &Caller, a: Args) -> Result<usize> {
    let (pid, tid, number) = (a.int(0), a.int(1), a.int(2));
    if pid <= 0 || tid <= 0 {
        return Err(Errno::EINVAL);
    }
    let info = read_info(a.get(3), number)?;
    check_code(cx, &info, tid)?;
    to_thread(cx, Some(pid), tid, number, info)
}

fn sigreturn(cx: &Caller, _: Args) -> Result<usize> {
    let mut regs: UserContext = cx.regs.borrow().clone();
    match frame::pop(&cx.task, &mut regs) {
        Ok(()) => {
            let result = regs.syscall_result();
            *cx.regs.borrow_mut() = regs;
            // What the interrupted code had in that register.
            Ok(result as usize)
        }
        Err(_) => {
            let info = Info::fault(SIGSEGV as i32, SI_KERNEL as i32, 0);
            send::force(&cx.task, info);
            Ok(0)
        }
    }
}

/// stack_t.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct StackT {
    sp: usize,
    flags: i32,
    padding: i32,
    size: usize,
}

fn sigaltstack(cx: &Caller, a: Args) -> Result<usize> {
    let (new, old) = (a.ptr::<StackT>(0), a.ptr::<StackT>(1));
    let sp = cx.regs.borrow().sp();
    let before = cx.task.signals.lock().stack;
    let on_stack = before.contains(sp);
    if !new.is_null() {
        let StackT {
            sp,
            flags,
            size,
            padding: _,
        } = new.read()?;
        let flags = flags as u32;
        let mode = flags & !SS_AUTODISARM;
        if on_stack {
            return Err(Errno::EPERM);
        }
        let stack = match mode {
            SS_DISABLE => AltStack::default(),
            0 | SS_ONSTACK if size < MINSIGSTKSZ as usize => return Err(Errno::ENOMEM),
            0 | SS_ONSTACK => AltStack {
                base: sp,
                size,
                autodisarm: flags & SS_AUTODISARM != 0,
            },
            _ => return Err(Errno::EINVAL),
        };
        cx.task.signals.lock().stack = stack;
    }
    if !old.is_null() {
        let mut flags = match (before.size, on_stack) {
            (0, _) => SS_DISABLE,
            (_, true) => SS_ONSTACK,
            _ => 0,
        };
        if before.autodisarm {
            flags |= SS_AUTODISARM;
        }
        old.write(&StackT {
            sp: before.base,
            flags: flags as i32,
            padding: 0,
            size: before.size,
        })?;
    }
    Ok(0)
}

fn kill(cx: &Caller, a: Args) -> Result<usize> {
    let (pid, number) = (a.int(0), a.int(1));
    if !(0..=signal::COUNT).contains(&number) {
        return Err(Errno::EINVAL);
    }
    let (own, uid) = job::sender(&cx.task);
    let info = (number != 0).then(|| Info::user(number, SI_USER as i32, own, uid));
    send::kill(&cx.task, pid, info).map(|()| 0)
}

fn tgkill(cx: &Caller, pid: Option<i32>, tid: i32, number: i32) -> Result<usize> {
    if tid <= 0 || pid.is_some_and(|pid| pid <= 0) {
        return Err(Errno::EINVAL);
    }
    let (own, uid) = job::sender(&cx.task);
    to_thread(cx, pid, tid, number, Info::user(number, SI_TKILL, own, uid))
}

fn to_thread(cx: &Caller, pid: Option<i32>, tid: i32, number: i32, info: Info) -> Result<usize> {
    if !(0..=signal::COUNT).contains(&number) {
        return Err(Errno::EINVAL);
    }
    let task = tree::task(tid).ok_or(Errno::ESRCH)?;
    if pid.is_some_and(|pid| pid != task.pid()) {
        return Err(Errno::ESRCH);
    }
    send::permitted(&cx.task, &task.process, number)?;
    if number != 0 {
        send::post(&task.process, Some(&task), info)?;
    }
    Ok(0)
}

fn pidfd_send_signal(cx: &Caller, a: Args) -> Result<usize> {
    let (fd, number, info, flags) = (a.int(0), a.int(1), a.get(2), a.uint(3));
    if flags != 0 || !(0..=signal::COUNT).contains(&number) {
        return Err(Errno::EINVAL);
    }
    let (process, _) = pidfd::process(&cx.task, fd)?;
    let info = match info {
        0 => {
            let (own, uid) = job::sender(&cx.task);
            Info::user(number, SI_USER as i32, own, uid)
        }
        addr => {
            let given = read_info(addr, number)?;
            let mut own_number = [0; 4];
            memory::read(addr, &mut own_number)?;
            if i32::from_le_bytes(own_number) != number {
                return Err(Errno::EINVAL);
            }
            check_code(cx, &given, process.pid)?;
            given
        }
    };
    if process.tasks().is_empty() && tree::process(process.pid).is_none() {
        return Err(Errno::ESRCH);
    }
    send::permitted(&cx.task, &process, number)?;
    if number != 0 {
        send::post(&process, None, info)?;
    }
    Ok(0)
}

fn restart(cx: &Caller, _: Args) -> Result<usize> {
    let Some(restart) = cx.task.restart.lock().take() else {
        return Err(Errno::EINTR);
    };
    match restart {
        Restart::Sleep {
            deadline,
            remaining,
        } => super::time::sleep_until(cx, deadline, Some(remaining)),
        Restart::Futex { .. } => super::task::restart_futex(cx, restart),
    }
}
