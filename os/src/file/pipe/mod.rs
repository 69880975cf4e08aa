//! Pipes and FIFOs. pipe(7), fifo(7).
//!
//! What it is: [`Pipe`], a ring of pages with counted readers and writers, and
//! [`PipeEnd`], the [`File`] that holds one or both ends. Who calls: pipe2(2) makes a
//! [`pair`]; `fs` keeps a [`Pipe`] in the inode and calls [`Pipe::open`]; splice
//! and tee work on the ring. Who locks: the ring has a sleeping lock, because user
//! memory is copied under it; readiness is kept beside it in atomics, so that poll
//! never sleeps. Typical sequence of a write:
//!
//! ```text
//! PipeEnd::write -> ring.push (all of it, or nothing up to PIPE_BUF) -> wake readers, pollers
//!                -> full: sleep on `room`, woken by the reader that frees a page
//! ```

mod fifo;
mod ring;
mod splice;

use ring::Ring;

use super::{Events, File, Io, OpenFile, VectorFlags, anon_stat, hooks, new_ino};
use crate::{
    Result,
    mm::{PAGE_SIZE, UserIn, UserOut, UserPtr},
    sched::{self, Interruptible, WaitQueue},
    sync::Mutex,
};
use abi::{
    Errno,
    general::{CAP_SYS_RESOURCE, FASYNC, O_DIRECT, O_NONBLOCK, O_RDONLY, O_WRONLY},
};
use alloc::{format, string::String, sync::Arc};
use core::{
    any::Any,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
};

/// Writes of up to this many bytes are not torn. pipe(7).
pub const PIPE_BUF: usize = 4096;
/// 64 KiB, the capacity of a new pipe. pipe(7).
const DEFAULT_PAGES: usize = 16;
/// /proc/sys/fs/pipe-max-size: F_SETPIPE_SZ beyond needs CAP_SYS_RESOURCE.
static MAX_SIZE: AtomicUsize = AtomicUsize::new(1 << 20);

/// The value of /proc/sys/fs/pipe-max-size, in bytes.
pub fn max_size() -> usize {
    MAX_SIZE.load(Relaxed)
}

/// Changes it, to a power of two of whole pages. `EINVAL` beyond 2 GiB and for 0.
pub fn set_max_size(bytes: usize) -> Result<()> {
    if bytes == 0 || bytes > 1 << 31 {
        return Err(Errno::EINVAL);
    }
    MAX_SIZE.store(bytes.next_power_of_two().max(PAGE_SIZE), Relaxed);
    Ok(())
}

/// The object that both ends share.
pub struct Pipe {
    ring: Mutex<Ring>,
    /// Pages in use, as of the last change of the ring.
    used: AtomicUsize,
    /// Pages that may be used.
    capacity: AtomicUsize,
    readers: AtomicUsize,
    writers: AtomicUsize,
    /// How often an end was opened; a blocked FIFO open waits for the other's to move.
    reader_opens: AtomicUsize,
    writer_opens: AtomicUsize,
    /// A writer had O_ASYNC once: each read is told, not only the one that makes room.
    signals_room: AtomicBool,
    /// Readers sleep here.
    data: WaitQueue,
    /// Writers sleep here.
    room: WaitQueue,
    /// poll, select and epoll wait here, and blocked opens of a FIFO.
    pollers: WaitQueue,
    ino: u64,
}

/// One or both ends of a pipe, as an open file.
pub struct PipeEnd {
    pipe: Arc<Pipe>,
    reads: bool,
    writes: bool,
    /// O_DIRECT: each write is a packet.
    packets: AtomicBool,
    /// It went through splice(2), tee(2) or vmsplice(2): RWF_NOWAIT is no longer promised, as on Linux.
    spliced: AtomicBool,
    /// `writer_opens` when a FIFO was opened for reading without a writer: no POLLHUP until one came.
    no_writer_since: Option<usize>,
}

/// pipe2(2): the reading and the writing description. `flags`: O_NONBLOCK, O_DIRECT.
pub fn pair(flags: u32) -> (Arc<OpenFile>, Arc<OpenFile>) {
    let pipe = Pipe::new();
    let flags = flags & (O_NONBLOCK | O_DIRECT);
    let reader = PipeEnd::new(pipe.clone(), true, false, flags);
    let writer = PipeEnd::new(pipe, false, true, flags);
    (
        OpenFile::new(Arc::new(reader), O_RDONLY | flags),
        OpenFile::new(Arc::new(writer), O_WRONLY | flags),
    )
}

