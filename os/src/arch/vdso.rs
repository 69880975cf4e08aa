//! What a port contributes to the vDSO: position-independent user code.
//!
//! `task::vdso` makes an ELF image of it, one page, and maps it behind the clock
//! page that `time` keeps. The code finds that page by its distance.

/// The port's code and what it is called. vdso(7).
pub struct VdsoCode {
    /// Symbol version, `LINUX_4.15`.
    pub version: &'static str,
    /// Instructions; placed at [`VDSO_CODE_OFFSET`] of the image.
    pub code: &'static [u8],
    /// Symbols and their offsets in `code`.
    pub symbols: &'static [(&'static str, usize)],
}

/// Where the code begins in the image.
pub const VDSO_CODE_OFFSET: usize = 0x800;

/// The clock page, right below the image. The code of the ports knows the offsets.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ClockPage {
    /// The counter at boot.
    pub start: u64,
    /// ns per tick, 32 fractional bits.
    pub ns_per_tick: u64,
    /// CLOCK_REALTIME minus CLOCK_MONOTONIC, ns. The only field that changes: one
    /// aligned word, so user code needs no lock to read it.
    pub realtime_offset: u64,
}
