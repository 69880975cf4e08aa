//! Where descriptor table, available ring and used ring lie in one region.
//!
//! virtio 1.2, 2.7 gives sizes and alignments; 2.7.2 gives the legacy layout, in
//! which the used ring starts on the next multiple of the queue alignment.

/// The largest queue this driver side sets up (the specification allows 32768).
pub const MAX_QUEUE_SIZE: u16 = 1024;

/// Which rules the three parts follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Contiguous, used ring aligned to 4096, as a device without `VERSION_1` computes it.
    Legacy,
    /// Parts placed one after another with their natural alignment.
    Modern,
}

/// What the device has to be told: bus addresses of the three parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Descriptor table, 16-byte aligned.
    pub descriptors: u64,
    /// Available ring ("driver area"), 2-byte aligned.
    pub driver_area: u64,
    /// Used ring ("device area"), 4-byte aligned.
    pub device_area: u64,
}

/// Byte offsets inside the region of a queue with `size` entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offsets {
    pub available: usize,
    pub used: usize,
    pub end: usize,
}

impl Layout {
    /// Bytes of memory that a queue with `size` entries needs. The region has to
    /// start on a page (4096 bytes): a legacy device is told a page number.
    pub fn bytes(self, size: u16) -> usize {
        self.offsets(size).end
    }

    pub(crate) fn offsets(self, size: u16) -> Offsets {
        let size = size as usize;
        let available = 16 * size;
        // flags, idx, ring[size], used_event.
        let available_end = available + 2 + 2 + 2 * size + 2;
        let used_align = match self {
            Layout::Legacy => 4096,
            Layout::Modern => 4,
        };
        let used = available_end.next_multiple_of(used_align);
        // flags, idx, ring[size] of {u32 id, u32 len}, avail_event.
        let end = used + 2 + 2 + 8 * size + 2;
        Offsets {
            available,
            used,
            end,
        }
    }
}
