//! Console records: one framed line each, safe beside anything a kernel prints.
//!
//! ```text
//! @R1 <nonce: 8 hex> <seq: 6 hex> <len: 3 hex> <crc: 8 hex> <payload>\n
//! ```
//!
//! The payload is printable ASCII: other bytes travel as `\n`, `\r`, `\t`, `\\` or
//! `\xHH`, so a record is one line whatever a program wrote. `len` counts the
//! escaped payload and `crc` covers nonce, sequence number and payload. A record is
//! at most [`MAX_LINE`] bytes and is written by one `write(2)`. It starts with a newline of its own where the
//! line before may be unfinished.
//!
//! The first word of a payload names it:
//!
//! | payload | meaning |
//! |---|---|
//! | `hello <cases> <version>` | the agent read its job; which [`crate::job::VERSION`] it speaks, 1 where the number is not there |
//! | `begin <case> <name>` | case number `case` starts; the name is for readers who do not know the job |
//! | `out <case> <data>` | a piece of its output |
//! | `aux <case> <data>` | a piece of what its background processes printed |
//! | `ready <case>` | its server is listening |
//! | `end <case> <how> <code> <ms>` | it is over; `how` is `exit`, `signal`, `timeout`, `served` or `broken` |
//! | `note <text>` | something a reader of the log should know |
//! | `bye` | everything was reported; power-off follows |
//!
//! `hello`, `begin`, `ready`, `end` and `bye` are written twice with one sequence
//! number: one torn copy does no harm. A gap in the numbers tells the runner that
//! something was lost.

use crate::crc::crc32;

/// The longest record, in bytes, with both its newlines.
pub const MAX_LINE: usize = 252;

/// What every record starts with.
pub const MARK: &[u8] = b"@R1 ";

/// `@R1 nnnnnnnn ssssss lll cccccccc `
const HEAD: usize = 4 + 9 + 7 + 4 + 9;

/// The longest escaped payload.
pub const MAX_PAYLOAD: usize = MAX_LINE - HEAD - 2;

/// A payload under construction: escaped, bounded, without allocation.
#[derive(Clone)]
pub struct Payload {
    bytes: [u8; MAX_PAYLOAD],
    len: usize,
}

impl Default for Payload {
    fn default() -> Self {
        Payload {
            bytes: [0; MAX_PAYLOAD],
            len: 0,
        }
    }
}

impl Payload {
    /// An empty payload.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends as much of `data` as fits, escaped; answers how many bytes of `data`
    /// it took.
    pub fn push(&mut self, data: &[u8]) -> usize {
        for (taken, &byte) in data.iter().enumerate() {
            let mut hex = *b"\\x00";
            let escaped: &[u8] = match byte {
                b'\n' => b"\\n",
                b'\r' => b"\\r",
                b'\t' => b"\\t",
                b'\\' => b"\\\\",
                b' '..=b'~' => core::slice::from_ref(&byte),
                _ => {
                    hex[2] = HEX[usize::from(byte >> 4)];
                    hex[3] = HEX[usize::from(byte & 15)];
                    &hex
                }
            };
            let Some(room) = self.bytes.get_mut(self.len..self.len + escaped.len()) else {
                return taken;
            };
            room.copy_from_slice(escaped);
            self.len += escaped.len();
        }
        data.len()
    }

    /// The escaped bytes so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl core::fmt::Write for Payload {
    /// Text that does not fit is cut off: a record never fails to be written.
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// A finished record, ready for one `write(2)`.
pub struct Line {
    bytes: [u8; MAX_LINE],
    len: usize,
}

impl Line {
    /// The bytes to write: a newline, the record, a newline.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Frames `payload`.
pub fn encode(nonce: u32, seq: u32, payload: &Payload) -> Line {
    let mut line = Line {
        bytes: [0; MAX_LINE],
        len: 0,
    };
    let crc = checksum(nonce, seq, payload.as_bytes());
    let mut put = |part: &[u8]| {
        line.bytes[line.len..line.len + part.len()].copy_from_slice(part);
        line.len += part.len();
    };
    put(b"\n");
    put(MARK);
    put(&hex::<8>(nonce));
    put(b" ");
    put(&hex::<6>(seq));
    put(b" ");
    put(&hex::<3>(payload.len as u32));
    put(b" ");
    put(&hex::<8>(crc));
    put(b" ");
    put(payload.as_bytes());
    put(b"\n");
    line
}

fn hex<const N: usize>(value: u32) -> [u8; N] {
    core::array::from_fn(|digit| HEX[(value >> (4 * (N - 1 - digit)) & 15) as usize])
}

fn checksum(nonce: u32, seq: u32, payload: &[u8]) -> u32 {
    // Mixed in by xor with the CRC of the numbers: a payload glued to another
    // record's head is found out, without a buffer to join the two.
    let mut numbers = [0; 8];
    numbers[..4].copy_from_slice(&nonce.to_le_bytes());
    numbers[4..].copy_from_slice(&(seq & 0xff_ffff).to_le_bytes());
    crc32(payload) ^ crc32(&numbers)
}

/// A record that was found intact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The boot it belongs to.
    pub nonce: u32,
    /// Its number, modulo 2^24.
    pub seq: u32,
    /// Still escaped, see [`unescape`].
    pub payload: &'a [u8],
}

/// What a line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// An intact record.
    Record(Record<'a>),
    /// Something that starts as a record and is not intact.
    Torn,
    /// Anything else.
    Text,
}

/// Looks for a record in one line (without its newline).
///
/// A record may start anywhere in the line, because the text before it may lack a
/// newline, and the last start wins, because a torn record may be glued to a whole
/// one.
pub fn find(line: &[u8]) -> Found<'_> {
    let mut found = Found::Text;
    let marks = line
        .iter()
        .enumerate()
        .filter(|&(_, &byte)| byte == MARK[0]);
    for start in marks
        .map(|(at, _)| at)
        .filter(|&at| line[at..].starts_with(MARK))
    {
        match decode(&line[start..]) {
            Some(record) => found = Found::Record(record),
            None if found == Found::Text => found = Found::Torn,
            None => {}
        }
    }
    found
}

