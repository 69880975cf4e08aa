//! The bytes of a pipe: a queue of pages, each with a readable part.

use crate::{
    Result,
    mm::{PAGE_SIZE, UserIn, UserOut},
};
use alloc::{boxed::Box, collections::VecDeque, vec, vec::Vec};

/// Emptied pages kept for the next writes, last in first out: a ping-pong stays in the
/// same page, a stream neither allocates nor clears.
const SPARES: usize = 16;

type Page = Box<[u8]>;

/// A page with the bytes `start..end` readable.
struct Chunk {
    page: Page,
    start: usize,
    end: usize,
    /// One write in O_DIRECT mode: read(2) gives it alone and drops what does not fit.
    packet: bool,
}

/// The queue. `capacity` counts pages.
pub(super) struct Ring {
    chunks: VecDeque<Chunk>,
    spares: Vec<Page>,
    capacity: usize,
}

impl Ring {
    pub fn new(capacity: usize) -> Ring {
        Ring {
            chunks: VecDeque::new(),
            spares: Vec::new(),
            capacity,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.chunks.len() >= self.capacity
    }

    /// Pages in use.
    pub fn used(&self) -> usize {
        self.chunks.len()
    }

    /// Readable bytes.
    pub fn bytes(&self) -> usize {
        self.chunks
            .iter()
            .map(|chunk| chunk.end - chunk.start)
            .sum()
    }

    /// Bytes that certainly fit: the free pages.
    pub fn room(&self) -> usize {
        self.capacity.saturating_sub(self.chunks.len()) * PAGE_SIZE
    }

    pub fn set_capacity(&mut self, pages: usize) {
        self.capacity = pages;
    }

    pub fn clear(&mut self) {
        self.chunks.clear();
        self.spares.clear();
    }

    /// Moves bytes out until `out` is full, the ring is empty or a packet ended.
    /// `EFAULT` only when nothing was moved.
    pub fn pop(&mut self, out: &mut UserOut<'_>) -> Result<usize> {
        let mut total = 0;
        while let Some(chunk) = self.chunks.front_mut() {
            let want = (chunk.end - chunk.start).min(out.remaining());
            if want == 0 {
                break;
            }
            let moved = match out.write(&chunk.page[chunk.start..chunk.start + want]) {
                Ok(moved) => moved,
                Err(error) if total == 0 => return Err(error),
                Err(_) => break,
            };
            total += moved;
            let packet = chunk.packet;
            self.consume(if packet { usize::MAX } else { moved });
            if packet || moved < want {
                break;
            }
        }
        Ok(total)
    }

    /// Drops `count` bytes of the first page (all of it for `usize::MAX`).
    pub fn consume(&mut self, count: usize) {
        let Some(chunk) = self.chunks.front_mut() else {
            return;
        };
        chunk.start = chunk.start.saturating_add(count).min(chunk.end);
        if chunk.start == chunk.end
            && let Some(chunk) = self.chunks.pop_front()
            && self.spares.len() < SPARES
        {
            self.spares.push(chunk.page);
        }
    }

    /// The readable bytes of the `index`th page, and whether they are a packet.
    pub fn chunk(&self, index: usize) -> Option<(&[u8], bool)> {
        let chunk = self.chunks.get(index)?;
        Some((&chunk.page[chunk.start..chunk.end], chunk.packet))
    }

    /// Moves bytes in until `data` is empty or the ring full; with `whole` all or
    /// nothing. `EFAULT` only when nothing was moved.
    pub fn push(&mut self, data: &mut UserIn<'_>, packets: bool, whole: bool) -> Result<()> {
        let before = data.remaining();
        // What does not fill a page joins the last page if all of it fits there, as Linux merges.
        let odd = before % PAGE_SIZE;
        if odd != 0
            && !packets
            && let Some(last) = self.chunks.back_mut()
            && !last.packet
            && last.end + odd <= PAGE_SIZE
        {
            let moved = data.read(&mut last.page[last.end..last.end + odd])?;
            last.end += moved;
            if moved < odd {
                return Ok(());
            }
        } else if whole && self.is_full() {
            return Ok(());
        }
        while data.remaining() > 0 && !self.is_full() {
            let mut page = self
                .spares
                .pop()
                .unwrap_or_else(|| vec![0; PAGE_SIZE].into());
            let want = data.remaining().min(PAGE_SIZE);
            let end = match data.read(&mut page[..want]) {
                Ok(end) => end,
                Err(error) if data.remaining() == before => return Err(error),
                Err(_) => break,
            };
            self.chunks.push_back(Chunk {
                page,
                start: 0,
                end,
                packet: packets,
            });
            if end < want {
                break;
            }
        }
        Ok(())
    }
}
