//! What programs are told about the CPU.

use super::{boot::features, csr::cpucfg};
use core::fmt;

/// Which argument of clone(2) is `tls`. LoongArch has the generic order: child_tid, then tls (Linux, kernel/fork.c).
pub const CLONE_TLS: usize = 4;

/// Whether membarrier(2) knows SYNC_CORE on this architecture, as on Linux.
pub const MEMBARRIER_SYNC_CORE: bool = false;

/// EM_LOONGARCH.
pub const ELF_MACHINE: u16 = 258;
/// AT_PLATFORM.
pub const PLATFORM: &str = "loongarch";
/// uname(2).
pub const UNAME_MACHINE: &str = "loongarch64";

/// AT_HWCAP (Linux uapi `asm/hwcap.h`): only what the kernel saves and restores.
pub fn hwcap() -> usize {
    const CPUCFG: usize = 1 << 0;
    const LAM: usize = 1 << 1;
    const UAL: usize = 1 << 2;
    const FPU: usize = 1 << 3;
    const LSX: usize = 1 << 4;
    const CRC32: usize = 1 << 6;
    let has = features();
    [
        (has.lam, LAM),
        (has.unaligned, UAL),
        (has.fpu, FPU),
        (has.lsx, LSX),
        (has.crc32, CRC32),
    ]
    .into_iter()
    .filter(|&(present, _)| present)
    .fold(CPUCFG, |bits, (_, bit)| bits | bit)
}

/// The text of /proc/cpuinfo.
pub fn cpuinfo(out: &mut dyn fmt::Write) -> fmt::Result {
    let has = features();
    writeln!(out, "processor\t\t: 0")?;
    writeln!(out, "package\t\t\t: 0")?;
    writeln!(out, "core\t\t\t: 0")?;
    writeln!(out, "CPU Family\t\t: Loongson-64bit")?;
    writeln!(out, "CPU Revision\t\t: {:#x}", cpucfg(0) & 0xff)?;
    writeln!(out, "Address Sizes\t\t: 48 bits physical, 48 bits virtual")?;
    write!(out, "ISA\t\t\t: loongarch64\nFeatures\t\t: cpucfg")?;
    let names = [
        (has.lam, "lam"),
        (has.unaligned, "ual"),
        (has.fpu, "fpu"),
        (has.lsx, "lsx"),
        (has.crc32, "crc32"),
    ];
    for (_, name) in names.into_iter().filter(|&(present, _)| present) {
        write!(out, " {name}")?;
    }
    writeln!(out)
}
