//! Terminals: the console, pseudoterminals, job control. tty(4), pty(7), tty_ioctl(4).
//!
//! What it is: [`Tty`], a terminal: a line discipline, a window size, the session that
//! it controls, and a [`Wire`] to the screen. Who calls: `fs` opens terminals through
//! the constructors here ([`Tty::open`], [`job::open_controlling`], [`pty::open_master`]);
//! the serial line's interrupt and the master of a pseudoterminal call [`Tty::receive`].
//! Who locks: one spin lock around the state, never held over the wire, a user copy or
//! a signal; writers take turns with a sleeping lock, so that one write(2) reaches the
//! screen whole. Typical sequence of a key press:
//!
//! ```text
//! Uart interrupt -> Tty::receive -> Discipline::input -> echo to the wire
//!                                     -> line complete: wake readers; ^C: signal the foreground group
//! ```

pub mod console;
mod control;
pub mod discipline;
pub mod job;
pub mod pty;

use super::{Events, File, Io, anon_stat, hooks};
use crate::{
    Result,
    mm::{UserIn, UserOut},
    sched::{self, Interruptible, WaitQueue},
    sync::{Mutex, SpinLock},
    time,
};
use abi::{
    Errno,
    general::{IMAXBEL, SIGTTIN, SIGTTOU, TOSTOP, VMIN, VTIME, winsize},
};
use alloc::{format, string::String, sync::Arc, vec::Vec};
use core::any::Any;
use discipline::Discipline;

/// Where a terminal's output goes.
pub trait Wire: Send + Sync {
    /// Bytes that it takes now without losing any.
    fn room(&self) -> usize;

    /// Sends; drops what is beyond its room.
    fn send(&self, bytes: &[u8]);

    /// Bytes that were sent and not yet taken (TIOCOUTQ).
    fn unsent(&self) -> usize {
        0
    }

    /// Forgets what was sent and not yet taken (TCOFLUSH).
    fn flush(&self) {}

    /// A program read: there is room for input again.
    fn input_taken(&self) {}

    /// The last descriptor of the terminal was closed, or the first one opened.
    fn opened(&self, _open: bool) {}
}

/// A terminal.
pub struct Tty {
    name: String,
    /// `st_rdev`.
    rdev: u64,
    state: SpinLock<State>,
    /// Readers (IN), writers (OUT) and pollers.
    queue: WaitQueue,
    wire: Arc<dyn Wire>,
    /// Held over one write(2).
    writing: Mutex<Scratch>,
}

struct State {
    discipline: Discipline,
    size: winsize,
    /// The session that this terminal controls, and its foreground group.
    session: Option<i32>,
    foreground: Option<i32>,
    /// The other side is gone for good.
    hung_up: bool,
    /// TIOCEXCL.
    exclusive: bool,
    /// Open descriptions.
    opens: usize,
}

/// Buffers of the writer whose turn it is.
struct Scratch {
    raw: Vec<u8>,
    cooked: Vec<u8>,
}

/// How much of a write(2) is cooked at a time.
const CHUNK: usize = 2048;

/// An open terminal.
pub struct TtyFile {
    tty: Arc<Tty>,
}

impl Tty {
    /// A terminal whose name below /dev is `name`.
    pub fn new(name: String, rdev: u64, speed: u32, wire: Arc<dyn Wire>) -> Arc<Tty> {
        let tty = Arc::new(Tty {
            name,
            rdev,
            state: SpinLock::new(State {
                discipline: Discipline::new(speed),
                size: winsize {
                    ws_row: 0,
                    ws_col: 0,
                    ws_xpixel: 0,
                    ws_ypixel: 0,
                },
                session: None,
                foreground: None,
                hung_up: false,
                exclusive: false,
                opens: 0,
            }),
            queue: WaitQueue::new(),
            wire,
            writing: Mutex::new(Scratch {
                raw: Vec::new(),
                cooked: Vec::new(),
            }),
        });
        job::known(&tty);
        tty
    }

    /// open(2): becomes the controlling terminal of a session leader that has none,
    /// unless `flags` has O_NOCTTY. `EBUSY` after TIOCEXCL, `EIO` after a hangup.
    pub fn open(self: &Arc<Tty>, flags: u32) -> Result<Arc<dyn File>> {
        let mut state = self.state.lock();
        if state.hung_up {
            return Err(Errno::EIO);
        }
        if state.exclusive && !hooks::tasks().capable(abi::general::CAP_SYS_ADMIN) {
            return Err(Errno::EBUSY);
        }
        state.opens += 1;
        drop(state);
        self.wire.opened(true);
        job::acquire_on_open(self, flags);
        Ok(Arc::new(TtyFile { tty: self.clone() }))
    }

