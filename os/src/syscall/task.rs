//! System calls of the family `task`: beginnings, endings, waiting, futexes, the scheduler.

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
    file::Fd,
    mm::{UserIn, UserOut, UserPtr, user::read_cstr},
    task::{
        clone, exec, exit, futex, memory, namespace, pidfd,
        signal::Restart,
        times::Times,
        tree,
        wait::{self, Which},
    },
    time::Instant,
};
use abi::{Errno, general::*};
use alloc::{format, sync::Arc};
use core::sync::atomic::Ordering::Relaxed;

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(
        __NR_clone,
        "clone",
        sys_clone,
        Partial,
        "namespaces are EINVAL, as when compiled out",
    ),
    row(
        __NR_clone3,
        "clone3",
        sys_clone3,
        Partial,
        "no set_tid, no cgroups, no namespaces",
    ),
    row(
        __NR_execve,
        "execve",
        |cx, a| execveat(cx, AT_FDCWD, a.get(0), a.get(1), a.get(2), 0),
        Full,
        "",
    ),
    row(
        __NR_execveat,
        "execveat",
        |cx, a| execveat(cx, a.int(0), a.get(1), a.get(2), a.get(3), a.uint(4)),
        Full,
        "",
    ),
    row(__NR_exit, "exit", sys_exit, Full, ""),
    row(__NR_exit_group, "exit_group", exit_group, Full, ""),
    row(__NR_wait4, "wait4", wait4, Full, ""),
    row(__NR_waitid, "waitid", waitid, Full, ""),
    row(
        __NR_set_tid_address,
        "set_tid_address",
        set_tid_address,
        Full,
        "",
    ),
    row(
        __NR_set_robust_list,
        "set_robust_list",
        set_robust_list,
        Full,
        "",
    ),
    row(
        __NR_get_robust_list,
        "get_robust_list",
        get_robust_list,
        Full,
        "",
    ),
    row(
        __NR_futex,
        "futex",
        sys_futex,
        Partial,
        "no priority inheritance (ENOSYS)",
    ),
    row(
        __NR_pidfd_open,
        "pidfd_open",
        pidfd_open,
        Partial,
        "no PIDFD_THREAD",
    ),
    row(__NR_pidfd_getfd, "pidfd_getfd", pidfd_getfd, Full, ""),
    row(
        __NR_unshare,
        "unshare",
        unshare,
        Partial,
        "FILES, FS, NEWNET, NEWNS, NEWUSER and what is not shared",
    ),
    row(
        __NR_setns,
        "setns",
        |cx, a| setns(cx, a.int(0), a.uint(1)),
        Partial,
        "NEWNET, NEWNS",
    ),
    row(
        __NR_process_vm_readv,
        "process_vm_readv",
        |cx, a| process_vm(cx, a, true),
        Full,
        "",
    ),
    row(
        __NR_process_vm_writev,
        "process_vm_writev",
        |cx, a| process_vm(cx, a, false),
        Full,
        "",
    ),
    // riscv64's own; loongarch64 keeps instruction and data in step with `ibar` alone.
    row(259, "riscv_flush_icache", flush_icache, Full, ""),
];

/// Where signal number and flags share a word.
const CSIGNAL: usize = 0xff;

fn sys_clone(cx: &Caller, a: Args) -> Result<usize> {
    // clone(2): flags, stack, parent_tid, then tls and child_tid in the port's order.
    const TLS: usize = crate::arch::CLONE_TLS;
    const CHILD_TID: usize = 3 + 4 - TLS;
    let flags = a.get(0) as u32;
    let both = CLONE_PIDFD | CLONE_PARENT_SETTID;
    if flags & both == both {
        return Err(Errno::EINVAL);
    }
    let request = clone::Request {
        flags: u64::from(flags) & !(CSIGNAL as u64),
        exit_signal: (flags as usize & CSIGNAL) as i32,
        stack: a.get(1),
        parent_tid: a.get(2),
        tls: a.get(TLS),
        child_tid: a.get(CHILD_TID),
        pidfd: a.get(2),
    };
    start(cx, request)
}

