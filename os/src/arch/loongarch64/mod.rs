//! The loongarch64 port: direct map windows, software TLB refill, EIOINTC and PCH-PIC.
//!
//! The kernel runs at 0x9000… (cached window), devices are at 0x8000… (uncached
//! window), user space is the lower half of the page tables. Manual: LoongArch
//! Reference Manual, volume 1; devices: Loongson 3A5000 and 7A1000 manuals.

mod boot;
mod context;
mod cpu;
mod csr;
mod fpu;
mod irq;
mod machine;
pub mod mcontext;
pub mod paging;
mod time;
mod trap;
mod uaccess;
mod user;
mod vdso;

use super::PhysAddr;

pub use context::{KernelContext, switch};
pub use cpu::{
    CLONE_TLS, ELF_MACHINE, MEMBARRIER_SYNC_CORE, PLATFORM, UNAME_MACHINE, cpuinfo, hwcap,
};
pub use irq::{
    disable_line as irq_disable_line, enable_line as irq_enable_line, init as irq_init,
    poll as irq_poll, wait_for_interrupt,
};
pub use machine::{crash_off, early_putc, power_off, reboot};
pub use time::{counter_ns, set_timer};
pub use trap::enter_user;
pub use uaccess::{copy_from_user, copy_to_user, zero_user};
pub use user::{UserContext, user_registers};
pub use vdso::{clock_page, vdso_code};

/// Window of strongly ordered, uncached accesses.
const UNCACHED: usize = 0x8000_0000_0000_0000;
/// Window of coherent, cached accesses; the kernel is linked here.
const CACHED: usize = 0x9000_0000_0000_0000;
/// What the windows leave of an address.
const PHYS_MASK: usize = (1 << 48) - 1;

/// Memory as the kernel sees it.
pub fn phys_to_virt(pa: PhysAddr) -> *mut u8 {
    (CACHED | pa) as *mut u8
}

/// The other way round, for the linear map and the kernel image.
pub fn virt_to_phys(va: *const u8) -> PhysAddr {
    va as usize & PHYS_MASK
}

/// Device registers as the kernel sees them.
pub fn mmio_to_virt(pa: PhysAddr) -> *mut u8 {
    (UNCACHED | pa) as *mut u8
}

/// Makes freshly written instructions visible to instruction fetch.
pub fn sync_icache() {
    // SAFETY: a barrier.
    unsafe { core::arch::asm!("ibar 0", options(nostack)) };
}
