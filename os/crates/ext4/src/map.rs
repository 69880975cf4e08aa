//! From a file's blocks to the volume's: extent trees and the older block maps.

use crate::{
    Disk, Error, Ext4, Inode,
    bytes::{hi_lo, le16, le32},
};
use alloc::vec;

/// The deepest tree that the format allows.
const MAX_DEPTH: u16 = 5;

/// Consecutive blocks of a file that are consecutive on the volume, or a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First block on the volume; `None` reads as zeroes.
    pub start: Option<u64>,
    /// How many blocks, at least one.
    pub len: u64,
}

impl<D: Disk> Ext4<D> {
    /// Fills `buf` with the file's bytes from `offset` on and returns how many were
    /// before its end; what is after the end is zero. `offset` and `buf.len()` are
    /// multiples of 512.
    pub fn read(&self, inode: &Inode, offset: u64, buf: &mut [u8]) -> Result<usize, Error> {
        let wanted = inode.size.saturating_sub(offset).min(buf.len() as u64) as usize;
        let mut done = 0;
        while done < wanted {
            let at = offset + done as u64;
            let within = at % self.block_size;
            let run = self.find(inode, at / self.block_size)?;
            let bytes = run.len.saturating_mul(self.block_size) - within;
            // Whole sectors, also behind the end of the file; cut to zero below.
            let len = bytes.min((wanted - done).next_multiple_of(512) as u64) as usize;
            let part = &mut buf[done..done + len];
            match run.start {
                None => part.fill(0),
                Some(start) => {
                    if start
                        .checked_add(run.len)
                        .is_none_or(|end| end > self.blocks)
                    {
                        return Err(Error::Corrupt("block number"));
                    }
                    self.disk.read(start * self.block_size + within, part)?;
                }
            }
            done += len;
        }
        buf[wanted..].fill(0);
        Ok(wanted)
    }

    /// The run that the file's block `block` is in, from that block on.
    pub fn find(&self, inode: &Inode, block: u64) -> Result<Run, Error> {
        let block = u32::try_from(block).map_err(|_| Error::Corrupt("file size"))?;
        if inode.has_extents() {
            self.find_extent(inode, block)
        } else {
            self.find_mapped(inode, block)
        }
    }

    fn find_extent(&self, inode: &Inode, block: u32) -> Result<Run, Error> {
        let mut node = inode.map.to_vec();
        let mut expected = None;
        // The first block of the file that lies behind the sub-tree we are in.
        let mut limit = u64::from(u32::MAX) + 1;
        loop {
            let (count, depth) = (usize::from(le16(&node, 2)), le16(&node, 6));
            if le16(&node, 0) != 0xf30a || (count + 1) * 12 > node.len() {
                return Err(Error::Corrupt("extent header"));
            }
            // Each level is one lower than its parent, so the walk ends.
            if depth > MAX_DEPTH || expected.is_some_and(|d| d != depth) {
                return Err(Error::Corrupt("extent depth"));
            }
            let entries = || node[12..(count + 1) * 12].chunks_exact(12);
            let after = entries().position(|e| le32(e, 0) > block).unwrap_or(count);
            if let Some(next) = entries().nth(after) {
                limit = limit.min(le32(next, 0).into());
            }
            let Some(entry) = after.checked_sub(1).and_then(|i| entries().nth(i)) else {
                return Ok(hole(block, limit));
            };
            if depth == 0 {
                return Ok(extent_run(entry, block, limit));
            }
            expected = Some(depth - 1);
            let child = hi_lo(le16(entry, 8).into(), le32(entry, 4));
            node = vec![0; self.block_size as usize];
            self.read_block(child, &mut node)?;
        }
    }

    /// Twelve direct blocks, then trees of one, two and three levels.
    fn find_mapped(&self, inode: &Inode, block: u32) -> Result<Run, Error> {
        let per_block = self.block_size / 4;
        let mut index = u64::from(block);
        if index < 12 {
            return Ok(run_in(&inode.map[..48], index as usize));
        }
        index -= 12;
        for level in 1..=3u32 {
            let span = per_block.pow(level);
            if index >= span {
                index -= span;
                continue;
            }
            let mut pointer = u64::from(le32(&inode.map, 44 + 4 * level as usize));
            let mut table = vec![0; self.block_size as usize];
            for below in (0..level).rev() {
                let reach = per_block.pow(below);
                if pointer == 0 {
                    return Ok(Run {
                        start: None,
                        len: reach * per_block - index,
                    });
                }
                self.read_block(pointer, &mut table)?;
                if below == 0 {
                    return Ok(run_in(&table, index as usize));
                }
                pointer = le32(&table, (index / reach) as usize * 4).into();
                index %= reach;
            }
        }
        Err(Error::Corrupt("file size"))
    }
}

fn hole(block: u32, limit: u64) -> Run {
    Run {
        start: None,
        len: (limit - u64::from(block)).max(1),
    }
}

fn extent_run(entry: &[u8], block: u32, limit: u64) -> Run {
    let raw_len = le16(entry, 4);
    // Lengths above 0x8000 mark blocks that are allocated and not written.
    let (len, written) = if raw_len > 0x8000 {
        (raw_len - 0x8000, false)
    } else {
        (raw_len, true)
    };
    let skip = block - le32(entry, 0);
    if skip >= u32::from(len) {
        return hole(block, limit);
    }
    let start = hi_lo(le16(entry, 6).into(), le32(entry, 8)) + u64::from(skip);
    Run {
        start: written.then_some(start),
        len: (u32::from(len) - skip).into(),
    }
}

/// The run at `index` in a table of block numbers.
fn run_in(table: &[u8], index: usize) -> Run {
    let first = le32(table, index * 4);
    let mut len = 1;
    while (index + len) * 4 < table.len() {
        let expected = if first == 0 {
            0
        } else {
            first.wrapping_add(len as u32)
        };
        if le32(table, (index + len) * 4) != expected {
            break;
        }
        len += 1;
    }
    Run {
        start: (first != 0).then_some(first.into()),
        len: len as u64,
    }
}
