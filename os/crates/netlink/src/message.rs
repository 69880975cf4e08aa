//! Messages: `struct nlmsghdr` and what follows it.

use crate::ALIGN;

/// `struct nlmsghdr` without the length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// `nlmsg_type`.
    pub kind: u16,
    /// `nlmsg_flags`, NLM_F_*.
    pub flags: u16,
    /// `nlmsg_seq`: answers carry the one of the question.
    pub sequence: u32,
    /// `nlmsg_pid`: the port of who asked.
    pub port: u32,
}

impl Header {
    /// `sizeof(struct nlmsghdr)`.
    pub const SIZE: usize = 16;

    /// Whether all of `flags` are set.
    pub fn has(&self, flags: u16) -> bool {
        self.flags & flags == flags
    }
}

/// One message of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its header.
    pub header: Header,
    /// What follows the header, without padding.
    pub body: &'a [u8],
    /// The header again, as the bytes that an acknowledgement quotes, with the body.
    pub bytes: &'a [u8],
}

/// The messages of a datagram. The first length that is shorter than a header or
/// longer than the rest ends the walk: what follows is not looked at.
pub fn messages(bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        let header = rest.get(..Header::SIZE)?;
        let len = word(header, 0)? as usize;
        if len < Header::SIZE || len > rest.len() {
            return None;
        }
        let bytes = &rest[..len];
        let message = Message {
            header: Header {
                kind: half(header, 4)?,
                flags: half(header, 6)?,
                sequence: word(header, 8)?,
                port: word(header, 12)?,
            },
            body: &bytes[Header::SIZE..],
            bytes,
        };
        rest = rest.get(len.next_multiple_of(ALIGN)..).unwrap_or(&[]);
        Some(message)
    })
}

/// The 32-bit word at `at`, in the machine's order as everything in netlink that is not an address.
pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(crate) fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}
