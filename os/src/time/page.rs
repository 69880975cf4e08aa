//! The page of clock parameters that the vDSO reads in user mode.
//!
//! One frame for all programs, mapped read-only right below the vDSO. Made at boot
//! by `task::vdso`; rewritten when CLOCK_REALTIME is set.

use crate::{arch, mm::Frame, sync::SpinLock};

static PAGE: SpinLock<Option<Frame>> = SpinLock::new(None);

/// The page, made at the first call; `None` without memory.
pub fn page() -> Option<Frame> {
    let existing = PAGE.lock().clone();
    if existing.is_some() {
        return existing;
    }
    *PAGE.lock() = Some(Frame::zeroed()?);
    update();
    PAGE.lock().clone()
}

/// Writes the present parameters, if there is a page.
pub(super) fn update() {
    let page = PAGE.lock();
    let Some(frame) = &*page else { return };
    let clock = arch::clock_page(super::realtime_offset());
    for (n, word) in [clock.start, clock.ns_per_tick, clock.realtime_offset]
        .into_iter()
        .enumerate()
    {
        frame.write(8 * n, &word.to_le_bytes());
    }
}
