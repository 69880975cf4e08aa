//! The job disk: a header sector, then a flat list of tagged strings.
//!
//! ```text
//! sector 0   magic "SOCKEYEJ", version, nonce, body length, body CRC   (little endian)
//! sector 1.. tag (1 byte), length (4 bytes), that many bytes, NUL      repeated
//! ```
//!
//! The list reads like a script: job-wide entries first, then per case `Case`,
//! its settings and `Run`. Every string carries a NUL that its length does not
//! count, so the agent hands a pointer into the buffer to `execve` as it is.
//! The format says nothing about an architecture or a kernel: Linux reads the
//! same disk.
//!
//! Written by the runner through [`Writer`]; read by the agent through
//! [`Header::parse`] and [`Reader`]. Damage is found by the CRC before a single
//! entry is believed.

use crate::crc::crc32;

/// Bytes of a disk sector; the header takes one, the body starts at the next.
pub const SECTOR: usize = 512;

/// The largest body an agent accepts, in bytes. Its buffer is static.
pub const MAX_BODY: usize = 512 * 1024;

const MAGIC: &[u8; 8] = b"SOCKEYEJ";

/// What both ends have to agree on: the tags of a job and the words of the console's records.
/// The job carries the runner's, the agent's first record its own. A new tag or word is a new
/// number, since an agent passes over nothing that it does not know; what is written before it,
/// mark, number and nonce, stays where it is.
pub const VERSION: u32 = 1;

/// What sector 0 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Names this boot: every console record repeats it, so that a record from an
    /// earlier boot or a program that prints look-alikes is not believed.
    pub nonce: u32,
    /// Bytes of the body that follows.
    pub length: usize,
    /// CRC-32 of the body.
    pub crc: u32,
}

/// Why a disk is not a job the agent can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// No magic: some other disk.
    NotAJob,
    /// A job, but from a runner of another [`VERSION`].
    Version {
        /// Names the boot: the agent can still say who it is.
        nonce: u32,
    },
    /// The body does not fit the agent's buffer.
    TooLong,
    /// The body is not what the runner wrote.
    Crc,
}

impl Header {
    /// Reads sector 0.
    pub fn parse(sector: &[u8]) -> Result<Header, Damage> {
        let word = |at: usize| {
            let bytes = sector.get(at..at + 4).ok_or(Damage::NotAJob)?;
            Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        };
        if sector.get(..8) != Some(MAGIC) {
            return Err(Damage::NotAJob);
        }
        if word(8)? != VERSION {
            return Err(Damage::Version { nonce: word(12)? });
        }
        let length = word(16)? as usize;
        if length > MAX_BODY {
            return Err(Damage::TooLong);
        }
        Ok(Header {
            nonce: word(12)?,
            length,
            crc: word(20)?,
        })
    }

    /// Writes sector 0 for `body`.
    pub fn sector(nonce: u32, body: &[u8]) -> [u8; SECTOR] {
        let mut sector = [0; SECTOR];
        sector[..8].copy_from_slice(MAGIC);
        for (at, word) in [
            (8, VERSION),
            (12, nonce),
            (16, body.len() as u32),
            (20, crc32(body)),
        ] {
            sector[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        sector
    }

    /// Checks `body` against the header.
    pub fn check(&self, body: &[u8]) -> Result<(), Damage> {
        if body.len() == self.length && crc32(body) == self.crc {
            Ok(())
        } else {
            Err(Damage::Crc)
        }
    }
}

/// What an entry means. The byte is its tag on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Tag {
    /// Job-wide: what to do, see [`mode`].
    Mode = b'M',
    /// Job-wide: an environment entry `NAME=value` for every process.
    Env = b'E',
    /// Job-wide: `address/prefix gateway` of the first Ethernet interface.
    Address = b'A',
    /// Job-wide: TCP port on which the agent listens; a connection ends a `Serve` case.
    DonePort = b'D',
    /// Starts a case; the value is its name.
    Case = b'C',
    /// Starts a background process of the case; the settings that follow are its
    /// own until the next `Helper` or `Main`.
    Helper = b'H',
    /// The settings that follow belong to the case's main process again.
    Main = b'P',
    /// One argument; the first is the program's path.
    Arg = b'a',
    /// `NAME=value` for this process alone, on top of the job's.
    OwnEnv = b'e',
    /// Working directory of this process.
    Dir = b'd',
    /// `tcp:PORT` or `sleep:MS`: when this process counts as started.
    Ready = b'w',
    /// Limit of the case in milliseconds, decimal.
    Timeout = b't',
    /// The main process is a server that the host drives: the case ends well when
    /// it exits with 0 or when somebody connects to the done port.
    Serve = b's',
    /// All settings of the case are known: run it.
    Run = b'.',
}

/// Values of [`Tag::Mode`].
pub mod mode {
    /// Run the cases, then power off.
    pub const CASES: &[u8] = b"cases";
    /// Give the console to the main process of the one case, then power off.
    pub const SHELL: &[u8] = b"shell";
}

impl Tag {
    fn from_byte(byte: u8) -> Option<Tag> {
        use Tag::*;
        [
            Mode, Env, Address, DonePort, Case, Helper, Main, Arg, OwnEnv, Dir, Ready, Timeout,
            Serve, Run,
        ]
        .into_iter()
        .find(|&tag| tag as u8 == byte)
    }
}

/// One entry of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// What it means.
    pub tag: Tag,
    /// The value *with* its closing NUL, ready to be a C string.
    pub with_nul: &'a [u8],
}

