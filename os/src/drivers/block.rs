//! [`Block`]: disks, as `fs` sees them.
//!
//! `fs` reads the root image and the job disk through this trait. Calls may sleep
//! (or spin, before threads run), so never under a spin lock.

use core::fmt;

/// Bytes in a sector, whatever the disk's own block size (virtio 1.2, 5.2.4).
pub const SECTOR_SIZE: usize = 512;

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockError {
    /// Beyond the end, or a buffer that is no multiple of [`SECTOR_SIZE`].
    BadRequest,
    /// The disk could not do it.
    Io,
    /// The disk is read-only.
    ReadOnly,
    /// The disk does not know this request.
    Unsupported,
    /// The device broke the protocol or does not answer; nothing works any more.
    Dead,
}

/// One contiguous piece of a batched read.
pub struct ReadPiece<'a> {
    /// First sector.
    pub sector: u64,
    /// Where it goes; a multiple of [`SECTOR_SIZE`].
    pub buf: &'a mut [u8],
}

/// A disk. Methods lock inside; any number of threads may call at once.
pub trait Block: Send + Sync {
    /// `vda`, `vdb`, … in the order in which disks were found.
    fn name(&self) -> &str;

    /// Size in sectors of 512 bytes.
    fn sectors(&self) -> u64;

    /// Whether writes are refused.
    fn read_only(&self) -> bool;

    /// Reads several pieces with one notification of the device. All or nothing:
    /// after an error the buffers hold anything. May sleep.
    fn read_batch(&self, pieces: &mut [ReadPiece<'_>]) -> Result<(), BlockError>;

    /// Writes `buf` (a multiple of [`SECTOR_SIZE`]) at `sector`. May sleep.
    fn write(&self, sector: u64, buf: &[u8]) -> Result<(), BlockError>;

    /// Makes earlier writes durable. May sleep.
    fn flush(&self) -> Result<(), BlockError>;

    /// Fills `buf` (a multiple of [`SECTOR_SIZE`]) from `sector`. May sleep.
    fn read(&self, sector: u64, buf: &mut [u8]) -> Result<(), BlockError> {
        self.read_batch(&mut [ReadPiece { sector, buf }])
    }
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BlockError::BadRequest => "outside the disk or not whole sectors",
            BlockError::Io => "the disk reports an i/o error",
            BlockError::ReadOnly => "the disk is read-only",
            BlockError::Unsupported => "the disk does not support the request",
            BlockError::Dead => "the disk broke the protocol or does not answer",
        })
    }
}