fn decode(line: &[u8]) -> Option<Record<'_>> {
    let number = |from: usize, digits: usize| {
        let text = core::str::from_utf8(line.get(from..from + digits)?).ok()?;
        let lower_hex = text.bytes().all(|b| HEX.contains(&b));
        (lower_hex && line.get(from + digits) == Some(&b' ')).then_some(())?;
        u32::from_str_radix(text, 16).ok()
    };
    let (nonce, seq) = (number(4, 8)?, number(13, 6)?);
    let (len, crc) = (number(20, 3)? as usize, number(24, 8)?);
    let payload = line.get(HEAD..HEAD + len)?;
    (checksum(nonce, seq, payload) == crc).then_some(Record {
        nonce,
        seq,
        payload,
    })
}

/// Turns an escaped payload back into the bytes that were pushed, one at a time
/// into `out`. What is not an escape is passed on as it is.
pub fn unescape(payload: &[u8], mut out: impl FnMut(u8)) {
    let mut bytes = payload.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => out(b'\n'),
            Some(b'r') => out(b'\r'),
            Some(b't') => out(b'\t'),
            Some(b'x') => {
                let mut digit = || bytes.next().and_then(|b| HEX.iter().position(|&h| h == b));
                if let (Some(high), Some(low)) = (digit(), digit()) {
                    out((high << 4 | low) as u8);
                }
            }
            Some(other) => out(other),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    fn payload(data: &[u8]) -> Payload {
        let mut payload = Payload::new();
        assert_eq!(payload.push(data), data.len());
        payload
    }

    fn line_of(data: &[u8]) -> Vec<u8> {
        let line = encode(0xdead_beef, 7, &payload(data));
        line.as_bytes().trim_ascii().to_vec()
    }

    #[test]
    fn a_record_comes_back_whatever_its_bytes() {
        let all: Vec<u8> = (0..=255).collect();
        for chunk in all.chunks(40) {
            let line = line_of(chunk);
            let Found::Record(record) = find(&line) else {
                panic!("not found: {line:?}")
            };
            assert_eq!((record.nonce, record.seq), (0xdead_beef, 7));
            let mut back = Vec::new();
            unescape(record.payload, |b| back.push(b));
            assert_eq!(back, chunk);
        }
    }

    #[test]
    fn the_longest_record_fits_a_line() {
        let mut payload = Payload::new();
        let taken = payload.push(&[0xff; 400]);
        assert_eq!(taken, MAX_PAYLOAD / 4);
        assert!(encode(u32::MAX, u32::MAX, &payload).as_bytes().len() <= MAX_LINE);
        let mut text = Payload::new();
        write!(text, "{:400}", "x").expect("never fails");
        assert_eq!(encode(1, 2, &text).as_bytes().len(), MAX_LINE);
    }

    #[test]
    fn a_record_is_found_behind_unfinished_text_and_behind_a_torn_one() {
        let whole = line_of(b"end 3 exit 0 12");
        let mut glued = b"[    1.5] half a kernel li".to_vec();
        glued.extend_from_slice(&whole[..20]);
        glued.extend_from_slice(&whole);
        glued.extend_from_slice(b"\r");
        assert!(
            matches!(find(&glued), Found::Record(record) if record.payload == b"end 3 exit 0 12")
        );
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_noticed() {
        let whole = line_of(b"end 3 exit 0 12");
        for cut in MARK.len()..whole.len() {
            assert_eq!(find(&whole[..cut]), Found::Torn, "cut at {cut}");
        }
        for at in MARK.len()..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(
                !matches!(find(&changed), Found::Record(_)),
                "changed at {at}"
            );
        }
    }

    #[test]
    fn ordinary_text_is_text() {
        assert_eq!(find(b"hello"), Found::Text);
        assert_eq!(find(b"@R2 something"), Found::Text);
        assert_eq!(find(b""), Found::Text);
    }
}
