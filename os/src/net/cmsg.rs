//! Ancillary data: `struct cmsghdr` both ways. cmsg(3).

use crate::{Result, file::OpenFile, mm::UserOut};
use abi::{
    Errno,
    net::{SCM_RIGHTS, SOL_SOCKET},
};
use alloc::{sync::Arc, vec::Vec};

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
    rights: Vec<Arc<OpenFile>>,
}

impl Control {
    /// A collector for a buffer of `room` bytes.
    pub fn with_room(room: usize) -> Control {
        Control {
            bytes: Vec::new(),
            room,
            truncated: false,
            rights: Vec::new(),
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

    /// Descriptions for the program, until [`Control::install`] gives them numbers.
    pub fn carry(&mut self, rights: Vec<Arc<OpenFile>>) {
        self.rights = rights;
    }

    /// Adds SCM_RIGHTS: `give` makes a descriptor of each description that there is
    /// room for. The rest is closed, and said to be truncated, also when `give` fails.
    pub fn install(&mut self, mut give: impl FnMut(Arc<OpenFile>) -> Result<i32>) {
        let rights = core::mem::take(&mut self.rights);
        if rights.is_empty() {
            return;
        }
        let fits = self.data_room() / size_of::<i32>();
        self.truncated |= rights.len() > fits;
        let mut numbers = Vec::new();
        for file in rights.into_iter().take(fits) {
            match give(file) {
                Ok(fd) => numbers.extend_from_slice(&fd.to_ne_bytes()),
                Err(_) => {
                    self.truncated = true;
                    break;
                }
            }
        }
        if !numbers.is_empty() {
            self.push(SOL_SOCKET as i32, SCM_RIGHTS as i32, &numbers);
        }
    }

    /// Room for the data of one more item, in bytes.
    pub fn data_room(&self) -> usize {
        self.room
            .saturating_sub(self.bytes.len())
            .saturating_sub(HEADER)
    }

    /// Copies the items to the program and answers the length of them all. As on Linux, one whose
    /// room is not there is left out without an error, and what is between them is not written.
    pub fn write(&self, at: usize) -> usize {
        let (mut rest, mut used) = (&self.bytes[..], 0);
        while let Some(header) = rest.first_chunk() {
            let len = usize::from_ne_bytes(*header).min(rest.len());
            let (item, behind) = rest.split_at(len.next_multiple_of(ALIGN).min(rest.len()));
            let out = UserOut::new(at.wrapping_add(used), len);
            if out
                .and_then(|mut out| out.write_whole(&item[..len]))
                .is_ok()
            {
                used += item.len();
            }
            rest = behind;
        }
        used
    }

    /// The items in a row, with zeros between them: what an option answers that has them for a value.
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
