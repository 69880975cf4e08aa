//! Little-endian fields of a byte slice; what lies outside reads as zero.
//!
//! Callers check the length of a structure once; a field beyond it is a field that
//! an older revision of the format does not have, and zero is its meaning there.

/// `u16` at `at`.
pub(crate) fn le16(bytes: &[u8], at: usize) -> u16 {
    bytes
        .get(at..at + 2)
        .map_or(0, |b| u16::from_le_bytes([b[0], b[1]]))
}

/// `u32` at `at`.
pub(crate) fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from(le16(bytes, at)) | u32::from(le16(bytes, at + 2)) << 16
}

/// A 64-bit number whose halves are in two places.
pub(crate) fn hi_lo(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}
