//! The names that every port defines, and the only `cfg(target_arch)` of the kernel.
//!
//! Porting is filling this form: a port is a folder with the items re-exported
//! below. Nothing outside this room knows which port it runs on.

#[cfg(target_arch = "loongarch64")]
#[path = "loongarch64/mod.rs"]
mod port;
#[cfg(target_arch = "riscv64")]
#[path = "riscv64/mod.rs"]
mod port;

// Boot and machine: what the boot code found, and the way out.
pub use port::{BootInfo, early_putc, power_off, reboot};
// ABI identity of user programs: `e_machine`, uname(2)'s machine, AT_HWCAP, AT_PLATFORM, cpuinfo text.
pub use port::{ELF_MACHINE, PLATFORM, UNAME_MACHINE, cpuinfo, hwcap};
// Linear map: physical memory and device registers as the kernel sees them.
pub use port::{mmio_to_virt, phys_to_virt, virt_to_phys};
// Interrupts: the controller, the CPU's enable bit, the idle instruction.
pub use port::{irq_disable_line, irq_enable_line, irq_init, wait_for_interrupt};
// Time: the free-running counter in ns since boot, and the one-shot timer.
pub use port::{counter_ns, set_timer};
// Paging: PTE format, depth, activation and invalidation. The walk is `mm::page_table`.
pub use port::paging;
// User mode: registers, the way in (a function that returns), the reasons it returned.
pub use port::{UserContext, enter_user};
// Kernel threads: callee-saved registers and the switch.
pub use port::{KernelContext, switch};
// User copies with fault fix-up: return the number of bytes NOT copied.
pub use port::{copy_from_user, copy_to_user, zero_user};
// Signal frames: the machine part of `ucontext_t`.
pub use port::mcontext;

/// Why [`enter_user`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// A system call; number and arguments are in the context.
    Syscall,
    /// A fault on a user page that `mm` may resolve.
    PageFault {
        /// The address that was touched.
        addr: usize,
        /// How it was touched.
        access: Access,
    },
    /// A device or timer interrupt, already handled.
    Interrupt,
    /// SIGILL.
    IllegalInstruction,
    /// SIGTRAP.
    Breakpoint,
    /// SIGBUS with BUS_ADRALN: a misaligned access that the CPU does not do.
    Misaligned {
        /// The address that was touched.
        addr: usize,
    },
    /// SIGFPE with this `si_code` (FPE_*).
    FloatingPoint {
        /// `FPE_FLTDIV` and its like.
        code: i32,
    },
    /// Anything else: the port's cause number; SIGSEGV.
    Unknown {
        /// Cause register.
        cause: usize,
    },
}

/// How memory was touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A load.
    Read,
    /// A store or an atomic.
    Write,
    /// An instruction fetch.
    Execute,
}
