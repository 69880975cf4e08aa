//! Open files: the [`File`] trait, open file descriptions and descriptor tables,
//! and the files that are not in a file system: pipes, eventfd, timerfd, signalfd,
//! epoll, terminals.
//!
//! `syscall` looks a descriptor up, calls the [`File`] and returns. `fs` and `net`
//! implement [`File`] for inodes and sockets.

pub mod async_io;
pub mod epoll;
pub mod eventfd;
pub mod hooks;
pub mod lock;
pub mod open;
pub mod pipe;
pub mod signalfd;
pub mod table;
pub mod timerfd;
pub mod transfer;
pub mod tty;

mod anon;

pub use crate::sched::Events;
pub use anon::{anon_stat, new_ino};
pub use open::{OpenFile, Owner, seek_in};
pub use table::{Fd, FdTable};

use crate::{
    Result,
    mm::{Backing, UserIn, UserOut},
    sched::WaitQueue,
};
use abi::Errno;
use alloc::sync::Arc;
use core::any::Any;

/// An open object. One per open file description; shared by every descriptor and
/// process that holds it. All methods may sleep unless they say otherwise.
///
/// `nonblock` in [`Io`] is the description's O_NONBLOCK (or RWF_NOWAIT,
/// MSG_DONTWAIT): the method then answers `EAGAIN` instead of sleeping.
pub trait File: Any + Send + Sync {
    /// read(2), pread(2). Files without a position ignore `io.offset`.
    fn read(&self, _io: Io, _out: &mut UserOut<'_>) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    /// write(2), pwrite(2). `io.append`: at the end, whatever the offset.
    fn write(&self, _io: Io, _data: &mut UserIn<'_>) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    /// Whether the file has a position (`lseek` works, pread is allowed); `ESPIPE` otherwise.
    fn seekable(&self) -> bool {
        false
    }

    /// Size in bytes for SEEK_END.
    fn size(&self) -> Result<u64> {
        Err(Errno::ESPIPE)
    }

    /// Where lseek(2) leads from `current`; the default knows a file without holes.
    fn seek(&self, current: u64, offset: i64, whence: u32) -> Result<u64> {
        seek_in(|| self.size(), current, offset, whence)
    }

    /// lseek(2) of a file without a position: most answer `ESPIPE`; those for which
    /// this is true stay at 0 and say so (eventfd and its kin, as on Linux).
    fn ignores_seek(&self) -> bool {
        false
    }

    /// Readiness now, never blocking. [`File::queue`] is woken at each change.
    fn poll(&self) -> Events;

    /// Who is woken when [`File::poll`] changes; `None`: always ready.
    fn queue(&self) -> Option<&WaitQueue> {
        None
    }

    /// The record locks of the file, for fcntl(2) and flock(2); `None` for files without a name.
    fn locks(&self) -> Option<&lock::Locks> {
        None
    }

    /// F_ADD_SEALS and, with nothing to add, F_GET_SEALS: the seals afterwards. `EINVAL` where sealing is unknown.
    fn seals(&self, _add: Option<u32>) -> Result<u32> {
        Err(Errno::EINVAL)
    }

    /// ioctl(2); `arg` is a number or a user address. `ENOTTY` when unknown.
    fn ioctl(&self, _request: u32, _arg: usize) -> Result<usize> {
        Err(Errno::ENOTTY)
    }

    /// fstat(2).
    fn stat(&self) -> Result<abi::general::stat>;

    /// ftruncate(2).
    fn truncate(&self, _len: u64) -> Result<()> {
        Err(Errno::EINVAL)
    }

    /// getdents64(2): appends records until `out` is full; `cookie` is the directory position, returns the next one.
    fn read_dir(&self, _cookie: u64, _out: &mut UserOut<'_>) -> Result<u64> {
        Err(Errno::ENOTDIR)
    }

    /// What mmap(2) of this file shows; `ENODEV` when it cannot be mapped.
    fn backing(&self) -> Result<Arc<dyn Backing>> {
        Err(Errno::ENODEV)
    }

    /// fsync(2), fdatasync(2). `EINVAL` where the object does not support it.
    fn sync(&self) -> Result<()> {
        Err(Errno::EINVAL)
    }

    /// fcntl(F_SETFL) changed the flags (O_NONBLOCK, O_ASYNC, O_APPEND); most files do not care.
    fn flags_changed(&self, _flags: u32) {}

    /// Whether [`Events::PRI`] means urgent data, of which an owner hears by SIGURG.
    fn has_urgent_data(&self) -> bool {
        false
    }

    /// Whether SPLICE_F_NONBLOCK is about reading from this, too, and not about the pipe alone.
    fn heeds_splice_nonblock(&self) -> bool {
        false
    }

    /// What the object adds to /proc/self/fdinfo/N: whole lines. proc_pid_fdinfo(5).
    fn info(&self) -> alloc::string::String {
        alloc::string::String::new()
    }

    /// The text of /proc/self/fd/N: a path, `socket:[123]`, `pipe:[45]`, `anon_inode:[eventpoll]`.
    fn link_name(&self) -> alloc::string::String;

    /// Called once when the last descriptor of the description is closed (not at
    /// every close). May not fail; may sleep only where Linux's close does (SO_LINGER).
    fn release(&self) {}

    /// The name through which the file was opened, an `fs::Place`; `None` for files without a name.
    fn place(&self) -> Option<&dyn Any> {
        None
    }

    /// open(2) of /proc/self/fd/N where N has no name: another description of the
    /// object (pipes); `ENXIO` where Linux has none (sockets, eventfd, …).
    fn reopen(&self, _flags: u32) -> Result<Arc<dyn File>> {
        Err(Errno::ENXIO)
    }

    /// Whether sendfile(2) and splice(2) may read from it or write to it; not with what has no bytes but
    /// events (eventfd and its kin): `EINVAL`.
    fn can_splice(&self) -> bool {
        true
    }

    /// Whether sendfile(2) and splice(2) may read from it: `EINVAL` for what can only be spliced to.
    fn can_splice_from(&self) -> bool {
        self.can_splice()
    }

    /// What RWF_* may be asked of reading and of writing.
    fn vector_flags(&self) -> (VectorFlags, VectorFlags) {
        (VectorFlags::All, VectorFlags::All)
    }

    /// Whether O_ASYNC does something: Linux has it for sockets, pipes, terminals and inotify.
    fn signals_owner(&self) -> bool {
        true
    }

    /// Whether room to write is news to an owner; asked when there is, and forgotten then.
    fn wanted_room(&self) -> bool {
        true
    }

    /// Whether what happens now is the doing of a call on this very object, of which an owner hears nothing.
    fn acts_itself(&self) -> bool {
        false
    }

    /// For the rooms that need their own kind back: `file.as_any().downcast_ref::<Socket>()`.
    fn as_any(&self) -> &dyn Any;
}

/// Which RWF_* a file takes in one direction. preadv2(2)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VectorFlags {
    /// It cannot be read (written) at all: `EINVAL`, whatever the flags.
    Absent,
    /// Not through vectors: nothing but RWF_HIPRI.
    Plain,
    /// All but RWF_NOWAIT.
    Waits,
    /// All.
    All,
}

/// How one transfer is to be done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Io {
    /// Byte position, for files that have one.
    pub offset: u64,
    /// Do not sleep.
    pub nonblock: bool,
    /// O_APPEND.
    pub append: bool,
    /// More of the same message follows: MSG_MORE to a socket. sendfile(2), SPLICE_F_MORE.
    pub more: bool,
}
