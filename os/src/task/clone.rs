//! New tasks: fork, vfork, threads and everything between. clone(2).

use super::{
    Process, Task, pidfd, run,
    signal::{Handlers, ThreadSignals, UNBLOCKABLE},
    times::Usage,
    tree::{self, Node},
};
use crate::{
    Result,
    arch::UserContext,
    file::Fd,
    mm::{AddressSpace, UserPtr, frame},
    net::Namespace,
    sched::{Interruptible, Policy, Thread, WaitQueue, wait_until},
    sync::SpinLock,
};
use abi::{Errno, general::*};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering::Relaxed};

/// What clone(2) and clone3(2) ask for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request {
    /// CLONE_* without the signal number.
    pub flags: u64,
    /// What the parent gets at the end; 0: nothing.
    pub exit_signal: i32,
    /// The child's stack pointer; 0: the parent's.
    pub stack: usize,
    #[allow(missing_docs)]
    pub tls: usize,
    /// CLONE_PARENT_SETTID.
    pub parent_tid: usize,
    /// CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID.
    pub child_tid: usize,
    /// CLONE_PIDFD.
    pub pidfd: usize,
}

/// CLONE_CLEAR_SIGHAND and CLONE_INTO_CGROUP, clone3(2) only.
pub const CLEAR_SIGHAND: u64 = 1 << 32;
#[allow(missing_docs)]
pub const INTO_CGROUP: u64 = 1 << 33;

/// Namespaces of which none but the first exists. namespaces(7).
const NAMESPACES: u32 =
    CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWTIME;

/// `EPERM` without CAP_SYS_ADMIN; with it `EINVAL`, as where namespaces are compiled out, for those that are not of
/// mounts, of the network or of users.
pub fn refuse_namespaces(task: &Task, flags: u64) -> Result<()> {
    // CLONE_NEWTIME shares its bit with CSIGNAL: only unshare(2) and clone3(2) can mean it.
    let own = flags & u64::from(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUSER) != 0;
    if own && !task.capable(super::creds::cap::SYS_ADMIN) {
        return Err(Errno::EPERM);
    }
    if flags & u64::from(NAMESPACES) == 0 {
        return Ok(());
    }
    match task.capable(super::creds::cap::SYS_ADMIN) {
        true => Err(Errno::EINVAL),
        false => Err(Errno::EPERM),
    }
}

/// Makes the child and starts it; returns its thread id. `regs` are the caller's
/// registers at the call. With CLONE_VFORK sleeps until the child has exec'ed or ended.
pub fn clone(parent: &Arc<Task>, regs: &UserContext, request: Request) -> Result<i32> {
    let has = |flag: u32| request.flags & u64::from(flag) != 0;
    check(parent, &request)?;
    // Linux: a fork that a signal interrupts begins again after the handler, so that
    // a group-wide signal cannot miss the child.
    if parent.thread.interrupted() {
        return Err(Errno::RESTART_ALWAYS);
    }
    check_limits(parent)?;
    crate::fs::quota::room(request.flags)?;

    let mm = match has(CLONE_VM) {
        true => parent.mm(),
        false => parent.mm().fork()?,
    };
    let mut child_regs = regs.clone();
    child_regs.set_syscall_result(0);
    if request.stack != 0 {
        child_regs.set_sp(request.stack);
    }
    if has(CLONE_SETTLS) {
        child_regs.set_tls(request.tls);
    }
    let thread = Thread::new("user", move || run::main(child_regs))?;
    inherit_schedule(parent, &thread);
    thread.set_space(Some(mm.clone()));

    let tid = tree::with(|tree| tree.allocate()).ok_or(Errno::EAGAIN)?;
    let process = match has(CLONE_THREAD) {
        true => parent.process.clone(),
        false => new_process(parent, tid, &request),
    };
    let child = build(parent, tid, process, thread, mm.clone(), &request);
    child.thread.set_owner(Some(child.clone()));

    let pidfd = match has(CLONE_PIDFD) {
        true => Some(pidfd::install(parent, &child.process, 0)?),
        false => None,
    };
    let told = tell_ids(&request, tid, &mm, pidfd);
    if let Err(errno) = told {
        if let Some(fd) = pidfd {
            parent.files().close(fd)?;
        }
        child.thread.set_owner(None);
        return Err(errno);
    }
    publish(parent, &child, &request);
    child.thread.start();

    if has(CLONE_VFORK) {
        // A fatal signal ends the wait; the child keeps the memory as long as it needs it.
        let _ = wait_until(&[&child.released], None, Interruptible::Killable, || {
            child.has_released.load(Relaxed).then_some(())
        });
    }
    Ok(tid)
}

