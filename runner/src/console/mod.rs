//! Makes sense of the serial line: bytes in, events out.
//!
//! Called by `exec` with whatever the guest wrote. Nothing is trusted: a record
//! counts only with this boot's nonce and a right CRC, the second copy of a record
//! is dropped, a gap in the numbers is reported, and everything else is a line of
//! text that is shown with the case it fell into and looked at for a panic.

mod panic;

pub use panic::is_panic;

use protocol::record::{self, Found};

/// Lines longer than this are cut, in bytes: a guest that never sends a newline
/// must not grow the runner.
const LONGEST_LINE: usize = 8192;

/// What the guest said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The agent read its job: so many cases; and speaks this version of the protocol.
    Hello(usize, usize),
    /// The case of this number starts.
    Begin(usize),
    /// It printed this.
    Output(usize, Vec<u8>),
    /// Its background processes printed this.
    Aside(usize, Vec<u8>),
    /// Its server listens.
    Ready(usize),
    /// It is over.
    End(usize, Ended),
    /// The agent has something to say.
    Note(String),
    /// All is reported, power-off follows.
    Bye,
    /// So many records are missing here.
    Lost(u32),
    /// A line that is no record.
    Text(String),
    /// Something that was a record once.
    Torn(String),
}

/// How the agent saw a case end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// In which way.
    pub how: How,
    /// The guest's own clock.
    pub millis: u64,
}

/// In which way a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The main process left with this code.
    Exit(i32),
    /// This signal killed it.
    Signal(i32),
    /// The agent killed it after the case's time.
    Timeout,
    /// The host said it was done.
    Served,
    /// It could not be started; the errno.
    Broken(i32),
}

/// Turns bytes into events.
pub struct Decoder {
    nonce: u32,
    line: Vec<u8>,
    /// The next sequence number; `None` before the first record.
    expected: Option<u32>,
}

const SEQ_MODULUS: u32 = 1 << 24;

impl Decoder {
    /// A decoder for the boot that `nonce` names.
    pub fn new(nonce: u32) -> Self {
        Decoder {
            nonce,
            line: Vec::new(),
            expected: None,
        }
    }

    /// Takes `bytes`; hands each event to `sink`.
    pub fn feed(&mut self, bytes: &[u8], mut sink: impl FnMut(Event)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = LONGEST_LINE.saturating_sub(self.line.len());
            let piece = &rest[..rest.len().min(room)];
            match piece.iter().position(|&byte| byte == b'\n') {
                Some(end) => {
                    self.line.extend_from_slice(&piece[..end]);
                    self.finish_line(&mut sink);
                    rest = &rest[end + 1..];
                }
                None if piece.len() < room => {
                    self.line.extend_from_slice(piece);
                    rest = &[];
                }
                None => {
                    self.line.extend_from_slice(piece);
                    self.finish_line(&mut sink);
                    rest = &rest[room..];
                }
            }
        }
    }

    /// The guest is gone: what is left is a line too.
    pub fn finish(&mut self, mut sink: impl FnMut(Event)) {
        self.finish_line(&mut sink);
    }

    fn finish_line(&mut self, sink: &mut impl FnMut(Event)) {
        let line = std::mem::take(&mut self.line);
        let text = || clean(&line);
        match record::find(&line) {
            Found::Record(found) if found.nonce == self.nonce => {
                let ahead =
                    found.seq.wrapping_sub(self.expected.unwrap_or(found.seq)) % SEQ_MODULUS;
                // The second copy is one behind; what is further behind is of the past, unless it is
                // the first word of an agent that was started again.
                if ahead >= SEQ_MODULUS / 2 {
                    let again = ahead < SEQ_MODULUS - 1 && found.payload.starts_with(b"hello ");
                    if !again {
                        return;
                    }
                    self.expected = None;
                }
                let ahead = if self.expected.is_some() { ahead } else { 0 };
                if ahead > 0 {
                    sink(Event::Lost(ahead));
                }
                self.expected = Some((found.seq + 1) % SEQ_MODULUS);
                let mut payload = Vec::new();
                record::unescape(found.payload, |byte| payload.push(byte));
                sink(parse(&payload).unwrap_or_else(|| Event::Torn(text())));
            }
            Found::Torn => sink(Event::Torn(text())),
            Found::Record(_) | Found::Text => {
                let text = text();
                if !text.is_empty() {
                    sink(Event::Text(text));
                }
            }
        }
    }
}

/// A line fit for a terminal and a log: no carriage returns, no control characters.
fn clean(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.trim_end_matches('\r')
        .chars()
        .filter(|&c| c == '\t' || !c.is_control())
        .collect()
}

fn parse(payload: &[u8]) -> Option<Event> {
    let (word, rest) = split(payload);
    let number = |bytes: &[u8]| std::str::from_utf8(bytes).ok()?.parse::<usize>().ok();
    Some(match word {
        b"hello" => match split(rest) {
            (cases, b"") => Event::Hello(number(cases)?, 1),
            (cases, version) => Event::Hello(number(cases)?, number(version)?),
        },
        // The case's name may follow: for readers who do not know the job.
        b"begin" => Event::Begin(number(split(rest).0)?),
        b"ready" => Event::Ready(number(rest)?),
        b"out" => {
            let (case, data) = split(rest);
            Event::Output(number(case)?, data.to_vec())
        }
        b"aux" => {
            let (case, data) = split(rest);
            Event::Aside(number(case)?, data.to_vec())
        }
        b"end" => {
            let fields: Vec<&str> = std::str::from_utf8(rest).ok()?.split(' ').collect();
            let [case, how, code, millis] = fields[..] else {
                return None;
            };
            let code: i32 = code.parse().ok()?;
            let how = match how {
                "exit" => How::Exit(code),
                "signal" => How::Signal(code),
                "timeout" => How::Timeout,
                "served" => How::Served,
                "broken" => How::Broken(code),
                _ => return None,
            };
            Event::End(
                case.parse().ok()?,
                Ended {
                    how,
                    millis: millis.parse().ok()?,
                },
            )
        }
        b"note" => Event::Note(String::from_utf8_lossy(rest).into_owned()),
        b"bye" => Event::Bye,
        _ => return None,
    })
}

fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|&byte| byte == b' ') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

#[cfg(test)]
mod tests;
