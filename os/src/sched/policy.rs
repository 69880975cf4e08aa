//! Scheduling policies: who goes before whom, and for how long. sched(7).

use abi::general::{SCHED_BATCH, SCHED_FIFO, SCHED_IDLE, SCHED_NORMAL, SCHED_RR};

/// A thread's policy with the priority that goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// SCHED_OTHER: a share by nice value.
    Normal,
    /// SCHED_BATCH: the same share; being woken takes the CPU from nobody.
    Batch,
    /// SCHED_IDLE: the smallest share, whatever the nice value.
    Idle,
    /// SCHED_FIFO at priority 1..=99: before all of less, for as long as it likes.
    Fifo(u8),
    /// SCHED_RR at priority 1..=99: the same, in turns of 100 ms with its equals.
    RoundRobin(u8),
}

/// A turn at nice 0, in ns.
const SLICE: u64 = 10_000_000;
/// A turn under SCHED_RR, in ns: Linux's default of kernel.sched_rr_timeslice_ms.
const ROUND_ROBIN_SLICE: u64 = 100_000_000;
/// Less than this left of a slice is not worth a switch.
pub(super) const CRUMB: u64 = 50_000;
/// No turn is shorter than this.
const SHORTEST: u64 = 100_000;

impl Policy {
    /// 0 for a policy of shares, else the priority: more goes first.
    pub fn rank(self) -> u8 {
        match self {
            Policy::Normal | Policy::Batch | Policy::Idle => 0,
            Policy::Fifo(priority) | Policy::RoundRobin(priority) => priority,
        }
    }

    /// SCHED_* of linux/sched.h, and the priority.
    pub fn numbers(self) -> (i32, i32) {
        let number = match self {
            Policy::Normal => SCHED_NORMAL,
            Policy::Batch => SCHED_BATCH,
            Policy::Idle => SCHED_IDLE,
            Policy::Fifo(_) => SCHED_FIFO,
            Policy::RoundRobin(_) => SCHED_RR,
        };
        (number as i32, i32::from(self.rank()))
    }

    /// A turn in ns; `None`: it does not end by itself.
    pub fn slice(self, nice: i32) -> Option<u64> {
        match self {
            Policy::Normal | Policy::Batch => Some(weigh(nice)),
            Policy::Idle => Some(SHORTEST),
            Policy::Fifo(_) => None,
            Policy::RoundRobin(_) => Some(ROUND_ROBIN_SLICE),
        }
    }

    /// In one word, for an atomic.
    pub(super) fn pack(self) -> u16 {
        (self.numbers().0 as u16) << 8 | u16::from(self.rank())
    }

    /// What [`Policy::pack`] made.
    pub(super) fn unpack(word: u16) -> Policy {
        let priority = word as u8;
        match u32::from(word >> 8) {
            SCHED_FIFO => Policy::Fifo(priority),
            SCHED_RR => Policy::RoundRobin(priority),
            SCHED_BATCH => Policy::Batch,
            SCHED_IDLE => Policy::Idle,
            _ => Policy::Normal,
        }
    }
}

/// The slice for a nice value: a quarter more or a fifth less per step, as Linux's weights.
fn weigh(nice: i32) -> u64 {
    let mut slice = SLICE;
    for _ in 0..nice.unsigned_abs() {
        slice = if nice > 0 {
            slice * 4 / 5
        } else {
            slice * 5 / 4
        };
    }
    slice.max(SHORTEST)
}
