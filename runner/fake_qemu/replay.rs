//! Prints a saved serial log as this boot's own: with this boot's nonce, and ends as
//! `FAKE_QEMU_END` says.
//!
//! `FAKE_QEMU_LOG` names the file and `FAKE_QEMU_NONCE` the nonce of its records. A
//! record that was intact stays so, a damaged one stays damaged: a checksum is the
//! xor of two, one of the numbers alone, so the change of nonce is one more xor.

use std::io::{Write, stdout};
use std::{env, fs, process};

use protocol::crc::crc32;
use protocol::job::Header;
use protocol::record::MARK;

/// Whether this is the first guest of the run; says so only once.
pub fn is_first() -> bool {
    let marker = env::var("FAKE_QEMU_MARKER").expect("a marker file");
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(marker)
        .is_ok()
}

/// Prints the log and ends.
pub fn run(disk: &[u8]) -> ! {
    let nonce = Header::parse(disk).expect("a job").nonce;
    let log = env::var("FAKE_QEMU_LOG").expect("a log");
    let mut bytes = fs::read(log).expect("a readable log");
    let recorded = env::var("FAKE_QEMU_NONCE").expect("a nonce");
    stamp(&mut bytes, recorded.parse().expect("a number"), nonce);
    // A runner that has heard enough closes the pipe.
    let _ = stdout().write_all(&bytes).and_then(|()| stdout().flush());
    let end = env::var("FAKE_QEMU_END").expect("an end");
    match end.split_once(' ') {
        Some(("exit", code)) => process::exit(code.parse().expect("a code")),
        Some(("signal", number)) => {
            // The shell's own kill: no crate for one call.
            let line = format!("kill -{number} {}", process::id());
            let _ = process::Command::new("sh").args(["-c", &line]).status();
        }
        _ => {}
    }
    super::forever()
}

fn stamp(bytes: &mut [u8], from: u32, to: u32) {
    let head = [MARK, format!("{from:08x} ").as_bytes()].concat();
    for at in 0..bytes.len().saturating_sub(head.len()) {
        if !bytes[at..].starts_with(&head) {
            continue;
        }
        let line = &mut bytes[at..];
        line[MARK.len()..head.len()].copy_from_slice(format!("{to:08x} ").as_bytes());
        let (Some(seq), Some(crc)) = (number(line, 13, 6), number(line, 24, 8)) else {
            continue;
        };
        let crc = crc ^ numbers(from, seq) ^ numbers(to, seq);
        line[24..32].copy_from_slice(format!("{crc:08x}").as_bytes());
    }
}

/// Hexadecimal digits at a fixed place of a record's head.
fn number(line: &[u8], from: usize, digits: usize) -> Option<u32> {
    let text = std::str::from_utf8(line.get(from..from + digits)?).ok()?;
    u32::from_str_radix(text, 16).ok()
}

/// The part of a checksum that the numbers make.
fn numbers(nonce: u32, seq: u32) -> u32 {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&nonce.to_le_bytes());
    bytes[4..].copy_from_slice(&seq.to_le_bytes());
    crc32(&bytes)
}
