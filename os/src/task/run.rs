//! The run loop: user mode, the reason it ended, signals, the next thread.

use super::{
    Task, exit,
    signal::{Info, Next, deliver, send},
};
use crate::{
    arch::{self, Access, Trap, UserContext},
    mm::space::FaultError,
    sched,
    syscall::{self, Args, Caller},
};
use abi::{Errno, general::*};
use alloc::sync::Arc;
use core::{cell::RefCell, fmt, sync::atomic::Ordering::Relaxed};

/// What a task's thread does from its first to its last moment.
pub fn main(regs: UserContext) {
    let task = super::current();
    let mut caller = Caller {
        task,
        regs: RefCell::new(regs),
    };
    let mut interrupted = None;
    let status = loop {
        let regs = caller.regs.get_mut();
        if caller.task.thread.attention() || interrupted.is_some() {
            match deliver::deliver(&caller.task, regs, interrupted.take()) {
                Next::User => {}
                Next::Exit(status) => break status,
            }
        }
        // Somebody else may have run, and sent a signal: look again.
        if sched::before_user() {
            continue;
        }
        let resumed_at = regs.pc();
        let trap = arch::enter_user(regs);
        sched::after_user();
        if trap == Trap::Syscall {
            interrupted = system_call(&mut caller);
        } else {
            fault(&caller.task, trap, resumed_at, regs);
        }
    };
    let task = caller.task.clone();
    // Descriptors and memory go with the task; registers of the dead do not matter.
    drop(caller);
    exit::task(&task, status);
}

/// Makes the call; returns the restart errno that `deliver` has to resolve, if there is one.
fn system_call(caller: &mut Caller) -> Option<Errno> {
    let regs = caller.regs.get_mut();
    let (number, args) = (regs.syscall_number(), Args(regs.syscall_args()));
    let result = syscall::dispatch(caller, number, args);
    caller.regs.get_mut().set_syscall_result(result);
    Errno::restart_from_ret(result)
}

fn fault(task: &Arc<Task>, trap: Trap, resumed_at: usize, regs: &mut UserContext) {
    let pc = regs.pc();
    let info = match trap {
        Trap::Syscall => return,
        Trap::Interrupt => {
            if sched::take_tick() {
                // A timer that was due before the first instruction hit the kernel.
                task.usage.sample(pc != resumed_at);
                super::timers::tick(task);
            }
            return;
        }
        Trap::PageFault { addr, access } => match page_fault(task, addr, access) {
            Some(info) => info,
            None => return,
        },
        Trap::IllegalInstruction => Info::fault(SIGILL as i32, ILL_ILLOPC, pc),
        Trap::Breakpoint => Info::fault(SIGTRAP as i32, TRAP_BRKPT, pc),
        Trap::Misaligned { addr } => Info::fault(SIGBUS as i32, BUS_ADRALN, addr),
        Trap::FloatingPoint { code } => Info::fault(SIGFPE as i32, code, pc),
        Trap::Unknown { .. } => Info::fault(SIGSEGV as i32, SI_KERNEL as i32, 0),
    };
    log::debug!(
        "{} ({}): {trap:x?} at pc {pc:#x}\n{}",
        core::str::from_utf8(task.name.lock().bytes()).unwrap_or("?"),
        task.tid(),
        Registers(regs)
    );
    send::force(task, info);
}

/// All user registers, for the log.
struct Registers<'a>(&'a UserContext);

impl fmt::Display for Registers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        arch::user_registers(self.0, f)
    }
}

/// si_code values of siginfo.h that linux-raw-sys lacks.
const ILL_ILLOPC: i32 = 1;
const TRAP_BRKPT: i32 = 1;
const BUS_ADRALN: i32 = 1;
const BUS_ADRERR: i32 = 2;
const SEGV_MAPERR: i32 = 1;
const SEGV_ACCERR: i32 = 2;

fn page_fault(task: &Arc<Task>, addr: usize, access: Access) -> Option<Info> {
    let info = match task.mm().fault(addr, access) {
        Ok(()) => {
            task.usage.minor_faults.fetch_add(1, Relaxed);
            return None;
        }
        Err(FaultError::NotMapped) => Info::fault(SIGSEGV as i32, SEGV_MAPERR, addr),
        Err(FaultError::NotAllowed) => Info::fault(SIGSEGV as i32, SEGV_ACCERR, addr),
        Err(FaultError::Bus) => Info::fault(SIGBUS as i32, BUS_ADRERR, addr),
        Err(FaultError::OutOfMemory) => {
            super::oom::kill(task);
            return None;
        }
    };
    // A killed thread's fault needs no signal of its own.
    (!task.thread.dying()).then_some(info)
}
