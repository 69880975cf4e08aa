//! The kernel's messages, kept for syslog(2): a ring of bytes, whole lines.
//!
//! `logger` appends, whatever the console shows; `syscall` reads. The lock is
//! innermost: messages may come from anywhere, with any lock held. For the same
//! reason a message wakes its reader later, on the way to user mode.

use crate::sync::SpinLock;
use core::fmt::{self, Write};

/// Bytes that are kept.
pub const SIZE: usize = 64 << 10;

struct Ring {
    bytes: [u8; SIZE],
    /// Bytes ever written; what is older than [`SIZE`] of them is gone.
    end: usize,
    /// Up to where SYSLOG_ACTION_READ has read, and SYSLOG_ACTION_CLEAR has cleared.
    read: usize,
    cleared: usize,
}

static RING: SpinLock<Ring> = SpinLock::new(Ring {
    bytes: [0; SIZE],
    end: 0,
    read: 0,
    cleared: 0,
});

/// Appends a line, as `<severity>text`.
pub(super) fn append(severity: u8, line: fmt::Arguments<'_>) {
    // Writing to the ring cannot fail.
    let _ = writeln!(RING.lock(), "<{severity}>{line}");
    crate::sched::wake_later();
}

/// Bytes that SYSLOG_ACTION_READ would still find.
pub fn unread() -> usize {
    let ring = RING.lock();
    ring.end - ring.from(ring.read)
}

/// Takes unread bytes, as many as there is room for; returns how many.
pub fn read(out: &mut [u8]) -> usize {
    let mut ring = RING.lock();
    let from = ring.from(ring.read);
    let len = out.len().min(ring.end - from);
    ring.copy(from, &mut out[..len]);
    ring.read = from + len;
    len
}

/// Copies the last whole lines since the last [`clear`] that fit; returns their bytes.
pub fn read_all(out: &mut [u8]) -> usize {
    let ring = RING.lock();
    let mut from = ring.from(ring.cleared);
    if ring.end - from > out.len() {
        from = ring.line_after(ring.end - out.len());
    }
    let len = ring.end - from;
    ring.copy(from, &mut out[..len]);
    len
}

/// [`read_all`] begins after the present messages.
pub fn clear() {
    let mut ring = RING.lock();
    ring.cleared = ring.end;
}

impl Ring {
    /// `place`, or the first whole line that is still there.
    fn from(&self, place: usize) -> usize {
        match self.end.saturating_sub(SIZE) {
            oldest if oldest > place => self.line_after(oldest),
            _ => place,
        }
    }

    /// Where the next line after `place` begins.
    fn line_after(&self, place: usize) -> usize {
        (place..self.end)
            .find(|at| self.bytes[at % SIZE] == b'\n')
            .map_or(self.end, |at| at + 1)
    }

    fn copy(&self, from: usize, out: &mut [u8]) {
        for (at, byte) in out.iter_mut().enumerate() {
            *byte = self.bytes[(from + at) % SIZE];
        }
    }
}

impl Write for Ring {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.bytes[self.end % SIZE] = byte;
            self.end += 1;
        }
        Ok(())
    }
}
