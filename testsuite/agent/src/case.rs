//! Runs one case: helpers, main process, output, time limit, and the end of
//! everything it started.

use core::ffi::CStr;
use core::fmt::Write;

use protocol::job::{Entry, Tag};

use crate::console::{Console, Plain};
use crate::network;
use crate::process::{self, Program, Terminal};
use crate::ready::{self, Listening};
use crate::sys::{self, EAGAIN, ETIMEDOUT, Errno, Fd, Watch, open};

/// The most helpers of a case.
const MOST_HELPERS: usize = 4;

/// How long a helper may take to listen, in milliseconds.
const HELPER_START: u64 = 10_000;

/// How often a port is looked up, in milliseconds.
const LOOK_AGAIN: u64 = 20;

/// A case without a limit of its own gets this, in milliseconds.
const DEFAULT_LIMIT: u64 = 60_000;

/// How long the host's client may take to end after its server has, in milliseconds.
const CLIENT_END: u64 = 10_000;

/// The most output passed on, in bytes; the rest is counted.
const MOST_OUTPUT: usize = 1024 * 1024;

/// How long killed processes may take to go, in milliseconds.
const STRAGGLERS: u64 = 5_000;

/// What the whole job says, for every case.
#[derive(Clone, Default)]
pub struct Common<'a> {
    /// Environment entries.
    pub env: sys::Strings<'a, { process::MOST_STRINGS }>,
    /// The value of `PATH` among them.
    pub search: &'a [u8],
    /// Where the runner says that its client is done.
    pub done_port: Option<u16>,
}

/// A case under construction.
#[derive(Default)]
pub struct Case<'a> {
    /// Its number.
    pub index: usize,
    /// Its name, for readers of the console.
    name: &'a str,
    limit: Option<u64>,
    serve: bool,
    main: Program<'a>,
    helpers: [Program<'a>; MOST_HELPERS],
    helper_count: usize,
    /// Settings go to the last helper, not to the main process.
    in_helper: bool,
    /// Something in it did not fit.
    too_big: bool,
}

/// How a case ended, in the words of an `end` record.
enum End {
    Exit(i32),
    Signal(i32),
    Timeout,
    Served,
    Broken(Errno),
}

impl<'a> Case<'a> {
    /// A case of that number and name with nothing to run yet.
    pub fn new(index: usize, name: &'a [u8], common: &Common<'a>) -> Self {
        let mut case = Case {
            index,
            name: core::str::from_utf8(name).unwrap_or(""),
            ..Case::default()
        };
        case.main.env = common.env.clone();
        case
    }

    /// Takes a setting.
    pub fn set(&mut self, entry: &Entry<'a>, common: &Common<'a>) {
        let Ok(text) = CStr::from_bytes_with_nul(entry.with_nul) else {
            self.too_big = true;
            return;
        };
        match entry.tag {
            Tag::Helper => {
                if self.helper_count == MOST_HELPERS {
                    self.too_big = true;
                } else {
                    self.helpers[self.helper_count].env = common.env.clone();
                    self.helper_count += 1;
                    self.in_helper = true;
                }
            }
            Tag::Main => self.in_helper = false,
            Tag::Timeout => self.limit = entry.number(),
            Tag::Serve => self.serve = true,
            Tag::Arg => {
                let fits = self.program().argv.push(text);
                self.too_big |= !fits;
            }
            Tag::OwnEnv => {
                let fits = self.program().env.push(text);
                self.too_big |= !fits;
            }
            Tag::Dir => self.program().dir = Some(text),
            Tag::Ready => self.program().listens = port(entry.value()),
            _ => {}
        }
    }

