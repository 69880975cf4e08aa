//! Whether something listens on a TCP port, without disturbing it: a connection to
//! try would use up a server that serves one client.

use core::ffi::CStr;

use crate::sys::{self, open};

/// The state column's `TCP_LISTEN`, see proc_net_tcp(5).
const LISTEN: &[u8] = b"0A";

/// What the kernel's tables say about a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listening {
    /// There is a listener.
    Yes,
    /// There is none.
    No,
    /// There are no tables to look at.
    Unknown,
}

/// Looks `port` up in /proc/net/tcp and /proc/net/tcp6.
pub fn tcp(port: u16) -> Listening {
    match (
        table(c"/proc/net/tcp", port),
        table(c"/proc/net/tcp6", port),
    ) {
        (Some(true), _) | (_, Some(true)) => Listening::Yes,
        (None, None) => Listening::Unknown,
        _ => Listening::No,
    }
}

fn table(name: &CStr, port: u16) -> Option<bool> {
    let file = sys::open(name, open::RDONLY | open::CLOEXEC).ok()?;
    let mut line = [0_u8; 256];
    let mut len = 0;
    let mut found = false;
    let mut buffer = [0; 1024];
    loop {
        let count = sys::read(file.raw(), &mut buffer).ok()?;
        if count == 0 {
            return Some(found);
        }
        for &byte in &buffer[..count] {
            if byte == b'\n' {
                found |= is_listener(&line[..len], port);
                len = 0;
            } else if len < line.len() {
                line[len] = byte;
                len += 1;
            }
        }
    }
}

/// `  0: 0100007F:1451 00000000:0000 0A ...`
fn is_listener(line: &[u8], port: u16) -> bool {
    let mut words = line
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty());
    let (_, local, _, state) = (words.next(), words.next(), words.next(), words.next());
    let number = local
        .and_then(|local| local.rsplit(|byte| *byte == b':').next())
        .and_then(|digits| core::str::from_utf8(digits).ok())
        .and_then(|digits| u16::from_str_radix(digits, 16).ok());
    number == Some(port) && state == Some(LISTEN)
}
