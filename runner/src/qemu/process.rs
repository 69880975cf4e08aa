//! A guest as a process: started in its own process group, read by two threads,
//! never left behind.
//!
//! The threads hand bytes on through an unbounded channel and never wait for the
//! user interface, so the guest's console cannot block. Dropping a [`Guest`] kills
//! its whole group; should the runner be killed itself, the kernel kills QEMU
//! (PR_SET_PDEATHSIG).

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::child;

/// What a guest's process says.
#[derive(Debug)]
pub enum Message {
    /// Bytes of the serial line.
    Console(Vec<u8>),
    /// Bytes of QEMU's own stderr.
    Stderr(Vec<u8>),
    /// The serial line is closed: QEMU is gone or going.
    Closed,
}

/// A running QEMU.
pub struct Guest {
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<Message>,
    /// When it was started.
    pub started: Instant,
}

impl Guest {
    /// Starts `command`. Must be called on a thread that lives as long as the guest:
    /// the death signal is tied to the thread that forks.
    pub fn start(command: &[OsString]) -> io::Result<Guest> {
        let (program, args) = command
            .split_first()
            .ok_or_else(|| io::Error::other("an empty command"))?;
        let mut command = Command::new(program);
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        child::tie(&mut command);
        let mut child = command.spawn()?;
        let (sender, messages) = channel();
        if let Some(stdout) = child.stdout.take() {
            forward(
                stdout,
                sender.clone(),
                Message::Console,
                Some(Message::Closed),
            );
        }
        if let Some(stderr) = child.stderr.take() {
            forward(stderr, sender, Message::Stderr, None);
        }
        Ok(Guest {
            stdin: child.stdin.take(),
            child,
            messages,
            started: Instant::now(),
        })
    }

    /// The next message, or `None` after `limit`.
    pub fn next(&self, limit: Duration) -> Option<Message> {
        match self.messages.recv_timeout(limit) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Message::Closed),
        }
    }

    /// Types `bytes` on the guest's console. An error means that QEMU is gone.
    pub fn type_in(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stdin = self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        stdin.write_all(bytes)?;
        stdin.flush()
    }

    /// Waits for QEMU to leave by itself; after `limit` kills it and answers `None`.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            if Instant::now() >= deadline {
                self.stop();
                return None;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills the group and collects the process. May be called twice.
    pub fn stop(&mut self) {
        // While the child is not collected its number is not reused: this hits only our group.
        if let Ok(None) = self.child.try_wait() {
            if let Some(pid) = Pid::from_raw(self.child.id() as i32) {
                let _ = kill_process_group(pid, Signal::KILL);
            }
            let _ = self.child.wait();
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.stop();
    }
}

fn forward(
    mut from: impl Read + Send + 'static,
    to: Sender<Message>,
    wrap: fn(Vec<u8>) -> Message,
    last: Option<Message>,
) {
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count) = from.read(&mut buffer) {
            if count == 0 || to.send(wrap(buffer[..count].to_vec())).is_err() {
                break;
            }
        }
        if let Some(last) = last {
            let _ = to.send(last);
        }
    });
}
