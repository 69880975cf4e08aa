//! Ancillary data: `struct cmsghdr` both ways. cmsg(3).

use crate::{
    Result,
    file::OpenFile,
    mm::{UserOut, UserPtr},
};
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

    /// Descriptions for the program, until [`Control::deliver`] gives them numbers.
    pub fn carry(&mut self, rights: Vec<Arc<OpenFile>>) {
        self.rights = rights;
    }

    /// Room for the data of one more item, in bytes.
    pub fn data_room(&self) -> usize {
        self.room
            .saturating_sub(self.bytes.len())
            .saturating_sub(HEADER)
    }

    /// Copies the items to the program and answers the length of them all: first what was pushed, then SCM_RIGHTS. `give` makes a
    /// descriptor of a description, once the place for its number is known to be there; the rest is closed, and said to be truncated.
    pub fn deliver(&mut self, at: usize, give: impl FnMut(Arc<OpenFile>) -> Result<i32>) -> usize {
        let used = self.write(at);
        let rights = core::mem::take(&mut self.rights);
        if rights.is_empty() {
            return used;
        }
        let all = rights.len();
        let (at, room) = (at.wrapping_add(used), self.room - used);
        let fits = room.saturating_sub(HEADER) / size_of::<i32>();
        let told = tell(rights.into_iter().take(fits), at.wrapping_add(HEADER), give);
        self.truncated |= told < all;
        if told == 0 {
            return used;
        }
        let len = HEADER + told * size_of::<i32>();
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(&len.to_ne_bytes());
        header[8..12].copy_from_slice(&SOL_SOCKET.to_ne_bytes());
        header[12..].copy_from_slice(&SCM_RIGHTS.to_ne_bytes());
        let out = UserOut::new(at, HEADER);
        match out.and_then(|mut out| out.write_whole(&header)) {
            Ok(_) => used + len.next_multiple_of(ALIGN).min(room),
            // As on Linux: the numbers are told, the header is not.
            Err(_) => used,
        }
    }

    /// Copies the items to the program and answers the length of them all. As on Linux, one whose
    /// room is not there is left out without an error, and what is between them is not written.
    fn write(&self, at: usize) -> usize {
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

/// Makes descriptors and writes their numbers in a row, as far as both can be done; how many.
fn tell(
    rights: impl Iterator<Item = Arc<OpenFile>>,
    at: usize,
    mut give: impl FnMut(Arc<OpenFile>) -> Result<i32>,
) -> usize {
    let mut told = 0;
    for file in rights {
        let place = at.wrapping_add(told * size_of::<i32>());
        // Nothing sleeps from here to the copy: what is there stays.
        let there = UserOut::new(place, size_of::<i32>());
        if there.and_then(|out| out.prefault(size_of::<i32>())) != Ok(size_of::<i32>()) {
            break;
        }
        let Ok(fd) = give(file) else { break };
        if UserPtr::new(place).write(&fd).is_err() {
            break;
        }
        told += 1;
    }
    told
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
