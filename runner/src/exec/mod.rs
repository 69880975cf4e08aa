//! Runs cases on one guest, from QEMU's start to its end.
//!
//! Called by `dispatch` once per boot. [`session::Session`] is the judgement (a
//! state machine without input or output, tested by itself); this file moves the
//! bytes: console to session, host clients, the clock, the stop.

mod host;
mod session;
mod web;

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use protocol::job::VERSION;

use crate::console::{Decoder, Event};
use crate::image::HostTools;
use crate::outcome::{Exit, missing};
use crate::plan::{Case, Work};
use crate::qemu::{Guest, Message, Ports};
use crate::report::full;

use host::HostClient;
use session::Session;
pub use session::{Finished, Limits, News, Over};
pub use web::Web;

/// How often the clock and the signals are looked at.
const TICK: Duration = Duration::from_millis(50);

/// How long QEMU may take to leave once its console is closed.
const LEAVE: Duration = Duration::from_secs(5);

/// A boot that printed more than this, in bytes, is stopped: a kernel gone mad.
const FLOOD: u64 = 16 * 1024 * 1024;

/// How many console lines a message about a dead guest shows.
const TAIL: usize = 40;

/// How much of each, in characters.
const WIDEST: usize = 300;

/// One boot.
pub struct Boot<'a> {
    /// QEMU's command.
    pub command: Vec<std::ffi::OsString>,
    /// The boot's name in records.
    pub nonce: u32,
    /// Forwarded ports.
    pub ports: &'a Ports,
    /// Cases, numbered as on the job disk.
    pub cases: &'a [&'a Case],
    /// Time limits.
    pub limits: Limits,
    /// Host programs, where a case needs one.
    pub tools: Option<&'a HostTools>,
    /// Where to append the raw console.
    pub serial: &'a Path,
}

/// What happened outside of the cases.
pub struct Afterwards {
    /// Why the guest is no longer running.
    pub over: Over,
    /// The last console lines and QEMU's messages, for people.
    pub tail: Vec<String>,
    /// QEMU could not bind a forwarded port.
    pub port_taken: bool,
}

/// Runs `boot`. `tell` hears about cases as they start and end; `cut` is asked
/// whether the run has to stop.
pub fn run(
    boot: &Boot<'_>,
    tell: &mut dyn FnMut(News),
    cut: &dyn Fn() -> Option<Exit>,
) -> anyhow::Result<Afterwards> {
    let mut serial = File::options()
        .create(true)
        .append(true)
        .open(boot.serial)
        .map_err(|error| full(boot.serial, &error))?;
    let mut guest = Guest::start(&boot.command)?;
    let mut io = Io::default();
    let mut decoder = Decoder::new(boot.nonce);
    let mut session = Session::new(boot.cases, boot.limits, guest.started);
    let mut printed = 0;

    let over = loop {
        let message = guest.next(TICK);
        let now = Instant::now();
        match message {
            Some(Message::Console(bytes)) => {
                printed += bytes.len() as u64;
                if printed <= FLOOD {
                    serial
                        .write_all(&bytes)
                        .map_err(|error| full(boot.serial, &error))?;
                }
                decoder.feed(&bytes, |event| {
                    io.remember(&event);
                    session.event(event, now, tell);
                });
                if printed > FLOOD {
                    session.kill(
                        &format!("the console printed more than {} MiB", FLOOD >> 20),
                        now,
                        tell,
                    );
                }
            }
            Some(Message::Stderr(bytes)) => io.stderr(&bytes),
            Some(Message::Closed) => {
                decoder.finish(|event| {
                    io.remember(&event);
                    session.event(event, now, tell);
                });
                let status = guest.wait(LEAVE);
                io.drain_stderr(&guest);
                break session.gone(status, &io.stderr_text, Instant::now(), tell);
            }
            None => tell(News::Tick),
        }
        if let Some(version) = session.foreign() {
            return Err(missing(format!(
                "the kernel's agent speaks version {version} of the protocol and this runner {VERSION}: \
                 build that kernel again, or take the runner that it was built with"
            )));
        }
        if let Some(exit) = cut() {
            break session.cut(exit, now, tell);
        }
        if let Some(index) = session.wants_host() {
            io.start_host(boot, index, &mut session, now, tell);
        }
        if let Some(client) = &mut io.client
            && let Some(output) = client.poll(now)
        {
            // Stays open until the case is over: the agent sees a connection, not a reset.
            io.done = boot.ports.done().and_then(host::tell_done);
            let index = client.index;
            io.client = None;
            session.host_done(index, output, now, tell);
        }
        if !session.has_host() {
            io.client = None;
            io.done = None;
        }
        if let Some(over) = session.tick(now, tell) {
            break over;
        }
    };
    guest.stop();
    let port_taken = io
        .stderr_text
        .contains("Could not set up host forwarding rule");
    Ok(Afterwards {
        over,
        tail: io.tail(),
        port_taken,
    })
}

/// What `run` holds besides the session.
#[derive(Default)]
struct Io {
    lines: VecDeque<String>,
    stderr_text: String,
    client: Option<HostClient>,
    done: Option<std::net::TcpStream>,
}

impl Io {
    fn remember(&mut self, event: &Event) {
        let line = match event {
            Event::Text(line) | Event::Torn(line) => line.chars().take(WIDEST).collect(),
            Event::Note(note) => format!("agent: {note}"),
            _ => return,
        };
        if self.lines.len() == TAIL {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    fn stderr(&mut self, bytes: &[u8]) {
        // QEMU can repeat a warning for ever; the beginning is what tells.
        if self.stderr_text.len() < 64 * 1024 {
            self.stderr_text.push_str(&String::from_utf8_lossy(bytes));
        }
    }

    /// QEMU is gone: what it said last may still be on its way through the thread.
    fn drain_stderr(&mut self, guest: &Guest) {
        let deadline = Instant::now() + Duration::from_millis(200);
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            match guest.next(left) {
                Some(Message::Stderr(bytes)) => self.stderr(&bytes),
                Some(Message::Console(_)) => {}
                Some(Message::Closed) | None => break,
            }
        }
    }

    fn start_host(
        &mut self,
        boot: &Boot<'_>,
        index: usize,
        session: &mut Session<'_>,
        now: Instant,
        tell: &mut dyn FnMut(News),
    ) {
        let Work::Host { client: step, .. } = &boot.cases[index].work else {
            return;
        };
        let limit = now + boot.cases[index].timeout;
        match HostClient::start(index, step, boot.tools, boot.ports, limit) {
            Ok(client) => self.client = Some(client),
            Err(why) => session.host_failed(&why.to_string(), now, tell),
        }
    }

    fn tail(&self) -> Vec<String> {
        let stderr = self.stderr_text.lines().map(|line| format!("qemu: {line}"));
        self.lines.iter().cloned().chain(stderr).collect()
    }
}