impl Pipe {
    /// Empty, without ends.
    pub fn new() -> Arc<Pipe> {
        Arc::new(Pipe {
            ring: Mutex::new(Ring::new(DEFAULT_PAGES)),
            used: AtomicUsize::new(0),
            capacity: AtomicUsize::new(DEFAULT_PAGES),
            readers: AtomicUsize::new(0),
            writers: AtomicUsize::new(0),
            reader_opens: AtomicUsize::new(0),
            writer_opens: AtomicUsize::new(0),
            signals_room: AtomicBool::new(false),
            data: WaitQueue::new(),
            room: WaitQueue::new(),
            pollers: WaitQueue::new(),
            ino: new_ino(),
        })
    }

    /// One attempt to take bytes out; `None` when a writer may still bring some.
    fn try_read(&self, out: &mut UserOut<'_>) -> Option<Result<usize>> {
        let mut ring = self.ring.lock();
        if ring.is_empty() {
            return (self.writers.load(Relaxed) == 0).then_some(Ok(0));
        }
        let was_full = ring.is_full();
        let result = ring.pop(out);
        self.used.store(ring.used(), Relaxed);
        let room = was_full && !ring.is_full();
        drop(ring);
        if room || self.signals_room.load(Relaxed) {
            self.wake_writers();
        }
        Some(result)
    }

    /// One attempt to put bytes in. `Some` when everything went in or nothing more
    /// can; `None` to wait for room.
    fn try_write(&self, data: &mut UserIn<'_>, packets: bool, whole: bool) -> Option<Result<()>> {
        if self.readers.load(Relaxed) == 0 {
            return Some(Err(Errno::EPIPE));
        }
        let mut ring = self.ring.lock();
        let before = data.remaining();
        let result = ring.push(data, packets, whole);
        self.used.store(ring.used(), Relaxed);
        drop(ring);
        if data.remaining() != before {
            self.wake_readers();
        }
        match result {
            Err(error) => Some(Err(error)),
            Ok(()) if data.remaining() == 0 => Some(Ok(())),
            Ok(()) => None,
        }
    }

    fn wake_readers(&self) {
        self.data.wake(Events::IN | Events::RDNORM);
        self.pollers.wake(Events::IN | Events::RDNORM);
    }

    fn wake_writers(&self) {
        self.room.wake(Events::OUT | Events::WRNORM);
        self.pollers.wake(Events::OUT | Events::WRNORM);
    }

    fn wake_everybody(&self) {
        let all =
            Events::IN | Events::OUT | Events::RDNORM | Events::WRNORM | Events::ERR | Events::HUP;
        self.data.wake(all);
        self.room.wake(all);
        self.pollers.wake(all);
    }
}

impl PipeEnd {
    fn new(pipe: Arc<Pipe>, reads: bool, writes: bool, flags: u32) -> PipeEnd {
        if reads {
            pipe.readers.fetch_add(1, Relaxed);
            pipe.reader_opens.fetch_add(1, Relaxed);
        }
        if writes {
            pipe.writers.fetch_add(1, Relaxed);
            pipe.writer_opens.fetch_add(1, Relaxed);
        }
        PipeEnd {
            pipe,
            reads,
            writes,
            packets: AtomicBool::new(flags & O_DIRECT != 0),
            spliced: AtomicBool::new(false),
            no_writer_since: None,
        }
    }

    /// The pipe end behind a description, if it is one.
    pub fn of(file: &OpenFile) -> Option<&PipeEnd> {
        file.file.as_any().downcast_ref()
    }

    /// splice(2) and its kin begin.
    pub fn splices(&self) {
        self.spliced.store(true, Relaxed);
    }

    /// F_GETPIPE_SZ: bytes.
    pub fn capacity(&self) -> usize {
        self.pipe.capacity.load(Relaxed) * PAGE_SIZE
    }

    /// F_SETPIPE_SZ: at least `bytes`, rounded up to a power of two of pages; returns
    /// the new capacity. `EBUSY` when more is in use, `EPERM` above the limit.
    pub fn resize(&self, bytes: u32) -> Result<usize> {
        if bytes > 1 << 31 {
            return Err(Errno::EINVAL);
        }
        let pages = (bytes as usize)
            .div_ceil(PAGE_SIZE)
            .max(1)
            .next_power_of_two();
        let growing = pages * PAGE_SIZE > self.capacity();
        if growing && pages * PAGE_SIZE > max_size() && !hooks::tasks().capable(CAP_SYS_RESOURCE) {
            return Err(Errno::EPERM);
        }
        let mut ring = self.pipe.ring.lock();
        if ring.used() > pages {
            return Err(Errno::EBUSY);
        }
        ring.set_capacity(pages);
        self.pipe.capacity.store(pages, Relaxed);
        drop(ring);
        self.pipe.wake_writers();
        Ok(pages * PAGE_SIZE)
    }
}

