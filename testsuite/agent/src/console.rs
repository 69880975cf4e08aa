//! Speaks to the runner: numbers the records and writes each with one `write(2)`.

use core::fmt::{self, Write};

use protocol::record::{Payload, encode};

use crate::sys;

/// The console's descriptor: the agent's standard output.
pub const FD: i32 = 1;

/// The agent's end of the serial line.
pub struct Console {
    nonce: u32,
    seq: u32,
}

impl Console {
    /// A console whose records carry `nonce`.
    pub fn new(nonce: u32) -> Self {
        Console { nonce, seq: 0 }
    }

    /// Something that must arrive: written twice, with one number.
    pub fn report(&mut self, words: fmt::Arguments<'_>) {
        let payload = payload(words);
        self.write(&payload);
        self.write(&payload);
        self.seq = self.seq.wrapping_add(1);
    }

    /// Something for the log's reader.
    pub fn note(&mut self, words: fmt::Arguments<'_>) {
        self.once(&payload(format_args!("note {words}")));
    }

    /// Bytes that a process of `case` printed; `word` says which.
    pub fn output(&mut self, word: &str, case: usize, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let mut payload = payload(format_args!("{word} {case} "));
            let taken = payload.push(bytes);
            bytes = &bytes[taken..];
            self.once(&payload);
        }
    }

    fn once(&mut self, payload: &Payload) {
        self.write(payload);
        self.seq = self.seq.wrapping_add(1);
    }

    fn write(&self, payload: &Payload) {
        let line = encode(self.nonce, self.seq, payload);
        let mut rest = line.as_bytes();
        // Short writes happen; a console that fails cannot be complained to.
        while !rest.is_empty() {
            match sys::write(FD, rest) {
                Ok(written @ 1..) => rest = &rest[written.min(rest.len())..],
                _ => return,
            }
        }
    }
}

fn payload(words: fmt::Arguments<'_>) -> Payload {
    let mut payload = Payload::new();
    // Cut where it is too long, never an error.
    let _ = payload.write_fmt(words);
    payload
}

/// Plain text, for when there is no job and so no nonce, and for panics.
pub struct Plain;

impl Write for Plain {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        sys::write(FD, text.as_bytes())
            .map(drop)
            .map_err(|_| fmt::Error)
    }
}