fn sys_clone3(cx: &Caller, a: Args) -> Result<usize> {
    const FIRST: usize = 64; // CLONE_ARGS_SIZE_VER0
    const KNOWN: usize = 88; // CLONE_ARGS_SIZE_VER2
    let size = a.get(1);
    if size > 4096 {
        return Err(Errno::E2BIG);
    }
    if size < FIRST {
        return Err(Errno::EINVAL);
    }
    let mut bytes = alloc::vec![0; size.max(KNOWN)];
    memory::read(a.get(0), &mut bytes[..size])?;
    if bytes[KNOWN..].iter().any(|&b| b != 0) {
        return Err(Errno::E2BIG);
    }
    let word = |n: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[8 * n..8 * n + 8]);
        u64::from_le_bytes(word)
    };
    let [
        flags,
        pidfd,
        child_tid,
        parent_tid,
        exit_signal,
        stack,
        stack_size,
        tls,
        set_tid,
        set_tid_size,
    ] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(word);
    let known = u64::from(u32::MAX) | clone::CLEAR_SIGHAND | clone::INTO_CGROUP;
    let has = |flag: u32| flags & u64::from(flag) != 0;
    let signal_allowed = !has(CLONE_THREAD) && !has(CLONE_PARENT);
    if flags & !known != 0
        || has(CLONE_DETACHED)
        || flags & CSIGNAL as u64 & !u64::from(CLONE_NEWTIME) != 0
        || (stack == 0) != (stack_size == 0)
        || exit_signal > CSIGNAL as u64
        || (exit_signal != 0 && !signal_allowed)
        || (set_tid == 0) != (set_tid_size == 0)
    {
        return Err(Errno::EINVAL);
    }
    if set_tid_size != 0 {
        // Choosing ids needs CAP_CHECKPOINT_RESTORE over the PID namespace.
        return Err(Errno::EPERM);
    }
    let request = clone::Request {
        flags,
        exit_signal: exit_signal as i32,
        stack: (stack + stack_size) as usize,
        tls: tls as usize,
        parent_tid: parent_tid as usize,
        child_tid: child_tid as usize,
        pidfd: pidfd as usize,
    };
    start(cx, request)
}

fn start(cx: &Caller, request: clone::Request) -> Result<usize> {
    let regs = cx.regs.borrow().clone();
    clone::clone(&cx.task, &regs, request).map(|tid| tid as usize)
}

