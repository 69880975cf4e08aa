//! Into user mode and back, interrupts, and traps out of the kernel.
//!
//! Causes are those of the privileged specification, table "Supervisor cause
//! register (scause) values after trap". The kernel runs with SIE clear; device
//! and timer interrupts are taken in user mode, or found by [`irq_poll`].

use super::{
    OneHart,
    context::{self, UserContext},
    copy, fp, paging, plic, timer,
};
use crate::arch::{Access, Trap, hooks::hooks};
use core::{arch::asm, cell::Cell, fmt};

core::arch::global_asm!(include_str!("trap.S"));

const INTERRUPT: usize = 1 << 63;
const TIMER: usize = 5;
const EXTERNAL: usize = 9;

unsafe extern "C" {
    fn enter_user_asm(context: *mut (), write_sstatus: usize) -> usize;
    safe static probe_start: u8;
    safe static probe_end: u8;
    safe static probe_failed: u8;
}

/// What sstatus holds in the kernel, ready for the entry to user mode (a trap from
/// there leaves SPP clear and SPIE set, and so does the return from a kernel trap);
/// 0: not known.
pub(super) static LIVE_SSTATUS: OneHart<Cell<usize>> = OneHart(Cell::new(0));

fn read_sstatus() -> usize {
    let value;
    // SAFETY: reads a CSR.
    unsafe { asm!("csrr {}, sstatus", out(reg) value, options(nomem, nostack)) };
    value
}

/// CSRs that stay: SUM, and the counters that user mode may read.
pub(super) fn init() {
    // SAFETY: SUM lets the copy routines reach user pages; scounteren lets user
    // mode read cycle, time and instret, as Linux does.
    unsafe {
        asm!("csrs sstatus, {}", in(reg) context::SUM, options(nomem, nostack));
        asm!("csrw scounteren, {}", in(reg) 7, options(nomem, nostack));
    }
}

/// Enables the timer and external interrupts (they are taken in user mode only).
pub(super) fn enable_sources() {
    // SAFETY: SIE is clear; nothing happens before user mode or `irq_poll`.
    unsafe { asm!("csrw sie, {}", in(reg) 1 << TIMER | 1 << EXTERNAL, options(nomem, nostack)) };
}

/// Runs user code until it traps. Interrupts are handled here.
pub fn enter_user(context: &mut UserContext) -> Trap {
    loop {
        fp::prepare(context);
        let write = LIVE_SSTATUS.0.get() != context.sstatus;
        let pointer = core::ptr::from_mut(context).cast();
        // SAFETY: the context is ours until the call returns; `trap.S` saves and
        // restores what a function must keep.
        let cause = unsafe { enter_user_asm(pointer, write.into()) };
        // FS is the only field that user mode can change, and only from Clean.
        if fp::is_clean(context) {
            context.sstatus = read_sstatus();
            fp::note(context);
        }
        LIVE_SSTATUS.0.set(context.sstatus);
        return match cause {
            8 => {
                context.note_syscall();
                Trap::Syscall
            }
            12 => page_fault(Access::Execute),
            13 => page_fault(Access::Read),
            15 => page_fault(Access::Write),
            2 if fp::is_off(context) => {
                fp::take(context);
                continue;
            }
            2 => Trap::IllegalInstruction,
            3 => Trap::Breakpoint,
            0 | 4 | 6 => Trap::Misaligned { addr: stval() },
            cause if cause & INTERRUPT != 0 => {
                handle(cause & !INTERRUPT);
                Trap::Interrupt
            }
            cause => Trap::Unknown { cause },
        };
    }
}

fn page_fault(access: Access) -> Trap {
    Trap::PageFault {
        addr: stval(),
        access,
    }
}

fn stval() -> usize {
    let value;
    // SAFETY: reads a CSR that holds until the next trap; interrupts are off.
    unsafe { asm!("csrr {}, stval", out(reg) value, options(nomem, nostack)) };
    value
}

fn handle(cause: usize) {
    match cause {
        TIMER => {
            timer::set_timer(None);
            (hooks().timer)();
        }
        EXTERNAL => external(),
        _ => {}
    }
}

/// Claims lines while the PLIC asserts; asking `sip` is cheaper than one claim too many.
fn external() {
    loop {
        plic::handle_one();
        if pending() & 1 << EXTERNAL == 0 {
            return;
        }
    }
}

fn pending() -> usize {
    let pending: usize;
    // SAFETY: reads a CSR.
    unsafe { asm!("csrr {}, sip", out(reg) pending, options(nomem, nostack)) };
    pending
}

/// Handles what is pending; returns with interrupts off, as it was called.
pub fn irq_poll() {
    let pending = pending();
    if pending & 1 << TIMER != 0 {
        handle(TIMER);
    }
    if pending & 1 << EXTERNAL != 0 {
        handle(EXTERNAL);
    }
}

/// Waits until an interrupt is pending, and handles it. `wfi` ends when a source
/// enabled in `sie` is pending, whatever SIE says (privileged spec, "Wait for
/// Interrupt"), so there is no window in which a wake-up could be lost.
pub fn wait_for_interrupt() {
    // SAFETY: waits.
    unsafe { asm!("wfi", options(nostack)) };
    irq_poll();
}

/// A write is tried that should fault; see [`refuses_write`].
static TRYING: OneHart<Cell<bool>> = OneHart(Cell::new(false));

/// Whether a write to this byte of the kernel faults. It writes what is there already. For boot only.
pub(super) fn refuses_write(byte: &u8) -> bool {
    let same = *byte;
    TRYING.0.set(true);
    // SAFETY: one byte, which keeps its value if the write goes through; the fault is fixed up while `TRYING`.
    let left = unsafe { copy::copy_to_user(core::ptr::from_ref(byte).addr(), &same, 1) };
    TRYING.0.set(false);
    left == 1
}

/// What `kernel_trap_entry` pushes.
#[repr(C)]
struct KernelFrame {
    gregs: [usize; 32],
    sstatus: usize,
}

impl fmt::Display for KernelFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        context::write_registers(&self.gregs, f)
    }
}

/// A trap while the kernel ran: a user copy that faulted, a CSR probe, or a bug.
#[unsafe(no_mangle)]
extern "C" fn kernel_trap(frame: &mut KernelFrame) {
    // SPP is set until this trap returns, and it may sleep.
    LIVE_SSTATUS.0.set(0);
    let cause: usize;
    // SAFETY: reads a CSR; no trap has happened since the entry.
    unsafe { asm!("csrr {}, scause", out(reg) cause, options(nomem, nostack)) };
    let addr = stval();
    let pc = frame.gregs[0];

    let access = match cause {
        13 => Some(Access::Read),
        15 => Some(Access::Write),
        _ => None,
    };
    if TRYING.0.get()
        && access == Some(Access::Write)
        && let Some(fixup) = copy::fixup(pc)
    {
        frame.gregs[0] = fixup;
        return;
    }
    if let Some(access) = access
        && addr < paging::USER_TOP
        && let Some(fixup) = copy::fixup(pc)
    {
        if !(hooks().fault)(addr, access) {
            frame.gregs[0] = fixup;
        }
        return;
    }
    let symbol = |symbol: &u8| core::ptr::from_ref(symbol).addr();
    if cause == 2 && (symbol(&probe_start)..symbol(&probe_end)).contains(&pc) {
        frame.gregs[0] = symbol(&probe_failed);
        return;
    }
    panic!(
        "kernel trap: cause {cause:#x} at pc {pc:#x}, address {addr:#x}\n{frame}sstatus {:x}",
        frame.sstatus
    );
}
