//! Directories, read in order. The hash index (htree) is laid out so that a reader
//! who does not know it sees empty records, so it needs no code here; callers keep
//! the names they read.

use crate::{
    Disk, Error, Ext4, Inode,
    bytes::{le16, le32},
};
use alloc::vec;

/// One name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name, never empty, without '/' and NUL.
    pub name: &'a [u8],
    /// Its inode.
    pub inode: u32,
    /// `d_type` of getdents64(2), 0 when the volume does not store it.
    pub d_type: u8,
}

impl<D: Disk> Ext4<D> {
    /// Calls `each` for every name except "." and "..".
    pub fn entries(&self, dir: &Inode, mut each: impl FnMut(Entry<'_>)) -> Result<(), Error> {
        if !dir.is_dir() {
            return Err(Error::Corrupt("directory type"));
        }
        // Directories have no holes, so a larger one is not true and would take for ever.
        if dir.size / self.block_size > self.blocks {
            return Err(Error::Corrupt("directory size"));
        }
        let mut block = vec![0; self.block_size as usize];
        let mut offset = 0;
        while offset < dir.size {
            self.read(dir, offset, &mut block)?;
            block_entries(&block, &mut each)?;
            offset += self.block_size;
        }
        Ok(())
    }
}

fn block_entries(block: &[u8], each: &mut impl FnMut(Entry<'_>)) -> Result<(), Error> {
    let mut at = 0;
    while at + 8 <= block.len() {
        // 65535 and 0 stand for 64 KiB, which 16 bits do not hold.
        let len = match le16(block, at + 4) {
            0 | u16::MAX if block.len() == 65536 => block.len(),
            len => usize::from(len),
        };
        let name_len = usize::from(block[at + 6]);
        if len < 8 || at + len > block.len() || name_len + 8 > len {
            return Err(Error::Corrupt("directory record"));
        }
        let inode = le32(block, at);
        let name = &block[at + 8..at + 8 + name_len];
        if inode != 0 && is_name(name) {
            each(Entry {
                name,
                inode,
                d_type: d_type(block[at + 7]),
            });
        }
        at += len;
    }
    Ok(())
}

fn is_name(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && !name.iter().any(|&b| b == b'/' || b == 0)
}

/// The format's own type numbers as DT_*.
fn d_type(stored: u8) -> u8 {
    const TYPES: [u8; 8] = [0, 8, 4, 2, 6, 1, 12, 10];
    TYPES.get(usize::from(stored)).copied().unwrap_or(0)
}
