//! Entropy at boot: what the loader put into the device tree, mixed with clocks.
//!
//! QEMU gives `/chosen/rng-seed` (32 bytes of the host's generator) on every machine
//! but loongarch64 7.2, where only the clocks are left; that is said in the log.

use fdt::Fdt;
use log::warn;

use crate::arch::{self, BootInfo};

/// 32 bytes to seed the kernel's generator with.
pub fn gather(boot: &BootInfo, unix_time_ns: Option<u64>) -> [u8; 32] {
    let mut seed = [0u8; 32];
    let given = Fdt::new(boot.fdt).ok().and_then(|tree| {
        let chosen = tree.find_node("/chosen")?;
        chosen.property("rng-seed").map(|seed| seed.value)
    });
    for (i, byte) in given.unwrap_or_default().iter().enumerate() {
        seed[i % 32] ^= byte;
    }
    if given.is_none() {
        warn!("no seed from the loader, the clocks must do");
    }
    let clocks = [unix_time_ns.unwrap_or(0), arch::counter_ns()];
    for (word, clock) in seed.chunks_exact_mut(8).zip(clocks.iter().cycle()) {
        for (byte, clock) in word.iter_mut().zip(clock.to_le_bytes()) {
            *byte ^= clock;
        }
    }
    seed
}
