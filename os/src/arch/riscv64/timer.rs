//! The `time` CSR as nanoseconds, and the one-shot timer (Sstc, else SBI).

use super::{OneHart, cpu, sbi};
use crate::arch::BootInfo;
use core::{arch::asm, cell::Cell};
use fdt::Fdt;

/// The FDT always says; QEMU's value is 10 MHz.
const DEFAULT_HZ: u64 = 10_000_000;
const NS_PER_S: u64 = 1_000_000_000;

struct Clock {
    /// Tick at boot.
    start: Cell<u64>,
    /// ns per tick, 32 fractional bits.
    ns_per_tick: Cell<u64>,
    /// Ticks per ns, 64 fractional bits.
    ticks_per_ns: Cell<u64>,
    /// Whether `stimecmp` exists and the firmware lets us use it.
    sstc: Cell<bool>,
}

static CLOCK: OneHart<Clock> = OneHart(Clock {
    start: Cell::new(0),
    ns_per_tick: Cell::new(100 << 32),
    ticks_per_ns: Cell::new(0),
    sstc: Cell::new(false),
});

unsafe extern "C" {
    fn probe_stimecmp() -> usize;
}

/// Reads the frequency, takes the boot tick, and tries `stimecmp`.
pub(super) fn init(boot: &BootInfo) {
    let hz = Fdt::new(boot.fdt)
        .ok()
        .and_then(|tree| {
            tree.find_node("/cpus")?
                .property("timebase-frequency")?
                .as_usize()
        })
        .map_or(DEFAULT_HZ, |hz| hz as u64)
        .clamp(1, NS_PER_S - 1);
    let clock = &CLOCK.0;
    clock.start.set(ticks());
    clock.ns_per_tick.set((NS_PER_S << 32) / hz);
    clock
        .ticks_per_ns
        .set((u128::from(hz) * (1 << 64) / u128::from(NS_PER_S)) as u64);
    // SAFETY: writes the largest value to stimecmp, or traps and says 0.
    let sstc = cpu::has_extension("sstc") && unsafe { probe_stimecmp() } == 1;
    clock.sstc.set(sstc);
    set_timer(None);
}

fn ticks() -> u64 {
    let ticks: u64;
    // SAFETY: reads a counter.
    unsafe { asm!("rdtime {}", out(reg) ticks, options(nomem, nostack)) };
    ticks
}

/// ns since boot. One multiplication: no division on this path.
pub fn counter_ns() -> u64 {
    let clock = &CLOCK.0;
    let elapsed = u128::from(ticks().wrapping_sub(clock.start.get()));
    ((elapsed * u128::from(clock.ns_per_tick.get())) >> 32) as u64
}

/// (tick at boot, ns per tick with 32 fractional bits), for the vDSO.
pub(super) fn parameters() -> (u64, u64) {
    (CLOCK.0.start.get(), CLOCK.0.ns_per_tick.get())
}

/// Arms the one-shot timer at `deadline` (ns since boot); `None` stops it. Either
/// way a pending timer interrupt is gone. Fires at or after the deadline.
pub fn set_timer(deadline: Option<u64>) {
    let clock = &CLOCK.0;
    let tick = match deadline {
        Some(ns) => {
            let ticks = (u128::from(ns) * u128::from(clock.ticks_per_ns.get())) >> 64;
            clock.start.get().saturating_add(ticks as u64 + 1)
        }
        None => u64::MAX,
    };
    if clock.sstc.get() {
        // SAFETY: `init` found that the CSR exists.
        unsafe { asm!("csrw 0x14d, {}", in(reg) tick, options(nomem, nostack)) };
    } else {
        sbi::set_timer(tick);
    }
}
