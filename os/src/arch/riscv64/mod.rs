//! The riscv64 port: Sv39, SBI, PLIC.
//!
//! [`boot`] builds the linear map and calls `kernel_main`; [`trap`] is the way
//! into user mode and back; [`context`], [`fp`] and [`mcontext`] hold the user
//! registers; [`timer`], [`plic`] and [`sbi`] are the machine; [`paging`] is
//! what `mm::page_table` is built over. One hart runs; the state kept here is in
//! `Cell`s that only kernel code touches, with interrupts off ([`OneHart`]).

mod boot;
mod context;
mod copy;
mod cpu;
mod fp;
pub mod mcontext;
pub mod paging;
mod plic;
mod sbi;
mod timer;
mod trap;
mod vdso;

pub use context::{KernelContext, UserContext, switch, user_registers};
pub use copy::{copy_from_user, copy_to_user, sync_icache, zero_user};
pub use cpu::{
    CLONE_TLS, ELF_MACHINE, MEMBARRIER_SYNC_CORE, PLATFORM, UNAME_MACHINE, cpuinfo, hwcap,
};
pub use plic::{irq_disable_line, irq_enable_line};
pub use sbi::{crash_off, early_putc, power_off, reboot};
pub use timer::{counter_ns, set_timer};
pub use trap::{enter_user, irq_poll, wait_for_interrupt};
pub use vdso::{clock_page, vdso_code};

use super::{BootInfo, PhysAddr};

/// Where the linear map puts physical address 0.
const LINEAR_BASE: usize = 0xffff_ffc0_0000_0000;

/// Physical memory as the kernel sees it.
pub fn phys_to_virt(pa: PhysAddr) -> *mut u8 {
    core::ptr::with_exposed_provenance_mut(pa.wrapping_add(LINEAR_BASE))
}

/// The inverse of [`phys_to_virt`]; the kernel image lies in the linear map, too.
pub fn virt_to_phys(va: *const u8) -> PhysAddr {
    va.addr().wrapping_sub(LINEAR_BASE)
}

/// Device registers: the linear map covers them, the PMAs make them uncached.
pub fn mmio_to_virt(pa: PhysAddr) -> *mut u8 {
    phys_to_virt(pa)
}

/// The interrupt controller and the timer, from the FDT.
pub fn irq_init(boot: &BootInfo) {
    plic::init(boot);
    trap::enable_sources();
}

/// A value that kernel code alone touches.
struct OneHart<T>(T);

// SAFETY: one hart runs kernel code, with interrupts off, and nothing here is
// touched from a handler that could interrupt it.
unsafe impl<T> Sync for OneHart<T> {}
