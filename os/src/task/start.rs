//! The first process: the embedded agent, or a program of the image.

use super::{Task, clone, exec, exec::Strings, job, namespace, proc, run, vdso};
use crate::{
    Result,
    arch::{BootInfo, UserContext},
    file::FdTable,
    fs::{self, FsContext, Place, memfd, open, walk::How},
    mm::{AddressSpace, UserIn},
    sched::Thread,
};
use abi::{Errno, general::*};
use alloc::{sync::Arc, vec::Vec};

/// What the kernel command line says to this room.
pub struct Options<'a> {
    /// `init=`
    init: Option<&'a str>,
    /// What comes after `--`, for init.
    args: &'a str,
    /// `strace`
    strace: bool,
}

impl<'a> Options<'a> {
    /// Reads the command line.
    pub fn parse(cmdline: &'a str) -> Options<'a> {
        let (kernel, args) = cmdline.split_once(" -- ").unwrap_or((cmdline, ""));
        let words = || kernel.split_ascii_whitespace();
        Options {
            init: words().find_map(|word| word.strip_prefix("init=")),
            args,
            strace: words().any(|word| word == "strace"),
        }
    }
}

/// The agent's ELF file; empty when the kernel was built without one.
static AGENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/agent"));

/// Tried in this order when nothing else is asked for, as Linux does.
const PROGRAMS: [&str; 4] = ["/sbin/init", "/init", "/bin/init", "/bin/sh"];

/// Makes pid 1 from the embedded agent, or from `init=` on the kernel command line.
/// Panics when there is nothing to run: the machine would be useless.
pub fn init(boot: &BootInfo) {
    let options = Options::parse(boot.cmdline);
    if options.strace {
        crate::syscall::trace::enable();
    }
    vdso::init().expect("a frame at boot");
    job::register();
    namespace::register();
    proc::publish();

    let thread = Thread::new("user", first_thread).expect("memory at boot");
    let mm = AddressSpace::new().expect("memory at boot");
    let parts = clone::FirstParts {
        files: FdTable::new(),
        fs: FsContext::new(),
    };
    let task = clone::first(mm, thread, parts);
    *COMMAND.lock() = Some((options.init.map(Into::into), options.args.into()));
    task.thread.set_owner(Some(task.clone()));
    task.thread.start();
}

/// What [`first_thread`] is to run.
type Command = (Option<alloc::string::String>, alloc::string::String);
static COMMAND: crate::sync::SpinLock<Option<Command>> = crate::sync::SpinLock::new(None);

/// Loads the program in the context of pid 1, where loading may sleep.
fn first_thread() {
    let task = super::current();
    let command = COMMAND.lock().take();
    let (init, args) = command.unwrap_or_default();
    open_console(&task);
    let regs = start(&task, init.as_deref(), &args);
    drop((task, init, args));
    run::main(regs);
}

/// Descriptors 0, 1 and 2 on the console, if there is one.
fn open_console(task: &Arc<Task>) {
    let opened = with_fs(task, |caller| {
        let root = caller.fs.root();
        open::open(caller, root, b"/dev/console", O_RDWR, 0, How::empty())
    });
    match opened {
        Ok(console) => {
            for _ in 0..3 {
                // An empty table has room for three.
                let _ = task.files().insert(console.clone(), 0, 16, false);
            }
        }
        Err(errno) => log::warn!("pid 1 has no console: {errno}"),
    }
}

fn with_fs<R>(task: &Task, call: impl FnOnce(&fs::Caller<'_>) -> R) -> R {
    let (fs, creds) = (task.fs(), task.fs_creds());
    call(&fs::Caller {
        fs: &fs,
        creds: &creds,
    })
}

fn start(task: &Arc<Task>, init: Option<&str>, args: &str) -> UserContext {
    if let Some(path) = init {
        match try_program(task, path.as_bytes(), args) {
            Ok(regs) => return regs,
            Err(errno) => panic!("init={path} cannot be run: {errno}"),
        }
    }
    if !AGENT.is_empty() {
        match try_agent(task, args) {
            Ok(regs) => return regs,
            Err(errno) => log::error!("the embedded agent cannot be run: {errno}"),
        }
    }
    for path in PROGRAMS {
        match try_program(task, path.as_bytes(), args) {
            Ok(regs) => return regs,
            Err(errno) => log::debug!("{path}: {errno}"),
        }
    }
    panic!("no init found: give init= on the kernel command line, or build with SOCKEYE_AGENT")
}

/// The environment of pid 1, as Linux's.
fn environment() -> Result<Strings> {
    let mut environment = Strings::default();
    environment.push(b"HOME=/")?;
    environment.push(b"TERM=linux")?;
    environment.push(b"PATH=/sbin:/usr/sbin:/bin:/usr/bin")?;
    Ok(environment)
}

fn try_program(task: &Arc<Task>, path: &[u8], args: &str) -> Result<UserContext> {
    let request = exec::Request {
        dir: None,
        path: path.to_vec(),
        shown: path.to_vec(),
        args: arguments(path, args)?,
        environment: environment()?,
    };
    exec::exec(task, request)
}

fn arguments(program: &[u8], args: &str) -> Result<Strings> {
    let mut strings = Strings::default();
    strings.push(program)?;
    for word in args.split_ascii_whitespace() {
        strings.push(word.as_bytes())?;
    }
    Ok(strings)
}

/// The agent becomes a file in memory, without a name, and runs from there.
fn try_agent(task: &Arc<Task>, args: &str) -> Result<UserContext> {
    let file = memfd::create(&task.fs_creds(), b"agent", MFD_EXEC)?;
    let mut data = UserIn::from_kernel(AGENT);
    while data.remaining() > 0 {
        if file.write(&mut data)? == 0 {
            return Err(Errno::ENOSPC);
        }
    }
    // What is open for writing cannot be run: open it anew.
    let place = Place::of(&file).ok_or(Errno::ENOEXEC)?.clone();
    drop(file);
    let program = with_fs(task, |caller| open::open_place(caller, &place, O_RDONLY))?;
    let request = exec::Request {
        dir: Some(program),
        path: Vec::new(),
        shown: b"/init".to_vec(),
        args: arguments(b"/init", args)?,
        environment: environment()?,
    };
    exec::exec(task, request)
}