fn execveat(
    cx: &Caller,
    dir: Fd,
    path: usize,
    argv: usize,
    envp: usize,
    flags: u32,
) -> Result<usize> {
    if flags & !(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0 {
        return Err(Errno::EINVAL);
    }
    let path = read_cstr(path, 4096)?;
    if path.is_empty() && flags & AT_EMPTY_PATH == 0 {
        return Err(Errno::ENOENT);
    }
    let absolute = path.first() == Some(&b'/');
    let (start, shown) = match dir {
        _ if absolute => (None, path.clone()),
        AT_FDCWD => (None, path.clone()),
        fd => {
            // The name by which the program can find itself, as Linux builds it.
            let mut shown = format!("/dev/fd/{fd}").into_bytes();
            if !path.is_empty() {
                shown.push(b'/');
                shown.extend_from_slice(&path);
            }
            (Some(cx.files().get(fd)?), shown)
        }
    };
    let request = exec::Request {
        dir: start,
        path,
        shown,
        args: exec::Strings::from_user(argv)?,
        environment: exec::Strings::from_user(envp)?,
    };
    let regs = exec::exec(&cx.task, request)?;
    *cx.regs.borrow_mut() = regs;
    Ok(0)
}

fn sys_exit(cx: &Caller, a: Args) -> Result<usize> {
    *cx.task.exiting.lock() = Some(exit::exited(a.int(0)));
    cx.task.thread.interrupt(true);
    Ok(0)
}

fn exit_group(cx: &Caller, a: Args) -> Result<usize> {
    cx.task.process.exit_group(exit::exited(a.int(0)));
    Ok(0)
}

fn wait4(cx: &Caller, a: Args) -> Result<usize> {
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

fn waitid(cx: &Caller, a: Args) -> Result<usize> {
    let (kind, id, info, options, usage) = (
        a.int(0) as u32,
        a.int(1),
        a.get(2),
        a.uint(3),
        a.ptr::<rusage>(4),
    );
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
    if info != 0 {
        let mut bytes = report
            .as_ref()
            .map_or([0; 128], |report| report.info.to_bytes());
        if report.is_none() {
            bytes = [0; 128];
        }
        // Linux writes the six fields and leaves the rest of the structure alone.
        memory::write(info, &bytes[..12])?;
        memory::write(info + 16, &bytes[16..28])?;
    }
    if let Some(report) = &report
        && !usage.is_null()
    {
        usage.write(&report.times.rusage_both())?;
    }
    Ok(0)
}

fn set_tid_address(cx: &Caller, a: Args) -> Result<usize> {
    cx.task.clear_tid.store(a.get(0), Relaxed);
    Ok(cx.task.tid() as usize)
}

/// sizeof(struct robust_list_head).
const ROBUST_HEAD: usize = 24;

fn set_robust_list(cx: &Caller, a: Args) -> Result<usize> {
    if a.get(1) != ROBUST_HEAD {
        return Err(Errno::EINVAL);
    }
    cx.task.robust_list.store(a.get(0), Relaxed);
    Ok(0)
}

fn get_robust_list(cx: &Caller, a: Args) -> Result<usize> {
    let task = find(cx, a.int(0))?;
    a.ptr::<usize>(2).write(&ROBUST_HEAD)?;
    a.ptr::<usize>(1).write(&task.robust_list.load(Relaxed))?;
    Ok(0)
}

/// The thread `tid`, 0 for the caller; `ESRCH`, and `EINVAL` below 0.
pub(super) fn find(cx: &Caller, tid: i32) -> Result<Arc<crate::task::Task>> {
    match tid {
        0 => Ok(cx.task.clone()),
        1.. => tree::task(tid).ok_or(Errno::ESRCH),
        _ => Err(Errno::EINVAL),
    }
}

fn sys_futex(cx: &Caller, a: Args) -> Result<usize> {
    let (addr, op, value) = (a.get(0), a.uint(1), a.uint(2));
    let shared = op & FUTEX_PRIVATE_FLAG == 0;
    let realtime = op & FUTEX_CLOCK_REALTIME != 0;
    let command = op & !(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
    if realtime && command != FUTEX_WAIT_BITSET && command != FUTEX_WAIT {
        return Err(Errno::ENOSYS);
    }
    let (task, second) = (&cx.task, a.get(4));
    match command {
        FUTEX_WAIT | FUTEX_WAIT_BITSET => {
            let timeout = a.ptr::<timespec>(3);
            let absolute = command == FUTEX_WAIT_BITSET;
            let deadline = match timeout.is_null() {
                true => None,
                false => Some(futex_deadline(
                    super::time::ns(timeout.read()?)?,
                    absolute,
                    realtime,
                )),
            };
            let bitset = if absolute { a.uint(5) } else { u32::MAX };
            futex::wait(task, addr, shared, value, deadline, bitset, !absolute).map(|()| 0)
        }
        FUTEX_WAKE => futex::wake(task, addr, shared, value, u32::MAX),
        FUTEX_WAKE_BITSET => futex::wake(task, addr, shared, value, a.uint(5)),
        FUTEX_REQUEUE => {
            let (woken, moved) =
                futex::requeue(task, addr, second, shared, value, a.uint(3), None)?;
            Ok(woken + moved)
        }
        FUTEX_CMP_REQUEUE => {
            let expected = Some(a.uint(5));
            let (woken, moved) =
                futex::requeue(task, addr, second, shared, value, a.uint(3), expected)?;
            Ok(woken + moved)
        }
        FUTEX_WAKE_OP => futex::wake_op(task, addr, second, shared, value, a.uint(3), a.uint(5)),
        // Priority inheritance is not there, as with CONFIG_FUTEX_PI=n.
        _ => Err(Errno::ENOSYS),
    }
}

fn futex_deadline(ns: u64, absolute: bool, realtime: bool) -> Instant {
    match (absolute, realtime) {
        (false, _) => crate::time::now().after(ns),
        (true, false) => Instant(ns),
        (true, true) => Instant(ns.saturating_sub(crate::time::realtime_offset())),
    }
}

/// restart_syscall(2) of a FUTEX_WAIT with a timeout.
pub(super) fn restart_futex(cx: &Caller, restart: Restart) -> Result<usize> {
    let Restart::Futex {
        args: [addr, shared, value, bitset],
        deadline,
    } = restart
    else {
        return Err(Errno::EINTR);
    };
    let deadline = Some(Instant(deadline));
    futex::wait(
        &cx.task,
        addr,
        shared != 0,
        value as u32,
        deadline,
        bitset as u32,
        true,
    )
    .map(|()| 0)
}

fn pidfd_open(cx: &Caller, a: Args) -> Result<usize> {
    let (pid, flags) = (a.int(0), a.uint(1));
    if flags & !O_NONBLOCK != 0 || pid <= 0 {
        return Err(Errno::EINVAL);
    }
    let process = match tree::process(pid) {
        Some(process) => process,
        // A thread that is no leader.
        None if tree::task(pid).is_some() => return Err(Errno::EINVAL),
        None => return Err(Errno::ESRCH),
    };
    pidfd::install(&cx.task, &process, flags).map(|fd| fd as usize)
}

fn pidfd_getfd(cx: &Caller, a: Args) -> Result<usize> {
    if a.uint(2) != 0 {
        return Err(Errno::EINVAL);
    }
    let (process, _) = pidfd::process(&cx.task, a.int(0))?;
    let target = process.leader().ok_or(Errno::ESRCH)?;
    if !cx.task.may_trace(&target) {
        return Err(Errno::EPERM);
    }
    let file = target.files().get(a.int(1))?;
    let limit = cx.task.rlimit(RLIMIT_NOFILE).0 as usize;
    cx.files()
        .insert(file, 0, limit, true)
        .map(|fd| fd as usize)
}

fn unshare(cx: &Caller, a: Args) -> Result<usize> {
    let flags = a.get(0) as u64;
    let known = CLONE_THREAD
        | CLONE_FS
        | CLONE_SIGHAND
        | CLONE_VM
        | CLONE_FILES
        | CLONE_SYSVSEM
        | CLONE_NEWNS
        | CLONE_NEWNET
        | CLONE_NEWUSER;
    clone::refuse_namespaces(&cx.task, flags)?;
    if flags & !u64::from(known) != 0 {
        return Err(Errno::EINVAL);
    }
    let has = |flag: u32| flags & u64::from(flag) != 0;
    let threads = cx.task.process.threads.lock().len();
    let alone = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWUSER;
    if threads > 1 && has(alone) {
        return Err(Errno::EINVAL);
    }
    // A mount namespace comes with root and working directory.
    if has(CLONE_FS) || has(CLONE_NEWNS) {
        let own = cx.task.fs().fork();
        cx.task.set_fs(own);
    }
    if has(CLONE_FILES) {
        let own = cx.files().fork();
        cx.task.set_files(own);
    }
    if has(CLONE_NEWUSER) {
        let own = cx.task.creds().in_new_users();
        cx.task.set_creds(own);
    }
    namespace::unshare(&cx.task, flags);
    Ok(0)
}

/// setns(2): the descriptor is of a namespace, or of a process.
fn setns(cx: &Caller, fd: Fd, kind: u32) -> Result<usize> {
    let file = cx.files().get(fd)?;
    match pidfd::process(&cx.task, fd) {
        Ok((process, _)) => {
            let other = process.leader().ok_or(Errno::ESRCH)?;
            namespace::enter_those_of(&cx.task, &other, kind)?;
        }
        Err(_) => namespace::enter(&cx.task, namespace::behind(&file)?, kind)?,
    }
    Ok(0)
}

/// process_vm_readv(2), process_vm_writev(2): copies between the caller's and another process's segments.
fn process_vm(cx: &Caller, a: Args, read: bool) -> Result<usize> {
    let (pid, local, local_count, remote, remote_count, flags) =
        (a.int(0), a.get(1), a.get(2), a.get(3), a.get(4), a.get(5));
    // IOV_MAX
    if flags != 0 || local_count > 1024 || remote_count > 1024 {
        return Err(Errno::EINVAL);
    }
    let target = tree::task(pid).ok_or(Errno::ESRCH)?;
    if !Arc::ptr_eq(&target.process, &cx.task.process) && !cx.task.may_trace(&target) {
        return Err(Errno::EPERM);
    }
    let mm = target.try_mm().ok_or(Errno::ESRCH)?;
    let segments = UserPtr::<[usize; 2]>::new(remote);
    let mut input = UserIn::from_iovec(local, if read { 0 } else { local_count })?;
    let mut output = UserOut::from_iovec(local, if read { local_count } else { 0 })?;
    let mut done = 0;
    let mut block = [0; 1024];
    for index in 0..remote_count {
        let [mut at, mut len] = segments.add(index).read()?;
        while len > 0 {
            let room = if read {
                output.remaining()
            } else {
                input.remaining()
            };
            let step = block.len().min(len).min(room);
            if step == 0 {
                return Ok(done);
            }
            let moved = match read {
                true => {
                    let got = mm.read(at, &mut block[..step]);
                    output.write(&block[..got])?
                }
                false => {
                    let got = input.read(&mut block[..step])?;
                    mm.write(at, &block[..got])
                }
            };
            if moved == 0 {
                return if done == 0 {
                    Err(Errno::EFAULT)
                } else {
                    Ok(done)
                };
            }
            (at, len, done) = (at + moved, len - moved, done + moved);
        }
    }
    Ok(done)
}

/// riscv_flush_icache(2): the range is a hint, and there is one CPU to flush.
fn flush_icache(_: &Caller, a: Args) -> Result<usize> {
    // SYS_RISCV_FLUSH_ICACHE_LOCAL
    if a.get(2) & !1 != 0 {
        return Err(Errno::EINVAL);
    }
    crate::arch::sync_icache();
    Ok(0)
}

/// getrusage(2) and times(2) share it: the caller's process, live and ended threads.
pub(super) fn own_times(cx: &Caller) -> Times {
    cx.task.process.times.lock().with_live(&cx.task.process)
}
