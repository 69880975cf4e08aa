//! The ELF image of the vDSO, written by hand: headers, dynamic section, symbols
//! with a version, a hash table of one bucket, and the code. gABI chapters 4 and 5;
//! symbol versions as in the LSB.

use crate::arch::{ELF_MACHINE, PAGE_SIZE, VDSO_CODE_OFFSET, VdsoCode};
use alloc::vec::Vec;

const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
const SYMBOL: usize = 24;

const SONAME: &str = "linux-vdso.so.1";

/// Builds the image; at most a page.
pub fn build(vdso: &VdsoCode) -> Vec<u8> {
    let mut strings = Strings(alloc::vec![0]);
    let soname = strings.add(SONAME);
    let version = strings.add(vdso.version);

    // Symbol 0 is the undefined one.
    let mut symbols = alloc::vec![0u8; SYMBOL];
    for &(name, offset) in vdso.symbols {
        symbols.extend(strings.add(name).to_le_bytes());
        // STB_GLOBAL, STT_FUNC; visible; any section but none.
        symbols.extend([0x12, 0]);
        symbols.extend(1u16.to_le_bytes());
        symbols.extend(((VDSO_CODE_OFFSET + offset) as u64).to_le_bytes());
        symbols.extend(0u64.to_le_bytes());
    }
    let count = vdso.symbols.len() as u32 + 1;

    // One bucket whose chain runs through every symbol.
    let mut hash = Vec::new();
    let chain = (1..count).map(|n| if n + 1 < count { n + 1 } else { 0 });
    for word in [1, count, 1, 0].into_iter().chain(chain) {
        hash.extend(word.to_le_bytes());
    }

    // Index 0 for the undefined symbol, version 2 for all others.
    let mut versions = alloc::vec![0u8; 2];
    (1..count).for_each(|_| versions.extend(2u16.to_le_bytes()));
    let mut definitions = Vec::new();
    definition(&mut definitions, 1, 1, SONAME, soname, 28);
    definition(&mut definitions, 0, 2, vdso.version, version, 0);

    let mut image = alloc::vec![0u8; HEADER + 2 * PROGRAM_HEADER];
    let mut place = |bytes: &[u8]| {
        image.resize(image.len().next_multiple_of(8), 0);
        let at = image.len() as u64;
        image.extend(bytes);
        at
    };
    let symtab = place(&symbols);
    let hash = place(&hash);
    let strtab = place(&strings.0);
    let versym = place(&versions);
    let verdef = place(&definitions);
    let entries = [
        (14, u64::from(soname)),      // DT_SONAME
        (4, hash),                    // DT_HASH
        (5, strtab),                  // DT_STRTAB
        (6, symtab),                  // DT_SYMTAB
        (10, strings.0.len() as u64), // DT_STRSZ
        (11, SYMBOL as u64),          // DT_SYMENT
        (0x6fff_fff0, versym),        // DT_VERSYM
        (0x6fff_fffc, verdef),        // DT_VERDEF
        (0x6fff_fffd, 2),             // DT_VERDEFNUM
        (0, 0),
    ];
    let mut dynamic = Vec::new();
    for (tag, value) in entries {
        dynamic.extend(u64::to_le_bytes(tag));
        dynamic.extend(u64::to_le_bytes(value));
    }
    let dynamic_at = place(&dynamic);
    debug_assert!(image.len() <= VDSO_CODE_OFFSET);
    image.resize(VDSO_CODE_OFFSET, 0);
    image.extend(vdso.code);

    let size = image.len() as u64;
    image[..HEADER].copy_from_slice(&header());
    // PT_LOAD, readable and executable; PT_DYNAMIC, readable.
    let load = program_header(1, 5, 0, size, PAGE_SIZE as u64);
    let dynamic = program_header(2, 4, dynamic_at, dynamic.len() as u64, 8);
    image[HEADER..HEADER + PROGRAM_HEADER].copy_from_slice(&load);
    image[HEADER + PROGRAM_HEADER..][..PROGRAM_HEADER].copy_from_slice(&dynamic);
    image
}

struct Strings(Vec<u8>);

impl Strings {
    fn add(&mut self, text: &str) -> u32 {
        let at = self.0.len() as u32;
        self.0.extend(text.as_bytes());
        self.0.push(0);
        at
    }
}

/// `Elf64_Verdef` with its one `Elf64_Verdaux`, 28 bytes.
fn definition(out: &mut Vec<u8>, flags: u16, index: u16, name: &str, string: u32, next: u32) {
    for half in [1, flags, index, 1] {
        out.extend(half.to_le_bytes());
    }
    for word in [elf_hash(name), 20, next, string, 0] {
        out.extend(word.to_le_bytes());
    }
}

/// The hash function of the gABI.
fn elf_hash(name: &str) -> u32 {
    name.bytes().fold(0, |hash: u32, byte| {
        let hash = (hash << 4).wrapping_add(u32::from(byte));
        let high = hash & 0xf000_0000;
        (hash ^ high >> 24) & !high
    })
}

fn header() -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"\x7fELF\x02\x01\x01"); // 64 bits, little-endian, version 1
    put(16, &3u16.to_le_bytes()); // ET_DYN
    put(18, &ELF_MACHINE.to_le_bytes());
    put(20, &1u32.to_le_bytes());
    put(32, &(HEADER as u64).to_le_bytes()); // e_phoff
    put(52, &(HEADER as u16).to_le_bytes());
    put(54, &(PROGRAM_HEADER as u16).to_le_bytes());
    put(56, &2u16.to_le_bytes()); // e_phnum
    put(58, &64u16.to_le_bytes()); // e_shentsize
    header
}

fn program_header(kind: u32, flags: u32, at: u64, size: u64, align: u64) -> [u8; PROGRAM_HEADER] {
    let mut header = [0; PROGRAM_HEADER];
    header[..4].copy_from_slice(&kind.to_le_bytes());
    header[4..8].copy_from_slice(&flags.to_le_bytes());
    for (n, word) in [at, at, at, size, size, align].into_iter().enumerate() {
        header[8 + 8 * n..16 + 8 * n].copy_from_slice(&word.to_le_bytes());
    }
    header
}
