//! The names that every port defines, and the only `cfg(target_arch)` of the kernel.
//!
//! Porting is filling this form: a port is a folder with the items re-exported
//! below. Nothing outside this room knows which port it runs on. What the ports
//! share because the firmware does (the FDT) is in [`boot`].
//!
//! The CPU runs kernel code with interrupts off, always; they are on in user mode
//! and inside [`wait_for_interrupt`] only. A kernel trap is therefore either a
//! fault inside one of the user copy routines, which is fixed up, or a bug.

mod boot;
mod hooks;
mod perms;
mod stack;
mod vdso;

#[cfg(target_arch = "loongarch64")]
#[path = "loongarch64/mod.rs"]
mod port;
#[cfg(target_arch = "riscv64")]
#[path = "riscv64/mod.rs"]
mod port;

// Boot: what the boot code found. The port's entry code calls `crate::kernel_main(BootInfo)`.
pub use boot::{BootInfo, Region, Regions};
// What the port calls upwards: `main` registers it once.
pub use hooks::{Hooks, set_hooks};
// Where a panic came from.
pub use stack::stack_trace;

/// Bytes in a page.
pub use port::paging::PAGE_SIZE;

/// Physical address.
pub type PhysAddr = usize;

// Machine.
//   fn early_putc(byte: u8)            the UART or firmware console, polled; works before any init
//   fn power_off() -> !                orderly
//   fn crash_off() -> !                after a panic; QEMU exits non-zero where the machine can say so
//   fn reboot() -> !
pub use port::{crash_off, early_putc, power_off, reboot};

// ABI identity of user programs.
//   const ELF_MACHINE: u16             e_machine
//   const PLATFORM: &str               AT_PLATFORM; empty: no such entry
//   const UNAME_MACHINE: &str          uname(2)
//   fn cpuinfo(&mut dyn fmt::Write) -> fmt::Result    the text of /proc/cpuinfo
//   fn hwcap() -> usize                AT_HWCAP
//   const CLONE_TLS: usize             which argument of clone(2) is `tls`: 3 (CLONE_BACKWARDS) or 4
//   const MEMBARRIER_SYNC_CORE: bool    whether membarrier(2) has SYNC_CORE here
pub use port::{
    CLONE_TLS, ELF_MACHINE, MEMBARRIER_SYNC_CORE, PLATFORM, UNAME_MACHINE, cpuinfo, hwcap,
};

// Linear map: physical memory and device registers as the kernel sees them.
//   fn phys_to_virt(PhysAddr) -> *mut u8
//   fn virt_to_phys(*const u8) -> PhysAddr            linear map and kernel image
//   fn mmio_to_virt(PhysAddr) -> *mut u8              uncached view of device registers
pub use port::{mmio_to_virt, phys_to_virt, virt_to_phys};

// Interrupts: the controller, the idle instruction. The port claims a line, calls
// `hooks::device(line)`, completes it; at a timer interrupt it silences the timer and
// calls `hooks::timer()`; a fault in a user copy asks `hooks::fault(addr, access)`
// and then repeats the access or ends the copy.
//   fn irq_init(&BootInfo)
//   fn irq_enable_line(u32)
//   fn irq_disable_line(u32)
//   fn wait_for_interrupt()            enable + wait + handle + disable, without a lost wake-up
//   fn irq_poll()                      handles what is pending now, returns with interrupts off
pub use port::{irq_disable_line, irq_enable_line, irq_init, irq_poll, wait_for_interrupt};

// Time.
//   fn counter_ns() -> u64             ns since boot, monotonic
//   fn set_timer(Option<u64>)          one shot, absolute, in counter_ns; None: off
pub use port::{counter_ns, set_timer};

// Paging: PTE format, depth, activation and invalidation. The walk is `mm::page_table`.
// See `riscv64/paging.rs` for the list of names and what each must do.
pub use port::paging;

// What user mode may do with a page.
pub use perms::Perms;

// Makes freshly written instructions visible to instruction fetch.
//   fn sync_icache()
pub use port::sync_icache;

// User mode: registers, the way in (a function that returns), the reasons it returned.
//   struct UserContext: Clone (the copy has the same FP registers; fork)
//     fn new(entry: usize, sp: usize) -> UserContext      all other registers zero, FP state initial
//     fn syscall_number(&self) -> usize
//     fn syscall_args(&self) -> [usize; 6]
//     fn set_syscall_result(&mut self, isize)
//     fn syscall_result(&self) -> isize
//     fn restart_syscall(&mut self)      the call is made again with its first argument restored
//     fn set_syscall_number(&mut self, usize)   with restart_syscall: restart_syscall(2)
//     fn pc, sp/set_sp, set_tls
//     fn call(&mut self, handler: usize, args: [usize; 3], return_to: usize, sp: usize)   signal handlers
//   fn enter_user(&mut UserContext) -> Trap
//     Handles device and timer interrupts itself before it returns `Trap::Interrupt`.
//     The pc of a system call has already been moved past the instruction.
pub use port::{UserContext, enter_user};

// Kernel threads: callee-saved registers and the switch.
//   struct KernelContext
//     const fn empty() -> KernelContext                    for the boot thread; filled by the first switch
//     fn new(stack_top: usize, entry: extern "C" fn(usize) -> !, arg: usize) -> KernelContext
//   unsafe fn switch(prev: *mut KernelContext, next: *const KernelContext)
pub use port::{KernelContext, switch};

// User copies with fault fix-up: return the number of bytes NOT copied. Addresses
// must lie below `paging::USER_TOP`; the callers in `mm::user` check that.
//   unsafe fn copy_from_user(dst: *mut u8, src: usize, len: usize) -> usize
//   unsafe fn copy_to_user(dst: usize, src: *const u8, len: usize) -> usize
//   unsafe fn zero_user(dst: usize, len: usize) -> usize
pub use port::{copy_from_user, copy_to_user, zero_user};

// Signal frames: the machine part of `ucontext_t`.
//   mcontext::SIZE: usize              bytes of uc_mcontext (with the FP part)
//   mcontext::OFFSET: usize            of uc_mcontext inside ucontext_t
//   mcontext::save(&mut UserContext, &mut [u8; SIZE])
//   mcontext::restore(&mut UserContext, &[u8; SIZE]) -> bool   false: malformed, nothing changed
pub use port::mcontext;

// The vDSO: user code that reads the clocks, and what it reads.
//   fn vdso_code() -> VdsoCode
//   fn clock_page(realtime_offset: u64) -> ClockPage
pub use port::{clock_page, vdso_code};
pub use vdso::{ClockPage, VDSO_CODE_OFFSET, VdsoCode};

// A panic report needs to know.
//   fn user_registers(&UserContext, &mut dyn fmt::Write) -> fmt::Result
pub use port::user_registers;

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
    // riscv64 has no such trap: its FP exceptions only set flags.
    #[allow(dead_code)]
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
