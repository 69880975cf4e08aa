//! What user programs may know about the CPU.

use super::{OneHart, boot};
use crate::arch::BootInfo;
use core::{
    cell::Cell,
    fmt::{self, Write},
};
use fdt::{Fdt, node::FdtNode};

/// Which argument of clone(2) is `tls`. riscv selects CLONE_BACKWARDS: tls, then child_tid (Linux, kernel/fork.c).
pub const CLONE_TLS: usize = 3;

/// Whether membarrier(2) knows SYNC_CORE on this architecture, as on Linux.
pub const MEMBARRIER_SYNC_CORE: bool = true;

/// EM_RISCV.
pub const ELF_MACHINE: u16 = 243;
/// Linux gives riscv programs no AT_PLATFORM.
pub const PLATFORM: &str = "";
/// uname(2)'s machine.
pub const UNAME_MACHINE: &str = "riscv64";

static ISA: OneHart<Cell<&'static str>> = OneHart(Cell::new("rv64imafdc"));

/// Reads the ISA string of the boot hart.
pub(super) fn init(boot: &BootInfo) {
    let Ok(tree) = Fdt::new(boot.fdt) else { return };
    let isa = boot_cpu(&tree)
        .and_then(|node| node.property("riscv,isa"))
        .and_then(|property| property.as_str());
    if let Some(isa) = isa {
        ISA.0.set(isa);
    }
}

/// The FDT node of the boot hart.
pub(super) fn boot_cpu<'b, 'a: 'b>(tree: &'b Fdt<'a>) -> Option<FdtNode<'b, 'a>> {
    let hart = boot::boot_hart();
    tree.find_node("/cpus")?.children().find(|node| {
        node.name.starts_with("cpu@")
            && node.property("reg").and_then(|reg| reg.as_usize()) == Some(hart)
    })
}

/// Whether the ISA string names a multi-letter extension.
pub(super) fn has_extension(name: &str) -> bool {
    ISA.0.get().split('_').skip(1).any(|part| part == name)
}

/// AT_HWCAP: bit `letter - 'a'` for each of the extensions whose state the kernel
/// saves. The vector registers are not saved, so V is not shown.
pub fn hwcap() -> usize {
    let single = ISA.0.get().split('_').next().unwrap_or("");
    single
        .bytes()
        .skip("rv64".len())
        .map(|letter| letter.to_ascii_lowercase())
        .filter(|letter| b"imafdc".contains(letter))
        .fold(0, |bits, letter| bits | 1 << (letter - b'a'))
}

/// The text of /proc/cpuinfo, as Linux writes it for one hart.
pub fn cpuinfo(out: &mut dyn Write) -> fmt::Result {
    let hart = boot::boot_hart();
    // `h` and `v` name state that programs cannot have here.
    let (base, rest) = match ISA.0.get().split_once('_') {
        Some((base, rest)) => (base, rest),
        None => (ISA.0.get(), ""),
    };
    write!(out, "processor\t: 0\nhart\t\t: {hart}\nisa\t\t: ")?;
    for letter in base
        .chars()
        .enumerate()
        .filter(|&(n, c)| n < 4 || !"hv".contains(c))
    {
        out.write_char(letter.1)?;
    }
    for part in rest
        .split('_')
        .filter(|part| !part.is_empty() && !part.starts_with("zv"))
    {
        write!(out, "_{part}")?;
    }
    write!(out, "\nmmu\t\t: sv39\nuarch\t\t: qemu,virt\n\n")
}