impl File for PipeEnd {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        if out.remaining() == 0 {
            return Ok(0);
        }
        let pipe = &*self.pipe;
        if let Some(done) = pipe.try_read(out) {
            return done;
        }
        if io.nonblock {
            return Err(Errno::EAGAIN);
        }
        sched::wait_until(&[&pipe.data], None, Interruptible::Yes, || {
            pipe.try_read(out)
        })?
    }

    fn write(&self, io: Io, data: &mut UserIn<'_>) -> Result<usize> {
        let total = data.remaining();
        if total == 0 {
            return Ok(0);
        }
        let pipe = &*self.pipe;
        let (packets, whole) = (self.packets.load(Relaxed), total <= PIPE_BUF);
        let done = match pipe.try_write(data, packets, whole) {
            Some(done) => done,
            None if io.nonblock => Err(Errno::EAGAIN),
            None => sched::wait_until(&[&pipe.room], None, Interruptible::Yes, || {
                pipe.try_write(data, packets, whole)
            })
            .flatten(),
        };
        let written = total - data.remaining();
        match done {
            Err(error) if written == 0 => Err(error),
            _ => Ok(written),
        }
    }

    fn poll(&self) -> Events {
        let pipe = &*self.pipe;
        let used = pipe.used.load(Relaxed);
        let mut events = Events::empty();
        if self.reads {
            if used > 0 {
                events |= Events::IN | Events::RDNORM;
            }
            let opens = pipe.writer_opens.load(Relaxed);
            if pipe.writers.load(Relaxed) == 0 && self.no_writer_since != Some(opens) {
                events |= Events::HUP;
            }
        }
        if self.writes {
            if used < pipe.capacity.load(Relaxed) {
                events |= Events::OUT | Events::WRNORM;
            }
            // Linux: an end without a reader reports POLLERR.
            if pipe.readers.load(Relaxed) == 0 {
                events |= Events::ERR;
            }
        }
        events
    }

    fn queue(&self) -> Option<&WaitQueue> {
        Some(&self.pipe.pollers)
    }

    fn ioctl(&self, request: u32, arg: usize) -> Result<usize> {
        match request {
            abi::ioctl::FIONREAD => {
                let bytes = self.pipe.ring.lock().bytes();
                UserPtr::new(arg).write(&(bytes as i32))?;
                Ok(0)
            }
            _ => Err(Errno::ENOTTY),
        }
    }

    fn stat(&self) -> Result<abi::general::stat> {
        const S_IFIFO: u32 = 0o010000;
        Ok(anon_stat(S_IFIFO | 0o600, self.pipe.ino))
    }

    fn flags_changed(&self, flags: u32) {
        self.packets.store(flags & O_DIRECT != 0, Relaxed);
        if self.writes && flags & FASYNC != 0 {
            self.pipe.signals_room.store(true, Relaxed);
        }
    }

    fn vector_flags(&self) -> (VectorFlags, VectorFlags) {
        let takes = match self.spliced.load(Relaxed) {
            true => VectorFlags::Waits,
            false => VectorFlags::All,
        };
        (takes, takes)
    }

    fn link_name(&self) -> String {
        format!("pipe:[{}]", self.pipe.ino)
    }

    fn reopen(&self, flags: u32) -> Result<Arc<dyn File>> {
        self.pipe.open(flags)
    }

    fn release(&self) {
        let pipe = &*self.pipe;
        if self.reads {
            pipe.readers.fetch_sub(1, Relaxed);
        }
        if self.writes {
            pipe.writers.fetch_sub(1, Relaxed);
        }
        let (readers, writers) = (pipe.readers.load(Relaxed), pipe.writers.load(Relaxed));
        if readers == 0 && writers == 0 {
            // What nobody read is lost with the last end, also in a FIFO. fifo(7)
            pipe.ring.lock().clear();
            pipe.used.store(0, Relaxed);
        } else if readers == 0 || writers == 0 {
            pipe.wake_everybody();
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