/// Nice value and policy go to the child, unless SCHED_RESET_ON_FORK says otherwise. sched(7).
fn inherit_schedule(parent: &Task, child: &Thread) {
    let (nice, policy) = (parent.thread.nice(), parent.thread.policy());
    let reset = parent.reset_on_fork.load(Relaxed);
    child.set_nice(if reset { nice.max(0) } else { nice });
    match reset && policy.rank() > 0 {
        true => child.set_policy(Policy::Normal),
        false => child.set_policy(policy),
    }
}

fn check(parent: &Task, request: &Request) -> Result<()> {
    let has = |flag: u32| request.flags & u64::from(flag) != 0;
    let clear_sighand = request.flags & CLEAR_SIGHAND != 0;
    let broken = (has(CLONE_NEWNS) && has(CLONE_FS))
        || (has(CLONE_NEWUSER) && has(CLONE_FS))
        || (has(CLONE_THREAD) && !has(CLONE_SIGHAND))
        || (has(CLONE_SIGHAND) && !has(CLONE_VM))
        || (has(CLONE_SIGHAND) && clear_sighand)
        || (has(CLONE_PARENT) && parent.pid() == 1)
        || (has(CLONE_PIDFD) && has(CLONE_DETACHED))
        || (has(CLONE_PIDFD) && has(CLONE_THREAD))
        || request.flags & INTO_CGROUP != 0;
    if broken || !(0..=super::signal::COUNT).contains(&request.exit_signal) {
        return Err(Errno::EINVAL);
    }
    refuse_namespaces(parent, request.flags)
}

/// `EAGAIN` at RLIMIT_NPROC or when the machine is full of threads.
fn check_limits(parent: &Task) -> Result<()> {
    let creds = parent.creds();
    let (limit, _) = parent.rlimit(RLIMIT_NPROC);
    let exempt = creds.uid == 0
        || creds.capable(super::creds::cap::SYS_RESOURCE)
        || creds.capable(super::creds::cap::SYS_ADMIN);
    let (all, own) = tree::with(|tree| {
        let own = match exempt {
            true => 0,
            false => tree
                .tasks
                .values()
                .filter(|task| task.creds().uid == creds.uid)
                .count(),
        };
        (tree.tasks.len(), own)
    });
    // A thread costs a kernel stack of eight frames and its user stack: at most a quarter of memory for the former.
    if all >= frame::total() / 32 || (!exempt && own as u64 >= limit) {
        return Err(Errno::EAGAIN);
    }
    Ok(())
}

fn new_process(parent: &Task, pid: i32, request: &Request) -> Arc<Process> {
    let handlers = parent.process.handlers();
    let handlers = match request.flags & u64::from(CLONE_SIGHAND) {
        0 => handlers.fork(),
        _ => handlers,
    };
    if request.flags & CLEAR_SIGHAND != 0 {
        handlers.clear();
    }
    Process::new(pid, handlers, Some(&parent.process))
}

fn build(
    parent: &Task,
    tid: i32,
    process: Arc<Process>,
    thread: Arc<Thread>,
    mm: Arc<AddressSpace>,
    request: &Request,
) -> Arc<Task> {
    let has = |flag: u32| request.flags & u64::from(flag) != 0;
    let files = if has(CLONE_FILES) {
        parent.files()
    } else {
        parent.files().fork()
    };
    let fs = if has(CLONE_FS) {
        parent.fs()
    } else {
        parent.fs().fork()
    };
    if has(CLONE_NEWNS) {
        fs.unshare_mounts();
    }
    let net = match has(CLONE_NEWNET) {
        true => Namespace::new(),
        false => parent.net(),
    };
    let shares_vm = has(CLONE_VM) && !has(CLONE_THREAD);
    if shares_vm {
        parent.shares_vm.store(true, Relaxed);
    }
    let signals = {
        let signals = parent.signals.lock();
        ThreadSignals {
            mask: signals.mask & !UNBLOCKABLE,
            // A new stack means that the alternate one is not the child's. sigaltstack(2).
            stack: match has(CLONE_VM) && !has(CLONE_VFORK) {
                true => Default::default(),
                false => signals.stack,
            },
            ..ThreadSignals::default()
        }
    };
    Arc::new(Task {
        tid: AtomicI32::new(tid),
        process,
        thread,
        files: SpinLock::new(files),
        fs: SpinLock::new(fs),
        mm: SpinLock::new(Some(mm)),
        shares_vm: AtomicBool::new(shares_vm),
        creds: SpinLock::new(match has(CLONE_NEWUSER) {
            true => Arc::new(parent.creds().in_new_users()),
            false => parent.creds(),
        }),
        net: SpinLock::new(net),
        signals: SpinLock::new(signals),
        clear_tid: AtomicUsize::new(if has(CLONE_CHILD_CLEARTID) {
            request.child_tid
        } else {
            0
        }),
        robust_list: AtomicUsize::new(0),
        name: SpinLock::new(*parent.name.lock()),
        death_signal: AtomicI32::new(0),
        no_new_privs: AtomicBool::new(parent.no_new_privs.load(Relaxed)),
        killed: AtomicBool::new(false),
        exiting: SpinLock::new(None),
        released: WaitQueue::new(),
        has_released: AtomicBool::new(false),
        restart: SpinLock::new(None),
        usage: Usage::default(),
        timer_slack: AtomicUsize::new(parent.timer_slack.load(Relaxed)),
        reset_on_fork: AtomicBool::new(false),
    })
}

