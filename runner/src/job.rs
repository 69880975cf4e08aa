//! Writes the job disk: a plan in the bytes that the agent reads.
//!
//! Called by `exec` once per boot. The layout is `protocol::job`'s; this file
//! decides what goes into it.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use protocol::job::{Header, MAX_BODY, SECTOR, Tag, Writer, mode};

use crate::plan::{Case, Process, Ready, Work};
use crate::target::Libc;

/// A disk's size is a multiple of this, in bytes: small disks confuse no driver.
const GRAIN: usize = 64 * 1024;

/// The guest's address on slirp's network, and slirp's.
const ADDRESS: &str = "10.0.2.15/24 10.0.2.2";

/// What to write.
pub enum Job<'a> {
    /// Run these cases; the number of each is its place here.
    Cases(&'a [&'a Case]),
    /// Give the console to this program.
    Shell(Process),
}

/// Stands in an argument for the C library's name: our own programs lie in a
/// directory of each.
const LIBC: &str = "{libc}";

/// Settings of one boot that are no case's.
pub struct Boot<'a> {
    /// Names this boot's records.
    pub nonce: u32,
    /// Whose programs run.
    pub libc: Libc,
    /// Values of the placeholders in arguments.
    pub ports: &'a HashMap<&'static str, u16>,
    /// The agent listens here for "the host is done".
    pub done_port: Option<u16>,
}

/// Writes `job` to a disk image at `path`.
pub fn write(path: &Path, boot: &Boot<'_>, job: &Job<'_>) -> io::Result<()> {
    let body = body(boot, job);
    if body.len() > MAX_BODY {
        return Err(io::Error::other(format!(
            "the job has {} bytes, an agent takes {MAX_BODY}",
            body.len()
        )));
    }
    let mut disk = Header::sector(boot.nonce, &body).to_vec();
    debug_assert_eq!(disk.len(), SECTOR);
    disk.extend_from_slice(&body);
    disk.resize(disk.len().next_multiple_of(GRAIN), 0);
    fs::write(path, disk)
}

fn body(boot: &Boot<'_>, job: &Job<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut out = Writer::new(|part: &[u8]| bytes.extend_from_slice(part));
    let mode = match job {
        Job::Cases(_) => mode::CASES,
        Job::Shell(_) => mode::SHELL,
    };
    out.put(Tag::Mode, mode);
    out.put(Tag::Address, ADDRESS.as_bytes());
    if let Some(port) = boot.done_port {
        out.put(Tag::DonePort, port.to_string().as_bytes());
    }
    let path = format!("PATH={}", boot.libc.path());
    for entry in [
        path.as_str(),
        "HOME=/root",
        "TERM=vt100",
        "LANG=C",
        "TMPDIR=/tmp",
        "USER=root",
    ] {
        out.put(Tag::Env, entry.as_bytes());
    }
    match job {
        Job::Shell(program) => {
            out.put(Tag::Case, b"shell");
            process(&mut out, boot, program);
            out.put(Tag::Run, b"");
        }
        Job::Cases(cases) => cases.iter().for_each(|one| case(&mut out, boot, one)),
    }
    bytes
}

fn case<W: FnMut(&[u8])>(out: &mut Writer<W>, boot: &Boot<'_>, case: &Case) {
    out.put(Tag::Case, case.name.as_bytes());
    out.put(
        Tag::Timeout,
        case.timeout.as_millis().to_string().as_bytes(),
    );
    match &case.work {
        // The runner judges these itself; they stay in the list so that numbers agree.
        Work::Boot | Work::PowerOff => return,
        Work::Guest { helpers, main, .. } => {
            for helper in helpers {
                out.put(Tag::Helper, b"");
                process(out, boot, helper);
            }
            out.put(Tag::Main, b"");
            process(out, boot, main);
        }
        Work::Host { server, .. } => {
            out.put(Tag::Serve, b"");
            process(out, boot, server);
        }
    }
    out.put(Tag::Run, b"");
}

fn process<W: FnMut(&[u8])>(out: &mut Writer<W>, boot: &Boot<'_>, process: &Process) {
    for arg in &process.argv {
        let arg = fill(arg, boot.ports).replace(LIBC, boot.libc.name());
        out.put(Tag::Arg, arg.as_bytes());
    }
    for entry in &process.env {
        out.put(Tag::OwnEnv, entry.as_bytes());
    }
    if let Some(dir) = &process.dir {
        out.put(Tag::Dir, dir.as_bytes());
    }
    if let Ready::Tcp(port) = &process.ready {
        out.put(
            Tag::Ready,
            format!("tcp:{}", fill(port, boot.ports)).as_bytes(),
        );
    }
}

/// Puts the run's ports where their placeholders stand.
pub fn fill(text: &str, ports: &HashMap<&'static str, u16>) -> String {
    ports.iter().fold(text.to_string(), |text, (name, port)| {
        text.replace(name, &port.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;
    use protocol::job::Reader;

    #[test]
    fn every_suite_fits_and_keeps_its_numbers() {
        let options = plan::Options {
            seconds: 5,
            ltp: Some("/opt/ltp/{libc}"),
        };
        let ports = HashMap::from([("{port}", 40001), ("{data}", 40002)]);
        let boot = Boot {
            nonce: 1,
            libc: Libc::Musl,
            ports: &ports,
            done_port: Some(40003),
        };
        for selection in plan::select(&[], &[], &options).expect("suites") {
            let cases: Vec<&Case> = selection.cases.iter().collect();
            let body = body(&boot, &Job::Cases(&cases));
            assert!(body.len() < MAX_BODY);
            let entries: Vec<_> = Reader::new(&body).collect();
            let named = entries.iter().filter(|e| e.tag == Tag::Case).count();
            assert_eq!(named, cases.len());
            assert!(
                !entries.iter().any(|e| e
                    .value()
                    .windows(6)
                    .any(|w| w == b"{libc}" || w == b"{port}" || w == b"{data}")),
                "a placeholder is left"
            );
        }
    }

    #[test]
    fn a_disk_is_a_header_and_its_body() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("job.img");
        let ports = HashMap::new();
        let boot = Boot {
            nonce: 0xabcd,
            libc: Libc::Glibc,
            ports: &ports,
            done_port: None,
        };
        write(&path, &boot, &Job::Shell(Process::words("sh -i"))).expect("written");
        let disk = fs::read(&path).expect("read");
        assert_eq!(disk.len() % GRAIN, 0);
        let header = Header::parse(&disk[..SECTOR]).expect("a job");
        header
            .check(&disk[SECTOR..SECTOR + header.length])
            .expect("intact");
        assert_eq!(header.nonce, 0xabcd);
    }
}