impl<'a> Entry<'a> {
    /// The value without its NUL.
    pub fn value(&self) -> &'a [u8] {
        &self.with_nul[..self.with_nul.len() - 1]
    }

    /// The value as a decimal number; `None` where it is not one.
    pub fn number(&self) -> Option<u64> {
        core::str::from_utf8(self.value()).ok()?.parse().ok()
    }
}

/// Reads a checked body entry by entry.
///
/// Ends at the first thing it does not understand: a checked body has none, so
/// that can only be an agent older than its runner.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the first entry of `body`.
    pub fn new(body: &'a [u8]) -> Self {
        Reader { rest: body }
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let (head, rest) = self.rest.split_at_checked(5)?;
        let tag = Tag::from_byte(head[0])?;
        let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let (with_nul, rest) = rest.split_at_checked(length.checked_add(1)?)?;
        if with_nul.last() != Some(&0) {
            return None;
        }
        self.rest = rest;
        Some(Entry { tag, with_nul })
    }
}

/// Writes a body; `W` takes the bytes (a `Vec`, a file).
pub struct Writer<W: FnMut(&[u8])> {
    sink: W,
}

impl<W: FnMut(&[u8])> Writer<W> {
    /// A writer that hands its bytes to `sink`.
    pub fn new(sink: W) -> Self {
        Writer { sink }
    }

    /// Adds one entry. A NUL inside `value` would cut it short in `execve`; the
    /// caller checks its input for that.
    pub fn put(&mut self, tag: Tag, value: &[u8]) {
        (self.sink)(&[tag as u8]);
        (self.sink)(&(value.len() as u32).to_le_bytes());
        (self.sink)(value);
        (self.sink)(&[0]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(entries: &[(Tag, &str)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(|part: &[u8]| bytes.extend_from_slice(part));
        for (tag, value) in entries {
            writer.put(*tag, value.as_bytes());
        }
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        let body = body(&[
            (Tag::Case, "smoke/uname"),
            (Tag::Arg, "/bin/uname"),
            (Tag::Arg, ""),
            (Tag::Run, ""),
        ]);
        let read: Vec<_> = Reader::new(&body)
            .map(|e| (e.tag, e.value().to_vec()))
            .collect();
        assert_eq!(read.len(), 4);
        assert_eq!(read[1], (Tag::Arg, b"/bin/uname".to_vec()));
        assert!(Reader::new(&body).all(|e| e.with_nul.ends_with(&[0])));
    }

    #[test]
    fn header_finds_damage() {
        let mut body = body(&[(Tag::Mode, "cases")]);
        let sector = Header::sector(0xfeed, &body);
        let header = Header::parse(&sector).expect("own header");
        assert_eq!((header.nonce, header.check(&body)), (0xfeed, Ok(())));
        body[5] ^= 1;
        assert_eq!(header.check(&body), Err(Damage::Crc));
        assert_eq!(Header::parse(&[0; SECTOR]), Err(Damage::NotAJob));
        assert_eq!(Header::parse(b"SOCKEYEJ"), Err(Damage::NotAJob));
        let mut newer = sector;
        newer[8] = 9;
        let nonce = 0xfeed;
        assert_eq!(Header::parse(&newer), Err(Damage::Version { nonce }));
        let mut huge = sector;
        huge[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(Header::parse(&huge), Err(Damage::TooLong));
    }

    #[test]
    fn a_cut_body_ends_the_reader() {
        let body = body(&[(Tag::Case, "a"), (Tag::Arg, "long argument")]);
        for cut in 0..body.len() {
            assert!(Reader::new(&body[..cut]).count() <= 1);
        }
    }

    /// Who changes this list gives [`VERSION`] its next number.
    #[test]
    fn the_tags_of_this_version() {
        let tags: String = (0..=255u8)
            .filter_map(Tag::from_byte)
            .map(|tag| char::from(tag as u8))
            .collect();
        assert_eq!((VERSION, tags.as_str()), (1, ".ACDEHMPadestw"));
    }

    #[test]
    fn every_tag_has_its_own_byte() {
        for byte in 0..=255u8 {
            if let Some(tag) = Tag::from_byte(byte) {
                assert_eq!(tag as u8, byte);
            }
        }
    }
}
