//! The byte queue between two sockets of the same host: grows when it is needed, shows its contents in place.

use alloc::vec::Vec;

/// The first size, then four times as much each time (up to the limit of the writer and the reader).
const FIRST: usize = 4096;

#[derive(Default)]
pub(crate) struct Ring {
    buf: Vec<u8>,
    head: usize,
    len: usize,
    /// Bytes at the end that a cork still hides from the reader.
    hidden: usize,
}

impl Ring {
    /// Bytes in it, hidden ones included.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes that may be read.
    pub fn visible(&self) -> usize {
        self.len - self.hidden
    }

    /// What was hidden may be read.
    pub fn reveal(&mut self) {
        self.hidden = 0;
    }

    /// Lets `fill` write into the free bytes behind the last one, as far as they are contiguous, at most up to `limit` bytes in
    /// all. `spare` may hold a buffer to start with.
    pub fn write<R>(
        &mut self,
        limit: usize,
        hide: bool,
        spare: &mut Vec<Vec<u8>>,
        fill: impl FnOnce(&mut [u8]) -> (usize, R),
    ) -> (usize, R) {
        if self.len == self.buf.len() && self.len < limit {
            self.grow(limit, spare);
        }
        if self.len == 0 {
            // Start over where the memory was used last.
            self.head = 0;
        }
        let size = self.buf.len();
        let tail = self.head + self.len;
        let range = if tail < size {
            tail..size
        } else {
            tail - size..self.head
        };
        let most = range.start + limit.saturating_sub(self.len).min(range.len());
        let room = &mut self.buf[range.start..most];
        let longest = room.len();
        let (wrote, result) = fill(room);
        let wrote = wrote.min(longest);
        self.len += wrote;
        if hide {
            self.hidden += wrote;
        } else {
            self.hidden = 0;
        }
        (wrote, result)
    }

    fn grow(&mut self, limit: usize, spare: &mut Vec<Vec<u8>>) {
        if self.buf.is_empty()
            && let Some(buf) = spare.pop()
        {
            self.buf = buf;
            return;
        }
        let size = (self.buf.len() * 4).max(FIRST).min(limit.max(FIRST));
        let (front, back) = self.contents();
        let mut buf = Vec::with_capacity(size);
        buf.extend_from_slice(front);
        buf.extend_from_slice(back);
        buf.resize(size, 0);
        self.buf = buf;
        self.head = 0;
    }

    fn contents(&self) -> (&[u8], &[u8]) {
        let end = self.head + self.len;
        let size = self.buf.len();
        if end <= size {
            (&self.buf[self.head..end], &[])
        } else {
            (&self.buf[self.head..], &self.buf[..end - size])
        }
    }

    /// The contiguous readable bytes from `offset` on.
    pub fn peek(&self, offset: usize) -> &[u8] {
        let visible = self.visible();
        let (front, back) = self.contents();
        let (part, from, until) = if offset < front.len() {
            (front, offset, visible.min(front.len()))
        } else {
            (
                back,
                offset - front.len(),
                visible.saturating_sub(front.len()),
            )
        };
        part.get(from..until).unwrap_or_default()
    }

    /// Lets `take` look at the first readable bytes and drops as many as it says. Returns how many.
    pub fn read<R>(&mut self, take: impl FnOnce(&[u8]) -> (usize, R)) -> (usize, R) {
        let bytes = self.peek(0);
        let longest = bytes.len();
        let (took, result) = take(bytes);
        let took = took.min(longest);
        self.len -= took;
        self.head += took;
        if self.head >= self.buf.len() {
            self.head = 0;
        }
        (took, result)
    }

    /// Gives up the memory.
    pub fn release(self) -> Vec<u8> {
        self.buf
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use std::collections::VecDeque;

    #[test]
    fn behaves_like_a_queue() {
        let mut rng = Rng::new(11);
        for limit in [1, 100, 4096, 5000, 70_000] {
            let (mut ring, mut model) = (Ring::default(), VecDeque::new());
            let mut spare = Vec::new();
            for _ in 0..3000 {
                let n = rng.below(6000) as usize;
                if rng.below(2) == 0 {
                    let (wrote, ()) = ring.write(limit, false, &mut spare, |room| {
                        let n = n.min(room.len());
                        for byte in &mut room[..n] {
                            *byte = rng.u32() as u8;
                            model.push_back(*byte);
                        }
                        (n, ())
                    });
                    assert!(wrote <= n);
                } else {
                    ring.read(|bytes| {
                        let n = n.min(bytes.len());
                        for &byte in &bytes[..n] {
                            assert_eq!(Some(byte), model.pop_front());
                        }
                        (n, ())
                    });
                }
                assert_eq!(ring.len(), model.len());
                assert!(ring.len() <= limit);
                let at = rng.below(limit as u32) as usize;
                assert_eq!(ring.peek(at).first(), model.get(at));
            }
        }
    }
}