    /// Bytes from the keyboard. Callable from interrupts. Returns how many were taken.
    pub fn receive(&self, bytes: &[u8]) -> usize {
        let mut echo = Vec::new();
        let mut taken = 0;
        for &byte in bytes {
            let mut state = self.state.lock();
            if state.hung_up || state.discipline.room() == 0 {
                let beep = state.discipline.termios.c_iflag & IMAXBEL != 0;
                if beep && echo.is_empty() {
                    echo.push(7);
                }
                break;
            }
            taken += 1;
            let was_stopped = state.discipline.stopped;
            let signal = state.discipline.input(byte, &mut echo);
            let resumed = was_stopped && !state.discipline.stopped;
            let group = state.foreground;
            drop(state);
            if resumed {
                self.queue.wake(Events::OUT | Events::WRNORM);
            }
            if let (Some(signal), Some(group)) = (signal, group) {
                // An empty group is no news to a keyboard.
                let _ = hooks::tasks().signal_group(group, signal);
            }
        }
        if !echo.is_empty() {
            self.wire.send(&echo);
        }
        if self.poll().contains(Events::IN) {
            self.queue.wake(Events::IN | Events::RDNORM);
        }
        taken
    }

    /// How many bytes [`Tty::receive`] takes.
    pub fn input_room(&self) -> usize {
        self.state.lock().discipline.room()
    }

    /// The wire has room again.
    pub fn output_taken(&self) {
        self.queue.wake(Events::OUT | Events::WRNORM);
    }

    /// The other side is gone: reads end, writes fail, the session leader is told.
    pub fn hang_up(&self) {
        let mut state = self.state.lock();
        state.hung_up = true;
        let session = state.session;
        drop(state);
        if let Some(leader) = session {
            hooks::tasks().signal_process(leader, abi::general::SIGHUP as i32);
            hooks::tasks().signal_process(leader, abi::general::SIGCONT as i32);
        }
        self.queue.wake_all();
    }

    /// Readiness; see poll(2).
    fn poll(&self) -> Events {
        let state = self.state.lock();
        let discipline = &state.discipline;
        let cc = &discipline.termios.c_cc;
        let least = match !discipline.canonical() && cc[VTIME as usize] == 0 {
            true => usize::from(cc[VMIN as usize]).max(1),
            false => 1,
        };
        let mut events = Events::empty();
        if discipline.readable() >= least || state.hung_up {
            events |= Events::IN | Events::RDNORM;
        }
        if state.hung_up {
            events |= Events::HUP | Events::ERR | Events::OUT | Events::WRNORM;
        } else if !discipline.stopped && self.wire.room() > 0 {
            events |= Events::OUT | Events::WRNORM;
        }
        events
    }

    /// Moves readable bytes into `out`; `None` when there are none. The flag says that a line ended.
    fn take(&self, out: &mut UserOut<'_>) -> Option<Result<(usize, bool)>> {
        let mut total = 0;
        loop {
            let mut chunk = [0; 256];
            let want = chunk.len().min(out.remaining());
            let mut state = self.state.lock();
            if state.discipline.readable() == 0 || want == 0 {
                let hung_up = state.hung_up;
                drop(state);
                return match total {
                    0 if want > 0 && !hung_up => None,
                    0 => Some(Ok((0, true))),
                    _ => Some(Ok((total, false))),
                };
            }
            let (count, ended) = state.discipline.take(&mut chunk[..want]);
            drop(state);
            self.wire.input_taken();
            match out.write(&chunk[..count]) {
                Ok(written) if written == count => total += count,
                Ok(written) => return Some(Ok((total + written, true))),
                Err(error) if total == 0 => return Some(Err(error)),
                Err(_) => return Some(Ok((total, true))),
            }
            if ended {
                return Some(Ok((total, true)));
            }
        }
    }