    fn program(&mut self) -> &mut Program<'a> {
        match (self.in_helper, self.helper_count) {
            (true, count @ 1..) => &mut self.helpers[count - 1],
            _ => &mut self.main,
        }
    }

    /// Runs it and reports its end.
    pub fn run(&self, common: &Common<'a>, console: &mut Console) {
        console.report(format_args!("begin {} {}", self.index, self.name));
        let started = sys::now();
        let end = self
            .attempt(common, console, started)
            .unwrap_or_else(End::Broken);
        let (how, code) = match end {
            End::Exit(code) => ("exit", code),
            End::Signal(signal) => ("signal", signal),
            End::Timeout => ("timeout", 0),
            End::Served => ("served", 0),
            End::Broken(errno) => ("broken", errno.0),
        };
        let millis = sys::now() - started;
        console.report(format_args!("end {} {how} {code} {millis}", self.index));
    }

    /// Gives the console to the main process and waits for its end, collecting
    /// orphans meanwhile.
    pub fn hand_over(&self, common: &Common<'a>) {
        let shell = process::start(&self.main, common.search, &Terminal::Console);
        match shell {
            Ok(shell) => while !matches!(sys::wait(true), Ok(Some(ended)) if ended.pid == shell) {},
            Err(errno) => {
                let _ = writeln!(
                    Plain,
                    "agent: the shell cannot be started: errno {}",
                    errno.0
                );
            }
        }
    }

    fn attempt(
        &self,
        common: &Common<'a>,
        console: &mut Console,
        started: u64,
    ) -> Result<End, Errno> {
        const E2BIG: Errno = Errno(7);
        if self.too_big {
            return Err(E2BIG);
        }
        let deadline = started + self.limit.unwrap_or(DEFAULT_LIMIT);
        let mut pipes = Pipes::new(self.index)?;
        let end = self.processes(common, console, &mut pipes, deadline);
        clean_up(&mut |words| console.note(words));
        pipes.close_writers();
        pipes.pump(console);
        pipes.confess(console);
        end
    }

    fn processes(
        &self,
        common: &Common<'a>,
        console: &mut Console,
        pipes: &mut Pipes,
        deadline: u64,
    ) -> Result<End, Errno> {
        for helper in &self.helpers[..self.helper_count] {
            let pid = process::start(helper, common.search, &Terminal::Pipe(pipes.aside()?))?;
            if let Some(port) = helper.listens {
                let limit = deadline.min(sys::now() + HELPER_START);
                self.await_listener(port, pid, limit, console, pipes)?;
            }
        }
        let done = match (self.serve, common.done_port) {
            (true, Some(port)) => Some(network::listener(port)?),
            _ => None,
        };
        let main = process::start(&self.main, common.search, &Terminal::Pipe(pipes.main()?))?;
        // Only the processes hold the write ends from here: the pipes end with them.
        pipes.close_writers();
        let mut awaited = self.main.listens.filter(|_| self.serve);
        let exited = sys::pidfd(main).ok();
        loop {
            pipes.pump(console);
            if let Some(ended) = reap(main) {
                if let Some(done) = &done {
                    // The next case must not begin while the host's client still talks.
                    let _ = sys::poll(&mut [Watch::readable(done.raw())], CLIENT_END);
                }
                return Ok(ended.code().map_or_else(End::Signal, End::Exit));
            }
            let now = sys::now();
            if now >= deadline {
                return Ok(End::Timeout);
            }
            if let Some(port) = awaited
                && ready::tcp(port) != Listening::No
            {
                awaited = None;
                console.report(format_args!("ready {}", self.index));
            }
            let mut watches = [
                pipes.watch(0),
                pipes.watch(1),
                Watch::readable(exited.as_ref().map_or(-1, Fd::raw)),
                Watch::readable(done.as_ref().map_or(-1, Fd::raw)),
            ];
            // With all three known by their descriptors nothing has to be looked at twice.
            let nap = if awaited.is_some() || exited.is_none() {
                LOOK_AGAIN
            } else {
                deadline - now
            };
            sys::poll(&mut watches, nap.min(deadline - now))?;
            if watches[3].fired() {
                return Ok(End::Served);
            }
        }
    }

    fn await_listener(
        &self,
        port: u16,
        pid: i32,
        limit: u64,
        console: &mut Console,
        pipes: &mut Pipes,
    ) -> Result<(), Errno> {
        loop {
            match ready::tcp(port) {
                Listening::Yes => return Ok(()),
                // Nothing to look at: give it the time that a server usually takes.
                Listening::Unknown => {
                    sys::sleep(500);
                    return Ok(());
                }
                Listening::No => {}
            }
            pipes.pump(console);
            if let Some(ended) = reap(pid) {
                console.note(format_args!(
                    "a helper ended before it listened on port {port}: status {}",
                    ended.status
                ));
                return Err(ETIMEDOUT);
            }
            if sys::now() >= limit {
                console.note(format_args!("a helper does not listen on port {port}"));
                return Err(ETIMEDOUT);
            }
            sys::sleep(LOOK_AGAIN);
        }
    }
}

