//! Finds the job disk among the guest's disks and reads it.

use core::ffi::CStr;

use protocol::job::{Damage, Header, SECTOR};

use crate::sys::{self, open};

/// A job, checked.
pub struct Job {
    /// Names this boot.
    pub nonce: u32,
    /// Entries, see `protocol::job`.
    pub body: &'static [u8],
}

/// Why there is no job.
pub enum NoJob {
    /// No disk carries the mark.
    None,
    /// A disk carries it and is damaged.
    Damaged(Damage),
    /// A disk could not be read.
    Unreadable,
}

/// Looks at /dev/vda to /dev/vdz; the first with a job's mark counts.
pub fn find() -> Result<Job, NoJob> {
    for letter in b'a'..=b'z' {
        let name = *b"/dev/vd?\0";
        let mut name = name;
        name[7] = letter;
        let Ok(name) = CStr::from_bytes_with_nul(&name) else {
            continue;
        };
        let Ok(disk) = sys::open(name, open::RDONLY | open::CLOEXEC) else {
            continue;
        };
        let mut sector = [0; SECTOR];
        if sys::read_at(&disk, &mut sector, 0) != Ok(SECTOR) {
            continue;
        }
        let header = match Header::parse(&sector) {
            Err(Damage::NotAJob) => continue,
            Err(damage) => return Err(NoJob::Damaged(damage)),
            Ok(header) => header,
        };
        let body = sys::memory(header.length).map_err(|_| NoJob::Unreadable)?;
        let mut read = 0;
        while read < body.len() {
            match sys::read_at(&disk, &mut body[read..], (SECTOR + read) as u64) {
                Ok(count @ 1..) => read += count,
                _ => return Err(NoJob::Unreadable),
            }
        }
        header.check(body).map_err(NoJob::Damaged)?;
        return Ok(Job {
            nonce: header.nonce,
            body,
        });
    }
    Err(NoJob::None)
}
