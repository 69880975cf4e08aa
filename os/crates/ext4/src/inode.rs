//! The inode.

use crate::{
    Disk, Error, Ext4,
    bytes::{hi_lo, le16, le32},
};
use alloc::{vec, vec::Vec};

const EXTENTS: u32 = 0x8_0000;
const INLINE_DATA: u32 = 0x1000_0000;

/// Seconds and nanoseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Time {
    pub sec: i64,
    pub nsec: u32,
}

/// An inode as it is on disk.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Inode {
    pub number: u32,
    /// Type and permission bits, as `st_mode`.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub size: u64,
    pub nlink: u32,
    /// In units of 512 bytes.
    pub blocks: u64,
    pub atime: Time,
    pub mtime: Time,
    pub ctime: Time,
    pub crtime: Time,
    /// `st_rdev` of a device node.
    pub rdev: u64,
    flags: u32,
    /// `i_block`: the block map, the root of the extent tree or a short link's text.
    pub(crate) map: [u8; 60],
}

impl Inode {
    pub(crate) fn parse(number: u32, raw: &[u8]) -> Result<Inode, Error> {
        let mode = u32::from(le16(raw, 0));
        let nlink = u32::from(le16(raw, 0x1a));
        let flags = le32(raw, 0x20);
        if mode & 0o170000 == 0 || nlink == 0 {
            return Err(Error::Corrupt("free inode"));
        }
        if flags & INLINE_DATA != 0 {
            return Err(Error::Unsupported(0x8000));
        }
        let device = matches!(mode & 0o170000, 0o020000 | 0o060000);
        // What `i_extra_isize` does not cover is not there.
        let extra_end = 0x80 + usize::from(le16(raw, 0x80));
        let extra = |at: usize| {
            if at + 4 <= extra_end {
                le32(raw, at)
            } else {
                0
            }
        };
        let time = |at: usize, extra: u32| Time {
            sec: i64::from(le32(raw, at) as i32) + (i64::from(extra & 3) << 32),
            nsec: (extra >> 2).min(999_999_999),
        };
        Ok(Inode {
            number,
            mode,
            uid: u32::from(le16(raw, 0x2)) | u32::from(le16(raw, 0x78)) << 16,
            gid: u32::from(le16(raw, 0x18)) | u32::from(le16(raw, 0x7a)) << 16,
            size: hi_lo(le32(raw, 0x6c), le32(raw, 0x4)),
            nlink,
            blocks: hi_lo(le16(raw, 0x74).into(), le32(raw, 0x1c)),
            atime: time(0x8, extra(0x8c)),
            ctime: time(0xc, extra(0x84)),
            mtime: time(0x10, extra(0x88)),
            crtime: if extra_end >= 0x98 {
                time(0x90, extra(0x94))
            } else {
                Time::default()
            },
            rdev: if device { device_number(raw) } else { 0 },
            flags,
            map: core::array::from_fn(|i| raw[0x28 + i]),
        })
    }

    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        self.mode & 0o170000 == 0o040000
    }

    pub(crate) fn has_extents(&self) -> bool {
        self.flags & EXTENTS != 0
    }
}

/// `i_block[0]` has the old 8:8 encoding; when that is zero, `i_block[1]` has the new 12:20 one.
fn device_number(raw: &[u8]) -> u64 {
    let (old, new) = (le32(raw, 0x28), le32(raw, 0x2c));
    if old != 0 {
        u64::from(old & 0xffff)
    } else {
        u64::from(new)
    }
}

impl<D: Disk> Ext4<D> {
    /// The text of a symbolic link: in the inode when it is shorter than 60 bytes.
    pub fn link_target(&self, inode: &Inode) -> Result<Vec<u8>, Error> {
        if inode.mode & 0o170000 != 0o120000 || inode.size > 4096 {
            return Err(Error::Corrupt("symbolic link"));
        }
        let len = inode.size as usize;
        if len < inode.map.len() && !inode.has_extents() {
            return Ok(inode.map[..len].to_vec());
        }
        let mut text = vec![0; len.next_multiple_of(512)];
        self.read(inode, 0, &mut text)?;
        text.truncate(len);
        Ok(text)
    }
}
