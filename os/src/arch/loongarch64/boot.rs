//! From QEMU's direct boot to `kernel_main`.
//!
//! QEMU's `virt` machine loads the ELF at the physical part of its addresses and
//! starts in direct-address mode (no translation). Registers differ by version
//! (7.2: all zero; 9.2 and later: `a0` = 1, `a1` = command line, `a2` = EFI system
//! table), the FDT is at 1 MiB in all of them. Before 9.2 every CPU starts here,
//! so all but CPU 0 are parked.

use super::{csr, phys_to_virt};
use core::arch::global_asm;

/// Where QEMU puts the FDT, in all versions.
const FDT_ADDR: usize = 0x10_0000;
/// `d00dfeed`, big-endian (Devicetree Specification 5.2).
const FDT_MAGIC: u32 = 0xd00d_feed;

global_asm!(
    r#"
    .section .text.entry, "ax"
    .globl _start
_start:
    # Direct map windows (manual 5.2.1): 0x8000… strongly ordered uncached for
    # devices, 0x9000… coherent cached for memory, both for PLV0 only.
    ori     $t0, $zero, 0x1
    lu52i.d $t0, $t0, -2048
    csrwr   $t0, 0x180
    ori     $t0, $zero, 0x11
    lu52i.d $t0, $t0, -1792
    csrwr   $t0, 0x181
    # Continue at the linked address, then turn translation on (DA=0, PG=1,
    # cached fetches and loads) and interrupts off.
    la.abs  $t0, 1f
    jirl    $zero, $t0, 0
1:  li.w    $t0, 0xb0
    csrwr   $t0, 0x0
    la.abs  $t0, 2f
    jirl    $zero, $t0, 0
2:  csrrd   $t0, 0x20
    andi    $t0, $t0, 0x3ff
    bnez    $t0, 4f
    la.abs  $t0, __bss_start
    la.abs  $t1, __bss_end
3:  st.d    $zero, $t0, 0
    addi.d  $t0, $t0, 8
    bltu    $t0, $t1, 3b
    la.abs  $sp, __boot_stack_top
    la.abs  $t0, {entry}
    jirl    $zero, $t0, 0
    # Secondary CPUs sleep with interrupts off: nothing ever wakes them.
4:  idle    0
    b       4b
"#,
    entry = sym rust_entry,
);

extern "C" fn rust_entry(a0: usize, cmdline: usize, _systab: usize) -> ! {
    super::trap::init();
    super::paging::init();
    let fdt = phys_to_virt(FDT_ADDR);
    // SAFETY: 1 MiB is low RAM on every `virt` machine and inside the cached window;
    // the kernel image starts at 2 MiB, so nothing has overwritten it.
    let magic = unsafe { u32::from_be(fdt.cast::<u32>().read_volatile()) };
    let fdt = (magic == FDT_MAGIC).then_some(fdt.cast_const());
    // `a0` is 1 when QEMU passes a command line. The text is also in the FDT, except on old versions.
    let cmdline = (a0 == 1).then(|| phys_to_virt(cmdline).cast_const());
    super::time::init();
    crate::kernel_main(super::boot_info(fdt, cmdline))
}

/// Bits that QEMU's and the hardware's CPU descriptions (`cpucfg` word 2) and AT_HWCAP share in meaning.
pub fn features() -> Features {
    let word2 = csr::cpucfg(2);
    Features {
        fpu: word2 & 1 != 0,
        lsx: word2 & (1 << 6) != 0,
        lam: word2 & (1 << 22) != 0,
        crc32: csr::cpucfg(1) & (1 << 25) != 0,
        unaligned: csr::cpucfg(1) & (1 << 20) != 0,
    }
}

/// What the CPU has and this port saves.
pub struct Features {
    /// Floating point.
    pub fpu: bool,
    /// 128-bit vectors.
    pub lsx: bool,
    /// Atomic memory operations (`am*`).
    pub lam: bool,
    /// CRC instructions.
    pub crc32: bool,
    /// Unaligned accesses are done by the CPU.
    pub unaligned: bool,
}
