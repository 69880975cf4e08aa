//! What /proc shows of an address space.

use super::{AddressSpace, Prot};
use crate::mm::PAGE_SIZE;
use alloc::vec::Vec;
use core::fmt::{self, Write};

/// Sizes in pages, for /proc/pid/{stat,statm,status} and getrusage(2).
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// VmSize.
    pub size: usize,
    /// VmRSS.
    pub resident: usize,
    /// VmHWM.
    pub peak: usize,
    /// VmExe: executable areas.
    pub text: usize,
    /// VmData: private writable areas, without the stack.
    pub data: usize,
    /// VmStk.
    pub stack: usize,
    /// Resident pages of shared mappings and files are not counted apart: 0.
    pub locked: usize,
}

impl AddressSpace {
    /// The text of /proc/self/maps.
    pub fn maps(&self, out: &mut dyn Write) -> fmt::Result {
        // The identity of a backing may sleep: ask without the lock.
        let areas: Vec<_> = self.lock().areas.iter().cloned().collect();
        for area in &areas {
            let flag = |set, letter| if set { letter } else { '-' };
            let mut line = alloc::string::String::new();
            write!(
                line,
                "{:08x}-{:08x} {}{}{}{} ",
                area.start,
                area.end,
                flag(area.prot.contains(Prot::READ), 'r'),
                flag(area.prot.contains(Prot::WRITE), 'w'),
                flag(area.prot.contains(Prot::EXEC), 'x'),
                if area.shared { 's' } else { 'p' },
            )?;
            let name = match &area.backing {
                Some(shown) if area.name.is_empty() => {
                    let (device, inode, path) = shown.object.identity();
                    let (major, minor) = device_numbers(device);
                    let offset = shown.first * PAGE_SIZE as u64;
                    write!(line, "{offset:08x} {major:02x}:{minor:02x} {inode} ")?;
                    path
                }
                _ => {
                    write!(line, "00000000 00:00 0 ")?;
                    area.name.into()
                }
            };
            if name.is_empty() {
                writeln!(out, "{line}")?;
            } else {
                writeln!(out, "{line:<73}{name}")?;
            }
        }
        Ok(())
    }

    /// (virtual, resident) size in pages, for /proc/self/stat and getrusage.
    pub fn sizes(&self) -> (usize, usize) {
        let inner = self.lock();
        (inner.areas.bytes / PAGE_SIZE, inner.resident)
    }

    /// All sizes.
    pub fn usage(&self) -> Usage {
        let inner = self.lock();
        let mut usage = Usage {
            size: inner.areas.bytes / PAGE_SIZE,
            resident: inner.resident,
            peak: inner.peak,
            ..Usage::default()
        };
        for area in inner.areas.iter() {
            let pages = area.len() / PAGE_SIZE;
            if area.locked {
                usage.locked += pages;
            }
            if area.grows_down {
                usage.stack += pages;
            } else if area.prot.contains(Prot::EXEC) {
                usage.text += pages;
            } else if area.prot.contains(Prot::WRITE) && !area.shared {
                usage.data += pages;
            }
        }
        usage
    }
}

/// (major, minor) of a `dev_t` in the kernel's 64-bit encoding, makedev(3).
fn device_numbers(device: u64) -> (u64, u64) {
    let major = device >> 8 & 0xfff | device >> 32 & !0xfff;
    let minor = device & 0xff | device >> 12 & 0xffff_ff00;
    (major, minor)
}
