//! The stable counter and the one-shot timer (manual 2.2.10.4 and 7.6).

use super::csr::{self, cpucfg, csrwr};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Ticks to ns and back as 32.32 fixed point: no division on the hot path.
static NS_PER_TICK: AtomicU64 = AtomicU64::new(0);
static TICKS_PER_NS: AtomicU64 = AtomicU64::new(0);
/// The counter at boot, so that `counter_ns` starts near zero.
static BOOT_TICKS: AtomicU64 = AtomicU64::new(0);

/// What QEMU's machine has, for a CPU description without a frequency.
const DEFAULT_HZ: u64 = 100_000_000;
const NS_PER_SECOND: u64 = 1_000_000_000;
/// TCFG: counting.
const ENABLE: usize = 1;
/// TCFG's initial value is a multiple of 4 in 48 bits.
const MAX_TICKS: u64 = (1 << 47) - 4;

/// Reads the frequency: `cpucfg` word 4 is the crystal's, word 5 its multiplier and divisor.
pub fn init() {
    let (crystal, ratio) = (cpucfg(4) as u64, cpucfg(5) as u64);
    let (multiplier, divisor) = (ratio & 0xffff, ratio >> 16);
    let hz = match crystal * multiplier {
        0 => DEFAULT_HZ,
        scaled => (scaled / divisor.max(1)).max(1),
    };
    NS_PER_TICK.store((NS_PER_SECOND << 32) / hz, Relaxed);
    TICKS_PER_NS.store((hz << 32) / NS_PER_SECOND, Relaxed);
    BOOT_TICKS.store(ticks(), Relaxed);
}

/// ns since boot, monotonic.
pub fn counter_ns() -> u64 {
    let elapsed = ticks() - BOOT_TICKS.load(Relaxed);
    scale(elapsed, NS_PER_TICK.load(Relaxed))
}

/// (ticks at boot, ns per tick with 32 fractional bits), for the vDSO.
pub fn parameters() -> (u64, u64) {
    (BOOT_TICKS.load(Relaxed), NS_PER_TICK.load(Relaxed))
}

/// One shot at an absolute time in `counter_ns`; `None`: off.
pub fn set_timer(deadline: Option<u64>) {
    let config = match deadline {
        None => 0,
        Some(deadline) => {
            let delay = deadline.saturating_sub(counter_ns());
            // Rounded up: a timer must not fire early.
            let ticks = scale(delay, TICKS_PER_NS.load(Relaxed)) + 4;
            ticks.min(MAX_TICKS) as usize & !3 | ENABLE
        }
    };
    // SAFETY: the timer raises one interrupt at most, whose handler is installed.
    unsafe { csrwr!(csr::TCFG, config) };
}

fn scale(value: u64, factor: u64) -> u64 {
    ((u128::from(value) * u128::from(factor)) >> 32) as u64
}

fn ticks() -> u64 {
    let value: u64;
    // SAFETY: reads the stable counter.
    unsafe {
        core::arch::asm!("rdtime.d {}, $zero", out(reg) value, options(nomem, nostack));
    }
    value
}
