//! Devices: discovery, and the traits through which the rooms above use them.
//!
//! * **What.** [`probe`] walks the device tree, [`pci`] the bus behind it; each
//!   device that has a driver here is started and put into the registry below.
//! * **Who calls.** `main` calls [`init`] once; then `fs` takes [`disks`], `net`
//!   takes [`nics`], `fs`'s console takes [`console`]. `time` is given the date.
//! * **Locks.** Each device locks inside (spin locks, never held across a sleep).
//!   Interrupt handlers mask the device and wake; work is done by threads.
//! * **Typical sequence.** `init` → registry → `disk.read(..)`, or
//!   `nic.on_event(..)` and the loop in [`nic`].
//!
//! Unsafe code is in [`memory`] only: drivers see [`memory::Mmio`] and [`vring::Dma`].

pub mod block;
mod memory;
pub mod nic;
mod pci;
mod probe;
mod rtc;
mod seed;
pub mod uart;
mod virtio;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

pub use block::{Block, BlockError};
pub use nic::Nic;
pub use rtc::{Date, Rtc};
pub use uart::Uart;

use crate::arch::BootInfo;
use crate::sync::SpinLock;
use crate::time;

/// What was found. Written by [`init`], read afterwards.
struct Registry {
    disks: Vec<Arc<dyn Block>>,
    nics: Vec<Arc<dyn Nic>>,
    uarts: Vec<Arc<Uart>>,
    rtcs: Vec<Arc<Rtc>>,
    seed: [u8; 32],
}

static REGISTRY: SpinLock<Registry> = SpinLock::new(Registry {
    disks: Vec::new(),
    nics: Vec::new(),
    uarts: Vec::new(),
    rtcs: Vec::new(),
    seed: [0; 32],
});

/// Whether threads run, so that a caller may sleep. See [`allow_sleep`].
static MAY_SLEEP: AtomicBool = AtomicBool::new(false);

/// Finds and starts every device that has a driver. A device that fails to start
/// is reported and left alone.
pub fn init(boot: &BootInfo) {
    let machine = probe::walk(boot);
    let uarts: Vec<_> = machine.uarts.into_iter().map(Uart::start).collect();
    let rtc = machine.rtcs.first().map(Rtc::now_ns);
    if let Some(ns) = rtc {
        time::set_realtime(ns);
    }
    {
        let mut registry = REGISTRY.lock();
        registry.uarts = uarts;
        registry.rtcs = machine.rtcs.into_iter().map(Arc::new).collect();
        registry.seed = seed::gather(boot, rtc);
    }
    // In the order of the tree, as Linux does: a disk has the same name on both.
    for (registers, line) in machine.virtio_mmio {
        virtio::probe_mmio(registers, line);
    }
    for bridge in machine.bridges {
        pci::walk(bridge);
    }
}

/// From here on disks sleep instead of spinning. Called by `main` just before
/// the scheduler takes over.
pub fn allow_sleep() {
    MAY_SLEEP.store(true, Ordering::Relaxed);
}

/// Every disk, in the order of discovery.
pub fn disks() -> Vec<Arc<dyn Block>> {
    REGISTRY.lock().disks.clone()
}

/// Every network card, in the order of discovery.
pub fn nics() -> Vec<Arc<dyn Nic>> {
    REGISTRY.lock().nics.clone()
}

/// The serial line which the machine description names as standard output, else the first.
pub fn console() -> Option<Arc<Uart>> {
    REGISTRY.lock().uarts.first().cloned()
}

/// Every clock that knows the date, in the order of discovery; the first set CLOCK_REALTIME.
pub fn rtcs() -> Vec<Arc<Rtc>> {
    REGISTRY.lock().rtcs.clone()
}

/// Entropy for the kernel's generator: what the loader gave, mixed with clocks.
pub fn seed() -> [u8; 32] {
    REGISTRY.lock().seed
}

/// Whether a request may sleep now.
fn may_sleep() -> bool {
    MAY_SLEEP.load(Ordering::Relaxed)
}

/// The name of the next disk: `vda` to `vdz`, then `vdaa`.
fn next_disk_name() -> String {
    let mut index = REGISTRY.lock().disks.len();
    let mut letters = Vec::new();
    loop {
        letters.push((b'a' + (index % 26) as u8) as char);
        if index < 26 {
            break;
        }
        index = index / 26 - 1;
    }
    "vd".chars().chain(letters.into_iter().rev()).collect()
}

fn add_disk(disk: Arc<dyn Block>) {
    REGISTRY.lock().disks.push(disk);
}

fn add_nic(nic: Arc<dyn Nic>) {
    REGISTRY.lock().nics.push(nic);
}
