//! Writing messages.

use crate::{ALIGN, Header};
use alloc::vec::Vec;
use core::net::IpAddr;

/// NLA_F_NESTED.
const NESTED: u16 = 0x8000;

/// A message under construction. Lengths are filled in by [`Builder::finish`] and [`Builder::end`].
#[derive(Clone, Debug)]
pub struct Builder {
    bytes: Vec<u8>,
}

/// An attribute that holds attributes, still open.
#[must_use]
#[derive(Debug)]
pub struct Nest(usize);

impl Builder {
    /// Begins a message with its fixed part.
    pub fn message(header: Header, fixed: &[u8]) -> Builder {
        let mut builder = Builder {
            bytes: Vec::with_capacity(256),
        };
        let Header {
            kind,
            flags,
            sequence,
            port,
        } = header;
        builder.bytes.extend_from_slice(&[0; 4]);
        builder.bytes.extend_from_slice(&kind.to_ne_bytes());
        builder.bytes.extend_from_slice(&flags.to_ne_bytes());
        builder.bytes.extend_from_slice(&sequence.to_ne_bytes());
        builder.bytes.extend_from_slice(&port.to_ne_bytes());
        builder.raw(fixed);
        builder
    }

    /// Bytes as they are, padded.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self.pad();
        self
    }

    /// An attribute. A value that is longer than its 16-bit length can say is cut.
    pub fn attr(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        let value = &value[..value.len().min(usize::from(u16::MAX) - ALIGN)];
        let len = (value.len() + ALIGN) as u16;
        self.bytes.extend_from_slice(&len.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.raw(value)
    }

    /// A u8 attribute.
    pub fn u8(&mut self, kind: u16, value: u8) -> &mut Self {
        self.attr(kind, &[value])
    }

    /// A u16 attribute in the machine's order.
    pub fn u16(&mut self, kind: u16, value: u16) -> &mut Self {
        self.attr(kind, &value.to_ne_bytes())
    }

    /// A u32 attribute in the machine's order.
    pub fn u32(&mut self, kind: u16, value: u32) -> &mut Self {
        self.attr(kind, &value.to_ne_bytes())
    }

    /// A string with its NUL.
    pub fn str(&mut self, kind: u16, value: &str) -> &mut Self {
        let mut bytes = Vec::from(value.as_bytes());
        bytes.push(0);
        self.attr(kind, &bytes)
    }

    /// An address, 4 or 16 bytes.
    pub fn addr(&mut self, kind: u16, addr: IpAddr) -> &mut Self {
        match addr {
            IpAddr::V4(v4) => self.attr(kind, &v4.octets()),
            IpAddr::V6(v6) => self.attr(kind, &v6.octets()),
        }
    }

    /// Words of a structure.
    pub fn words(&mut self, kind: u16, words: &[u32]) -> &mut Self {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.attr(kind, &bytes)
    }

    /// Opens an attribute for others inside, marked NLA_F_NESTED.
    pub fn nest(&mut self, kind: u16) -> Nest {
        self.nest_plain(kind | NESTED)
    }

    /// The same without the mark, as the older families write it.
    pub fn nest_plain(&mut self, kind: u16) -> Nest {
        let at = self.bytes.len();
        self.attr(kind, &[]);
        Nest(at)
    }

    /// Closes it.
    pub fn end(&mut self, nest: Nest) -> &mut Self {
        let len = (self.bytes.len() - nest.0).min(usize::from(u16::MAX)) as u16;
        self.bytes[nest.0..nest.0 + 2].copy_from_slice(&len.to_ne_bytes());
        self
    }

    /// The message.
    pub fn finish(mut self) -> Vec<u8> {
        let len = self.bytes.len() as u32;
        self.bytes[..4].copy_from_slice(&len.to_ne_bytes());
        self.bytes
    }

    fn pad(&mut self) {
        let len = self.bytes.len().next_multiple_of(ALIGN);
        self.bytes.resize(len, 0);
    }
}