    /// A read of bytes as they come: at least VMIN of them, VTIME between them. termios(3)
    fn read_raw(&self, io: Io, min: u8, tenths: u8, out: &mut UserOut<'_>) -> Result<usize> {
        let gap = u64::from(tenths) * 100_000_000;
        let least = usize::from(min).min(out.remaining()).max(1);
        let mut total = 0;
        loop {
            // VTIME alone bounds the whole read; with VMIN it runs from byte to byte.
            let deadline = match tenths > 0 && (min == 0 || total > 0) {
                true => Some(time::now().after(gap)),
                false if min == 0 => Some(time::now()),
                false => None,
            };
            let attempt = match io.nonblock {
                true => self.take(out).unwrap_or(Err(match min {
                    0 if tenths == 0 => Errno::ETIMEDOUT,
                    _ => Errno::EAGAIN,
                })),
                false => {
                    let queues = [(&self.queue, Events::IN)];
                    sched::wait_for(&queues, deadline, Interruptible::Yes, || self.take(out))
                        .flatten()
                }
            };
            match attempt {
                Ok((count, hung_up)) => {
                    total += count;
                    if total >= least || hung_up {
                        return Ok(total);
                    }
                }
                Err(Errno::ETIMEDOUT) => return Ok(total),
                Err(error) if total == 0 => return Err(error),
                Err(_) => return Ok(total),
            }
        }
    }

    /// One turn at the screen: as much of `data` as there is room for. `None` to wait for room.
    fn write_some(&self, data: &mut UserIn<'_>) -> Option<Result<()>> {
        let mut scratch = self.writing.lock();
        let Scratch { raw, cooked } = &mut *scratch;
        raw.resize(CHUNK, 0);
        while data.remaining() > 0 {
            let count = match data.peek(raw) {
                Ok(count) => count,
                Err(error) => return Some(Err(error)),
            };
            let room = self.wire.room();
            let mut state = self.state.lock();
            if state.hung_up {
                return Some(Err(Errno::EIO));
            }
            if state.discipline.stopped {
                return None;
            }
            cooked.clear();
            let done = state.discipline.output(&raw[..count], room, cooked);
            drop(state);
            if done == 0 {
                return None;
            }
            self.wire.send(cooked);
            data.skip(done);
            sched::yield_if_needed();
        }
        Some(Ok(()))
    }
}

impl File for TtyFile {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        job::check(&self.tty, SIGTTIN as i32)?;
        if out.remaining() == 0 {
            return Ok(0);
        }
        let state = self.tty.state.lock();
        let cc = state.discipline.termios.c_cc;
        let canonical = state.discipline.canonical();
        drop(state);
        if !canonical {
            return self
                .tty
                .read_raw(io, cc[VMIN as usize], cc[VTIME as usize], out);
        }
        let done = match io.nonblock {
            true => self.tty.take(out).unwrap_or(Err(Errno::EAGAIN)),
            false => {
                let queues = [(&self.tty.queue, Events::IN)];
                sched::wait_for(&queues, None, Interruptible::Yes, || self.tty.take(out))?
            }
        };
        done.map(|(count, _)| count)
    }

    fn write(&self, io: Io, data: &mut UserIn<'_>) -> Result<usize> {
        let tty = &*self.tty;
        if tty.state.lock().discipline.termios.c_lflag & TOSTOP != 0 {
            job::check(&self.tty, SIGTTOU as i32)?;
        }
        let total = data.remaining();
        let done = match tty.write_some(data) {
            Some(done) => done,
            None if io.nonblock => Err(Errno::EAGAIN),
            None => {
                let queues = [(&tty.queue, Events::OUT)];
                sched::wait_for(&queues, None, Interruptible::Yes, || tty.write_some(data))
                    .flatten()
            }
        };
        match (done, total - data.remaining()) {
            (Err(error), 0) => Err(error),
            (_, written) => Ok(written),
        }
    }

    fn poll(&self) -> Events {
        self.tty.poll()
    }

    fn queue(&self) -> Option<&WaitQueue> {
        Some(&self.tty.queue)
    }

    fn ioctl(&self, request: u32, arg: usize) -> Result<usize> {
        control::ioctl(&self.tty, request, arg)
    }

    fn stat(&self) -> Result<abi::general::stat> {
        const S_IFCHR: u32 = 0o020000;
        let mut stat = anon_stat(S_IFCHR | 0o620, 3);
        stat.st_rdev = self.tty.rdev;
        Ok(stat)
    }

    fn link_name(&self) -> String {
        format!("/dev/{}", self.tty.name)
    }

    fn release(&self) {
        let mut state = self.tty.state.lock();
        state.opens -= 1;
        let last = state.opens == 0;
        if last {
            state.exclusive = false;
        }
        drop(state);
        if last {
            self.tty.wire.opened(false);
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