/// The ids that go to user memory before anybody can see the child.
fn tell_ids(request: &Request, tid: i32, mm: &AddressSpace, pidfd: Option<Fd>) -> Result<()> {
    let has = |flag: u32| request.flags & u64::from(flag) != 0;
    if has(CLONE_PARENT_SETTID) {
        UserPtr::new(request.parent_tid).write(&tid)?;
    }
    if let Some(fd) = pidfd {
        UserPtr::new(request.pidfd).write(&fd)?;
    }
    if has(CLONE_CHILD_SETTID) {
        // Linux, too, does not fail for this address.
        let _ = mm.write(request.child_tid, &tid.to_le_bytes());
    }
    Ok(())
}

fn publish(parent: &Arc<Task>, child: &Arc<Task>, request: &Request) {
    let has = |flag: u32| request.flags & u64::from(flag) != 0;
    let own = parent.pid();
    child.process.threads.lock().push(child.clone());
    tree::with(|tree| {
        tree.tasks.insert(child.tid(), child.clone());
        if has(CLONE_THREAD) {
            return;
        }
        let (group, session, grandparent, own_signal) = match tree.nodes.get(&own) {
            Some(node) => (node.group, node.session, node.parent, node.exit_signal),
            None => (0, 0, 1, SIGCHLD as i32),
        };
        let (father, exit_signal) = match has(CLONE_PARENT) {
            true => (grandparent, own_signal),
            false => (own, request.exit_signal),
        };
        let node = Node {
            process: child.process.clone(),
            parent: father,
            children: alloc::vec::Vec::new(),
            group,
            session,
            exit_signal,
            zombie: None,
            stop_report: None,
            continue_report: false,
        };
        tree.nodes.insert(child.pid(), node);
        if let Some(father) = tree.nodes.get_mut(&father) {
            father.children.push(child.pid());
        }
    });
    // exit_group(2) of another thread may have come while `fork` slept.
    if has(CLONE_THREAD) && child.process.group_exit.lock().is_some() {
        child.thread.interrupt(true);
    }
}

/// The first task: nobody's copy.
pub(super) fn first(mm: Arc<AddressSpace>, thread: Arc<Thread>, parts: FirstParts) -> Arc<Task> {
    let FirstParts { files, fs } = parts;
    let tid = tree::with(|tree| tree.allocate()).unwrap_or(1);
    let task = Arc::new(Task {
        tid: AtomicI32::new(tid),
        process: Process::new(tid, Handlers::new(), None),
        thread,
        files: SpinLock::new(files),
        fs: SpinLock::new(fs),
        mm: SpinLock::new(Some(mm)),
        shares_vm: AtomicBool::new(false),
        creds: SpinLock::new(Arc::new(super::Credentials::root())),
        net: SpinLock::new(crate::net::stack::first()),
        signals: SpinLock::new(ThreadSignals::default()),
        clear_tid: AtomicUsize::new(0),
        robust_list: AtomicUsize::new(0),
        name: SpinLock::new(super::name::Name::new(b"init")),
        death_signal: AtomicI32::new(0),
        no_new_privs: AtomicBool::new(false),
        killed: AtomicBool::new(false),
        exiting: SpinLock::new(None),
        released: WaitQueue::new(),
        has_released: AtomicBool::new(false),
        restart: SpinLock::new(None),
        usage: Usage::default(),
        timer_slack: AtomicUsize::new(50_000),
        reset_on_fork: AtomicBool::new(false),
    });
    task.process.threads.lock().push(task.clone());
    tree::with(|tree| {
        tree.tasks.insert(tid, task.clone());
        let node = Node {
            process: task.process.clone(),
            parent: 0,
            children: alloc::vec::Vec::new(),
            group: 0,
            session: 0,
            exit_signal: SIGCHLD as i32,
            zombie: None,
            stop_report: None,
            continue_report: false,
        };
        tree.nodes.insert(tid, node);
    });
    task
}

/// What pid 1 has from the start.
pub(super) struct FirstParts {
    pub files: Arc<crate::file::FdTable>,
    pub fs: Arc<crate::fs::FsContext>,
}
