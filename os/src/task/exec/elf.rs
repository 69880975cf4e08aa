//! ELF files: what is in them, and into memory with it. elf(5).
//!
//! Every number in the file is a claim: lengths and addresses are checked before
//! they are used, and what makes no sense is `ENOEXEC` (of an interpreter: `ELIBBAD`).

use crate::{
    Result,
    arch::{self, paging::USER_TOP},
    file::OpenFile,
    mm::{
        AddressSpace, Backing, PAGE_SIZE, UserOut,
        space::{Fixed, MapRequest, Prot},
    },
};
use abi::Errno;
use alloc::{sync::Arc, vec, vec::Vec};

/// How much of a file is looked at to know what it is.
pub(super) const HEAD: usize = 256;

/// The first bytes of a file.
pub(super) fn read_head(file: &OpenFile) -> Result<Vec<u8>> {
    let mut head = vec![0; HEAD];
    let len = read_at(file, 0, &mut head)?;
    head.truncate(len);
    Ok(head)
}

/// Fills `bytes` from `offset` on; returns how many were there.
fn read_at(file: &OpenFile, offset: u64, bytes: &mut [u8]) -> Result<usize> {
    let offset = i64::try_from(offset).map_err(|_| Errno::ENOEXEC)?;
    let mut done = 0;
    while done < bytes.len() {
        let mut out = UserOut::from_kernel(&mut bytes[done..]);
        match file
            .file
            .read(file_io(offset as u64 + done as u64), &mut out)?
        {
            0 => break,
            n => done += n,
        }
    }
    Ok(done)
}

fn file_io(offset: u64) -> crate::file::Io {
    crate::file::Io {
        offset,
        ..Default::default()
    }
}

const ET_EXEC: u16 = 2;
const ET_DYN: u16 = 3;
const PT_LOAD: u32 = 1;
const PT_INTERP: u32 = 3;
const PT_PHDR: u32 = 6;
const PT_GNU_STACK: u32 = 0x6474_e551;
const PF_X: u32 = 1;
const PF_W: u32 = 2;
const PF_R: u32 = 4;
/// Bytes in a program header.
const PHENT: usize = 56;
/// Longest path of an interpreter.
const PATH_MAX: usize = 4096;

/// A file that can be loaded.
pub(super) struct Program {
    file: Arc<OpenFile>,
    backing: Arc<dyn Backing>,
    dynamic: bool,
    entry: usize,
    phoff: usize,
    headers: Vec<Header>,
    error: Errno,
}

/// A program header.
struct Header {
    kind: u32,
    flags: u32,
    offset: u64,
    address: usize,
    in_file: usize,
    in_memory: usize,
}

/// Where a program has come to lie.
pub(super) struct Loaded {
    /// Added to every address of the file.
    pub bias: usize,
    /// First instruction.
    pub entry: usize,
    /// AT_PHDR, AT_PHNUM.
    pub headers: usize,
    pub header_count: usize,
    /// One past the last byte, rounded to a page: the heap begins here.
    pub end: usize,
}

impl Program {
    /// Reads the headers. `error`: what a malformed file is.
    pub fn parse(head: &[u8], file: &Arc<OpenFile>, error: Errno) -> Result<Program> {
        // Elf64_Ehdr: magic, 64-bit, little-endian.
        if head.len() < 64 || !head.starts_with(b"\x7fELF\x02\x01") {
            return Err(error);
        }
        let half = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
        let (kind, machine) = (half(16), half(18));
        let (entry, phoff) = (word(head, 24), word(head, 32));
        let (phentsize, count) = (half(54), usize::from(half(56)));
        let known = (kind == ET_EXEC || kind == ET_DYN) && machine == arch::ELF_MACHINE;
        // As Linux: the table fits 64 KiB.
        if !known || usize::from(phentsize) != PHENT || count == 0 || count > 65536 / PHENT {
            return Err(error);
        }
        let mut table = vec![0; count * PHENT];
        if read_at(file, phoff as u64, &mut table)? != table.len() {
            return Err(error);
        }
        let headers = table.chunks_exact(PHENT).map(Header::parse).collect();
        Ok(Program {
            backing: file.file.backing().map_err(|_| error)?,
            file: file.clone(),
            dynamic: kind == ET_DYN,
            entry,
            phoff,
            headers,
            error,
        })
    }

    /// The path in PT_INTERP.
    pub fn interpreter(&self) -> Result<Option<Vec<u8>>> {
        let Some(header) = self.headers.iter().find(|header| header.kind == PT_INTERP) else {
            return Ok(None);
        };
        if !(2..=PATH_MAX).contains(&header.in_file) {
            return Err(self.error);
        }
        let mut path = vec![0; header.in_file];
        if read_at(&self.file, header.offset, &mut path)? != path.len() {
            return Err(Errno::EIO);
        }
        if path.pop() != Some(0) {
            return Err(self.error);
        }
        let len = path.iter().position(|&b| b == 0).unwrap_or(path.len());
        path.truncate(len);
        Ok(Some(path))
    }

    /// PT_GNU_STACK with PF_X.
    pub fn executable_stack(&self) -> bool {
        let header = self
            .headers
            .iter()
            .find(|header| header.kind == PT_GNU_STACK);
        header.is_some_and(|header| header.flags & PF_X != 0)
    }

