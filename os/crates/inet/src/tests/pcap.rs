//! Captures of what passed on a simulated wire, for when a simulation fails (pcap, LINKTYPE_ETHERNET).

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::string::String;
use std::vec::Vec;

use crate::Instant;

#[derive(Default)]
pub struct Capture {
    bytes: Vec<u8>,
}

impl Capture {
    pub fn add(&mut self, at: Instant, frame: &[u8]) {
        let nanos = at.nanos();
        for word in [
            (nanos / 1_000_000_000) as u32,
            (nanos / 1000 % 1_000_000) as u32,
            frame.len() as u32,
            frame.len() as u32,
        ] {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(frame);
    }

    /// Writes the file into the system's temporary directory and returns where.
    pub fn save(&self, name: &str) -> io::Result<PathBuf> {
        let path = std::env::temp_dir().join(String::from("inet-") + name + ".pcap");
        let mut file = fs::File::create(&path)?;
        for word in [0xa1b2_c3d4u32, 4 << 16 | 2, 0, 0, 65_535, 1] {
            file.write_all(&word.to_le_bytes())?;
        }
        file.write_all(&self.bytes)?;
        Ok(path)
    }
}
