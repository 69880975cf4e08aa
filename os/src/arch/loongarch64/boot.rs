//! From QEMU's direct boot to `kernel_main`.
//!
//! QEMU's `virt` machine loads the ELF at the physical part of its addresses and
//! starts in direct-address mode (no translation). Registers differ by version
//! (7.2: all zero; 9.2 and later: `a0` = 1, `a1` = command line, `a2` = EFI system
//! table), the FDT is at 1 MiB in all of them. Before 9.2 every CPU starts here,
//! so all but CPU 0 are parked.

use super::{PhysAddr, csr, mmio_to_virt, phys_to_virt, virt_to_phys};
use crate::arch::{BootInfo, Region};
use core::{arch::global_asm, ffi::CStr};

/// Where QEMU puts the FDT, in all versions.
const FDT_ADDR: usize = 0x10_0000;

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
    super::time::init();
    super::fpu::init();
    let image = Region {
        start: virt_to_phys(&raw const __kernel_start),
        end: virt_to_phys(&raw const __kernel_end),
    };
    // SAFETY: 1 MiB is low RAM on every `virt` machine, inside the cached window and
    // below the kernel image; `from_fdt` checks the magic.
    let boot = unsafe { BootInfo::from_fdt(FDT_ADDR, image) };
    let Some(mut boot) = boot else {
        panic!("no device tree at 1 MiB: not QEMU's virt machine?");
    };
    if boot.total_memory == 0 {
        add_memory(&mut boot, image);
    }
    // Firmware tables live in the first MiB, the device tree in the second.
    boot.memory.remove(Region {
        start: 0,
        end: image.start,
    });
    if a0 == 1 && boot.cmdline.is_empty() {
        boot.cmdline = command_line(cmdline);
    }
    crate::kernel_main(boot)
}

unsafe extern "C" {
    static __kernel_start: u8;
    static __kernel_end: u8;
}

/// Before QEMU 8 the tree has no memory nodes: the size comes from fw_cfg, the
/// layout is the machine's (256 MiB low, the rest from 0x9000_0000).
fn add_memory(boot: &mut BootInfo, image: Region) {
    const LOW_SIZE: usize = 256 << 20;
    const HIGH_BASE: usize = 0x9000_0000;
    let size = fw_cfg_ram_size();
    boot.total_memory = size;
    boot.memory.push(Region {
        start: 0,
        end: size.min(LOW_SIZE),
    });
    boot.memory.push(Region {
        start: HIGH_BASE,
        end: HIGH_BASE + size.saturating_sub(LOW_SIZE),
    });
    boot.memory.remove(image);
}

/// QEMU's fw_cfg device (docs/specs/fw_cfg): item 3 is the RAM size, 64 bits little-endian.
fn fw_cfg_ram_size() -> usize {
    const DATA: usize = 0x1e02_0000;
    const SELECTOR: usize = DATA + 8;
    const RAM_SIZE: u16 = 3;
    let mut bytes = [0; 8];
    // SAFETY: fw_cfg's registers in the uncached window: a big-endian selector and a
    // byte stream behind it.
    unsafe {
        mmio_to_virt(SELECTOR)
            .cast::<u16>()
            .write_volatile(RAM_SIZE.to_be());
        bytes.fill_with(|| mmio_to_virt(DATA).read_volatile());
    }
    usize::from_le_bytes(bytes)
}

/// The NUL-terminated command line at a physical address; empty when it is not text.
fn command_line(pa: PhysAddr) -> &'static str {
    // SAFETY: QEMU (9.2 and later) puts the line into low RAM below the device tree,
    // which is kept out of `memory`, and terminates it.
    let line = unsafe { CStr::from_ptr(phys_to_virt(pa).cast_const().cast()) };
    line.to_str().unwrap_or("")
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
