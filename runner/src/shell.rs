//! `runner shell`: a guest's console on this terminal.
//!
//! The job disk tells the agent to give the console to a shell. This terminal goes
//! raw, so that Ctrl-C and job control are the guest's; Ctrl-A x ends QEMU, as its
//! own console does.

use std::collections::HashMap;
use std::io::{IsTerminal, Read, Write, stdin, stdout};
use std::sync::mpsc::{TryRecvError, channel};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::cli::GuestArgs;
use crate::dispatch::{single_kernel, single_target};
use crate::image;
use crate::interrupt::Interrupt;
use crate::job::{self, Boot, Job};
use crate::kernel;
use crate::outcome::Exit;
use crate::plan::Process;
use crate::qemu::{self, Guest, Machine, Message, Ports};

/// Ctrl-A.
const ESCAPE: u8 = 1;

/// Runs a shell in a guest until it powers off.
pub fn run(args: &GuestArgs) -> anyhow::Result<Exit> {
    let target = single_target(args)?;
    let interrupt = Interrupt::catch()?;
    let name = single_kernel(args)?;
    let least = kernel::least_qemu(target.arch, name);
    let qemu = qemu::find_for_programs(target.arch, least, args.qemu.as_deref(), &args.fetch())?;
    let image = match &args.image {
        Some(path) => path.clone(),
        None => image::ensure(target.arch, &args.fetch())?.path,
    };
    let kernel = kernel::choose(target.arch, name, args)?;
    let dir = tempfile::tempdir().context("no room for a job disk")?;
    let disk = dir.path().join("job.img");
    let settings = Boot {
        nonce: 0,
        libc: target.libc,
        ports: &HashMap::new(),
        done_port: None,
    };
    let shell = Process {
        dir: Some("/root".to_string()),
        ..Process::words("busybox sh -i")
    };
    job::write(&disk, &settings, &Job::Shell(shell)).context("cannot write the job disk")?;
    let machine = Machine {
        arch: target.arch,
        kernel,
        image: Some(image),
        job: Some(disk),
        writable: false,
        smp: args.smp,
        mem: args.mem.clone(),
        virtio: args.virtio,
        nics: args.nics,
        icount: false,
        pcap: None,
        ports: Ports::default(),
    };
    eprintln!(
        "runner: starting {}; `exit` powers off, Ctrl-A x ends QEMU",
        target.name()
    );
    let mut command = machine.command(&qemu);
    if args.gdb {
        let line = qemu::gdb::stop_for(&mut command, &machine.kernel.path)?;
        eprintln!("runner: waiting for gdb: {line}");
    }
    if args.print_cmd {
        eprintln!("runner: {}", qemu::quote(&command));
    }
    let mut guest = Guest::start(&command)?;
    let raw = Raw::enter();
    let end = connect(&mut guest, &interrupt);
    drop(raw);
    end
}

fn connect(guest: &mut Guest, interrupt: &Interrupt) -> anyhow::Result<Exit> {
    let (sender, typed) = channel::<Vec<u8>>();
    // Ends with the process: a read of the terminal cannot be called back.
    thread::spawn(move || {
        let mut buffer = [0; 1024];
        while let Ok(count @ 1..) = stdin().read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    let mut escaped = false;
    loop {
        if let Some(exit) = interrupt.seen() {
            return Ok(exit);
        }
        match guest.next(Duration::from_millis(10)) {
            Some(Message::Console(bytes)) => {
                stdout().write_all(&bytes)?;
                stdout().flush()?;
            }
            Some(Message::Stderr(bytes)) => eprint!("{}", String::from_utf8_lossy(&bytes)),
            Some(Message::Closed) => {
                let left = guest.wait(Duration::from_secs(5));
                return Ok(if left.is_some_and(|status| status.success()) {
                    Exit::Ok
                } else {
                    Exit::Infra
                });
            }
            None => {}
        }
        match typed.try_recv() {
            Ok(bytes) => {
                let mut pass = Vec::new();
                for byte in bytes {
                    match (escaped, byte) {
                        (true, b'x') => return Ok(Exit::Ok),
                        (false, ESCAPE) => escaped = true,
                        _ => {
                            escaped = false;
                            pass.push(byte);
                        }
                    }
                }
                guest.type_in(&pass)?;
            }
            // A script that was piped in has ended; its commands still run.
            Err(TryRecvError::Disconnected | TryRecvError::Empty) => {}
        }
    }
}

/// A raw terminal until dropped.
struct Raw(Option<Termios>);

impl Raw {
    fn enter() -> Raw {
        if !stdin().is_terminal() {
            return Raw(None);
        }
        let Ok(before) = tcgetattr(stdin()) else {
            return Raw(None);
        };
        let mut raw = before.clone();
        raw.make_raw();
        let _ = tcsetattr(stdin(), OptionalActions::Flush, &raw);
        Raw(Some(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(stdin(), OptionalActions::Flush, before);
        }
    }
}
