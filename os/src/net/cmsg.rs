//! Ancillary data: `struct cmsghdr` both ways. cmsg(3).

use crate::Result;
use abi::Errno;
use alloc::vec::Vec;

/// `sizeof(struct cmsghdr)`: a length, a level and a type.
const HEADER: usize = 16;
/// Alignment of headers and data.
const ALIGN: usize = 8;

/// Ancillary data to hand to a program, already laid out.
#[derive(Default)]
pub struct Control {
    bytes: Vec<u8>,
    room: usize,
    truncated: bool,
}

impl Control {
    /// A collector for a buffer of `room` bytes.
    pub fn with_room(room: usize) -> Control {
        Control {
            bytes: Vec::new(),
            room,
            truncated: false,
        }
    }

    /// Adds one item, cut to what fits (MSG_CTRUNC), as Linux's put_cmsg does.
    pub fn push(&mut self, level: i32, kind: i32, data: &[u8]) {
        let left = self.room.saturating_sub(self.bytes.len());
        if left < HEADER {
            self.truncated = true;
            return;
        }
        let keep = data.len().min(left - HEADER);
        self.truncated |= keep < data.len();
        self.bytes.extend_from_slice(&(HEADER + keep).to_ne_bytes());
        self.bytes.extend_from_slice(&level.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(&data[..keep]);
        let padded = self.bytes.len().next_multiple_of(ALIGN).min(self.room);
        self.bytes.resize(padded, 0);
    }

    /// Room for the data of one more item, in bytes: how many descriptors SCM_RIGHTS may install.
    pub fn data_room(&self) -> usize {
        self.room
            .saturating_sub(self.bytes.len())
            .saturating_sub(HEADER)
    }

    /// Says that something was left out.
    pub fn mark_truncated(&mut self) {
        self.truncated = true;
    }

    /// What to copy out.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// MSG_CTRUNC.
    pub fn truncated(&self) -> bool {
        self.truncated
    }
}

/// One item that a program passed.
pub struct Item<'a> {
    /// `cmsg_level`.
    pub level: i32,
    /// `cmsg_type`.
    pub kind: i32,
    /// `CMSG_DATA`.
    pub data: &'a [u8],
}

/// Walks what a program passed; `EINVAL` for a header that does not fit.
pub fn items(control: &[u8]) -> impl Iterator<Item = Result<Item<'_>>> {
    let mut rest = control;
    core::iter::from_fn(move || {
        let header = rest.get(..HEADER)?;
        let len = usize::from_ne_bytes(core::array::from_fn(|i| header[i]));
        if len < HEADER || len > rest.len() {
            rest = &[];
            return Some(Err(Errno::EINVAL));
        }
        let int = |at: usize| i32::from_ne_bytes(core::array::from_fn(|i| header[at + i]));
        let item = Item {
            level: int(8),
            kind: int(12),
            data: &rest[HEADER..len],
        };
        rest = rest.get(len.next_multiple_of(ALIGN)..).unwrap_or(&[]);
        Some(Ok(item))
    })
}