    /// Loads the main program. A position-independent one goes to two thirds of the
    /// address space when an interpreter follows, so that the heap above it has room.
    pub fn load(&self, mm: &AddressSpace, interpreted: bool) -> Result<Loaded> {
        let _ = interpreted;
        let base = match self.dynamic {
            true => (USER_TOP / 3 * 2) & !(PAGE_SIZE - 1),
            false => 0,
        };
        self.place(mm, base)
    }

    /// Loads an interpreter where there is room.
    pub fn load_anywhere(&self, mm: &AddressSpace) -> Result<Loaded> {
        self.place(mm, 0)
    }

    fn place(&self, mm: &AddressSpace, hint: usize) -> Result<Loaded> {
        let segments = || self.headers.iter().filter(|header| header.kind == PT_LOAD);
        let low = segments()
            .map(|s| floor(s.address))
            .min()
            .ok_or(self.error)?;
        let mut high = 0;
        for segment in segments() {
            if segment.in_file > segment.in_memory {
                return Err(Errno::EINVAL);
            }
            let end = segment
                .address
                .checked_add(segment.in_memory)
                .ok_or(Errno::EINVAL)?;
            if end > USER_TOP || segment.address % PAGE_SIZE != segment.offset as usize % PAGE_SIZE
            {
                return Err(Errno::EINVAL);
            }
            high = high.max(end);
        }
        let bias = match self.dynamic {
            true => {
                // Room for the whole, in one piece; the segments replace it.
                let span = high - low;
                let at = mm.map(MapRequest {
                    addr: hint,
                    len: span,
                    prot: Prot::empty(),
                    shared: false,
                    fixed: Fixed::No,
                    backing: None,
                    populate: false,
                    grows_down: false,
                    max_prot: Prot::all(),
                    name: "",
                })?;
                at.wrapping_sub(low)
            }
            false => 0,
        };
        for segment in segments() {
            self.map(mm, segment, bias)?;
        }
        let headers = self.header_address(bias);
        Ok(Loaded {
            bias,
            entry: self.entry.wrapping_add(bias),
            headers,
            header_count: self.headers.len(),
            end: high.wrapping_add(bias).next_multiple_of(PAGE_SIZE),
        })
    }

    fn map(&self, mm: &AddressSpace, segment: &Header, bias: usize) -> Result<()> {
        let start = segment.address.wrapping_add(bias);
        let file_end = start + segment.in_file;
        let end = start + segment.in_memory;
        let prot = segment.prot();
        let mut mapped = floor(start);
        if segment.in_file > 0 {
            let lead = start - floor(start);
            mm.map(MapRequest {
                addr: floor(start),
                len: segment.in_file + lead,
                prot,
                shared: false,
                fixed: Fixed::Replace,
                backing: Some((self.backing.clone(), segment.offset - lead as u64)),
                populate: false,
                grows_down: false,
                max_prot: Prot::all(),
                name: "",
            })?;
            mapped = file_end.next_multiple_of(PAGE_SIZE);
            let tail = mapped.min(end).saturating_sub(file_end);
            // The rest of the last page is zero, not what the file has there.
            if tail > 0 && prot.contains(Prot::WRITE) {
                let zeros = [0; PAGE_SIZE];
                let tail = mapped - file_end;
                if mm.write(file_end, &zeros[..tail]) != tail {
                    return Err(Errno::ENOMEM);
                }
            }
        }
        if mapped < end {
            mm.map(MapRequest {
                addr: mapped,
                len: end - mapped,
                prot,
                shared: false,
                fixed: Fixed::Replace,
                backing: None,
                populate: false,
                grows_down: false,
                max_prot: Prot::all(),
                name: "",
            })?;
        }
        Ok(())
    }

    /// Where the program headers are in memory: PT_PHDR says so, else the segment that has them.
    fn header_address(&self, bias: usize) -> usize {
        if let Some(header) = self.headers.iter().find(|header| header.kind == PT_PHDR) {
            return header.address.wrapping_add(bias);
        }
        let holds = |header: &&Header| {
            let first = header.offset as usize;
            header.kind == PT_LOAD
                && (first..first.saturating_add(header.in_file)).contains(&self.phoff)
        };
        self.headers.iter().find(holds).map_or(0, |header| {
            (self.phoff - header.offset as usize + header.address).wrapping_add(bias)
        })
    }
}

impl Header {
    fn parse(bytes: &[u8]) -> Header {
        let long = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        Header {
            kind: long(0),
            flags: long(4),
            offset: word(bytes, 8) as u64,
            address: word(bytes, 16),
            in_file: word(bytes, 32),
            in_memory: word(bytes, 40),
        }
    }

    fn prot(&self) -> Prot {
        let mut prot = Prot::empty();
        prot.set(Prot::READ, self.flags & PF_R != 0);
        prot.set(Prot::WRITE, self.flags & PF_W != 0);
        prot.set(Prot::EXEC, self.flags & PF_X != 0);
        prot
    }
}

fn word(bytes: &[u8], at: usize) -> usize {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    usize::from_le_bytes(word)
}

fn floor(addr: usize) -> usize {
    addr & !(PAGE_SIZE - 1)
}
