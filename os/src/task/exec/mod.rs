//! Replacing the program. execve(2).
//!
//! The new memory is built completely while the old one is still there, so every
//! malformed file and every shortage ends in an errno for a caller that still
//! exists. Only then the other threads go, and the task changes over; nothing can
//! fail from there on.

mod arguments;
mod elf;
mod script;
mod stack;

pub use arguments::Strings;

use super::{
    Task,
    name::Name,
    signal::{self, AltStack},
    tree, vdso,
};
use crate::{
    Result,
    arch::UserContext,
    file::OpenFile,
    fs,
    mm::AddressSpace,
    sched::{Interruptible, wait_until},
};
use abi::{Errno, general::*};
use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::Ordering::Relaxed;

/// What execveat(2) asks for.
pub struct Request {
    /// Where a relative path starts; `None`: the working directory.
    pub dir: Option<Arc<OpenFile>>,
    /// As `fs` resolves it; empty: `dir` itself (AT_EMPTY_PATH).
    pub path: Vec<u8>,
    /// As the program sees it (AT_EXECFN, a script's argument): `/dev/fd/N…` with a `dir`.
    pub shown: Vec<u8>,
    #[allow(missing_docs)]
    pub args: Strings,
    #[allow(missing_docs)]
    pub environment: Strings,
}

/// A program that is ready to run in its own memory.
pub(super) struct Image {
    mm: Arc<AddressSpace>,
    regs: UserContext,
    exe: Arc<OpenFile>,
    strings: super::process::Strings,
    /// Effective ids from the file's set-id bits.
    setuid: Option<u32>,
    setgid: Option<u32>,
}

/// Scripts that name scripts: as deep as on Linux.
const MAX_DEPTH: usize = 5;

/// execve(2) for the current task; returns its new registers.
pub fn exec(task: &Arc<Task>, request: Request) -> Result<UserContext> {
    let shown = request.shown.clone();
    let image = load(task, request)?;
    become_single(task)?;
    Ok(commit(task, image, &shown))
}

/// Finds the program behind scripts and builds its image.
pub(super) fn load(task: &Arc<Task>, mut request: Request) -> Result<Image> {
    let creds = task.fs_creds();
    let context = task.fs();
    let caller = fs::Caller {
        fs: &context,
        creds: &creds,
    };
    let mut dir = request.dir.take();
    let mut path = request.path;
    let mut exe = fs::open_exec(&caller, dir.as_deref(), &path)?;
    if request.args.is_empty() {
        // Linux since 5.18: a program always has an argv[0].
        request.args.push(b"")?;
    }
    let mut head = elf::read_head(&exe)?;
    for depth in 0.. {
        if !head.starts_with(b"#!") {
            break;
        }
        if depth == MAX_DEPTH {
            return Err(Errno::ELOOP);
        }
        let script = script::parse(&head).ok_or(Errno::ENOEXEC)?;
        let name = if depth == 0 { &request.shown } else { &path };
        request.args = script.arguments(name, &request.args)?;
        path = script.interpreter.to_vec();
        dir = None;
        exe = fs::open_exec(&caller, dir.as_deref(), &path)?;
        head = elf::read_head(&exe)?;
    }

    let program = elf::Program::parse(&head, &exe, Errno::ENOEXEC)?;
    let interpreter = match program.interpreter()? {
        Some(path) => {
            let file = fs::open_exec(&caller, None, &path)?;
            let head = elf::read_head(&file)?;
            Some(elf::Program::parse(&head, &file, Errno::ELIBBAD)?)
        }
        None => None,
    };

    let mm = AddressSpace::new()?;
    let limit = |resource| task.rlimit(resource).0;
    mm.set_limits(limit(RLIMIT_STACK), limit(RLIMIT_AS), limit(RLIMIT_DATA));
    let loaded = program.load(&mm, interpreter.is_some())?;
    let (entry, base) = match &interpreter {
        Some(interpreter) => {
            let loaded = interpreter.load_anywhere(&mm)?;
            (loaded.entry, loaded.bias)
        }
        None => (loaded.entry, 0),
    };
    mm.set_brk_base(loaded.end);
    let vdso = vdso::map(&mm)?;
    let (setuid, setgid) = set_id_bits(task, &exe)?;
    let mut new_creds = (*task.creds()).clone();
    let secure = new_creds.exec(setuid, setgid);
    let built = stack::build(
        &mm,
        &stack::Contents {
            program: &loaded,
            executable_stack: program.executable_stack(),
            interpreter_base: base,
            vdso,
            creds: &new_creds,
            secure,
            args: &request.args,
            environment: &request.environment,
            shown: &request.shown,
            stack_limit: limit(RLIMIT_STACK),
        },
    )?;
    Ok(Image {
        mm,
        regs: UserContext::new(entry, built.sp),
        exe,
        strings: built.strings,
        setuid,
        setgid,
    })
}