/// `tcp:5201`.
fn port(text: &[u8]) -> Option<u16> {
    core::str::from_utf8(text.strip_prefix(b"tcp:")?)
        .ok()?
        .parse()
        .ok()
}

/// Collects every child that has ended; answers `wanted`'s end when it is among them.
fn reap(wanted: i32) -> Option<sys::Ended> {
    while let Ok(Some(ended)) = sys::wait(false) {
        if ended.pid == wanted {
            return Some(ended);
        }
    }
    None
}

/// Ends everything that is left of a case. Pid 1 kills everybody but itself.
pub fn clean_up(complain: &mut dyn FnMut(core::fmt::Arguments<'_>)) {
    if sys::getpid() != 1 {
        return;
    }
    let deadline = sys::now() + STRAGGLERS;
    loop {
        let _ = sys::kill(-1, sys::SIGKILL);
        loop {
            match sys::wait(false) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                // ECHILD: nobody is left.
                Err(_) => return,
            }
        }
        if sys::now() >= deadline {
            return complain(format_args!("a process of the case survives SIGKILL"));
        }
        sys::sleep(5);
    }
}

/// The pipes into which a case prints: its main process, and its helpers.
struct Pipes {
    case: usize,
    readers: [Option<Fd>; 2],
    writers: [Option<Fd>; 2],
    passed: usize,
    dropped: usize,
}

/// What the records of each pipe are called.
const WORDS: [&str; 2] = ["out", "aux"];

impl Pipes {
    fn new(case: usize) -> Result<Self, Errno> {
        let (main_reader, main_writer) = sys::pipe(open::CLOEXEC)?;
        let (aside_reader, aside_writer) = sys::pipe(open::CLOEXEC)?;
        // The read ends alone: a program expects its output to block.
        sys::set_nonblocking(&main_reader)?;
        sys::set_nonblocking(&aside_reader)?;
        Ok(Pipes {
            case,
            readers: [Some(main_reader), Some(aside_reader)],
            writers: [Some(main_writer), Some(aside_writer)],
            passed: 0,
            dropped: 0,
        })
    }

    fn main(&self) -> Result<&Fd, Errno> {
        self.writers[0].as_ref().ok_or(Errno(9))
    }

    fn aside(&self) -> Result<&Fd, Errno> {
        self.writers[1].as_ref().ok_or(Errno(9))
    }

    fn close_writers(&mut self) {
        self.writers = [None, None];
    }

    fn watch(&self, pipe: usize) -> Watch {
        Watch::readable(self.readers[pipe].as_ref().map_or(-1, Fd::raw))
    }

    /// Passes on what is there, and does not wait for more.
    fn pump(&mut self, console: &mut Console) {
        for (pipe, word) in WORDS.iter().enumerate() {
            // Bounded, so that a program which never stops printing cannot hold the clock.
            for _ in 0..16 {
                let Some(reader) = &self.readers[pipe] else {
                    break;
                };
                let mut buffer = [0; 4096];
                match sys::read(reader.raw(), &mut buffer) {
                    Ok(count @ 1..) => {
                        let pass = count.min(MOST_OUTPUT - self.passed);
                        self.passed += pass;
                        self.dropped += count - pass;
                        console.output(word, self.case, &buffer[..pass]);
                    }
                    Err(EAGAIN) => break,
                    // All writers are gone: watched no longer, or poll would not wait.
                    _ => self.readers[pipe] = None,
                }
            }
        }
    }

    fn confess(&self, console: &mut Console) {
        if self.dropped > 0 {
            console.note(format_args!(
                "{} bytes of output were dropped",
                self.dropped
            ));
        }
    }
}
