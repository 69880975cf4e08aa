//! The first process: the embedded agent, or a program of the image.

use super::{Task, clone, exec, exec::Strings, job, proc, random, run, vdso};
use crate::{
    Result,
    arch::{self, BootInfo, UserContext},
    file::{FdTable, OpenFile},
    fs::{self, FsContext},
    mm::AddressSpace,
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
    seed(boot);
    vdso::init().expect("a frame at boot");
    job::register();
    proc::publish(boot.cmdline);

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
fn open_console(_task: &Arc<Task>) {}

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
    let mut strings = Strings::default();
    strings.push(path)?;
    for word in args.split_ascii_whitespace() {
        strings.push(word.as_bytes())?;
    }
    let request = exec::Request {
        dir: None,
        path: path.to_vec(),
        shown: path.to_vec(),
        args: strings,
        environment: environment()?,
    };
    exec::exec(task, request)
}

/// The agent becomes a file of the overlay and runs from there.
fn try_agent(_task: &Arc<Task>, _args: &str) -> Result<UserContext> {
    Err(Errno::ENOSYS)
}

/// The FDT's rng-seed, the counter and the wall clock.
fn seed(boot: &BootInfo) {
    let mut seed: Vec<u8> = arch::counter_ns().to_le_bytes().to_vec();
    seed.extend_from_slice(&crate::time::realtime().to_le_bytes());
    if let Ok(tree) = fdt::Fdt::new(boot.fdt) {
        let property = tree
            .find_node("/chosen")
            .and_then(|node| node.property("rng-seed"));
        seed.extend_from_slice(property.map_or(&[], |property| property.value));
    }
    random::seed(&seed);
}