/// S_ISUID and S_ISGID, unless PR_SET_NO_NEW_PRIVS is on. execve(2).
fn set_id_bits(task: &Task, exe: &OpenFile) -> Result<(Option<u32>, Option<u32>)> {
    let stat = exe.file.stat()?;
    if task.no_new_privs.load(Relaxed) {
        return Ok((None, None));
    }
    let setuid = (stat.st_mode & S_ISUID != 0).then_some(stat.st_uid);
    // S_ISGID without group execution meant mandatory locking once.
    let both = S_ISGID | S_IXGRP;
    let setgid = (stat.st_mode & both == both).then_some(stat.st_gid);
    Ok((setuid, setgid))
}

/// Ends the other threads and takes the leader's id. `EAGAIN`: this thread is ending itself.
fn become_single(task: &Arc<Task>) -> Result<()> {
    let process = &task.process;
    if task.killed.load(Relaxed) {
        return Err(Errno::EAGAIN);
    }
    let alone = || process.threads.lock().len() == 1;
    if !alone() {
        for other in process.tasks() {
            if !Arc::ptr_eq(&other, task) {
                other.killed.store(true, Relaxed);
                other.thread.interrupt(true);
            }
        }
        let waited = wait_until(&[&process.exited], None, Interruptible::Killable, || {
            alone().then_some(())
        });
        // The run loop ends the thread; the caller sees no result.
        waited.map_err(|_| Errno::EAGAIN)?;
    }
    if task.tid() != process.pid {
        tree::with(|tree| {
            tree.tasks.remove(&task.tid());
            tree.tasks.insert(process.pid, task.clone());
        });
        task.tid.store(process.pid, Relaxed);
    }
    Ok(())
}

/// The point of no return.
pub(super) fn commit(task: &Arc<Task>, image: Image, shown: &[u8]) -> UserContext {
    let Image {
        mm,
        regs,
        exe,
        strings,
        setuid,
        setgid,
    } = image;
    let process = &task.process;
    super::timers::exec(process);
    task.clear_tid.store(0, Relaxed);
    super::futex::exit_robust_list(task);
    task.set_mm(Some(mm));
    task.shares_vm.store(false, Relaxed);

    let files = task.files();
    // Two: the task's own and the one just taken. More: shared with CLONE_FILES.
    if Arc::strong_count(&files) > 2 {
        task.set_files(files.fork());
    }
    drop(files);
    task.files().close_on_exec();

    let handlers = process.handlers().after_exec();
    *process.handlers.lock() = handlers;
    task.signals.lock().stack = AltStack::default();
    signal::refresh(task);

    let mut creds = (*task.creds()).clone();
    let secure = creds.exec(setuid, setgid);
    task.set_creds(creds);
    process.dumpable.store(i32::from(!secure), Relaxed);
    if secure {
        task.death_signal.store(0, Relaxed);
    }
    *task.name.lock() = Name::of_program(shown);
    *process.exe.lock() = Some(exe);
    *process.strings.lock() = strings;
    process.has_execed.store(true, Relaxed);
    process.barriers.store(0, Relaxed);
    tree::with(|tree| {
        // Whatever clone(2) agreed on: the new program's parent gets SIGCHLD.
        if let Some(node) = tree.nodes.get_mut(&process.pid) {
            node.exit_signal = SIGCHLD as i32;
        }
    });
    regs
}
