//! Attributes: `struct nlattr`, a length and a type in front of a value.

use crate::ALIGN;
use crate::message::{half, word};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// NLA_TYPE_MASK: without NLA_F_NESTED and NLA_F_NET_BYTEORDER.
const TYPE_MASK: u16 = 0x3fff;
/// `sizeof(struct nlattr)`.
const HEADER: usize = 4;

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// `nla_type` without its flag bits.
    pub kind: u16,
    /// The value, without padding.
    pub value: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// A u8. `None` when it is shorter.
    pub fn u8(&self) -> Option<u8> {
        self.value.first().copied()
    }

    /// A u16 in the machine's order.
    pub fn u16(&self) -> Option<u16> {
        half(self.value, 0)
    }

    /// A u32 in the machine's order.
    pub fn u32(&self) -> Option<u32> {
        word(self.value, 0)
    }

    /// A string up to its NUL, or to the end. `None` when it is no UTF-8.
    pub fn str(&self) -> Option<&'a str> {
        let end = self.value.iter().position(|&byte| byte == 0);
        core::str::from_utf8(&self.value[..end.unwrap_or(self.value.len())]).ok()
    }

    /// An address, of 4 or 16 bytes.
    pub fn addr(&self) -> Option<IpAddr> {
        match self.value.len() {
            4 => Some(IpAddr::V4(Ipv4Addr::from(*self.value.first_chunk()?))),
            16 => Some(IpAddr::V6(Ipv6Addr::from(*self.value.first_chunk()?))),
            _ => None,
        }
    }

    /// A hardware address of six bytes.
    pub fn mac(&self) -> Option<[u8; 6]> {
        match self.value.len() {
            6 => self.value.first_chunk().copied(),
            _ => None,
        }
    }

    /// The attributes inside.
    pub fn nested(&self) -> Attributes<'a> {
        Attributes::of(self.value)
    }
}

/// The attributes of a message, or inside another one.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Attributes<'a> {
    /// What the bytes after a message's fixed part say.
    pub fn of(bytes: &'a [u8]) -> Attributes<'a> {
        Attributes { rest: bytes }
    }

    /// Behind a fixed part of `len` bytes; none when the body is shorter.
    pub fn after(body: &'a [u8], len: usize) -> Attributes<'a> {
        Attributes::of(body.get(len.next_multiple_of(ALIGN)..).unwrap_or(&[]))
    }

    /// The last one of a type, which is the one that counts.
    pub fn get(&self, kind: u16) -> Option<Attribute<'a>> {
        self.filter(|attribute| attribute.kind == kind).last()
    }
}

/// The first length that is shorter than a header or longer than the rest ends the walk.
impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let len = usize::from(half(self.rest, 0)?);
        let kind = half(self.rest, 2)?;
        if len < HEADER || len > self.rest.len() {
            self.rest = &[];
            return None;
        }
        let value = &self.rest[HEADER..len];
        self.rest = self.rest.get(len.next_multiple_of(ALIGN)..).unwrap_or(&[]);
        Some(Attribute {
            kind: kind & TYPE_MASK,
            value,
        })
    }
}
