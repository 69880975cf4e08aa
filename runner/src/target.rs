//! What a run is aimed at: an architecture and a C library.
//!
//! Every other room asks these two enums for names (QEMU's binary, Rust's triple,
//! Debian's architecture, paths in the guest) instead of spelling them again.

use clap::ValueEnum;
use serde::Serialize;

/// A guest architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Arch {
    /// RV64GC on QEMU's `virt`.
    Riscv64,
    /// LA464 on QEMU's `virt`.
    Loongarch64,
}

impl Arch {
    /// Both, in report order.
    pub const ALL: [Arch; 2] = [Arch::Riscv64, Arch::Loongarch64];

    /// As on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Arch::Riscv64 => "riscv64",
            Arch::Loongarch64 => "loongarch64",
        }
    }

    /// QEMU's system emulator.
    pub fn qemu(self) -> &'static str {
        match self {
            Arch::Riscv64 => "qemu-system-riscv64",
            Arch::Loongarch64 => "qemu-system-loongarch64",
        }
    }

    /// Rust's bare-metal target. The kernel must not touch floating-point registers, which
    /// hold user values: on loongarch64 the hard-float target would use them for spills.
    pub fn triple(self) -> &'static str {
        match self {
            Arch::Riscv64 => "riscv64gc-unknown-none-elf",
            Arch::Loongarch64 => "loongarch64-unknown-none-softfloat",
        }
    }

    /// Debian's name.
    pub fn debian(self) -> &'static str {
        match self {
            Arch::Riscv64 => "riscv64",
            Arch::Loongarch64 => "loong64",
        }
    }

    /// The kernel file's name, the contest's.
    pub fn kernel_file(self) -> &'static str {
        match self {
            Arch::Riscv64 => "kernel-rv",
            Arch::Loongarch64 => "kernel-la",
        }
    }
}

/// A guest C library, which is also a tree of programs on the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Libc {
    /// Debian's packages.
    Glibc,
    /// The same programs, static, built with zig cc.
    Musl,
}

impl Libc {
    /// Both, in report order.
    pub const ALL: [Libc; 2] = [Libc::Glibc, Libc::Musl];

    /// As on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Libc::Glibc => "glibc",
            Libc::Musl => "musl",
        }
    }

    /// `PATH` in the guest: decides whose programs a case runs.
    pub fn path(self) -> &'static str {
        match self {
            Libc::Glibc => "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            Libc::Musl => "/musl/sbin:/musl/bin:/musl/usr/bin:/musl",
        }
    }
}

/// One combination that gets its own run directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The architecture.
    pub arch: Arch,
    /// The C library.
    pub libc: Libc,
}

impl Target {
    /// `riscv64-glibc`.
    pub fn name(self) -> String {
        format!("{}-{}", self.arch.name(), self.libc.name())
    }
}
