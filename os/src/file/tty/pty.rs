//! Pseudoterminals: /dev/ptmx and /dev/pts/N. pty(7).
//!
//! What it is: [`Master`], the file of the program that plays the keyboard and the
//! screen, and a [`Tty`] whose wire is a buffer that the master reads. Who calls: `fs`
//! opens /dev/ptmx with [`open_master`] and registers [`set_names`], through which
//! /dev/pts/N comes and goes. Closing the master hangs the terminal up.

use super::{Tty, Wire, control};
use crate::{
    Result,
    file::{Events, File, Io, anon_stat, hooks},
    mm::{UserIn, UserOut, UserPtr},
    sched::{self, Interruptible, WaitQueue},
    sync::SpinLock,
};
use abi::{
    Errno,
    general::B38400,
    ioctl::{FIONREAD, TIOCGPTLCK, TIOCGPTN, TIOCSIG, TIOCSPTLCK},
};
use alloc::{collections::VecDeque, format, string::String, sync::Arc, vec::Vec};
use core::{
    any::Any,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

/// Bytes on their way to the master.
const CAPACITY: usize = 8192;
/// Major of /dev/pts/N; the minor is N.
pub const PTS_MAJOR: u32 = 136;
/// How many there can be (/proc/sys/kernel/pty/max).
const LIMIT: usize = 4096;

/// Makes and removes the names in /dev/pts.
pub trait Names: Sync {
    /// `open` is called with open(2)'s flags for each open of /dev/pts/`index`.
    fn add(&self, index: u32, open: Open);
    /// The name goes.
    fn remove(&self, index: u32);
}

/// See [`Names::add`].
pub type Open = alloc::boxed::Box<dyn Fn(u32) -> Result<Arc<dyn File>> + Send + Sync>;

static NAMES: SpinLock<Option<&'static dyn Names>> = SpinLock::new(None);
/// Which numbers are in use.
static USED: SpinLock<Vec<bool>> = SpinLock::new(Vec::new());

/// Called once by `fs`.
pub fn set_names(names: &'static dyn Names) {
    *NAMES.lock() = Some(names);
}

/// The terminal's output until the master reads it.
struct Line {
    bytes: SpinLock<VecDeque<u8>>,
    /// Whoever reads, writes or polls the master.
    queue: WaitQueue,
    /// Descriptions of the terminal are open.
    open: AtomicBool,
    /// There was one at some time: without any now, the master reads `EIO`.
    was_open: AtomicBool,
}

/// The master's side.
pub struct Master {
    index: u32,
    tty: Arc<Tty>,
    line: Arc<Line>,
    locked: Arc<AtomicBool>,
}

/// open(2) of /dev/ptmx: a new pair. `ENOSPC` when all numbers are in use.
pub fn open_master(_flags: u32) -> Result<Arc<dyn File>> {
    let names = (*NAMES.lock()).ok_or(Errno::ENXIO)?;
    let index = number()?;
    let line = Arc::new(Line {
        bytes: SpinLock::new(VecDeque::new()),
        queue: WaitQueue::new(),
        open: AtomicBool::new(false),
        was_open: AtomicBool::new(false),
    });
    let rdev = u64::from(PTS_MAJOR) << 8 | u64::from(index & 0xff) | u64::from(index & !0xff) << 12;
    let tty = Tty::new(format!("pts/{index}"), rdev, B38400, line.clone());
    let locked = Arc::new(AtomicBool::new(true));
    let slave = (tty.clone(), locked.clone());
    names.add(
        index,
        alloc::boxed::Box::new(move |flags| match slave.1.load(Relaxed) {
            true => Err(Errno::EIO),
            false => slave.0.open(flags),
        }),
    );
    Ok(Arc::new(Master {
        index,
        tty,
        line,
        locked,
    }))
}

fn number() -> Result<u32> {
    let mut used = USED.lock();
    let free = used.iter().position(|used| !used).unwrap_or(used.len());
    if free >= LIMIT {
        return Err(Errno::ENOSPC);
    }
    if free == used.len() {
        used.push(true);
    }
    used[free] = true;
    Ok(free as u32)
}

impl Wire for Line {
    fn room(&self) -> usize {
        CAPACITY.saturating_sub(self.bytes.lock().len())
    }

    fn send(&self, bytes: &[u8]) {
        let mut queue = self.bytes.lock();
        let count = bytes.len().min(CAPACITY.saturating_sub(queue.len()));
        queue.extend(&bytes[..count]);
        drop(queue);
        self.queue.wake(Events::IN | Events::RDNORM);
    }

    fn unsent(&self) -> usize {
        self.bytes.lock().len()
    }

    fn flush(&self) {
        self.bytes.lock().clear();
    }

    fn input_taken(&self) {
        self.queue.wake(Events::OUT | Events::WRNORM);
    }

    fn opened(&self, open: bool) {
        self.open.store(open, Relaxed);
        self.was_open.fetch_or(open, Relaxed);
        if !open {
            self.queue.wake_all();
        }
    }
}

impl Line {
    fn other_side_closed(&self) -> bool {
        self.was_open.load(Relaxed) && !self.open.load(Relaxed)
    }

    fn take(&self, out: &mut UserOut<'_>) -> Option<Result<usize>> {
        let mut total = 0;
        while out.remaining() > 0 {
            let mut chunk = [0; 512];
            let mut bytes = self.bytes.lock();
            let count = chunk.len().min(out.remaining()).min(bytes.len());
            for (to, from) in chunk.iter_mut().zip(bytes.drain(..count)) {
                *to = from;
            }
            drop(bytes);
            if count == 0 {
                break;
            }
            match out.write(&chunk[..count]) {
                Ok(written) => total += written,
                Err(error) if total == 0 => return Some(Err(error)),
                Err(_) => break,
            }
        }
        match total {
            0 if self.other_side_closed() => Some(Err(Errno::EIO)),
            0 => None,
            _ => Some(Ok(total)),
        }
    }
}

impl File for Master {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        if out.remaining() == 0 {
            return Ok(0);
        }
        let done = match io.nonblock {
            true => self.line.take(out).unwrap_or(Err(Errno::EAGAIN)),
            false => {
                let queues = [(&self.line.queue, Events::IN)];
                sched::wait_for(&queues, None, Interruptible::Yes, || self.line.take(out))?
            }
        };
        if done.is_ok() {
            self.tty.output_taken();
        }
        done
    }

    /// Typing: waits while the terminal has no room.
    fn write(&self, io: Io, data: &mut UserIn<'_>) -> Result<usize> {
        let total = data.remaining();
        let mut attempt = || {
            while data.remaining() > 0 {
                let mut chunk = [0; 256];
                let room = self.tty.input_room().min(chunk.len());
                if room == 0 {
                    return None;
                }
                let count = match data.peek(&mut chunk[..room]) {
                    Ok(count) => count,
                    Err(error) => return Some(Err(error)),
                };
                let taken = self.tty.receive(&chunk[..count]);
                data.skip(taken);
            }
            Some(Ok(()))
        };
        let done = match io.nonblock {
            true => attempt().unwrap_or(Err(Errno::EAGAIN)),
            false => {
                let queues = [(&self.line.queue, Events::OUT)];
                sched::wait_for(&queues, None, Interruptible::Yes, attempt).flatten()
            }
        };
        match (done, total - data.remaining()) {
            (Err(error), 0) => Err(error),
            (_, written) => Ok(written),
        }
    }

    fn poll(&self) -> Events {
        let mut events = Events::empty();
        if self.line.unsent() > 0 {
            events |= Events::IN | Events::RDNORM;
        }
        if self.tty.input_room() > 0 {
            events |= Events::OUT | Events::WRNORM;
        }
        if self.line.other_side_closed() {
            events |= Events::HUP;
        }
        events
    }

    fn queue(&self) -> Option<&WaitQueue> {
        Some(&self.line.queue)
    }

    fn ioctl(&self, request: u32, arg: usize) -> Result<usize> {
        match request {
            TIOCGPTN => UserPtr::new(arg).write(&self.index)?,
            TIOCSPTLCK => {
                let lock: i32 = UserPtr::new(arg).read()?;
                self.locked.store(lock != 0, Relaxed);
            }
            TIOCGPTLCK => UserPtr::new(arg).write(&i32::from(self.locked.load(Relaxed)))?,
            TIOCSIG => {
                if !(1..=64).contains(&arg) {
                    return Err(Errno::EINVAL);
                }
                if let Ok(group @ 1..) = self.tty.foreground(true) {
                    hooks::tasks().signal_group(group, arg as i32)?;
                }
            }
            FIONREAD => UserPtr::new(arg).write(&(self.line.unsent() as i32))?,
            _ => return control::common(&self.tty, request, arg, true),
        }
        Ok(0)
    }

    fn stat(&self) -> Result<abi::general::stat> {
        const S_IFCHR: u32 = 0o020000;
        let mut stat = anon_stat(S_IFCHR | 0o666, 2);
        stat.st_rdev = 5 << 8 | 2;
        Ok(stat)
    }

    fn link_name(&self) -> String {
        "/dev/ptmx".into()
    }

    fn release(&self) {
        self.tty.hang_up();
        if let Some(names) = *NAMES.lock() {
            names.remove(self.index);
        }
        if let Some(used) = USED.lock().get_mut(self.index as usize) {
            *used = false;
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
