//! The superblock and the group descriptors.

use crate::{
    Disk, Error, Inode,
    bytes::{hi_lo, le16, le32},
};
use alloc::{vec, vec::Vec};

/// The inode number of the root directory.
pub const ROOT: u32 = 2;

const MAGIC: u16 = 0xef53;
const RECOVER: u32 = 0x4;
const WIDE: u32 = 0x80; // INCOMPAT_64BIT
/// FILETYPE, RECOVER, EXTENTS, 64BIT, MMP, FLEX_BG, EA_INODE, CSUM_SEED, LARGEDIR.
const READABLE: u32 = 0x2 | RECOVER | 0x40 | WIDE | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000;

/// An ext2/3/4 volume.
pub struct Ext4<D> {
    pub(crate) disk: D,
    pub(crate) block_size: u64,
    pub(crate) blocks: u64,
    inode_size: u64,
    inodes_per_group: u32,
    /// Byte offset of each group's inode table.
    inode_tables: Vec<u64>,
    usage: Usage,
    incompat: u32,
    uuid: [u8; 16],
}

/// What statfs(2) tells.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Usage {
    pub block_size: u64,
    pub blocks: u64,
    pub blocks_free: u64,
    pub inodes: u64,
    pub inodes_free: u64,
}

impl<D: Disk> Ext4<D> {
    /// Reads the superblock and the group descriptors.
    pub fn open(disk: D) -> Result<Ext4<D>, Error> {
        let mut sb = [0; 1024];
        disk.read_meta(1024, &mut sb)?;
        if le16(&sb, 0x38) != MAGIC {
            return Err(Error::NotExt4);
        }
        let dynamic = le32(&sb, 0x4c) >= 1; // revision 0 has fixed sizes and no features
        let incompat = if dynamic { le32(&sb, 0x60) } else { 0 };
        if incompat & !READABLE != 0 {
            return Err(Error::Unsupported(incompat & !READABLE));
        }
        let wide = incompat & WIDE != 0;
        let high = |at| if wide { le32(&sb, at) } else { 0 };
        let log_block_size = le32(&sb, 0x18);
        if log_block_size > 6 {
            return Err(Error::Corrupt("block size"));
        }
        let block_size = 1024u64 << log_block_size;
        let blocks = hi_lo(high(0x150), le32(&sb, 0x4));
        let first_data_block = u64::from(le32(&sb, 0x14));
        let blocks_per_group = u64::from(le32(&sb, 0x20));
        let inodes_per_group = le32(&sb, 0x28);
        let inodes = le32(&sb, 0);
        let inode_size = if dynamic {
            u64::from(le16(&sb, 0x58))
        } else {
            128
        };
        // Byte offsets must fit 64 bits, as must the sums that the readers make.
        if blocks > 1 << 46 {
            return Err(Error::Corrupt("block count"));
        }
        if blocks_per_group == 0 || inodes_per_group == 0 || first_data_block >= blocks {
            return Err(Error::Corrupt("geometry"));
        }
        if !inode_size.is_power_of_two() || inode_size < 128 || inode_size > block_size {
            return Err(Error::Corrupt("inode size"));
        }
        let groups = (blocks - first_data_block).div_ceil(blocks_per_group);
        if groups > u64::from(inodes.div_ceil(inodes_per_group)) {
            return Err(Error::Corrupt("group count"));
        }
        let descriptor = match le16(&sb, 0xfe) {
            size if wide && (64..=1024).contains(&size) => usize::from(size),
            _ if wide => return Err(Error::Corrupt("descriptor size")),
            _ => 32,
        };
        let mut ext4 = Ext4 {
            disk,
            block_size,
            blocks,
            inode_size,
            inodes_per_group,
            inode_tables: Vec::new(),
            usage: Usage {
                block_size,
                blocks,
                blocks_free: hi_lo(high(0x158), le32(&sb, 0xc)),
                inodes: inodes.into(),
                inodes_free: le32(&sb, 0x10).into(),
            },
            incompat,
            uuid: core::array::from_fn(|i| sb[0x68 + i]),
        };
        ext4.read_descriptors(first_data_block + 1, groups as usize, descriptor)?;
        Ok(ext4)
    }

    fn read_descriptors(&mut self, block: u64, groups: usize, size: usize) -> Result<(), Error> {
        let bytes = groups * size;
        let mut table = vec![0; bytes.next_multiple_of(self.block_size as usize)];
        for (i, chunk) in table.chunks_mut(self.block_size as usize).enumerate() {
            self.read_block(block + i as u64, chunk)?;
        }
        for descriptor in table[..bytes].chunks_exact(size) {
            let table = hi_lo(le32(descriptor, 0x28), le32(descriptor, 0x8));
            if table >= self.blocks {
                return Err(Error::Corrupt("inode table"));
            }
            self.inode_tables.push(table * self.block_size);
        }
        Ok(())
    }

    /// Reads the inode with this number. A free inode is `Corrupt`: names must not lead to it.
    pub fn inode(&self, number: u32) -> Result<Inode, Error> {
        let index = number
            .checked_sub(1)
            .ok_or(Error::Corrupt("inode number"))?;
        let (group, slot) = (index / self.inodes_per_group, index % self.inodes_per_group);
        let table = *self
            .inode_tables
            .get(group as usize)
            .ok_or(Error::Corrupt("inode number"))?;
        let offset = table + u64::from(slot) * self.inode_size;
        // Inodes smaller than a sector share one.
        let mut buf = vec![0; self.inode_size.max(512) as usize];
        let start = offset / buf.len() as u64 * buf.len() as u64;
        self.disk.read_meta(start, &mut buf)?;
        let within = (offset - start) as usize;
        let raw = &buf[within..within + self.inode_size as usize];
        Inode::parse(number, raw)
    }

    /// statfs(2).
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// The volume's UUID.
    pub fn uuid(&self) -> [u8; 16] {
        self.uuid
    }

    /// The journal holds changes that are not in place yet (the volume was not unmounted).
    pub fn needs_recovery(&self) -> bool {
        self.incompat & RECOVER != 0
    }

    /// Reads one metadata block whole (`buf` has the block size).
    pub(crate) fn read_block(&self, block: u64, buf: &mut [u8]) -> Result<(), Error> {
        if block >= self.blocks {
            return Err(Error::Corrupt("block number"));
        }
        self.disk.read_meta(block * self.block_size, buf)
    }
}
