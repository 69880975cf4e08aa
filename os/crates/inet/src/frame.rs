//! Frames: reusable packet buffers, so that the steady state allocates nothing.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut, Range};

/// Bytes of an Ethernet header.
pub(crate) const LINK_HEADER: usize = 14;

/// What goes with a packet of this host beside its bytes; all of it is lost on the way to another host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    /// SO_MARK.
    pub mark: u32,
    /// SO_PRIORITY.
    pub priority: u32,
    /// Not 0: the datagrams of one UDP_SEGMENT send have the same.
    pub train: u32,
    /// Length of the longest fragment in bytes, headers included; 0 of a packet that came whole.
    pub fragment: u32,
    /// UDP over IPv6 sent without a checksum by choice.
    pub unsummed: bool,
    /// Its checksum was computed here, on arrival.
    pub summed: bool,
    /// It was put on lo by a packet socket: its checksums are to be verified.
    pub verify: bool,
}

/// A packet buffer. Dereferences to the frame; before [`crate::Stack::pop_frame`] hands it out it is widened at the front by
/// `Config::tx_headroom` bytes for the device's own header.
#[derive(Debug, Default)]
pub struct Frame {
    buf: Vec<u8>,
    start: usize,
    end: usize,
    /// What goes with it.
    pub tag: Tag,
}

impl Frame {
    /// Appends bytes if the buffer has room for them.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> bool {
        let end = self.end + bytes.len();
        let room = self.buf.get_mut(self.end..end);
        let fits = room.map(|room| room.copy_from_slice(bytes)).is_some();
        if fits {
            self.end = end;
        }
        fits
    }

    /// Keeps the first bytes.
    pub(crate) fn keep(&mut self, len: usize) {
        self.end = self.end.min(self.start + len);
    }

    /// The buffer and where in it the frame is, for a driver that sends in place.
    pub fn into_parts(self) -> (Vec<u8>, Range<usize>) {
        (self.buf, self.start..self.end)
    }

    /// The other way round: for [`crate::Stack::recycle_frame`] and [`crate::Stack::unpop_frame`].
    /// A range outside the buffer is cut to it.
    pub fn from_parts(buf: Vec<u8>, range: Range<usize>) -> Frame {
        let end = range.end.min(buf.len());
        Frame {
            start: range.start.min(end),
            end,
            buf,
            tag: Tag::default(),
        }
    }

    /// The frame as another engine takes it, behind the room for the device's header that `from` made in
    /// [`crate::Stack::pop_frame`].
    pub fn without_headroom(&self, from: &crate::Stack) -> &[u8] {
        self.get(from.config().tx_headroom..).unwrap_or_default()
    }

    /// Moves the start to the front by `by` bytes (less where there is less room).
    pub(crate) fn widen(&mut self, by: usize) {
        self.start = self.start.saturating_sub(by);
    }

    /// Cuts the frame to `len` bytes.
    pub(crate) fn shorten(&mut self, len: usize) {
        self.end = self.end.min(self.start + len);
    }

    /// Moves the start back.
    pub(crate) fn narrow(&mut self, by: usize) {
        self.start = (self.start + by).min(self.end);
    }
}

impl Deref for Frame {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buf[self.start..self.end]
    }
}

impl DerefMut for Frame {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.buf[self.start..self.end]
    }
}

/// Sizes of the two classes, reserve not counted: an Ethernet frame, and the largest IP packet.
const SMALL: usize = 2048;
const LARGE: usize = 65_536 + 64;
/// How many of each are kept.
const KEEP_SMALL: usize = 512;
const KEEP_LARGE: usize = 16;

/// Free frames, last in, first out: the newest is the one still in the cache.
pub(crate) struct FramePool {
    reserve: usize,
    small: Vec<Vec<u8>>,
    large: Vec<Vec<u8>>,
}

impl FramePool {
    /// `headroom` bytes for the device come before the link header; the network header is 8-byte aligned in the buffer.
    pub fn new(headroom: usize) -> Self {
        FramePool {
            reserve: (headroom + LINK_HEADER).next_multiple_of(8),
            small: Vec::new(),
            large: Vec::new(),
        }
    }

    /// A frame of `len` bytes of unspecified content, with room in front for the link header.
    pub fn get(&mut self, len: usize) -> Frame {
        let (list, size) = if len <= SMALL {
            (&mut self.small, SMALL)
        } else {
            (&mut self.large, LARGE.max(len))
        };
        let buf = match list.pop() {
            Some(buf) if buf.len() >= self.reserve + len => buf,
            _ => vec![0; self.reserve + size],
        };
        Frame {
            buf,
            start: self.reserve,
            end: self.reserve + len,
            tag: Tag::default(),
        }
    }

    /// A copy of `bytes`.
    pub fn copy(&mut self, bytes: &[u8]) -> Frame {
        let mut frame = self.get(bytes.len());
        frame.copy_from_slice(bytes);
        frame
    }

    pub fn put(&mut self, frame: Frame) {
        let size = frame.buf.len();
        if size >= self.reserve + LARGE {
            if self.large.len() < KEEP_LARGE {
                self.large.push(frame.buf);
            }
        } else if size >= self.reserve + SMALL && self.small.len() < KEEP_SMALL {
            self.small.push(frame.buf);
        }
    }
}

/// A packet on its way in: still the device's memory, or already ours (loopback, reassembled).
pub(crate) enum Buf<'a> {
    Borrowed(&'a [u8]),
    Owned(Frame),
}

impl Buf<'_> {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Buf::Borrowed(bytes) => bytes,
            Buf::Owned(frame) => frame,
        }
    }

    /// A frame that may be kept: a copy of borrowed bytes, the buffer itself otherwise.
    pub fn into_frame(self, pool: &mut FramePool) -> Frame {
        match self {
            Buf::Borrowed(bytes) => pool.copy(bytes),
            Buf::Owned(frame) => frame,
        }
    }

    pub fn discard(self, pool: &mut FramePool) {
        if let Buf::Owned(frame) = self {
            pool.put(frame);
        }
    }
}
