//! SIGINT and SIGTERM: the first stops the run and lets it write its reports, the
//! second ends the process at once.
//!
//! QEMU and host clients live in process groups of their own, so a Ctrl-C on the
//! terminal reaches the runner alone, which then kills them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::outcome::Exit;

/// Which signal has come.
#[derive(Clone)]
pub struct Interrupt {
    int: Arc<AtomicBool>,
    term: Arc<AtomicBool>,
}

impl Interrupt {
    /// Takes over both signals.
    pub fn catch() -> std::io::Result<Interrupt> {
        let interrupt = Interrupt {
            int: Arc::default(),
            term: Arc::default(),
        };
        for (signal, seen, exit) in [
            (SIGINT, &interrupt.int, Exit::Interrupted),
            (SIGTERM, &interrupt.term, Exit::Terminated),
        ] {
            // Order matters: the shutdown is armed by the flag that the first signal sets. Guests go
            // with the process, by their death signal.
            flag::register_conditional_shutdown(signal, exit as i32, Arc::clone(seen))?;
            flag::register(signal, Arc::clone(seen))?;
        }
        Ok(interrupt)
    }

    /// The exit code that a signal asks for.
    pub fn seen(&self) -> Option<Exit> {
        if self.int.load(Ordering::Relaxed) {
            Some(Exit::Interrupted)
        } else if self.term.load(Ordering::Relaxed) {
            Some(Exit::Terminated)
        } else {
            None
        }
    }
}
